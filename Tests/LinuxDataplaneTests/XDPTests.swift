import CDatapath
import ESWModel
import KernelTesting
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `XDP in front of tcx` {
  @Test(arguments: Direction.allCases)
  func `forwards UDP between known hosts before the stack sees it, and counts it`(
    _ direction: Direction
  ) async throws {
    try await withXDP { bed in
      try await bed.warmUp(direction)
      let before = try await bed.forwarding.evidence()
      var ways: [XDPBed.Way] = []
      for number in 300..<310 as Range<UInt16> {
        ways.append(try await bed.way(of: bed.packet(number, direction), direction))
      }
      #expect(ways.contains(.xdp) && !ways.contains(.stopped))
      let after = try await bed.forwarding.evidence()
      let counted = [before, after].map { direction == .toRemote ? $0.toRemote : $0.toLocal }
      #expect(counted[1].frames - counted[0].frames == 10)
      #expect(counted[1].bytes - counted[0].bytes == 10 * 74)
      let ages = direction == .toRemote ? after.sentAgeMilliseconds : after.receivedAgeMilliseconds
      #expect(try #require(ages[0]) < 2000)
    }
  }

  @Test func `writes the same outer headers as tcx, but for the number of the packet`() async throws {
    try await withXDP(ForwardingSettings(timeToLive: 9, differentiation: .copied)) { bed in
      let udp = TestFrame.udp(from: 4444, to: 5001, [UInt8](repeating: 7, count: 200))
      let frame = bed.frame(TestFrame.ipv4(17, service: 46 << 2 | 1, udp), .toRemote)
      var outer: [XDPBed.Way: [UInt8]] = [:]
      // What refreshes the node's memory, every tenth of a second, goes by tcx.
      for _ in 0..<2000 where outer.count < 2 {
        _ = bed.wire.heard()
        let way = try await bed.way(of: frame, .toRemote)
        // What arrives has come by this interface.
        outer[way] = bed.wire.heard().first { $0.count == 50 + frame.count && $0[50...] == frame[...] }
      }
      let (xdp, tcx) = (try #require(outer[.xdp]), try #require(outer[.tcx]))
      #expect(Packets.sum(xdp[14..<34]) == 0xffff && Packets.sum(tcx[14..<34]) == 0xffff)
      func withoutNumber(_ packet: [UInt8]) -> String {
        // Identification, and the sum that follows it.
        hexText(packet[..<18] + packet[20..<24] + packet[26...])
      }
      #expect(withoutNumber(xdp) == withoutNumber(tcx))
      #expect(xdp[15] == 46 << 2 && xdp[22] == 9)
    }
  }

  /// What a host may say that is not the common case.
  private static func others(_ bed: XDPBed, _ direction: Direction) -> [(String, [UInt8])] {
    let hosts = (bed.forwarding.receiver(direction).mac, bed.forwarding.sender(direction).mac)
    let udp = TestFrame.udp(from: 4001, to: 5001)
    let plain = TestFrame.ipv4(17, udp)
    let stranger = MACAddress("02:00:00:00:00:77")!
    let tagged: [UInt8] = [0x81, 0x00, 0, 7, 0x08, 0x00]
    return [
      ("TCP", bed.frame(TestFrame.ipv4(6, [UInt8](repeating: 0x11, count: 40)), direction)),
      ("DHCP", bed.frame(TestFrame.ipv4(17, TestFrame.udp(from: 67, to: 68)), direction)),
      ("VRRP", bed.frame(TestFrame.ipv4(112, [UInt8](repeating: 0x12, count: 40)), direction)),
      ("IPv6", bed.frame(TestFrame.ipv6(next: 17, udp), type: 0x86dd, direction)),
      ("options", bed.frame(TestFrame.ipv4(17, options: [1, 1, 1, 0], udp), direction)),
      ("first fragment", bed.frame(TestFrame.ipv4(17, fragment: 0x2000, udp), direction)),
      ("later fragment", bed.frame(TestFrame.ipv4(17, fragment: 9, udp), direction)),
      ("unknown destination", TestFrame.ethernet(to: stranger, from: hosts.1, type: 0x0800, plain)),
      ("broadcast", TestFrame.ethernet(to: TestFrame.broadcast, from: hosts.1, type: 0x0800, plain)),
      ("new source", TestFrame.ethernet(to: hosts.0, from: stranger, type: 0x0800, plain)),
    ] + [("a tag", hosts.0.bytes + hosts.1.bytes + tagged + plain)].filter { _ in direction == .toRemote }
  }

  @Test(arguments: Direction.allCases)
  func `leaves everything else to tcx, as it is`(_ direction: Direction) async throws {
    try await withXDP { bed in
      for (what, frame) in Self.others(bed, direction) {
        let way = try await bed.wayWhenWarm(of: frame, direction)
        // There is no port for a VLAN, and a rule against DHCP.
        #expect(way == (["a tag", "DHCP"].contains(what) ? .stopped : .tcx), "\(what)")
      }
    }
  }

  @Test func `leaves to tcx what is odd outside, and lets in nobody`() async throws {
    try await withXDP { bed in
      let other = MACAddress("02:00:00:00:00:66")!
      func check(_ what: String, _ number: UInt16, _ way: XDPBed.Way, _ make: ([UInt8]) -> [UInt8])
        async throws
      {
        try await bed.warmUp(.toLocal)
        let frame = bed.packet(number, .toLocal)
        #expect(try await bed.way(ofOuter: make(frame), carrying: frame) == way, "\(what)")
      }
      try await check("as it should be", 401, .xdp) { bed.outer(of: $0) }
      try await check("another VNI", 402, .stopped) { bed.outer(of: $0, vni: 101) }
      try await check("another remote", 403, .stopped) { bed.outer(of: $0, from: [192, 0, 2, 3]) }
      try await check("no VNI flag", 404, .stopped) { bed.outer(of: $0, flags: 0) }
      try await check("to another machine", 405, .stopped) { bed.outer(of: $0, to: other) }
      try await check("a wrong sum", 406, .stopped) { bed.outer(of: $0, spoilt: true) }
      try await check("more fragments", 407, .stopped) { bed.outer(of: $0, fragment: 0x2000) }
      try await check("reserved bits", 408, .xdp) { bed.outer(of: $0, flags: 0x0800_0001) }
      try await check("a byte behind it", 409, .tcx) { bed.outer(of: $0) + [0] }
      try bed.change { $0.underlay_ifindex += 1000 }
      let frame = bed.packet(410, .toLocal)
      #expect(try await bed.way(ofOuter: bed.outer(of: frame), carrying: frame) == .stopped)
      #expect(try await bed.forwarding.dropped("wrong_interface", .toLocal) == 1)
    }
  }

  @Test(arguments: Direction.allCases)
  func `stops at once with a connection that is disabled`(_ direction: Direction) async throws {
    try await withXDP { bed in
      try await bed.warmUp(direction)
      try bed.change { $0.flags |= ESW_CONNECTION_DISABLED.rawValue }
      #expect(try await bed.way(of: bed.packet(500, direction), direction) == .stopped)
      #expect(try await bed.forwarding.dropped("disabled", direction) == 1)
    }
  }

  @Test(arguments: Direction.allCases)
  func `leaves known unicast to tcx where it has a rule`(_ direction: Direction) async throws {
    try await withXDP { bed in
      try await bed.warmUp(direction)
      let known = Int(ESW_CLASS_KNOWN_UNICAST.rawValue)
      func setRule(_ rule: UInt32) throws {
        try bed.change { row in
          withUnsafeMutableBytes(of: &row.rules) { bytes in
            for way in 0..<2 {
              bytes.storeBytes(
                of: rule, toByteOffset: 4 * (Int(ESW_CLASSES_MAX) * way + known), as: UInt32.self)
            }
          }
        }
      }
      try setRule(1000)
      #expect(try await bed.way(of: bed.packet(501, direction), direction) == .tcx)
      try setRule(ESW_RULE_DROP)
      #expect(try await bed.way(of: bed.packet(502, direction), direction) == .stopped)
      #expect(try await bed.forwarding.held(.knownUnicast, direction) == 1)
    }
  }

  @Test func `leaves to tcx what wants a UDP checksum`() async throws {
    try await withXDP { bed in
      try await bed.warmUp(.toRemote)
      try bed.change { $0.flags |= ESW_CONNECTION_UDP_CHECKSUM.rawValue }
      #expect(try await bed.way(of: bed.packet(503, .toRemote), .toRemote) == .tcx)
    }
  }

  @Test(arguments: Direction.allCases)
  func `carries no more than the flavor`(_ direction: Direction) async throws {
    let limit = TrafficLimit(bitsPerSecond: 1_000_000_000, packetsPerSecond: 4096)
    try await withXDP(limit: limit) { bed in
      try await bed.warmUp(direction)
      let before = try await bed.forwarding.evidence()
      let clock = ContinuousClock()
      let took = try clock.measure {
        for _ in 0..<4000 { try bed.forwarding.sender(direction).tap.say(bed.packet(600, direction)) }
      }
      let counted = try await eventually {
        let now = try await bed.forwarding.evidence()
        let crossed = direction == .toRemote ? now.toRemote.frames : now.toLocal.frames
        let dropped = try await bed.forwarding.dropped("flavor_rate", direction)
        let past = direction == .toRemote ? before.toRemote.frames : before.toLocal.frames
        return crossed - past + dropped >= 4000 ? (crossed: crossed - past, dropped: dropped) : nil
      }
      // A tenth of a second may come at once, and a CPU has borrowed a 1,024th part.
      let most = 4096 * (Double(took.components.attoseconds) / 1e18 + Double(took.components.seconds) + 0.2)
      #expect(Double(counted.crossed) <= most)
      #expect(counted.dropped == 0 || counted.crossed >= 409)
    }
  }

  @Test func `follows a host that moves with its first frame from there`() async throws {
    try await withXDP { bed in
      try await bed.warmUp(.toRemote)
      let udp = TestFrame.udp(from: 700, to: 5001)
      // The far host speaks here: what is said to it must not go to the far site any more.
      let moved = TestFrame.ethernet(
        to: ForwardingBed.unknownMAC, from: ForwardingBed.farMAC, type: 0x0800, TestFrame.ipv4(17, udp))
      #expect(try await bed.way(of: moved, .toRemote) == .tcx)
      #expect(try await bed.way(of: bed.packet(701, .toRemote), .toRemote) == .stopped)
      #expect(try await bed.forwarding.dropped("same_side", .toRemote) >= 1)
    }
  }

  @Test func `does not let in a host that is held on the other side`() async throws {
    try await withXDP { bed in
      func say(_ number: UInt16, _ direction: Direction) async throws -> XDPBed.Way {
        let frame = TestFrame.ethernet(
          to: bed.forwarding.receiver(direction).mac, from: ForwardingBed.unknownMAC, type: 0x0800,
          TestFrame.ipv4(17, TestFrame.udp(from: number, to: 5001)))
        return try await bed.way(of: frame, direction)
      }
      for move in 0..<UInt16(ESW_DUPLICATE_MOVES) {
        #expect(try await say(800 + move, move % 2 == 0 ? .toRemote : .toLocal) == .tcx)
      }
      for number in 810..<820 as Range<UInt16> {
        try await bed.warmUp(.toLocal)
        #expect(try await say(number, .toLocal) == .stopped)
        #expect(try await say(number + 50, .toRemote) != .stopped)
      }
      #expect(try await bed.forwarding.dropped("duplicate", .toLocal) == 10)
    }
  }

  @Test func `leaves to tcx what does not fit`() async throws {
    try await withXDP { bed in
      try await bed.warmUp(.toRemote)
      // With its outer headers it is longer than the underlay's 1,500.
      let large = bed.packet(900, .toRemote, bytes: 1440)
      #expect(try await bed.way(of: large, .toRemote) != .xdp)
      #expect(try await bed.wayWhenWarm(of: bed.packet(901, .toLocal, bytes: 1400), .toLocal) == .xdp)
      try bed.stretch.ip(bed.stretch.node, "link set segment0 mtu 1400")
      #expect(try await bed.wayWhenWarm(of: bed.packet(902, .toLocal, bytes: 1400), .toLocal) == .stopped)
      #expect(try await bed.forwarding.dropped("too_big", .toLocal) == 1)
    }
  }
}
