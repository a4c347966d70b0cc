import ESWModel
import ESWPlanning
import ESWSeams
import Logging
import ServiceLifecycle
import Synchronization

/// Keeps what happens: asks `EventWatch` when a report comes and once a second, and writes what it finds in
/// small lots, so that changes of intent never wait long behind it.
final class EventTimeline: Service {
  /// Events of one transaction: some milliseconds of the store's writer.
  static let lot = 500
  /// That wait to be written; more are counted and not kept.
  static let mostWaiting = 20_000
  /// Of an earlier run, so many of the newest are looked at for what was told a moment ago.
  static let remembered = 2_000

  private struct State {
    /// Nil until what an earlier run has told is known.
    var watch: EventWatch?
    var waiting = EventBatch()
    /// Not told yet that they are left out.
    var leftOut: UInt64 = 0
    var leftOutOfAll: UInt64 = 0

    mutating func add(_ batch: EventBatch) {
      let room = max(0, mostWaiting - waiting.events.count)
      waiting.events += batch.events.prefix(room)
      waiting.marks.merge(batch.marks) { $1 }
      let over = UInt64(batch.events.count - min(room, batch.events.count))
      leftOut += over
      leftOutOfAll += over
      for event in batch.events {
        if case .leftOut(let count) = event.happening { leftOutOfAll += count }
      }
    }
  }

  private let store: any IntentStore
  private let region: Region
  private let now: @Sendable () -> Timestamp
  private let logger: Logger
  private let state = Mutex(State())

  init(
    store: any IntentStore, region: Region, now: @escaping @Sendable () -> Timestamp, logger: Logger
  ) {
    self.store = store
    self.region = region
    self.now = now
    self.logger = logger
  }

  /// Since this run began.
  var leftOut: UInt64 { state.withLock { $0.leftOutOfAll } }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var isTold = false
      while !Task.isCancelled {
        do {
          // Before any node has reported nothing can have happened.
          if !self.store.reports.all.isEmpty {
            try await self.begin()
            self.look()
            try await self.write()
          }
          isTold = false
        } catch {
          if !isTold { self.logger.error("events cannot be kept", metadata: ["error": "\(error)"]) }
          isTold = true
        }
        try? await Task.sleep(for: .seconds(1))
      }
    }
    do {
      try await write()
    } catch {
      logger.error("the last events were not kept", metadata: ["error": "\(error)"])
    }
  }

  /// Reads what an earlier run has told; once.
  func begin() async throws {
    guard state.withLock({ $0.watch == nil }) else { return }
    let marks = try await store.eventMarks()
    let recent = try await store.events(EventQuery(limit: Self.remembered))
    let watch = EventWatch(marks: marks, recent: recent, region: region, startedAt: now())
    state.withLock { if $0.watch == nil { $0.watch = watch } }
  }

  /// What a report tells of.
  func take(_ received: ReportSnapshot.Received, in snapshot: IntentSnapshot) {
    state.withLock { state in
      guard let batch = state.watch?.take(received, in: snapshot) else { return }
      state.add(batch)
    }
  }

  /// What is different by now.
  func look() {
    let (snapshot, reports, now) = (store.snapshot, store.reports, now())
    state.withLock { state in
      guard let batch = state.watch?.judge(in: snapshot, reports: reports, now: now) else { return }
      state.add(batch)
    }
  }

  /// Writes what waits. The marks go with the last lot: after a crash between two lots something is told
  /// twice, and nothing is lost.
  func write() async throws {
    while true {
      let batch = state.withLock { state -> EventBatch in
        if state.leftOut > 0, state.waiting.events.count < Self.mostWaiting {
          state.waiting.events.append(Event(at: now(), node: nil, .leftOut(count: state.leftOut)))
          state.leftOut = 0
        }
        let events = Array(state.waiting.events.prefix(Self.lot))
        let isLast = events.count == state.waiting.events.count
        return EventBatch(events: events, marks: isLast ? state.waiting.marks : [:])
      }
      guard !batch.isEmpty else { return }
      try await store.keep(batch)
      state.withLock { state in
        state.waiting.events.removeFirst(batch.events.count)
        // What was marked anew meanwhile waits for the next.
        for (mark, value) in batch.marks where state.waiting.marks[mark] == value {
          state.waiting.marks[mark] = nil
        }
      }
    }
  }
}
