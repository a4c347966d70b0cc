import ESWModel
import Foundation
import Simulation
import Testing

@testable import GatewayAgent

@Suite struct `What an agent counts` {
  private let steps: [DataplaneStep] = [
    .loadDatapath, .putTunnel(IPv4Address("10.9.0.12")!), .raiseSlowPath(InterfaceName("esw-vx4789")!),
  ]
  private let now = ContinuousClock.now

  @Test func `are passes, their duration, and steps by outcome`() {
    var tally = AgentTally(run: 7)
    tally.add(
      steps, [.applied, .alreadySo, .refused("EPERM")], took: .milliseconds(3), losses: 2)
    tally.add([], [], took: .milliseconds(1), losses: 2)
    tally.addFailure(took: .milliseconds(1))
    #expect(
      tally.counts(now: now)
        == AgentCounts(
          run: 7, passes: 3, failedPasses: 1, passMicroseconds: 5_000, stepsApplied: 1, stepsFailed: 1,
          stepsHealed: 0, eventLosses: 2))
  }

  @Test func `are what was healed, in commands, of the connection when it is of one`() {
    var tally = AgentTally(run: 7)
    let connection = ConnectionID(high: 0, low: 2)
    tally.addHealing(steps, [.applied, .retry("busy"), .applied], at: now) { _ in .connection(connection) }
    tally.addHealing(steps, [.applied, .applied, .applied], at: now) {
      $0 == .loadDatapath ? .node : .connection(connection)
    }
    tally.addHealing(steps, [.alreadySo, .alreadySo, .refused("no")], at: now) { _ in .node }
    let counts = tally.counts(now: now + .milliseconds(40))
    #expect(counts.stepsHealed == 5)
    #expect(
      counts.healings == [
        Healing(
          number: 1, ageMilliseconds: 40, connection: connection,
          steps: ["\(steps[0])", "\(steps[2])"], count: 2),
        Healing(
          number: 2, ageMilliseconds: 40, connection: nil, steps: steps.map { "\($0)" }, count: 3),
      ])
  }

  @Test func `are bounded`() {
    var tally = AgentTally(run: 7)
    let many = [DataplaneStep](repeating: .loadDatapath, count: 50)
    for _ in 0..<100 {
      tally.addHealing(many, many.map { _ in .applied }, at: now) { _ in .node }
    }
    let healings = tally.counts(now: now).healings
    #expect(healings.map(\.number) == Array(69...100))
    #expect(healings.allSatisfy { $0.steps.count == Healing.mostSteps && $0.count == 50 })
  }

  @Test(.timeLimit(.minutes(1)))
  func `as healed is what somebody else has changed, and not what was asked for`() async throws {
    let kernel = await Stretch.kernel()
    let link = SimulatedAgentLink()
    try await withAgent(kernel: kernel, link: link) {
      await link.offer(Stretch.configuration(1))
      var reports = await link.reports().makeAsyncIterator()
      func report(where condition: (AgentCounts) -> Bool) async throws -> AgentCounts {
        while let report = await reports.next() {
          if let agent = report.agent, condition(agent) { return agent }
        }
        throw CancellationError()
      }
      // Two passes that change nothing: what was asked for is in force.
      let applied = try await report { $0.stepsApplied > 0 }
      _ = try await report { $0.passes >= applied.passes + 3 }
      let before = try await report { _ in true }
      #expect(before.stepsHealed == 0 && before.healings.isEmpty)
      await kernel.meddle { $0.sources = [:] }
      let healed = try await report { $0.stepsHealed > 0 }
      #expect(healed.healings.count == 1)
      #expect(healed.healings.first?.connection == ConnectionID(high: 0, low: 2))
      #expect(healed.healings.first?.steps.first?.hasPrefix("map sources: ") == true)
    }
  }
}
