import ESWModel
import KernelTesting
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `What a flavor carries` {
  struct Load: Sendable, CustomTestStringConvertible {
    let limit: TrafficLimit
    /// What it lets through a second, of frames of this length.
    let framesPerSecond: Double
    let length: Int

    var testDescription: String { "\(limit.bitsPerSecond) bit/s, \(limit.packetsPerSecond) packets/s" }
  }

  static let loads = [
    Load(limit: TrafficLimit(bitsPerSecond: 0, packetsPerSecond: 1000), framesPerSecond: 1000, length: 60),
    Load(
      limit: TrafficLimit(bitsPerSecond: 8_000_000, packetsPerSecond: 0), framesPerSecond: 1000, length: 1000),
    Load(
      limit: TrafficLimit(bitsPerSecond: 8_000_000_000, packetsPerSecond: 500), framesPerSecond: 500,
      length: 1000),
  ]

  private func frame(_ length: Int, _ direction: Direction) -> [UInt8] {
    let (from, to) = (ForwardingBed.localMAC, ForwardingBed.farMAC)
    return TestFrame.ethernet(
      to: direction == .toRemote ? to : from, from: direction == .toRemote ? from : to, type: 0x0800,
      TestFrame.ipv4(17, TestFrame.udp(to: 5001, [UInt8](repeating: 3, count: length - 42))))
  }

  @Test(arguments: loads, Direction.allCases)
  func `crosses, and what is more is counted`(load: Load, direction: Direction) async throws {
    try await withForwarding(limit: load.limit) { bed in
      try await bed.introduce()
      let frame = frame(load.length, direction)
      let clock = ContinuousClock()
      let (before, begun) = (try await bed.evidence(), clock.now)
      // Three times what may pass, for about a second.
      let said = UInt64(load.framesPerSecond * 3)
      for number in 0..<said {
        try bed.sender(direction).tap.say(frame)
        if number % 30 == 29 { try await clock.sleep(for: .milliseconds(10)) }
      }
      let (carried, held) = try await eventually { () -> (UInt64, UInt64)? in
        let (now, held) = (try await bed.evidence(), try await bed.dropped("flavor_rate", direction))
        let carried =
          direction == .toRemote
          ? now.toRemote.frames - before.toRemote.frames : now.toLocal.frames - before.toLocal.frames
        return carried + held >= said ? (carried, held) : nil
      }
      let seconds = (clock.now - begun) / .seconds(1)
      let expected = load.framesPerSecond * (seconds + 0.1)
      #expect(held > 0)
      #expect(
        Double(carried) >= min(expected, Double(said)) * 0.7 - 10,
        "\(carried) of \(said), \(expected) may pass")
      #expect(Double(carried) <= expected * 1.3 + 20, "\(carried) of \(said), \(expected) may pass")
    }
  }

  @Test func `may change while frames cross, and go`() async throws {
    let nothing = TrafficLimit(bitsPerSecond: 0, packetsPerSecond: 1)
    try await withForwarding(limit: nothing) { bed in
      try await bed.introduce()
      for _ in 0..<20 { try bed.local.say(frame(60, .toRemote)) }
      _ = try await eventually { try await bed.dropped("flavor_rate", .toRemote) >= 18 ? true : nil }

      let much = TrafficLimit(bitsPerSecond: 3_000_000_000, packetsPerSecond: 500_000)
      for limit in [much, nil] {
        try await Stretch.converge(bed.dataplane, to: Stretch.configuration(.usual, limit: limit))
        #expect(try await Stretch.plan(bed.dataplane, to: Stretch.configuration(.usual, limit: limit)) == [])
      }
      let before = try await bed.dropped("flavor_rate", .toRemote)
      #expect(try await bed.crosses(frame(60, .toRemote), as: .knownUnicast, .toRemote))
      #expect(try await bed.dropped("flavor_rate", .toRemote) == before)
    }
  }

  @Test func `is together what its connections carry`() async throws {
    try await withStretch { stretch in
      try stretch.execute(stretch.host, "sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
      try stretch.ip(stretch.node, "link add segment1 type veth peer name local1 netns \(stretch.host.name)")
      for (place, name) in [(stretch.node, "segment1"), (stretch.host, "local1")] {
        try stretch.ip(place, "link set \(name) up")
      }
      let plain = Stretch.configuration(.usual, limit: TrafficLimit(bitsPerSecond: 0, packetsPerSecond: 500))
      let other = RemoteEndpoint(vni: VNI(200)!, address: Stretch.remote.address)
      let second = Stretch.connection(2, at: .interface(InterfaceName("segment1")!), remotes: [other])
      let both = GatewayConfiguration(
        store: plain.store, generation: plain.generation, node: plain.node, tunnels: plain.tunnels,
        connections: plain.connections + [second])
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: both)
      let taps = [
        try await FrameTap("local0", in: stretch.host), try await FrameTap("local1", in: stretch.host),
      ]
      let clock = ContinuousClock()
      let begun = clock.now
      for number in 0..<1000 {
        for tap in taps { try tap.say(frame(60, .toRemote)) }
        if number % 20 == 19 { try await clock.sleep(for: .milliseconds(10)) }
      }
      let carried = try await eventually { () -> UInt64? in
        let all = try await dataplane.evidence().connections.values
        let carried = all.map(\.toRemote.frames).reduce(0, +)
        let held = all.flatMap(\.drops).filter { $0.reason == "flavor_rate" }.map(\.frames).reduce(0, +)
        return carried + held >= 2000 ? carried : nil
      }
      let seconds = (clock.now - begun) / .seconds(1)
      #expect(Double(carried) <= 500 * (seconds + 0.1) * 1.3 + 20)
      #expect(Double(carried) >= min(500 * (seconds + 0.1), 2000) * 0.6)
    }
  }
}
