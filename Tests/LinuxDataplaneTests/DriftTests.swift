import ESWModel
import ESWSeams
import Foundation
import GatewayAgent
import KernelTesting
import Logging
import Netlink
import Simulation
import Synchronization
import Testing

@testable import LinuxDataplane

/// How long the product itself takes: an agent in its loop on the real kernel, and somebody who meddles.
@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `An agent whose node drifts` {
  typealias Damage = `A data plane that somebody meddles with`.Damage

  /// What the kernel tells of; of maps, pins and links it says nothing to anybody.
  static let announced: [Damage] = [
    .slowPathDeleted, .slowPathLowered, .slowPathNotForwarding, .slowPathRenamed, .addressDeleted,
    .segmentMadeAnew, .segmentLowered, .underlayMadeAnew, .promiscuityRemoved,
  ]

  /// What the product promises when the event is lost, and when it is heard.
  private static let promises = (lost: Duration.seconds(2), heard: Duration.milliseconds(200))
  /// A machine that is busy with other things may be late now and then, not always.
  private static let tries = 3

  @Test(arguments: Damage.allCases)
  func `heals every kind in under two seconds when no event comes`(damage: Damage) async throws {
    try await withDriftingAgent(hears: false, passInterval: nil) { stretch, dataplane, passes in
      try await Self.expect(damage, healedIn: Self.promises.lost, stretch, dataplane, passes)
    }
  }

  /// No timer wakes the agent: the next is an hour away.
  @Test(arguments: announced)
  func `heals in under 200 milliseconds what the kernel announces`(damage: Damage) async throws {
    try await withDriftingAgent(hears: true, passInterval: .seconds(3600)) { stretch, dataplane, passes in
      try await Self.expect(damage, healedIn: Self.promises.heard, stretch, dataplane, passes)
    }
  }

  private static func expect(
    _ damage: Damage, healedIn promise: Duration, _ stretch: Stretch, _ dataplane: LinuxDataplane,
    _ passes: PassCount
  ) async throws {
    var times: [Duration] = []
    while times.count < Self.tries, !times.contains(where: { $0 < promise }) {
      times.append(try await Self.heal(damage, stretch, dataplane, passes))
    }
    #expect(try #require(times.min()) < promise, "\(damage): \(times)")
  }

  /// - Returns: From the end of the damage until nothing is left to be done and a frame crosses.
  private static func heal(
    _ damage: Damage, _ stretch: Stretch, _ dataplane: LinuxDataplane, _ passes: PassCount
  ) async throws -> Duration {
    let before = passes.steps
    try `A data plane that somebody meddles with`.make(damage, stretch)
    let begun = ContinuousClock.now
    let clock = ContinuousClock()
    let limit = begun + .seconds(10)
    while try await Stretch.plan(dataplane, to: driftConfiguration) != [] || passes.steps == before {
      guard clock.now < limit else { throw CommandFailure(description: "\(damage) is never healed") }
      try await clock.sleep(for: .milliseconds(5))
    }
    let time = clock.now - begun
    #expect(try stretch.hostReaches(Stretch.farHost), "\(damage)")
    return time
  }
}

private let driftConfiguration = Stretch.configuration(virtualAddresses: [Stretch.localHost])

/// What an agent has done.
private final class PassCount: Sendable {
  private let count = Mutex(0)

  /// Of all passes so far.
  var steps: Int { count.withLock { $0 } }

  func add(_ pass: AgentService.PassRecord) { count.withLock { $0 += pass.steps.count } }
}

/// A kernel that tells nothing.
private struct DeafDataplane: Dataplane {
  let base: LinuxDataplane

  var kind: DataplaneKind { base.kind }
  var kernelRelease: String { base.kernelRelease }
  func observe() async throws -> DataplaneObservation { try await base.observe() }
  func execute(_ steps: [DataplaneStep]) async -> [StepOutcome] { await base.execute(steps) }
  func evidence() async throws -> DataplaneEvidence { try await base.evidence() }
  func look(at questions: LookQuestions) async -> LookAnswers { await base.look(at: questions) }
  func probe(_ probes: [Probe]) async throws -> [DataplaneMoment?] { try await base.probe(probes) }
  func ask(_ questions: [HolderQuestion]) async throws { try await base.ask(questions) }
  func changes() -> AsyncStream<Void> { AsyncStream { _ in } }
  func capture(_ order: CaptureOrder) async throws -> FrameCapture { try await base.capture(order) }
}

/// Runs `body` beside an agent that has a stretch up and nothing left to do.
///
/// - Parameter passInterval: Nil: the product's own.
private func withDriftingAgent(
  hears: Bool, passInterval: Duration?,
  _ body: (Stretch, LinuxDataplane, PassCount) async throws -> Void
) async throws {
  try await withStretch { stretch in
    let folder = NSTemporaryDirectory() + "esw-drift-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let kernel = try stretch.dataplane()
    let dataplane: any Dataplane = hears ? kernel : DeafDataplane(base: kernel)
    let link = SimulatedAgentLink()
    await link.offer(driftConfiguration)
    let (passes, logger) = (PassCount(), Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let (node, ledger) = (driftConfiguration.node, try ConfigurationLedger(folder: folder))
    let agent =
      if let passInterval {
        AgentService(
          node: node, link: link, dataplane: dataplane, ledger: ledger, logger: logger,
          passInterval: passInterval, observer: passes.add)
      } else {
        AgentService(
          node: node, link: link, dataplane: dataplane, ledger: ledger, logger: logger, observer: passes.add)
      }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await agent.run() }
      defer { group.cancelAll() }
      _ = try await eventually {
        try await Stretch.plan(kernel, to: driftConfiguration).isEmpty && passes.steps > 0 ? true : nil
      }
      #expect(try stretch.hostReaches(Stretch.farHost))
      try await body(stretch, kernel, passes)
      group.cancelAll()
      while let result = await group.nextResult() {
        if case .failure(let error) = result, !(error is CancellationError) { throw error }
      }
    }
  }
}
