package import ESWModel

/// Keeps what users asked for. Snapshots, conditional changes, a watch; no queries, except of the audit and
/// of events, which are too many to be kept in memory.
///
/// Every implementation passes `IntentStoreContract`.
package protocol IntentStore: Sendable {
  /// The newest committed intent. Never waits for a write and never shows half of one.
  var snapshot: IntentSnapshot { get }

  /// Decides on the snapshot that is being written to, commits the edits and their audit entries as one
  /// transaction, and returns the outcome once a power cut could no longer take it back.
  ///
  /// - Parameter decide: Pure: it may run more than once where several machines share a store.
  /// - Returns: The outcome, and a snapshot that has it; later commits may be in it too.
  /// - Throws: What `decide` throws, with nothing written; `StoreOverloaded`; or the store's own error.
  func commit<Outcome: Sendable>(
    _ decide: @escaping @Sendable (IntentSnapshot) throws -> IntentChange<Outcome>
  ) async throws -> (outcome: Outcome, snapshot: IntentSnapshot)

  /// Returns the newest snapshot as soon as its revision is above `revision`, or nil at `deadline`.
  func snapshot(after revision: Revision, within limit: Duration) async -> IntentSnapshot?

  /// The newest records that match, newest first. How many are kept, the store bounds.
  func audit(_ query: AuditQuery) async throws -> [AuditRecord]

  /// Keeps events and what has been told of them, as one transaction. How many are kept, the store bounds,
  /// in all and of each connection (`EventBounds`): the oldest go.
  ///
  /// - Parameter batch: Small: changes of intent wait for as long as it takes.
  func keep(_ batch: EventBatch) async throws

  /// The newest events that match, in the order in which they were told, the last first.
  func events(_ query: EventQuery) async throws -> [EventRecord]

  func eventMarks() async throws -> [EventMark: String]

  func sizes() async throws -> StoreSizes

  /// What agents saw, newest of each node, and how jobs ended. Never waits for a write.
  var reports: ReportSnapshot { get }

  /// Takes in a report. An outcome of a job, once recorded, stays over restarts.
  func record(_ report: GatewayReport, receivedAt: Timestamp) async throws
}

/// Too many commits wait; what was asked is not done, and may be asked again.
package struct StoreOverloaded: Error, Hashable, CustomStringConvertible {
  package init() {}

  package var description: String { "too many changes wait to be written: try again" }
}
