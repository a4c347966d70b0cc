import ESWModel
import Testing

@testable import ESWPlanning

/// A node that reports, the store's view of it, and who watches.
struct WatchedNode {
  let sample: Sample
  private(set) var reports = ReportSnapshot()
  var watch: EventWatch
  private(set) var marks: [EventMark: String] = [:]
  private(set) var told: [Event] = []

  init(_ sample: Sample = .full(), at second: Double = 0) {
    self.sample = sample
    watch = EventWatch(marks: [:], recent: [], region: Region(), startedAt: Self.moment(second))
  }

  static func moment(_ second: Double) -> Timestamp {
    Timestamp(milliseconds: Sample.now.milliseconds + Int64(second * 1000))
  }

  static func host(
    _ number: UInt64, _ side: HostFact.Side = .local, since: Double, moves: UInt32 = 0,
    held: Int64? = nil
  ) -> HostFact {
    HostFact(
      mac: MACAddress(locallyAdministered: number), address: IPv4Address("192.168.0.9")!, side: side,
      seenAgeMilliseconds: 0, sinceAgeMilliseconds: Int64(since * 1000), moves: moves, heldMilliseconds: held)
  }

  /// - Parameter age: Since a frame came from the remote, in seconds; nil: never.
  mutating func report(
    at second: Double, hosts: [HostFact] = [], frames: UInt64 = 0, age: Double? = nil,
    problems: [Problem] = [], strangers: [StrangerReport] = [], agent: AgentCounts? = nil,
    carries: Bool = true
  ) -> [Event] {
    let connection = ConnectionReport(
      id: sample.connection.id,
      remotes: sample.connection.remotes.map {
        RemoteEvidence(
          remote: $0, receivedAgeMilliseconds: age.map { Int64($0 * 1000) }, sentAgeMilliseconds: nil)
      }, toRemote: TrafficCount(frames: frames), toLocal: TrafficCount(), drops: [], hosts: hosts)
    let received = ReportSnapshot.Received(
      report: GatewayReport(
        node: Sample.node, store: sample.snapshot.store, generation: sample.snapshot.revision,
        dataplane: .simulated, kernelRelease: "test", interfaces: [], problems: problems,
        connections: carries ? [connection] : [], strangers: strangers, agent: agent),
      at: Self.moment(second))
    reports.put(received)
    return keep(watch.take(received, in: sample.snapshot))
  }

  /// - Parameter snapshot: Nil: nobody changed anything.
  mutating func judge(at second: Double, _ snapshot: IntentSnapshot? = nil) -> [Event] {
    keep(
      watch.judge(in: snapshot ?? sample.snapshot, reports: reports, now: Self.moment(second)))
  }

  private mutating func keep(_ batch: EventBatch) -> [Event] {
    told += batch.events
    for (mark, value) in batch.marks { marks[mark] = value }
    return batch.events
  }

  /// A watch that knows what this one has written down, and nothing else.
  mutating func restart(at second: Double) {
    let records = told.enumerated().map { EventRecord(number: Int64($0.offset) + 1, event: $0.element) }
    watch = EventWatch(
      marks: marks, recent: records.reversed(), region: Region(), startedAt: Self.moment(second))
  }
}

@Suite struct `Watching hosts` {
  private func sighting(_ number: UInt64, _ remote: String? = nil) -> HostSighting {
    HostSighting(
      mac: MACAddress(locallyAdministered: number), address: IPv4Address("192.168.0.9")!,
      isLocal: remote == nil, remote: remote.flatMap { IPv4Address($0) })
  }

