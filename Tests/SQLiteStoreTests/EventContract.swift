import ESWModel
import ESWSeams
import Foundation
import GRDB
import Simulation
import Testing

@testable import SQLiteStore

private let bob = ProjectID("00000000000000000000000000000b0b")!

private func event(
  _ second: Int64, connection: UInt64? = 1, project: ProjectID? = alice, _ happening: Happening = .nodeBack
) -> Event {
  Event(
    at: Timestamp(milliseconds: noon.milliseconds + second * 1000), node: testNode,
    connection: connection.map { id($0) }, project: project, happening)
}

private let host = HostSighting(
  mac: MACAddress(locallyAdministered: 7), address: IPv4Address("192.168.0.9")!, isLocal: false,
  remote: IPv4Address("192.0.2.1")!)

private let ofEveryKind: [Happening] = [
  .hostLearned(host), .hostMoved(host, moves: 3),
  .hostGone(HostSighting(mac: host.mac, address: nil, isLocal: true)),
  .duplicateHeld(host), .statusChanged(StatusChange(from: nil, to: .connected, reason: nil)),
  .statusChanged(StatusChange(from: .connected, to: .abnormal, reason: "why \"so\"")), .nodeSilent, .nodeBack,
  .driftHealed(steps: ["ip link set x up", "map ports: x = 1"], count: 9),
  .sourceRefused(StrangerSighting(reason: "unknown_source", source: nil, vni: nil, frames: .max)),
  .leftOut(count: 12),
]

/// What every `IntentStore` keeps of events.
@Suite(.timeLimit(.minutes(2))) struct `The events of any store` {
  @Test(arguments: StoreKind.allCases)
  func `are there as they were told, of every kind, newest first`(kind: StoreKind) async throws {
    let store = try kind.make()
    let events = ofEveryKind.enumerated().map { event(Int64($0.offset), $0.element) }
    try await store.keep(EventBatch(events: events))
    let records = try await store.events(EventQuery(limit: 99))
    #expect(records.map(\.event) == events.reversed())
    #expect(records.map(\.number) == (1...Int64(events.count)).reversed())
    #expect(Set(events.map(\.happening.kind)) == Set(Happening.Kind.allCases))
    #expect(try await store.sizes().events == UInt64(events.count))
    #expect(store.snapshot.revision == Revision(0))
  }

  @Test(arguments: StoreKind.allCases)
  func `are a project's own, and those that are for all`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.keep(
      EventBatch(events: [
        event(1), event(2, project: bob), event(3, connection: nil, project: nil), event(4),
      ]))
    let seen = try await store.events(EventQuery(project: alice, limit: 9))
    #expect(seen.map(\.number) == [4, 3, 1])
    #expect(try await store.events(EventQuery(project: bob, limit: 1)).map(\.number) == [3])
  }

  @Test(arguments: StoreKind.allCases)
  func `are those that match every condition`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.keep(
      EventBatch(events: [
        event(1), event(2, connection: 2), event(3, .nodeSilent), event(4, connection: 2, .nodeSilent),
      ]))
    func numbers(_ query: EventQuery) async throws -> [Int64] { try await store.events(query).map(\.number) }
    let third = event(3).at
    #expect(try await numbers(EventQuery(connection: id(2), limit: 9)) == [4, 2])
    #expect(try await numbers(EventQuery(kind: .nodeSilent, limit: 9)) == [4, 3])
    #expect(try await numbers(EventQuery(since: third, limit: 9)) == [4, 3])
    #expect(try await numbers(EventQuery(until: third, limit: 9)) == [2, 1])
    #expect(
      try await numbers(
        EventQuery(project: alice, connection: id(2), kind: .nodeBack, until: third, limit: 9)) == [2])
    #expect(try await numbers(EventQuery(project: bob, connection: id(2), limit: 9)) == [])
  }

  @Test(arguments: StoreKind.allCases)
  func `are read page by page towards their beginning`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.keep(EventBatch(events: (1...5).map { event($0) }))
    var pages: [[Int64]] = []
    var before: Int64?
    repeat {
      let page = try await store.events(EventQuery(project: alice, before: before, limit: 2))
      pages.append(page.map(\.number))
      before = page.last?.number
    } while pages.last?.isEmpty == false
    #expect(pages == [[5, 4], [3, 2], [1], []])
  }

  @Test(arguments: StoreKind.allCases)
  func `come with marks, which are set, replaced and taken away`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.keep(
      EventBatch(marks: [.status(id(1)): "connected", .silence(testNode): "", .healed(testNode): "7 1"]))
    try await store.keep(EventBatch(marks: [.healed(testNode): "7 2", .silence(testNode): nil]))
    #expect(
      try await store.eventMarks() == [.status(id(1)): "connected", .healed(testNode): "7 2"])
  }

  @Test(arguments: StoreKind.allCases)
  func `of one connection do not push out those of others`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.keep(EventBatch(events: [event(0, connection: 2)]))
    for _ in 0..<3 {
      try await store.keep(EventBatch(events: (1...500).map { event($0) }))
    }
    let kept = try await store.events(EventQuery(connection: id(1), limit: 5_000))
    #expect((EventBounds.mostOfScope..<EventBounds.mostOfScope * 11 / 10).contains(kept.count))
    #expect(kept.first?.number == 1_501)
    #expect(try await store.events(EventQuery(connection: id(2), limit: 9)).count == 1)
    #expect(try await store.sizes().events == UInt64(kept.count + 1))
  }
}

@Suite(.timeLimit(.minutes(2))) final class `Events on the disk` {
  let folder: Folder

  init() throws { folder = try Folder() }

  deinit { folder.remove() }

  @Test func `outlive a restart with their marks, and go on counting`() async throws {
    let store = try SQLiteIntentStore(path: folder.path, newStore: testStoreID) { _ in testSealing }
    try await store.keep(EventBatch(events: [event(1)], marks: [.told(testNode): "5"]))
    try await store.close()
    let again = try SQLiteIntentStore(path: folder.path, newStore: testStoreID) { _ in testSealing }
    try await again.keep(EventBatch(events: [event(2)]))
    #expect(try await again.events(EventQuery(limit: 9)).map(\.number) == [2, 1])
    #expect(try await again.eventMarks() == [.told(testNode): "5"])
    #expect(try await again.sizes().events == 2)
  }

  @Test func `are cut at their far end when there are too many in all`() async throws {
    let queue = try DatabaseQueue(path: folder.path)
    try Migrations.all.migrate(queue)
    let table = try await queue.read { try EventTable(from: $0, mostOfScope: 100, mostOfAll: 20) }
    let left = try await queue.writeWithoutTransaction { database in
      for number in 1...45 {
        try table.keep(
          EventBatch(events: [event(Int64(number), connection: UInt64(number % 3))]), in: database)
      }
      return try EventTable.records(EventQuery(limit: 99), in: database)
    }
    #expect(left.map(\.number) == (25...45).reversed() || left.map(\.number) == (26...45).reversed())
    #expect(table.count == left.count)
    let counted = try await queue.read { try EventTable(from: $0).count }
    #expect(counted == left.count)
  }
}
