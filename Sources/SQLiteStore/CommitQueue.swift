import ESWModel
import ESWSeams
import GRDB
import Synchronization

/// Writes commits in the order in which they come, all that wait as one transaction: at `synchronous =
/// FULL` a transaction costs a flush of the disk, however many commits are in it.
///
/// Each commit is decided on the snapshot that has those before it, and stands in a savepoint of its own,
/// so a refused one leaves no trace and does the others no harm.
final class CommitQueue: Sendable {
  /// How many commits may wait: more requests than the server takes at once.
  static let longest = 4_096
  /// How many commits one transaction holds at most, which bounds how long the first of them waits.
  static let largestBatch = 256

  /// A commit that waits, its outcome's type forgotten.
  struct Waiting: Sendable {
    /// Decides; gives what to write, and what to say when that is written.
    let decide: @Sendable (IntentSnapshot) throws -> Decided
    let fail: @Sendable (any Error) -> Void
  }

  struct Decided: Sendable {
    let edits: [IntentEdit]
    let audit: [AuditEntry]
    let succeed: @Sendable (IntentSnapshot) -> Void
  }

  private struct State {
    var waiting: [Waiting] = []
    var isDraining = false
  }

  private let file: StoreFile
  private let sealing: Sealing
  private let board: SnapshotBoard
  private let state = Mutex(State())
  /// Called on the writer's queue with what was committed, before anybody is answered.
  private let committed: @Sendable ([IntentEdit]) -> Void

  init(
    file: StoreFile, sealing: Sealing, board: SnapshotBoard,
    committed: @escaping @Sendable ([IntentEdit]) -> Void
  ) {
    self.file = file
    self.sealing = sealing
    self.board = board
    self.committed = committed
  }

  func add(_ commit: Waiting) {
    enum Place { case full, queued, first }
    let place = state.withLock { state -> Place in
      guard state.waiting.count < Self.longest else { return .full }
      state.waiting.append(commit)
      if state.isDraining { return .queued }
      state.isDraining = true
      return .first
    }
    switch place {
    case .full: commit.fail(StoreOverloaded())
    case .queued: break
    case .first: writeNextBatch()
    }
  }

  /// One batch, then to the end of the writer's queue: reports wait there too, and have their turn.
  private func writeNextBatch() {
    file.pool.asyncWriteWithoutTransaction { database in
      let batch = self.state.withLock { state in
        let batch = Array(state.waiting.prefix(Self.largestBatch))
        state.waiting.removeFirst(batch.count)
        return batch
      }
      self.write(batch, to: database)
      let isDone = self.state.withLock { state in
        state.isDraining = !state.waiting.isEmpty
        return !state.isDraining
      }
      if !isDone { self.writeNextBatch() }
    }
  }

  private func write(_ batch: [Waiting], to database: Database) {
    let before = board.newest
    var writing = Writing(snapshot: before, sealing: sealing)
    do {
      try database.inTransaction(.immediate) {
        for commit in batch { try writing.add(commit, to: database) }
        guard writing.hasWritten else { return .rollback }
        if writing.snapshot.revision != before.revision {
          try IntentSnapshot.advance(database, from: before, to: writing.snapshot)
        }
        return .commit
      }
    } catch {
      let cause = error as? StoreError ?? StoreError.notWritten("\(error)")
      for commit in batch { commit.fail(cause) }
      return
    }
    if writing.snapshot.revision != before.revision {
      committed(writing.edits)
      board.publish(writing.snapshot)
    }
    for answer in writing.answers { answer(writing.snapshot) }
    file.checkpoints.noteTransaction()
  }
}

/// A transaction that is being filled.
private struct Writing {
  var snapshot: IntentSnapshot
  let sealing: Sealing
  var edits: [IntentEdit] = []
  var hasWritten = false
  /// Given once the transaction is on the disk: a refusal, too, may rest on a commit before it. All get
  /// the last snapshot: to keep each commit's own would hold as many as the batch is long.
  var answers: [@Sendable (IntentSnapshot) -> Void] = []

  init(snapshot: IntentSnapshot, sealing: Sealing) {
    self.snapshot = snapshot
    self.sealing = sealing
  }

  /// - Throws: When the whole transaction is lost. Some errors, such as a full disk, make SQLite roll all
  ///   of it back ("Response To Errors Within A Transaction"), and what follows would be a new one.
  mutating func add(_ commit: CommitQueue.Waiting, to database: Database) throws {
    do {
      let decided = try commit.decide(snapshot)
      if !decided.edits.isEmpty || !decided.audit.isEmpty {
        try database.inSavepoint {
          for edit in decided.edits { try edit.write(to: database, sealing: sealing) }
          for entry in decided.audit { try AuditTable.append(entry, to: database) }
          return .commit
        }
        hasWritten = true
        edits += decided.edits
        if !decided.edits.isEmpty { snapshot = snapshot.applying(decided.edits) }
      }
      answers.append { decided.succeed($0) }
    } catch {
      guard database.isInsideTransaction else { throw error }
      let cause = error is DatabaseError ? StoreError.notWritten("\(error)") : error
      answers.append { _ in commit.fail(cause) }
    }
  }
}
