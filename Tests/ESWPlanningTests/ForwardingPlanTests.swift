import ESWModel
import Testing

@testable import ESWPlanning

@Suite struct `Planning what may cross` {
  private func wanted(
    _ change: (inout Connection) -> Void = { _ in }, enforcing: Bool = false,
    interfaces: [InterfaceFact] = [Sample.interface(Sample.underlay), Sample.interface(Sample.segment)]
  ) -> DesiredDataplane {
    let sample = Sample.full()
    var connection = sample.connection
    change(&connection)
    let snapshot = sample.snapshot.applying([.putConnection(connection), .enforceFlavors(enforcing)])
    let configuration = GatewayConfiguration(for: Sample.node, from: snapshot)
    return DesiredDataplane(for: configuration, on: Sample.observation(DataplaneState(), interfaces))
  }

  @Test func `frames of remotes come by the interface of the tunnel, unless that is not wanted`() throws {
    let pinned = try #require(wanted().state.connections.values.first)
    #expect(pinned.underlay == .name(Sample.underlay))
    let free = try #require(wanted { $0.forwarding.pinsUnderlay = false }.state.connections.values.first)
    #expect(free.underlay == nil)
  }

  @Test func `frames of remotes come by no interface while that of the tunnel is not there`() throws {
    let row = try #require(
      wanted(interfaces: [Sample.interface(Sample.segment)]).state.connections.values.first)
    #expect(row.underlay == .gone(index: .max))
  }

  @Test func `an instance is held to its flavor only where flavors limit`() throws {
    let free = wanted().state
    #expect(free.meters.isEmpty && free.connections.values.map(\.isMetered) == [false])
    let held = wanted(enforcing: true).state
    let limit = TrafficLimit(bitsPerSecond: 10_000_000_000, packetsPerSecond: 2_000_000)
    #expect(held.meters == [IPv4Address("10.9.0.12")!: limit])
    #expect(held.connections.values.map(\.isMetered) == [true])

    // The meter is there before who asks for it, and goes after.
    let on = DataplanePlan(from: free, to: held).steps
    #expect(on.first == .putMeter(IPv4Address("10.9.0.12")!, limit) && on.count == 2)
    #expect(DataplanePlan(from: held, to: DataplaneState()).steps.first == .unloadDatapath)
  }

  @Test func `a configuration from before there were settings is as one that nobody has set`() throws {
    #expect(ForwardingConfiguration.usual == ForwardingConfiguration(.usual))
    let connection = try #require(Sample.full().configuration.connections.first)
    #expect(connection.forwarding == .usual && connection.pinsUnderlay)
  }
}
