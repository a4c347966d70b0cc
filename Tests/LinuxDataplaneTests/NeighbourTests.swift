import BPF
import CDatapath
import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

/// The hosts of `Packets` ask for each other; they exist in frames only.
extension FrameBed {
  func answersKnown() throws { try change { $0.flags |= ESW_CONNECTION_ANSWER_KNOWN.rawValue } }

  func neighbours() throws -> [(key: esw_neighbour_key, row: esw_neighbour_row)] {
    try rows("esw_neighbours", esw_neighbour_key.self, esw_neighbour_row.self)
  }

  func neighbour(_ address: [UInt8]) throws -> esw_neighbour_row? {
    let mapped = address.count == 4 ? [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + address : address
    return try neighbours().first { bytes(of: $0.key.address) == mapped }?.row
  }

  func host(_ mac: MACAddress) throws -> esw_fdb_key {
    var key = esw_fdb_key()
    key.connection = 1
    withUnsafeMutableBytes(of: &key.mac) { $0.copyBytes(from: mac.bytes) }
    return key
  }

  /// Says something on the far side and waits until the address is known from it.
  func farSays(_ frame: [UInt8], _ address: [UInt8]) async throws {
    try atFar.say(frame)
    _ = try await eventually { try neighbour(address) }
  }

  /// Whether a frame of the local side comes out at the far one, as it was, and nothing comes back meanwhile.
  func crosses(_ frame: [UInt8]) async throws -> Bool {
    _ = atHost.heardBytes()
    try atHost.say(frame)
    let crossed = try await atFar.hearsBytes { $0 == frame } != nil
    return crossed && !atHost.heardBytes().contains { $0.starts(with: Packets.near.bytes) }
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `ARP for a known host` {
  private static let farSpeaks = ARPFrame.announcement(Packets.farAddress, from: Packets.far)
  private static let request = ARPFrame.request(Packets.farAddress, from: Packets.near, Packets.nearAddress)

  @Test func `is answered by the node with the host's own MAC, to either side, and does not cross`()
    async throws
  {
    try await withFrameBed { bed in
      try bed.answersKnown()
      try await bed.farSays(Self.farSpeaks.bytes, Packets.farAddress.bytes)
      _ = bed.atFar.heardBytes()
      try bed.atHost.say(Self.request)
      let reply = ARPFrame(
        destination: Packets.near, source: Packets.far, operation: 2, senderMAC: Packets.far,
        sender: Packets.farAddress, targetMAC: Packets.near, target: Packets.nearAddress)
      #expect(try await bed.atHost.hears { $0 == reply } != nil)

      let back = ARPFrame.request(Packets.nearAddress, from: Packets.far, Packets.farAddress)
      try bed.atFar.say(back)
      let other = ARPFrame(
        destination: Packets.far, source: Packets.near, operation: 2, senderMAC: Packets.near,
        sender: Packets.nearAddress, targetMAC: Packets.far, target: Packets.farAddress)
      #expect(try await bed.atFar.hears { $0.operation == 1 || $0 == other } == other)
      #expect(!bed.atHost.heard().contains(back))
      #expect(try bed.count(\.answered) == (1, 1))
    }
  }

  enum Change: String, CaseIterable, Sendable {
    case nobodyAnswers, unknown, probe, announcement, toItself, hostAged, addressAged, hostMoved
  }

  @Test(arguments: Change.allCases)
  func `crosses, where the node has nothing sure to say`(change: Change) async throws {
    try await withFrameBed { bed in
      if change != .nobodyAnswers { try bed.answersKnown() }
      if change != .unknown { try await bed.farSays(Self.farSpeaks.bytes, Packets.farAddress.bytes) }
      var request = Self.request
      switch change {
      case .nobodyAnswers, .unknown: break
      case .probe: request.sender = IPv4Address(0)
      case .announcement: request = .announcement(Packets.farAddress, from: Packets.near)
      case .toItself: request.destination = Packets.far
      case .hostAged:
        try bed.change("esw_fdb", bed.host(Packets.far)) { (row: inout esw_fdb_row) in row.last_seen_ns = 1 }
      case .addressAged:
        let key = try #require(try bed.neighbours().first { bytes(of: $0.row.mac) == Packets.far.bytes }).key
        try bed.change("esw_neighbours", key) { (row: inout esw_neighbour_row) in row.last_seen_ns = 1 }
      case .hostMoved:
        try bed.change("esw_fdb", bed.host(Packets.far)) { (row: inout esw_fdb_row) in row.side = 0 }
      }
      #expect(try await bed.crosses(request.bytes))
      #expect(try bed.count(\.answered) == (0, 0))
    }
  }

  @Test func `is left to the host where both are on one side`() async throws {
    try await withFrameBed { bed in
      try bed.answersKnown()
      try bed.atHost.say(.announcement(Packets.farAddress, from: Packets.far))
      _ = try await eventually { try bed.neighbour(Packets.farAddress.bytes) }
      #expect(try await bed.crosses(Self.request.bytes))
      #expect(try bed.count(\.answered) == (0, 0))
    }
  }

  @Test func `never says that the fixed IP or a bound virtual address is a host's`() async throws {
    try await withFrameBed { bed in
      let virtual = IPv4Address("10.9.0.50")!
      try await Stretch.converge(bed.dataplane, to: Stretch.configuration(virtualAddresses: [virtual]))
      try bed.answersKnown()
      for address in [Stretch.fixedAddress, virtual] {
        try bed.atFar.say(.announcement(address, from: Packets.far))
      }
      // What was said last is known, so all before it has been heard.
      try await bed.farSays(Self.farSpeaks.bytes, Packets.farAddress.bytes)
      #expect(try bed.neighbour(Stretch.fixedAddress.bytes) == nil)
      #expect(try bed.neighbour(virtual.bytes) == nil)
    }
  }

  @Test func `is learned within a limit, and forgotten with its connection's hosts`() async throws {
    try await withFrameBed { bed in
      try bed.change { $0.learning_limit = 5 }
      for number in 0..<40 as Range<UInt32> {
        try bed.atFar.say(.announcement(IPv4Address(0x0a09_0080 + number), from: Packets.far))
      }
      let limit = 5 * UInt32(ESW_NEIGHBOURS_PER_HOST)
      _ = try await eventually { try bed.state().neighbours == limit ? true : nil }
      #expect(try bed.neighbours().count == Int(limit))

      for entry in try bed.neighbours().prefix(7) {
        try bed.change("esw_neighbours", entry.key) { (row: inout esw_neighbour_row) in row.last_seen_ns = 1 }
      }
      // Evidence is of what a sweep has left.
      _ = try await bed.dataplane.evidence()
      #expect(try bed.state().neighbours == limit - 7)
      #expect(try bed.neighbours().count == Int(limit) - 7)
      // Remotes that are others now: who was behind them is not known any more.
      let other = RemoteEndpoint(vni: VNI(100)!, address: IPv4Address("192.0.2.9")!)
      try await Stretch.converge(bed.dataplane, to: Stretch.configuration(remotes: [other, Stretch.remote]))
      #expect(try bed.state().neighbours == 0)
      #expect(try bed.neighbours().isEmpty)
    }
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `Neighbour discovery for a known host` {
  private static let toAll = MACAddress("33:33:00:00:00:01")!
  private static let allNodes: [UInt8] = [0xff, 0x02] + [UInt8](repeating: 0, count: 13) + [1]
  private static let nobody = [UInt8](repeating: 0, count: 16)

  /// A message with the right checksum.
  private static func message(
    _ ends: Packets.Ends, type: UInt8, flags: UInt8 = 0, target: [UInt8], option: [UInt8],
    source: [UInt8]? = nil,
    destination: [UInt8] = allNodes, to mac: MACAddress? = toAll, hopLimit: UInt8 = 255, code: UInt8 = 0
  ) -> [UInt8] {
    var body: [UInt8] = [type, code, 0, 0, flags, 0, 0, 0] + target + option
    let pseudo = (source ?? ends.sixes.source) + destination + [0, 0, 0, 58] + Packets.word(body.count)
    body.replaceSubrange(2..<4, with: Packets.checksum(pseudo + body))
    return Packets.ipv6(
      ends, next: 58, hopLimit: hopLimit, source: source, destination: destination, to: mac, body)
  }

  private static func advertisement(
    flags: UInt8 = 0x20, target: [UInt8] = Packets.farSix, option: [UInt8] = [2, 1] + Packets.far.bytes,
    hopLimit: UInt8 = 255, code: UInt8 = 0
  ) -> [UInt8] {
    message(
      .back, type: 136, flags: flags, target: target, option: option, hopLimit: hopLimit, code: code)
  }

  private static func solicitation(
    _ target: [UInt8] = Packets.farSix, source: [UInt8]? = nil,
    option: [UInt8] = [1, 1] + Packets.near.bytes, to mac: MACAddress? = toAll
  ) -> [UInt8] {
    message(.there, type: 135, target: target, option: option, source: source, to: mac)
  }

  @Test(arguments: [false, true])
  func `is answered by the node with what the host said`(isRouter: Bool) async throws {
    try await withFrameBed { bed in
      try bed.answersKnown()
      try await bed.farSays(Self.advertisement(flags: isRouter ? 0xa0 : 0x20), Packets.farSix)
      // A solicitation of its own does not say that it is no router.
      try bed.atFar.say(
        Self.message(
          .back, type: 135, target: Packets.nearSix.dropLast() + [0x99], option: [1, 1] + Packets.far.bytes))
      _ = bed.atFar.heardBytes()
      // A nonce (RFC 3971) makes the question longer than the answer.
      try bed.atHost.say(Self.solicitation(option: [1, 1] + Packets.near.bytes + [14, 1, 1, 2, 3, 4, 5, 6]))
      let answer = Self.message(
        .back, type: 136, flags: isRouter ? 0xe0 : 0x60, target: Packets.farSix,
        option: [2, 1] + Packets.far.bytes, destination: Packets.nearSix, to: Packets.near, hopLimit: 255)
      #expect(try await bed.atHost.hearsBytes { $0 == answer } != nil)
      #expect(!bed.atFar.heardBytes().contains { $0.starts(with: Self.toAll.bytes) })
      #expect(try bed.count(\.answered) == (1, 0))
    }
  }

  struct Message: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let frame: [UInt8]
  }

  static let unbelievable = [
    Message(testDescription: "of a router's reach", frame: advertisement(hopLimit: 254)),
    Message(testDescription: "with a code", frame: advertisement(code: 1)),
    Message(testDescription: "that does not override", frame: advertisement(flags: 0)),
    Message(testDescription: "solicited, to all", frame: advertisement(flags: 0x60)),
    Message(testDescription: "for another MAC", frame: advertisement(option: [2, 1] + Packets.near.bytes)),
    Message(testDescription: "without a MAC", frame: advertisement(option: [])),
    Message(
      testDescription: "of an option without length",
      frame: advertisement(option: [2, 0] + Packets.far.bytes)),
    Message(
      testDescription: "of an option beyond the end",
      frame: advertisement(option: [2, 1] + Packets.far.bytes + [3, 9] + [UInt8](repeating: 0, count: 6))),
    Message(testDescription: "for a group", frame: advertisement(target: allNodes)),
    Message(
      testDescription: "for an IPv4 address",
      frame: advertisement(
        target: [UInt8](repeating: 0, count: 10) + [0xff, 0xff] + Packets.farAddress.bytes)),
    Message(
      testDescription: "from nobody",
      frame: message(
        .back, type: 135, target: Packets.nearSix, option: [1, 1] + Packets.far.bytes, source: nobody)),
  ]

  @Test(arguments: unbelievable)
  func `crosses and teaches nothing`(message: Message) async throws {
    try await withFrameBed { bed in
      try bed.answersKnown()
      try bed.atFar.say(message.frame)
      #expect(try await bed.atHost.hearsBytes { $0 == message.frame } != nil)
      #expect(try bed.neighbours().allSatisfy { bytes(of: $0.row.mac) != Packets.far.bytes })
    }
  }

  static let leftAlone = [
    Message(testDescription: "somebody unknown", frame: solicitation(Packets.farSix.dropLast() + [0x21])),
    Message(testDescription: "who is asked himself", frame: solicitation(to: Packets.far)),
    Message(testDescription: "who may be the asker", frame: solicitation(source: nobody, option: [])),
    Message(testDescription: "on the asker's side", frame: solicitation(Packets.nearSix)),
  ]

  @Test(arguments: leftAlone)
  func `is left to the host itself`(message: Message) async throws {
    try await withFrameBed { bed in
      try bed.answersKnown()
      try await bed.farSays(Self.advertisement(), Packets.farSix)
      #expect(try await bed.crosses(message.frame))
      #expect(try bed.count(\.answered) == (0, 0))
    }
  }

  @Test func `is enough for real hosts to reach each other`() async throws {
    let prepare: (Stretch) throws -> Void = { stretch in
      try stretch.ip(stretch.host, "address add fd00:9::10/64 dev local0 nodad")
      try stretch.ip(stretch.far, "address add fd00:9::20/64 dev br0 nodad")
    }
    try await withFrameBed(prepare: prepare) { bed in
      try bed.answersKnown()
      #expect(bed.stretch.reaches("fd00:9::20", from: bed.stretch.host))
      let before = try bed.count(\.answered)
      try bed.stretch.ip(bed.stretch.host, "neighbour flush dev local0")
      #expect(bed.stretch.reaches("fd00:9::20", from: bed.stretch.host, tries: 1))
      #expect(bed.stretch.reaches("10.9.0.20", from: bed.stretch.host, tries: 1))
      #expect(try bed.count(\.answered).toRemote >= before.toRemote + 2)
    }
  }
}
