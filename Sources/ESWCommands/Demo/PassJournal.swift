import ESWModel
import ESWPlanning
import GatewayAgent
import Synchronization

/// Collects what the agent did, pass by pass.
final class PassJournal: Sendable {
  private let records = Mutex<[AgentService.PassRecord]>([])

  func append(_ record: AgentService.PassRecord) {
    guard !record.steps.isEmpty else { return }
    records.withLock { $0.append(record) }
  }

  /// All steps so far with their outcomes, and the time of the passes that took them.
  var taken: (steps: [(DataplaneStep, StepOutcome)], spent: Duration) {
    records.withLock { records in
      (records.flatMap { zip($0.steps, $0.outcomes) }, records.reduce(.zero) { $0 + $1.duration })
    }
  }
}