  @Test func `tells of one that was learned, when it was, and whose it is`() {
    var node = WatchedNode()
    #expect(node.report(at: 0) == [])
    let events = node.report(at: 1, hosts: [WatchedNode.host(1, since: 0.4)])
    #expect(
      events == [
        Event(
          at: WatchedNode.moment(0.6), node: Sample.node, connection: node.sample.connection.id,
          project: Sample.project, .hostLearned(sighting(1)))
      ])
  }

  @Test func `tells of it once, however long it stays`() {
    var node = WatchedNode()
    for second in 0..<20 {
      _ = node.report(at: Double(second), hosts: [WatchedNode.host(1, since: Double(second) + 0.4)])
    }
    #expect(node.told.count == 1)
  }

  @Test func `tells of every move, with the side`() {
    var node = WatchedNode()
    _ = node.report(at: 0, hosts: [WatchedNode.host(1, since: 100)])
    let away = node.report(at: 1, hosts: [WatchedNode.host(1, .remote(0), since: 0.1, moves: 1)])
    let back = node.report(at: 2, hosts: [WatchedNode.host(1, since: 0.2, moves: 2)])
    #expect(away.map(\.happening) == [.hostMoved(sighting(1, "192.168.1.7"), moves: 1)])
    #expect(back.map(\.happening) == [.hostMoved(sighting(1), moves: 2)])
  }

  @Test func `tells of one that is not there any more`() {
    var node = WatchedNode()
    _ = node.report(at: 0, hosts: [WatchedNode.host(1, since: 9), WatchedNode.host(2, since: 9)])
    let events = node.report(at: 1, hosts: [WatchedNode.host(2, since: 10)])
    #expect(events.map(\.happening) == [.hostGone(sighting(1))])
  }

  @Test func `does not call gone who is not on a list that is cut`() {
    var node = WatchedNode()
    let many = (1...256).map { WatchedNode.host($0, since: 9) }
    _ = node.report(at: 0, hosts: many)
    let others = (2...257).map { WatchedNode.host($0, since: 9) }
    #expect(node.report(at: 1, hosts: others) == [])
  }

  @Test func `does not call gone what a node cannot tell, or a new data path has forgotten`() {
    var node = WatchedNode()
    _ = node.report(at: 0, hosts: [WatchedNode.host(1, since: 9)], frames: 100)
    #expect(node.report(at: 1, frames: 0, problems: [Problem(.node, "no bpffs")]) == [])
    #expect(node.report(at: 2, hosts: [WatchedNode.host(1, since: 11)], frames: 100) == [])
    #expect(node.report(at: 3, frames: 3) == [])
  }

  @Test func `tells of a duplicate when it begins to be held`() {
    var node = WatchedNode()
    _ = node.report(at: 0, hosts: [WatchedNode.host(1, since: 100)])
    let held = node.report(at: 1, hosts: [WatchedNode.host(1, since: 101, held: 30_000)])
    let still = node.report(at: 2, hosts: [WatchedNode.host(1, since: 102, held: 29_000)])
    #expect(held.map(\.happening) == [.duplicateHeld(sighting(1))])
    #expect(still == [])
  }

  @Test func `tells of a flood in bounded number, and how many it left out`() {
    var node = WatchedNode()
    _ = node.report(at: 0)
    let events = node.report(at: 1, hosts: (1...200).map { WatchedNode.host($0, since: 0.5) })
    #expect(events.count == EventWatch.mostHostEventsOfConnection + 1)
    #expect(events.last?.happening == .leftOut(count: 200 - UInt64(EventWatch.mostHostEventsOfConnection)))
  }

  @Test(arguments: [0.0, 0.7, 1.9])
  func `after a restart tells what is new, and nothing twice`(delay: Double) {
    var node = WatchedNode()
    _ = node.report(at: 0)
    _ = node.report(at: 1, hosts: [WatchedNode.host(1, since: 0.5)])
    node.restart(at: 5)
    // The same host, whose age reaches us with another delay; and one that came while nobody watched.
    let events = node.report(
      at: 6 + delay, hosts: [WatchedNode.host(1, since: 5.5), WatchedNode.host(2, since: 3)])
    #expect(
      events.map(\.happening) == [
        .hostLearned(sighting(2))
      ])
  }

  /// Seed printed on failure by its argument.
  @Test(arguments: 0..<50 as Range<UInt64>)
  func `tells each arrival and each move exactly once, whatever is seen between`(seed: UInt64) {
    var random = Seeded(state: seed)
    var node = WatchedNode()
    var (side, since, moves) = (HostFact.Side.local, 0.0, UInt32(0))
    _ = node.report(at: 0)
    var (second, expected) = (0.0, [UInt32]())
    for _ in 0..<100 {
      second += [0.3, 1.0, 1.7, 4.0].randomElement(using: &random) ?? 1
      if expected.isEmpty || Bool.random(using: &random) {
        if !expected.isEmpty {
          moves += 1
          side = side == .local ? .remote(0) : .local
        }
        since = second - 0.05
        expected.append(moves)
      }
      // Its age is told late by up to a second.
      let age = max(0, second - since - .random(in: 0...0.04, using: &random))
      _ = node.report(at: second, hosts: [WatchedNode.host(1, side, since: age, moves: moves)])
      if Bool.random(using: &random) { node.restart(at: second) }
    }
    let told = node.told.map { event -> UInt32 in
      if case .hostMoved(_, let moves) = event.happening { moves } else { 0 }
    }
    #expect(told == expected)
  }

  private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9
    }
  }
}

