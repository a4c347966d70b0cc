import GRDB
import Synchronization

/// Carries the log's pages over into the database, on a connection of its own: done by a commit, as SQLite
/// has it by itself, every hundredth commit waits for all of it, and that is the slowest one in a hundred.
///
/// Only passive checkpoints are made, which wait for nobody and hold up nobody (SQLite, "Write-Ahead
/// Logging", section 2.3). The log begins anew only when all of it was carried over at a moment at which
/// nobody wrote. Where writers leave no such moment, the writer makes one at `longestLog`, and finds most of
/// it done.
final class Checkpoints: Sendable {
  /// Transactions from one checkpoint to the next; SQLite's own measure, 1,000 pages, is about as much.
  static let interval = 64
  /// In pages of 4 KB: how long the log may become before a commit has to wait.
  static let longestLog = 4_096

  private struct State {
    var transactions = 0
    var isRunning = false
  }

  private let connection: DatabaseQueue
  private let state = Mutex(State())

  /// - Parameter path: Of a database in WAL mode.
  init(path: String) throws {
    var configuration = Configuration()
    configuration.label = "checkpoints"
    connection = try DatabaseQueue(path: path, configuration: configuration)
  }

  /// Tells of a transaction that was committed.
  func noteTransaction() {
    let isDue = state.withLock { state in
      state.transactions += 1
      guard state.transactions >= Self.interval, !state.isRunning else { return false }
      state.transactions = 0
      state.isRunning = true
      return true
    }
    guard isDue else { return }
    connection.asyncWriteWithoutTransaction { database in
      // What it does not manage, the next one does, or the writer.
      _ = try? database.checkpoint(.passive)
      self.state.withLock { $0.isRunning = false }
    }
  }

  /// Waits for one that is being made.
  func finish() async throws { try await connection.writeWithoutTransaction { _ in } }

  func close() async throws {
    try await finish()
    try connection.close()
  }
}
