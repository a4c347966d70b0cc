package import ESWModel
import Synchronization

/// Where a store shows its newest snapshot, and where others wait for it. Every `IntentStore` needs
/// one, so it stands beside the protocol.
package final class SnapshotBoard: Sendable {
  /// How many waiters are woken. Those beyond wait until their deadline and look then.
  package static let mostWaiters = 10_000

  private struct Waiter {
    let revision: Revision
    let continuation: CheckedContinuation<IntentSnapshot?, Never>
  }

  private struct State {
    var newest: IntentSnapshot
    var waiters: [UInt64: Waiter] = [:]
    var nextTicket: UInt64 = 0
  }

  private let state: Mutex<State>
  private let clock: any Clock<Duration>

  package init(_ snapshot: IntentSnapshot, clock: any Clock<Duration> = ContinuousClock()) {
    state = Mutex(State(newest: snapshot))
    self.clock = clock
  }

  package var newest: IntentSnapshot { state.withLock { $0.newest } }

  package var waiterCount: Int { state.withLock { $0.waiters.count } }

  /// Shows the snapshot and wakes everybody who waits for it. O(waiters).
  package func publish(_ snapshot: IntentSnapshot) {
    let woken = state.withLock { state in
      state.newest = snapshot
      let ready = state.waiters.filter { $0.value.revision < snapshot.revision }
      for ticket in ready.keys { state.waiters[ticket] = nil }
      return ready.values.map(\.continuation)
    }
    for continuation in woken { continuation.resume(returning: snapshot) }
  }

  /// `IntentStore.snapshot(after:within:)`. A cancelled task gets nil at once.
  package func snapshot(after revision: Revision, within limit: Duration) async -> IntentSnapshot? {
    let current = newest
    if current.revision > revision { return current }
    guard limit > .zero else { return nil }
    let isWoken = waiterCount < Self.mostWaiters
    return await withTaskGroup(of: IntentSnapshot?.self) { group in
      if isWoken { group.addTask { await self.wait(after: revision) } }
      group.addTask {
        try? await self.clock.sleep(for: limit)
        let last = self.newest
        return last.revision > revision ? last : nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
  }

  /// Cancellation sets the task's flag first and calls the handler then: so whoever cancels before the
  /// waiter is noted is seen by the flag, and whoever cancels after it finds the waiter.
  private func wait(after revision: Revision) async -> IntentSnapshot? {
    let ticket = state.withLock { state in
      state.nextTicket += 1
      return state.nextTicket
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isNoted = state.withLock { state in
          guard !Task.isCancelled, state.newest.revision <= revision else { return false }
          state.waiters[ticket] = Waiter(revision: revision, continuation: continuation)
          return true
        }
        guard !isNoted else { return }
        let last = newest
        continuation.resume(returning: last.revision > revision ? last : nil)
      }
    } onCancel: {
      let waiter = state.withLock { $0.waiters.removeValue(forKey: ticket) }
      waiter?.continuation.resume(returning: nil)
    }
  }
}