@Suite struct `Watching statuses and nodes` {
  private func change(
    _ from: ConnectionStatus.Word?, _ to: ConnectionStatus.Word, _ reason: String? = nil
  ) -> Happening {
    .statusChanged(StatusChange(from: from, to: to, reason: reason))
  }

  @Test func `tells of the first status, and then of changes only`() {
    var node = WatchedNode()
    _ = node.report(at: 0, age: 0)
    #expect(node.judge(at: 0.1).map(\.happening) == [change(nil, .connected)])
    for second in 1..<10 {
      _ = node.report(at: Double(second), age: 0.5)
      #expect(node.judge(at: Double(second) + 0.1) == [])
    }
  }

  @Test func `tells of a remote that falls silent, at the moment at which it counts as such`() {
    var node = WatchedNode()
    _ = node.report(at: 0, age: 0)
    _ = node.judge(at: 0.1)
    // Looked at late: by time alone it has been so for a while.
    _ = node.report(at: 9, age: 9)
    #expect(node.judge(at: 9.1) == [])
    let events = node.judge(at: 16.5)
    #expect(events.map(\.at) == [WatchedNode.moment(15.001)])
    #expect(
      events.map(\.happening) == [
        change(.connected, .disconnect, "no frame has come through the tunnel for 16 s")
      ])
  }

  @Test func `tells of a node that falls silent, with its connections, and of its return`() {
    var node = WatchedNode()
    _ = node.report(at: 0, age: 0)
    _ = node.judge(at: 0.1)
    #expect(node.judge(at: 9.9) == [])
    let silent = node.judge(at: 10.2)
    #expect(silent.map(\.happening.kind) == [.nodeSilent, .statusChanged])
    #expect(silent.map(\.at) == [WatchedNode.moment(10.001), WatchedNode.moment(10.001)])
    #expect(silent.first?.project == nil && silent.last?.project == Sample.project)
    #expect(node.judge(at: 30) == [])
    #expect(node.report(at: 31, age: 0).map(\.happening) == [.nodeBack])
    #expect(node.judge(at: 31.1).map(\.happening) == [change(.abnormal, .connected)])
  }

  @Test func `does not take its own restart for the silence of a node`() {
    var node = WatchedNode()
    _ = node.report(at: 0, age: 0)
    _ = node.judge(at: 0.1)
    node.restart(at: 100)
    #expect(node.judge(at: 100.1) == [])
    #expect(node.report(at: 101, age: 0) == [])
    #expect(node.judge(at: 101.1) == [])
  }

  @Test func `tells after a restart that a node stayed away, and not again what it told before`() {
    var node = WatchedNode()
    _ = node.report(at: 0, age: 0)
    _ = node.judge(at: 0.1)
    node.restart(at: 100)
    #expect(node.judge(at: 105) == [])
    #expect(node.judge(at: 111).map(\.happening.kind) == [.nodeSilent, .statusChanged])
    node.restart(at: 200)
    #expect(node.judge(at: 215) == [])
  }

  @Test func `tells of a connection that its node carries no more, and forgets one that is deleted`() {
    var node = WatchedNode()
    _ = node.report(at: 0, age: 0)
    _ = node.judge(at: 0.1)
    let detached = node.sample.snapshot.applying([.removeAttachment(Sample.id(2))])
    _ = node.report(at: 2, age: 0, carries: false)
    let events = node.judge(at: 2.1, detached)
    #expect(
      events.map(\.happening) == [
        change(.connected, .disconnect, "its layer-2 subnet is not attached on node node-1")
      ])
    let deleted = detached.applying([.removeConnection(node.sample.connection.id)])
    #expect(node.judge(at: 4, deleted) == [])
    #expect(node.marks[.status(node.sample.connection.id)] == nil)
  }

  @Test func `is not asked more often than once a second, however often reports come`() {
    var node = WatchedNode()
    _ = node.report(at: 0, age: 0)
    _ = node.judge(at: 0.1)
    _ = node.report(at: 0.5)
    #expect(node.judge(at: 0.6) == [])
    #expect(node.judge(at: 1.2).count == 1)
  }
}

