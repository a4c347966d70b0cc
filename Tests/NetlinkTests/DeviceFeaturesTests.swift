import KernelTesting
import Testing

@testable import Netlink

@Suite struct `Messages of generic netlink` {
  @Test func `a family is asked for by its name`() {
    let request = NetlinkRequest.genericFamily(named: "netdev")
    #expect(
      request.message(sequence: 5, adding: 0).bytes
        == hex(
          """
          20 00 00 00 10 00 01 00 05 00 00 00 00 00 00 00  # GENL_ID_CTRL, request
          03 01 00 00                                      # CTRL_CMD_GETFAMILY, version 1
          0b 00 02 00 6e 65 74 64 65 76 00 00              # CTRL_ATTR_FAMILY_NAME "netdev"
          """))
  }

  @Test func `its number is read, between what else is told`() throws {
    let payload = hex(
      """
      01 02 00 00                          # CTRL_CMD_NEWFAMILY
      0b 00 02 00 6e 65 74 64 65 76 00 00  # name
      06 00 01 00 1c 00 00 00              # CTRL_ATTR_FAMILY_ID 28
      08 00 03 00 01 00 00 00              # version
      """)
    let message = NetlinkMessage(type: 16, flags: 0, sequence: 1, payload: payload[...])
    #expect(try GenericFamily(message).number == 28)
  }

  @Test func `an answer without a number, or of another type, is none`() {
    let payload = hex("01 02 00 00 08 00 03 00 01 00 00 00")
    #expect(throws: NetlinkDecodingError.self) {
      try GenericFamily(NetlinkMessage(type: 16, flags: 0, sequence: 1, payload: payload[...]))
    }
    #expect(throws: NetlinkDecodingError.unexpectedType(17)) {
      try GenericFamily(NetlinkMessage(type: 17, flags: 0, sequence: 1, payload: payload[...]))
    }
  }

  @Test func `a list of interfaces is asked for by the family's number`() {
    let request = NetlinkRequest.listFeatures(28)
    #expect(request.type == 28 && request.payload == [1, 1, 0, 0])
  }

  private static let device = hex(
    """
    01 01 00 00                          # NETDEV_CMD_DEV_GET
    08 00 01 00 05 00 00 00              # NETDEV_A_DEV_IFINDEX 5
    0c 00 03 00 27 00 00 00 00 00 00 00  # NETDEV_A_DEV_XDP_FEATURES: basic, redirect, transmit, multi-buffer
    08 00 04 00 01 00 00 00              # something newer
    """)

  @Test func `what an interface can do is read from bytes`() throws {
    let message = NetlinkMessage(type: 28, flags: 2, sequence: 1, payload: Self.device[...])
    let found = try FeaturesOfDevice(message, of: 28)
    #expect(found.index == 5)
    #expect(found.features.isSuperset(of: [.basic, .redirect, .transmit]))
  }

  @Test func `short and lying answers are errors`() {
    for end in 0..<Self.device.count {
      // Where an attribute ends, what is there is whole.
      if [4, 12, 24].contains(end) { continue }
      let message = NetlinkMessage(type: 28, flags: 2, sequence: 1, payload: Self.device[..<end])
      #expect(throws: NetlinkDecodingError.self, "\(end)") { try FeaturesOfDevice(message, of: 28) }
    }
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `What drivers say on the real kernel` {
  @Test func `a veth takes frames of XDP, and sends them where its other end polls`() async throws {
    try await withNamespace("features") { namespace in
      try await NamespaceActor(in: namespace).run { socket in
        try socket.perform(.addVethPair(named: "a", peer: "b"))
        for name in ["a", "b"] {
          try socket.perform(.raise(try #require(try socket.link(named: name)?.index)))
        }
      }
      func features() async throws -> XDPFeatures? {
        try await NamespaceActor(in: namespace).run { socket in
          let index = try #require(try socket.link(named: "a")?.index)
          return try DeviceFeatures().all()[index]
        }
      }
      #expect(try await features()?.isSuperset(of: [.basic, .redirect]) == true)
      #expect(try await features()?.contains(.transmit) == false)
      try await NamespaceActor(in: namespace).run { _ in try ReceiveOffload().set("b", on: true) }
      #expect(try await features()?.contains(.transmit) == true)
    }
  }

  @Test func `names and VLAN offload are told, of an interface that is there`() async throws {
    try await withNamespace("drivers") { namespace in
      try await NamespaceActor(in: namespace).run { socket in
        try socket.perform(.addVethPair(named: "a", peer: "b"))
        let drivers = try DriverFacts()
        let (names, tags) = (["a", "nobody"].map { drivers.name(of: $0) }, drivers.takesTagsOff("a"))
        #expect(names == ["veth", nil] && tags)
        let hides = drivers.takesTagsOff("nobody")
        #expect(hides, "nobody says that it does not")
      }
    }
  }

  @Test func `a family that there is not is refused with its name`() throws {
    let socket = try NetlinkSocket(.generic)
    do throws(NetlinkError) {
      _ = try socket.query(.genericFamily(named: "nobody"))
      Issue.record("it is there")
    } catch {
      #expect(error.errno == 2 && error.description.contains("nobody"))
    }
  }
}
