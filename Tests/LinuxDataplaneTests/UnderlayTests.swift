import ESWModel
import KernelTesting
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `VXLAN from the underlay` {
  /// An Ethernet frame with VXLAN, from the remote unless said otherwise.
  private struct Packet {
    var vxlan: [UInt8]
    /// Set when it shall not be what it is.
    var udpLength: UInt16?
    var ipLength: UInt16?
    var fragment: UInt16 = 0
    var hasWrongSum = false

    func bytes(to node: MACAddress, from mac: MACAddress) -> [UInt8] {
      var udp = TestFrame.udp(from: 50_000, to: 4789, vxlan)
      if let udpLength { udp.replaceSubrange(4..<6, with: TestFrame.big(udpLength)) }
      var ip = TestFrame.ipv4(17, from: [192, 0, 2, 2], to: [192, 0, 2, 1], fragment: fragment, udp)
      if let ipLength {
        ip.replaceSubrange(2..<4, with: TestFrame.big(ipLength))
        ip.replaceSubrange(10..<12, with: [0, 0])
        ip.replaceSubrange(10..<12, with: Packets.checksum(Array(ip[..<20])))
      }
      if hasWrongSum { ip[10] ^= 0x55 }
      return TestFrame.ethernet(to: node, from: mac, type: 0x0800, ip)
    }
  }

  private static let inner = TestFrame.ethernet(
    to: ForwardingBed.localMAC, from: ForwardingBed.farMAC, type: 0x0800,
    TestFrame.ipv4(17, from: [10, 9, 0, 20], to: [10, 9, 0, 10], TestFrame.udp(to: 5001)))

  private func nodeMAC(_ interface: String, _ bed: ForwardingBed) async throws -> MACAddress {
    try await FrameTap(interface, in: bed.stretch.node).mac
  }

  private func strangers(_ reason: String, _ bed: ForwardingBed) async throws -> UInt64 {
    try await bed.dataplane.evidence().strangers.filter { $0.reason == reason }.map(\.frames).reduce(0, +)
  }

  @Test(arguments: [UInt32(0x0800_0000), 0xff00_0000, 0x08ff_ffff, 0x0c00_0000])
  func `is taken with whatever reserved bits`(flags: UInt32) async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let tap = try await FrameTap("underlay0", in: bed.stretch.far)
      let packet = Packet(vxlan: TestFrame.vxlan(vni: 100, flags: flags, Self.inner))
      _ = bed.local.heard()
      try tap.say(packet.bytes(to: try await nodeMAC("underlay0", bed), from: tap.mac))
      #expect(try await bed.local.hears { $0 == Self.inner } != nil)
    }
  }

  @Test func `that is malformed is dropped, each kind counted`() async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let tap = try await FrameTap("underlay0", in: bed.stretch.far)
      let node = try await nodeMAC("underlay0", bed)
      let whole = TestFrame.vxlan(vni: 100, Self.inner)
      let kinds = [
        ("no VNI flag", Packet(vxlan: TestFrame.vxlan(vni: 100, flags: 0, Self.inner))),
        (
          "no VNI flag, other flags", Packet(vxlan: TestFrame.vxlan(vni: 100, flags: 0xf700_0000, Self.inner))
        ),
        ("UDP longer than its packet", Packet(vxlan: whole, udpLength: UInt16(whole.count + 9))),
        ("UDP without room for a frame", Packet(vxlan: whole, udpLength: 21)),
        ("UDP without room for itself", Packet(vxlan: whole, udpLength: 3)),
        ("IP longer than its frame", Packet(vxlan: whole, ipLength: UInt16(29 + whole.count))),
        ("IP without room for UDP", Packet(vxlan: whole, ipLength: 24)),
        ("a wrong sum", Packet(vxlan: whole, hasWrongSum: true)),
      ]
      _ = bed.local.heard()
      for (kind, packet) in kinds {
        let before = try await strangers("malformed", bed)
        try tap.say(packet.bytes(to: node, from: tap.mac))
        _ = try await eventually { try await strangers("malformed", bed) == before + 1 ? true : nil }
        #expect(!bed.local.heard().contains(Self.inner), "\(kind)")
      }
      // A frame that is none, from a remote that may.
      let before = try await bed.dropped("malformed", .toLocal)
      try tap.say(Packet(vxlan: TestFrame.vxlan(vni: 100, [1, 2, 3, 4])).bytes(to: node, from: tap.mac))
      _ = try await eventually {
        try await bed.dropped("malformed", .toLocal) + strangers("malformed", bed)
          > before + UInt64(kinds.count) ? true : nil
      }
    }
  }

  /// A second cable, on which the far side says that it is the remote.
  private func withSecondCable(_ bed: ForwardingBed) async throws -> (tap: FrameTap, node: MACAddress) {
    let stretch = bed.stretch
    try stretch.ip(stretch.node, "link add other0 type veth peer name other0 netns \(stretch.far.name)")
    for place in [stretch.node, stretch.far] { try stretch.ip(place, "link set other0 up") }
    for name in ["all", "other0"] {
      try stretch.execute(stretch.node, "sysctl -qw net.ipv4.conf.\(name).rp_filter=0")
    }
    return (try await FrameTap("other0", in: stretch.far), try await nodeMAC("other0", bed))
  }

  /// The packet in two fragments, which only the kernel's device puts together.
  private func fragments(to node: MACAddress, from mac: MACAddress) -> [[UInt8]] {
    let udp = TestFrame.udp(from: 50_000, to: 4789, TestFrame.vxlan(vni: 100, Self.inner))
    return [(udp.prefix(48), UInt16(0x2000)), (udp.dropFirst(48), UInt16(6))].map { part, fragment in
      TestFrame.ethernet(
        to: node, from: mac, type: 0x0800,
        TestFrame.ipv4(17, from: [192, 0, 2, 2], to: [192, 0, 2, 1], fragment: fragment, Array(part)))
    }
  }

  @Test(arguments: [true, false])
  func `comes only by the interface of the tunnel address, unless that is not wanted`(
    isPinned: Bool
  ) async throws {
    try await withForwarding(ForwardingSettings(pinsUnderlay: isPinned)) { bed in
      try await bed.introduce()
      let (other, node) = try await withSecondCable(bed)
      let whole = Packet(vxlan: TestFrame.vxlan(vni: 100, Self.inner)).bytes(to: node, from: other.mac)
      for packets in [[whole], fragments(to: node, from: other.mac)] {
        _ = bed.local.heard()
        let before = try await bed.dropped("wrong_interface", .toLocal)
        for packet in packets { try other.say(packet) }
        let came = try await eventually { () -> Bool? in
          if bed.local.heard().contains(Self.inner) { return true }
          return try await bed.dropped("wrong_interface", .toLocal) > before ? false : nil
        }
        #expect(came == !isPinned)
      }
    }
  }

  @Test func `in fragments comes by the right interface, also where another is wrong`() async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let tap = try await FrameTap("underlay0", in: bed.stretch.far)
      _ = bed.local.heard()
      for packet in fragments(to: try await nodeMAC("underlay0", bed), from: tap.mac) { try tap.say(packet) }
      #expect(try await bed.local.hears { $0 == Self.inner } != nil)
      #expect(try await bed.dropped("wrong_interface", .toLocal) == 0)
    }
  }

  @Test func `follows an underlay that goes and comes back`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
      try stretch.ip(stretch.node, "link delete underlay0")
      try stretch.ip(
        stretch.node, "link add underlay0 type veth peer name underlay0 netns \(stretch.far.name)")
      for place in [stretch.node, stretch.far] { try stretch.ip(place, "link set underlay0 up") }
      try stretch.ip(stretch.far, "address add 192.0.2.2/24 dev underlay0")
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
    }
  }
}
