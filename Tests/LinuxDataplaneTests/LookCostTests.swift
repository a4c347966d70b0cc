import ESWModel
import GatewayAgent
import KernelTesting
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `The cost of looking around` {
  /// A thousand connections on one trunk, to so many remotes.
  private static func configuration(remotes: UInt32) -> GatewayConfiguration {
    let connections = (UInt32(1)...1000).map { number in
      let remote = RemoteEndpoint(
        vni: VNI(number)!, address: IPv4Address(0xc000_0202 + UInt32(number) % remotes))
      let vlan = VLAN(UInt16(number))!
      return Stretch.connection(
        number, at: .trunk(InterfaceName("segment0")!, vlan: vlan), remotes: [remote])
    }
    return Stretch.configuration(connections)
  }

  /// A minute of looks, one a second by the schedule's clock and as fast as they go by ours.
  @Test(arguments: [UInt32(1), 4, 200])
  func `is a small part of a second with a thousand connections`(remotes: UInt32) async throws {
    try await withStretch { stretch in
      try stretch.ip(stretch.node, "address add 192.0.2.1/24 dev underlay0")
      let dataplane = try stretch.dataplane()
      _ = try await dataplane.observe()
      let configuration = Self.configuration(remotes: remotes)
      var (schedule, counts) = (LookSchedule(), RecentCounts())
      var evidence = DataplaneEvidence()
      for connection in configuration.connections {
        var counted = DataplaneEvidence.PerConnection()
        counted.drops = [DropCount(direction: .toRemote, reason: "too_big", frames: 1)]
        evidence.connections[connection.number] = counted
      }
      let start = ContinuousClock.now
      var worst = Duration.zero
      for second in 0..<60 {
        let before = ContinuousClock.now
        let now = start + .seconds(second)
        let recent = counts.counts(of: evidence, now: now)
        if let questions = schedule.questions(for: configuration, now: now) {
          schedule.take(await dataplane.look(at: questions), now: now)
        }
        #expect(schedule.facts(recent: recent, now: now).underlays.count == Int(remotes))
        // The first look makes the lists.
        if second > 0 { worst = max(worst, ContinuousClock.now - before) }
      }
      let each = (ContinuousClock.now - start) / 60
      print("a look of 1,000 connections and \(remotes) remotes: \(each), at worst \(worst)")
      #expect(each < .milliseconds(100))
    }
  }
}
