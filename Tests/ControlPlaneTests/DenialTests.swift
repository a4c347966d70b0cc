import ESWAdmission
import ESWModel
import ESWSeams
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Simulation
import Synchronization
import Testing

@testable import ControlPlane

/// A store on which refusals are not written until it is told to, and which counts their commits.
private final class SlowTrail: IntentStore {
  private struct State {
    var isOpen = false
    var waiting: [CheckedContinuation<Void, Never>] = []
    var underWay = 0
    var mostUnderWay = 0
    var commits = 0
  }

  let base = MemoryIntentStore(store: Lab.storeID)
  private let state = Mutex(State())

  var snapshot: IntentSnapshot { base.snapshot }
  var reports: ReportSnapshot { base.reports }
  /// Commits of refusals at the same time.
  var mostUnderWay: Int { state.withLock { $0.mostUnderWay } }
  var commits: Int { state.withLock { $0.commits } }

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for waiter in waiting { waiter.resume() }
  }

  func commit<Outcome: Sendable>(
    _ decide: @escaping @Sendable (IntentSnapshot) throws -> IntentChange<Outcome>
  ) async throws -> (outcome: Outcome, snapshot: IntentSnapshot) {
    let change = try decide(base.snapshot)
    guard change.edits.isEmpty, !change.audit.isEmpty else { return try await base.commit(decide) }
    await withCheckedContinuation { waiter in
      let isOpen = state.withLock { state in
        state.commits += 1
        state.underWay += 1
        state.mostUnderWay = max(state.mostUnderWay, state.underWay)
        if !state.isOpen { state.waiting.append(waiter) }
        return state.isOpen
      }
      if isOpen { waiter.resume() }
    }
    defer { state.withLock { $0.underWay -= 1 } }
    return try await base.commit(decide)
  }

  func snapshot(after revision: Revision, within limit: Duration) async -> IntentSnapshot? {
    await base.snapshot(after: revision, within: limit)
  }

  func keep(_ batch: EventBatch) async throws { try await base.keep(batch) }
  func events(_ query: EventQuery) async throws -> [EventRecord] { try await base.events(query) }
  func eventMarks() async throws -> [EventMark: String] { try await base.eventMarks() }
  func sizes() async throws -> StoreSizes { try await base.sizes() }

  func audit(_ query: AuditQuery) async throws -> [AuditRecord] { try await base.audit(query) }

  func record(_ report: GatewayReport, receivedAt: Timestamp) async throws {
    try await base.record(report, receivedAt: receivedAt)
  }
}

@Suite(.timeLimit(.minutes(1))) struct `The journal of refusals` {
  private static let logger: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
  }()

  private static func entry(_ request: Int, path: Int, by user: String = "u") -> AuditEntry {
    AuditEntry(
      at: Lab.start,
      author: .init(
        user: user, userName: user, accessKey: nil, source: "192.0.2.1", operation: "ListInstances",
        request: "\(request)"),
      project: nil, outcome: .denied(code: "APIGW.0302", path: "/\(path)"))
  }

  /// Refusals that all come while the first is being written.
  ///
  /// - Returns: What is kept of them.
  private static func flood(_ store: SlowTrail, _ entries: [AuditEntry], waiting: Int) async throws
    -> [AuditRecord]
  {
    let journal = DenialJournal(store: store, logger: logger)
    await withTaskGroup { group in
      // Who comes before the first commit has begun is in it, and would not be seen waiting.
      for entry in entries.prefix(1) { group.addTask { await journal.keep(entry) } }
      while store.commits < 1 { await Task.yield() }
      for entry in entries.dropFirst() { group.addTask { await journal.keep(entry) } }
      while journal.waiting < waiting { await Task.yield() }
      store.open()
    }
    return try await store.audit(AuditQuery(limit: .max))
  }

  @Test func `takes one place in the queue of commits, however many come, and keeps them all`() async throws {
    let store = SlowTrail()
    let entries = (0..<2000).map { Self.entry($0, path: $0 % 500) }
    let kept = try await Self.flood(store, entries, waiting: 1999)
    #expect(store.mostUnderWay == 1)
    #expect(store.commits == 2)
    #expect(Set(kept.map(\.entry.outcome)) == Set(entries.map(\.outcome)))
    // The one that was being written, and one of each that came meanwhile.
    #expect(kept.count == 501)
  }

  @Test func `keeps what another is refused apart`() async throws {
    let entries = (0..<40).map { Self.entry($0, path: 1, by: "u\($0 % 4)") }
    let kept = try await Self.flood(SlowTrail(), entries, waiting: 39)
    #expect(Set(kept.map(\.entry.author.user)) == ["u0", "u1", "u2", "u3"])
    #expect(kept.count == 5)
  }

  @Test func `is bounded, and nobody waits for what has no room`() async throws {
    let store = SlowTrail()
    let entries = (0..<1500).map { Self.entry($0, path: $0) }
    let kept = try await Self.flood(store, entries, waiting: DenialJournal.mostWaiting)
    #expect(kept.count >= 1 + DenialJournal.mostWaiting)
    #expect(store.mostUnderWay == 1)
  }

  @Test func `goes on after a commit that failed`() async throws {
    let store = MemoryIntentStore(store: Lab.storeID)
    let journal = DenialJournal(store: store, logger: Self.logger)
    store.failCommits(1)
    await journal.keep(Self.entry(1, path: 1))
    await journal.keep(Self.entry(2, path: 2))
    #expect(try await store.audit(AuditQuery(limit: 10)).map(\.entry.author.request) == ["2"])
  }

  @Test func `lets changes through while refusals wait`() async throws {
    let store = SlowTrail()
    let lab = Lab(store: store)
    try await lab.seed()
    try await lab.service().application.test(.router) { client in
      let caller = Caller(client: client, lab: lab)
      let paths = (0..<UInt64(20)).map { "\(Lab.v3)/instances/\(InstanceID(high: 1, low: $0))" }
      try await withThrowingTaskGroup { group in
        for number in 0..<200 {
          group.addTask {
            let reply = try await caller.call(.get, paths[number % paths.count], key: Lab.foreignKey)
            #expect(reply.status == 403)
          }
        }
        while store.commits < 1 { await Task.yield() }
        let change = try await caller.call(
          .post, "\(Lab.v1)/vpcs", body: #"{"vpc":{"name":"v","cidr":"10.0.0.0/8"}}"#)
        #expect(change.status == 200)
        #expect(store.commits == 1, "the refusals wait all this time")
        store.open()
        try await group.waitForAll()
      }
      let kept = try await store.audit(AuditQuery(kind: .denied, limit: .max))
      let keptPaths: [String] = kept.compactMap {
        guard case .denied(_, let path) = $0.entry.outcome else { return nil }
        return path
      }
      #expect(Set(keptPaths) == Set(paths))
      #expect(store.mostUnderWay == 1)
    }
  }
}
