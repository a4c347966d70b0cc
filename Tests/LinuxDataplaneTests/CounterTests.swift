import ESWModel
import ESWPlanning
import KernelTesting
import Testing

@testable import LinuxDataplane

/// From a frame to the report that tells of it.
@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `What a report tells of frames` {
  private func report(_ bed: ForwardingBed) async throws -> GatewayReport {
    GatewayReport(
      node: NodeName("node")!, configuration: Stretch.configuration(), dataplane: .kernel,
      kernelRelease: "6.6.0", interfaces: [], problems: [], evidence: try await bed.dataplane.evidence())
  }

  /// Says frames, and waits for a report in which a counter is what it should be.
  private func expect(
    _ count: UInt64, _ counter: KeyPath<TrafficCount, UInt64>, _ bed: ForwardingBed,
    _ direction: Direction = .toRemote, after frames: [[UInt8]]
  ) async throws {
    for frame in frames { try bed.sender(direction).tap.say(frame) }
    let way: KeyPath<ConnectionReport, TrafficCount> = direction == .toRemote ? \.toRemote : \.toLocal
    _ = try await eventually { () -> Bool? in
      let told = try await report(bed).connections.first?[keyPath: way][keyPath: counter]
      return told == count ? true : nil
    }
  }

  private static func plain(from source: MACAddress, to destination: MACAddress) -> [UInt8] {
    TestFrame.ethernet(
      to: destination, from: source, type: 0x0800, TestFrame.ipv4(17, TestFrame.udp(to: 5000)))
  }

  @Test(arguments: Direction.allCases)
  func `names handshakes that were clamped`(direction: Direction) async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let segment = Packets.segment(
        direction == .toRemote ? .there : .back, isSix: false, flags: 2, options: [2, 4, 0x05, 0xb4])
      // Each CPU has to have asked for the way before it knows what the tunnel carries.
      _ = try await eventually { () -> Bool? in
        try bed.sender(direction).tap.say(segment)
        let told = try #require(try await report(bed).connections.first)
        return (direction == .toRemote ? told.toRemote : told.toLocal).clamped > 0 ? true : nil
      }
    }
  }

  @Test func `names senders that were told that a frame is too big`() async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let payload = TestFrame.udp(to: 5000, [UInt8](repeating: 5, count: 1450))
      let packet = TestFrame.ipv4(17, fragment: 0x4000, payload)
      let frame = TestFrame.ethernet(
        to: ForwardingBed.farMAC, from: ForwardingBed.localMAC, type: 0x0800, packet)
      try await expect(1, \.toldTooBig, bed, after: [frame])
      #expect(try await bed.dropped("too_big", .toRemote) == 1)
    }
  }

  @Test(arguments: Direction.allCases)
  func `names requests that the switch has answered`(direction: Direction) async throws {
    try await withForwarding { bed in
      let (mac, sender) = (bed.sender(direction).mac, IPv4Address("10.9.0.77")!)
      let request = ARPFrame.request(Stretch.fixedAddress, from: mac, sender).bytes
      try await expect(2, \.answered, bed, direction, after: [request, request])
    }
  }

  @Test func `names what was for the switch itself`() async throws {
    try await withForwarding { bed in
      let frame = Self.plain(from: ForwardingBed.localMAC, to: Stretch.fixedMAC)
      try await expect(1, \.forNode, bed, after: [frame])
    }
  }

  @Test func `names frames of hosts that were not learned`() async throws {
    try await withForwarding(ForwardingSettings(learningLimit: 1)) { bed in
      try await expect(
        2, \.notLearned, bed,
        after: [ForwardingBed.localMAC, ForwardingBed.unknownMAC, ForwardingBed.unknownMAC]
          .map { Self.plain(from: $0, to: ForwardingBed.farMAC) })
    }
  }

  @Test(arguments: Direction.allCases)
  func `names frames that were flooded`(direction: Direction) async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let before = try #require(try await report(bed).connections.first)
      let flooded = direction == .toRemote ? before.toRemote.flooded : before.toLocal.flooded
      let frame = Self.plain(from: bed.sender(direction).mac, to: TestFrame.broadcast)
      try await expect(flooded + 1, \.flooded, bed, direction, after: [frame])
    }
  }

  @Test func `names what was left to the kernel's device, of the node and of the connection`() async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      // More than the underlay carries in one piece: the far site's kernel cuts the outer packet.
      let payload = TestFrame.udp(to: 5000, [UInt8](repeating: 5, count: 1440))
      let packet = TestFrame.ipv4(17, from: [10, 9, 0, 20], to: [10, 9, 0, 10], payload)
      let frame = TestFrame.ethernet(
        to: ForwardingBed.localMAC, from: ForwardingBed.farMAC, type: 0x0800, packet)
      try bed.stretch.ip(bed.stretch.far, "link set vx100 mtu 1500")
      try await expect(1, \.slow, bed, .toLocal, after: [frame])
      // The first fragment; the other has no ports that would tell that it is VXLAN.
      #expect(try await report(bed).unclaimed?.passedToSlow == 1)
    }
  }

  @Test func `names all drops of no connection, also of those whose sender is named`() async throws {
    try await withForwarding { bed in
      let tap = try await FrameTap("underlay0", in: bed.stretch.far)
      let node = try await FrameTap("underlay0", in: bed.stretch.node).mac
      for vni in [UInt32(77), 78, 78] {
        let packet = TestFrame.ipv4(
          17, from: [192, 0, 2, 2], to: [192, 0, 2, 1],
          TestFrame.udp(
            from: 50_000, to: 4789,
            TestFrame.vxlan(vni: vni, Self.plain(from: ForwardingBed.farMAC, to: ForwardingBed.localMAC))))
        try tap.say(TestFrame.ethernet(to: node, from: tap.mac, type: 0x0800, packet))
      }
      _ = try await eventually { () -> Bool? in
        let drops = try await report(bed).unclaimed?.drops
        return drops == [.init(reason: "unknown_source", frames: 3)] ? true : nil
      }
    }
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `The switch's own addresses` {
  @Test(arguments: Direction.allCases)
  func `are nobody else's to send with`(direction: Direction) async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let (from, to) = (bed.sender(direction), bed.receiver(direction))
      let frame = TestFrame.ethernet(
        to: to.mac, from: Stretch.fixedMAC, type: 0x0800, TestFrame.ipv4(17, TestFrame.udp(to: 5009)))
      _ = to.tap.heard()
      try from.tap.say(frame)
      _ = try await eventually {
        try await bed.dropped("source_protected", direction) == 1 ? true : nil
      }
      #expect(!to.tap.heard().contains(frame))
      #expect(try await !bed.evidence().hosts.contains { $0.mac == Stretch.fixedMAC })
    }
  }

  @Test(arguments: Direction.allCases)
  func `are nobody else's to claim`(direction: Direction) async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let (from, to) = (bed.sender(direction), bed.receiver(direction))
      let claim = ARPFrame.announcement(Stretch.fixedAddress, from: from.mac).bytes
      _ = to.tap.heard()
      try from.tap.say(claim)
      _ = try await eventually {
        try await bed.dropped("address_conflict", direction) == 1 ? true : nil
      }
      #expect(!to.tap.heard().contains(claim))
      #expect(try await !bed.evidence().hosts.contains { $0.address == Stretch.fixedAddress })
    }
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A host that has fallen silent` {
  @Test func `is forgotten after the ageing time, and what is for it is flooded again`() async throws {
    try await withForwarding(ForwardingSettings(ageingSeconds: 10)) { bed in
      try await Stretch.converge(bed.dataplane, to: Self.forgetful)
      try await bed.introduce()
      // The sweep is a part of collecting evidence.
      _ = try await eventually { try await bed.evidence().hosts.isEmpty ? true : nil }
      let before = try await bed.evidence().toRemote.flooded
      let frame = TestFrame.ethernet(
        to: ForwardingBed.farMAC, from: ForwardingBed.localMAC, type: 0x0800,
        TestFrame.ipv4(17, TestFrame.udp(to: 5000)))
      try bed.local.say(frame)
      _ = try await eventually { try await bed.evidence().toRemote.flooded == before + 1 ? true : nil }
    }
  }

  /// A second is less than the API allows, and enough for a test.
  private static var forgetful: GatewayConfiguration {
    Stretch.configuration([
      Stretch.connection(
        1, at: .interface(InterfaceName("segment0")!), remotes: [Stretch.remote], ageingSeconds: 1)
    ])
  }
}
