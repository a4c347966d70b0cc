import ESWModel
import Testing

@testable import GatewayAgent

@Suite struct `The gate for configurations` {
  private func judge(
    _ incoming: GatewayConfiguration, after current: GatewayConfiguration?
  ) -> ConfigurationGate.Verdict {
    ConfigurationGate.judge(incoming, for: Stretch.node, after: current)
  }

  private func isRefused(_ verdict: ConfigurationGate.Verdict) -> Bool {
    if case .refuse = verdict { true } else { false }
  }

  @Test func `the first one is taken`() {
    #expect(judge(Stretch.configuration(1), after: nil) == .accept)
  }

  @Test func `a newer one is taken`() {
    #expect(judge(Stretch.configuration(6), after: Stretch.configuration(5)) == .accept)
  }

  @Test func `the same one again is nothing new`() {
    #expect(judge(Stretch.configuration(5), after: Stretch.configuration(5)) == .same)
  }

  @Test func `an older one is refused`() {
    #expect(isRefused(judge(Stretch.configuration(4), after: Stretch.configuration(5))))
  }

  @Test func `one of the same generation with other contents is refused`() {
    #expect(isRefused(judge(Stretch.configuration(5, isEmpty: true), after: Stretch.configuration(5))))
  }

  @Test func `one of another store is refused, however new`() {
    #expect(isRefused(judge(Stretch.configuration(9, store: 2), after: Stretch.configuration(5))))
  }

  @Test func `one for another node is refused`() {
    let other = GatewayConfiguration(
      store: StoreID(high: 0, low: 1), generation: Revision(9), node: NodeName("node-2")!, tunnels: [],
      connections: [])
    #expect(isRefused(judge(other, after: nil)))
  }
}