@Suite struct `Watching agents and strangers` {
  private func healing(_ number: UInt64, age: Int64 = 100, connection: ConnectionID? = nil) -> Healing {
    Healing(number: number, ageMilliseconds: age, connection: connection, steps: ["step \(number)"], count: 3)
  }

  private func counts(_ run: UInt32, _ healings: [Healing]) -> AgentCounts {
    AgentCounts(run: run, healings: healings)
  }

  @Test func `tells of each healing once, though reports repeat and skip them`() {
    var node = WatchedNode()
    _ = node.report(at: 0, agent: counts(1, [healing(1)]))
    _ = node.report(at: 1, agent: counts(1, [healing(1), healing(2)]))
    _ = node.report(at: 9, agent: counts(1, [healing(1), healing(2), healing(3), healing(4)]))
    #expect(
      node.told.map(\.happening)
        == (1...4).map { .driftHealed(steps: ["step \($0)"], count: 3) })
  }

  @Test func `says how many were missed when too many came between two reports`() {
    var node = WatchedNode()
    _ = node.report(at: 0, agent: counts(1, [healing(1)]))
    let events = node.report(at: 1, agent: counts(1, [healing(7), healing(8)]))
    #expect(
      events.map(\.happening) == [
        .driftHealed(steps: ["step 7"], count: 3), .driftHealed(steps: ["step 8"], count: 3),
        .leftOut(count: 5),
      ])
  }

  @Test func `goes on counting over a restart of its own, and begins anew with another run of the agent`() {
    var node = WatchedNode()
    _ = node.report(at: 0, agent: counts(1, [healing(1), healing(2)]))
    node.restart(at: 5)
    #expect(node.report(at: 6, agent: counts(1, [healing(1), healing(2)])) == [])
    #expect(node.report(at: 7, agent: counts(2, [healing(1)])).count == 1)
  }

  @Test func `gives a connection's healing to its project, and a node's to all`() {
    var node = WatchedNode()
    let id = node.sample.connection.id
    let events = node.report(
      at: 10, agent: counts(1, [healing(1, age: 2_000, connection: id), healing(2, age: 1_000)]))
    #expect(events.map(\.connection) == [id, nil])
    #expect(events.map(\.project) == [Sample.project, nil])
    #expect(events.map(\.at) == [WatchedNode.moment(8), WatchedNode.moment(9)])
  }

  private func stranger(_ last: UInt8, age: Int64, vni: UInt32 = 9) -> StrangerReport {
    StrangerReport(
      reason: "unknown_source", frames: 5, source: IPv4Address(0xC000_0200 + UInt32(last)), vni: vni,
      ageMilliseconds: age)
  }

  @Test func `names who was refused, with the VNI, and again only after a long silence`() {
    var node = WatchedNode()
    _ = node.report(at: 0)
    let first = node.report(at: 1, strangers: [stranger(1, age: 100)])
    #expect(
      first.map(\.happening) == [
        .sourceRefused(
          StrangerSighting(
            reason: "unknown_source", source: IPv4Address("192.0.2.1")!, vni: 9, frames: 5))
      ])
    #expect(node.report(at: 2, strangers: [stranger(1, age: 100)]) == [])
    #expect(node.report(at: 500, strangers: [stranger(1, age: 100)]) == [])
    #expect(node.report(at: 1101, strangers: [stranger(1, age: 100)]).count == 1)
    #expect(node.report(at: 1102, strangers: [stranger(1, age: 100, vni: 10)]).count == 1)
  }

  @Test func `tells of many strangers in bounded number`() {
    var node = WatchedNode()
    _ = node.report(at: 0)
    let events = node.report(at: 1, strangers: (0..<64).map { stranger($0, age: 10) })
    #expect(events.count == EventWatch.mostStrangerEvents + 1)
    #expect(events.last?.happening == .leftOut(count: 64 - UInt64(EventWatch.mostStrangerEvents)))
  }
}
