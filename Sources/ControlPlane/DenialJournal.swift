import ESWModel
import ESWSeams
import Logging
import Synchronization

/// Keeps refusals for lack of rights in the audit, without a crowd of them standing in the way of changes.
///
/// Who is refused waits until that is kept, and is not heard again before. But of all refusals at most one
/// commit is under way, which writes everything that has come since the one before: in the queue of commits
/// they have one place together, however many come. In a commit, what one caller repeats is one entry.
///
/// Nobody runs it: whoever comes while nothing is being written writes, and hands on to one of those who
/// have come meanwhile. So nothing is left to be flushed when requests have ended.
final class DenialJournal: Sendable {
  /// Entries that wait for the next commit; our own choice. A caller has one request under way on a
  /// connection, so this is for very many connections, each with another path.
  static let mostWaiting = 1024

  /// All of an entry but its request and its time.
  private struct Kind: Hashable {
    let user: String?
    let accessKey: String?
    let source: String
    let operation: String
    let project: ProjectID?
    let outcome: AuditEntry.Outcome

    init(_ entry: AuditEntry) {
      user = entry.author.user
      accessKey = entry.author.accessKey
      source = entry.author.source
      operation = entry.author.operation
      project = entry.project
      outcome = entry.outcome
    }
  }

  private struct Batch {
    var entries: [AuditEntry] = []
    var kinds: Set<Kind> = []
    /// Resumed with true: it is theirs to write what waits.
    var waiters: [CheckedContinuation<Bool, Never>] = []
    /// Had no room.
    var lost = 0
  }

  private enum Place {
    case first, behind, none
  }

  private struct State {
    var isWriting = false
    var waiting = Batch()

    mutating func add(_ entry: AuditEntry, waiter: CheckedContinuation<Bool, Never>) -> Place {
      let kind = Kind(entry)
      if !waiting.kinds.contains(kind) {
        guard waiting.entries.count < DenialJournal.mostWaiting else {
          waiting.lost += 1
          return .none
        }
        waiting.kinds.insert(kind)
        waiting.entries.append(entry)
      }
      guard isWriting else {
        isWriting = true
        return .first
      }
      waiting.waiters.append(waiter)
      return .behind
    }

    /// Who goes on, if anybody waits.
    mutating func next() -> CheckedContinuation<Bool, Never>? {
      isWriting = !waiting.waiters.isEmpty
      return waiting.waiters.popLast()
    }
  }

  private let state = Mutex(State())
  private let store: any IntentStore
  private let logger: Logger

  init(store: any IntentStore, logger: Logger) {
    self.store = store
    self.logger = logger
  }

  /// How many wait for the commit after the one that is under way.
  var waiting: Int { state.withLock { $0.waiting.waiters.count } }

  /// Returns when the entry, or one like it that came shortly before, is kept or is lost; the log tells of
  /// what is lost.
  func keep(_ entry: AuditEntry) async {
    let writes = await withCheckedContinuation { waiter in
      switch state.withLock({ $0.add(entry, waiter: waiter) }) {
      case .first: waiter.resume(returning: true)
      case .behind: break
      case .none: waiter.resume(returning: false)
      }
    }
    guard writes else { return }
    let batch = state.withLock { state in
      defer { state.waiting = Batch() }
      return state.waiting
    }
    await write(batch)
    state.withLock { $0.next() }?.resume(returning: true)
    for waiter in batch.waiters { waiter.resume(returning: false) }
  }

  private func write(_ batch: Batch) async {
    if batch.lost > 0 {
      logger.error(
        "refusals are not in the audit: too many at once", metadata: ["refusals": "\(batch.lost)"])
    }
    do {
      _ = try await store.commit { _ in IntentChange(edits: [], outcome: (), audit: batch.entries) }
    } catch {
      logger.error(
        "refusals could not be kept in the audit",
        metadata: [
          "entries": "\(batch.entries.count)", "request_id": "\(batch.entries.first?.author.request ?? "-")",
          "error": "\(error)",
        ])
    }
  }
}
