package import ESWModel
import ESWSeams
import Synchronization

/// An `IntentStore` without a disk, for tests and demonstrations: what it holds is gone with it.
package final class MemoryIntentStore: IntentStore {
  /// The fault that a test asked for.
  package struct Fault: Error, Hashable {}

  private let board: SnapshotBoard
  private let received = Mutex(ReportSnapshot())
  /// Held while a commit is decided and shown, so that each is decided on the one before it. Counts the
  /// commits that are still to fail.
  private let faults = Mutex(0)
  private let trail = Mutex<[AuditRecord]>([])
  private let timeLine = Mutex(TimeLine())

  private struct TimeLine {
    var records: [EventRecord] = []
    var marks: [EventMark: String] = [:]
    var lastNumber: Int64 = 0

    mutating func append(_ event: Event) {
      lastNumber += 1
      records.append(EventRecord(number: lastNumber, event: event))
      let most = EventBounds.mostOfScope + EventBounds.lot(EventBounds.mostOfScope)
      if records.count >= EventBounds.mostOfAll {
        records.removeFirst(EventBounds.lot(EventBounds.mostOfAll))
      }
      let scope = event.scope
      guard records.count >= most, records.count(where: { $0.event.scope == scope }) >= most else { return }
      var excess = EventBounds.lot(EventBounds.mostOfScope)
      records.removeAll { record in
        guard excess > 0, record.event.scope == scope else { return false }
        excess -= 1
        return true
      }
    }
  }

  package init(store: StoreID, clock: any Clock<Duration> = ContinuousClock()) {
    board = SnapshotBoard(IntentSnapshot(store: store), clock: clock)
  }

  package var snapshot: IntentSnapshot { board.newest }

  package var reports: ReportSnapshot { received.withLock { $0 } }

  /// Lets the next commits fail as those of a full disk do: decided, and not written.
  package func failCommits(_ count: Int) { faults.withLock { $0 = count } }

  package func commit<Outcome: Sendable>(
    _ decide: @escaping @Sendable (IntentSnapshot) throws -> IntentChange<Outcome>
  ) async throws -> (outcome: Outcome, snapshot: IntentSnapshot) {
    try faults.withLock { faults in
      let before = board.newest
      let change = try decide(before)
      guard !change.edits.isEmpty || !change.audit.isEmpty else { return (change.outcome, before) }
      guard faults == 0 else {
        faults -= 1
        throw Fault()
      }
      trail.withLock { trail in
        for entry in change.audit { trail.append(AuditRecord(number: Int64(trail.count) + 1, entry: entry)) }
      }
      guard !change.edits.isEmpty else { return (change.outcome, before) }
      let after = before.applying(change.edits)
      board.publish(after)
      forgetOutcomes(of: change.edits)
      return (change.outcome, after)
    }
  }

  package func audit(_ query: AuditQuery) async throws -> [AuditRecord] {
    trail.withLock { Array($0.reversed().lazy.filter { query.matches($0) }.prefix(query.limit)) }
  }

  package func keep(_ batch: EventBatch) async throws {
    timeLine.withLock { line in
      for event in batch.events { line.append(event) }
      for (mark, value) in batch.marks { line.marks[mark] = value }
    }
  }

  package func events(_ query: EventQuery) async throws -> [EventRecord] {
    timeLine.withLock { Array($0.records.reversed().lazy.filter { query.matches($0) }.prefix(query.limit)) }
  }

  package func eventMarks() async throws -> [EventMark: String] { timeLine.withLock { $0.marks } }

  package func sizes() async throws -> StoreSizes {
    let events = timeLine.withLock { $0.records.count }
    return trail.withLock { trail in
      let denials = trail.count {
        if case .denied = $0.entry.outcome { true } else { false }
      }
      return StoreSizes(
        auditedChanges: UInt64(trail.count - denials), auditedDenials: UInt64(denials),
        events: UInt64(events))
    }
  }

  package func snapshot(after revision: Revision, within limit: Duration) async -> IntentSnapshot? {
    await board.snapshot(after: revision, within: limit)
  }

  package func record(_ report: GatewayReport, receivedAt: Timestamp) async throws {
    let intent = board.newest
    received.withLock { reports in
      let outcomes = reports.outcomes(settledBy: report, in: intent, receivedAt: receivedAt)
      for outcome in outcomes { reports.put(outcome) }
      reports.put(ReportSnapshot.Received(report: report, at: receivedAt))
    }
  }

  private func forgetOutcomes(of edits: [IntentEdit]) {
    received.withLock { reports in
      for case .removeJob(let job) in edits { reports.removeOutcome(of: job) }
    }
  }
}
