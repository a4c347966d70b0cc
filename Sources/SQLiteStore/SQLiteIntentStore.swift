package import ESWModel
package import ESWSeams
import GRDB

/// The embedded `IntentStore`: one SQLite file. Reads come from memory; a commit has reached the disk
/// before it is answered (WAL, `synchronous = FULL`).
package final class SQLiteIntentStore: IntentStore {
  let file: StoreFile
  private let board: SnapshotBoard
  private let keeper: ReportKeeper
  private let queue: CommitQueue
  private let eventTable: EventTable

  /// Opens the store, or makes an empty one; its folder has to be there.
  ///
  /// - Parameter newStore: The name that the store gets if it is made now; it keeps it for ever.
  /// - Parameter sealing: How its secrets are kept; is told whether the store has sealed ones already, which
  ///   no new key would open.
  /// - Throws: `StoreError`, with words for the operator; what `sealing` throws.
  package init(
    path: String, newStore: StoreID, clock: any Clock<Duration> = ContinuousClock(),
    sealing makeSealing: (_ isSealed: Bool) throws -> Sealing
  ) throws {
    file = try StoreFile(path: path, newStore: newStore)
    let sealing = try Seal.apply(to: file.pool, path: path, makeSealing)
    let (snapshot, keeper, events) = try file.pool.read { database in
      (
        try IntentSnapshot(from: database, sealing: sealing), try ReportKeeper(from: database),
        try EventTable(from: database)
      )
    }
    eventTable = events
    self.keeper = keeper
    board = SnapshotBoard(snapshot, clock: clock)
    queue = CommitQueue(file: file, sealing: sealing, board: board) { keeper.forgetOutcomes(of: $0) }
  }

  /// Waits for the commits that are being written, and lets go of the file. Later ones fail; snapshots and
  /// reports can still be read.
  package func close() async throws { try await file.close() }

  package var snapshot: IntentSnapshot { board.newest }

  package var reports: ReportSnapshot { keeper.reports }

  package func commit<Outcome: Sendable>(
    _ decide: @escaping @Sendable (IntentSnapshot) throws -> IntentChange<Outcome>
  ) async throws -> (outcome: Outcome, snapshot: IntentSnapshot) {
    try await withCheckedThrowingContinuation { continuation in
      queue.add(
        CommitQueue.Waiting(
          decide: { snapshot in
            let change = try decide(snapshot)
            return CommitQueue.Decided(
              edits: change.edits, audit: change.audit,
              succeed: { continuation.resume(returning: (change.outcome, $0)) })
          },
          fail: { continuation.resume(throwing: $0) }))
    }
  }

  package func audit(_ query: AuditQuery) async throws -> [AuditRecord] {
    try await file.pool.read { try AuditTable.records(query, in: $0) }
  }

  package func keep(_ batch: EventBatch) async throws {
    guard !batch.isEmpty else { return }
    try await file.pool.writeWithoutTransaction { [eventTable] in try eventTable.keep(batch, in: $0) }
    file.checkpoints.noteTransaction()
  }

  package func events(_ query: EventQuery) async throws -> [EventRecord] {
    try await file.pool.read { try EventTable.records(query, in: $0) }
  }

  package func eventMarks() async throws -> [EventMark: String] {
    try await file.pool.read { try EventTable.marks(in: $0) }
  }

  package func sizes() async throws -> StoreSizes {
    let (changes, denials) = try await file.pool.read { try AuditTable.sizes(in: $0) }
    return StoreSizes(
      auditedChanges: changes, auditedDenials: denials, events: UInt64(clamping: eventTable.count))
  }

  package func snapshot(after revision: Revision, within limit: Duration) async -> IntentSnapshot? {
    await board.snapshot(after: revision, within: limit)
  }

  package func record(_ report: GatewayReport, receivedAt: Timestamp) async throws {
    let received = ReportSnapshot.Received(report: report, at: receivedAt)
    guard let arrival = keeper.accept(received, intent: board.newest) else { return }
    try await file.pool.writeWithoutTransaction { [keeper, board] database in
      try keeper.write(received, arrival: arrival, intent: board.newest, to: database)
    }
  }
}
