import ESWModel
import ESWSeams
import SQLiteStore
import Simulation
import Testing

private struct Declined: Error, Equatable {}

/// What every `IntentStore` keeps.
@Suite(.timeLimit(.minutes(2))) struct `Any store` {
  @Test(arguments: StoreKind.allCases)
  func `is empty at first`(kind: StoreKind) throws {
    #expect(Rows(try kind.make().snapshot) == Rows(IntentSnapshot(store: testStoreID)))
  }

  @Test(arguments: StoreKind.allCases)
  func `shows what was committed, of every kind of row`(kind: StoreKind) async throws {
    let store = try kind.make()
    let answer = try await store.put(everything)
    let expected = IntentSnapshot(store: testStoreID).applying(everything)
    #expect(Rows(answer) == Rows(expected))
    #expect(Rows(store.snapshot) == Rows(expected))
  }

  @Test(arguments: StoreKind.allCases)
  func `gives the outcome of the decision`(kind: StoreKind) async throws {
    let store = try kind.make()
    let answer = try await store.commit { IntentChange(edits: projectEdits, outcome: $0.revision) }
    #expect(answer.outcome == Revision(0))
    #expect(answer.snapshot.revision == Revision(1))
  }

  @Test(arguments: StoreKind.allCases)
  func `writes nothing of a decision that throws`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(everything)
    let before = Rows(store.snapshot)
    await #expect(throws: Declined()) {
      try await store.commit { _ -> IntentChange<Void> in throw Declined() }
    }
    #expect(Rows(store.snapshot) == before)
  }

  @Test(arguments: StoreKind.allCases)
  func `keeps the revision when there is nothing to write`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(projectEdits)
    #expect(try await store.put([]).revision == Revision(1))
  }

  @Test(arguments: StoreKind.allCases)
  func `goes on after a decision that threw`(kind: StoreKind) async throws {
    let store = try kind.make()
    _ = try? await store.commit { _ -> IntentChange<Void> in throw Declined() }
    #expect(try await store.put(projectEdits).revision == Revision(1))
  }

  @Test(arguments: StoreKind.allCases)
  func `removes rows and what belongs to them`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(everything)
    try await store.put([
      .removePort(id(10)), .removePort(id(11)), .removeConnection(id(7)), .removeInstance(id(6)),
      .removeAttachment(id(5)), .removeAttachment(id(4)), .removeAttachment(id(12)),
      .removeAttachment(id(13)), .removeSubnet(id(12)), .removeSubnet(id(13)),
      .removeSubnet(id(3)), .removeSubnet(id(2)), .removeVPC(id(1)), .removeJob(id(8)), .removeJob(id(9)),
    ])
    let snapshot = store.snapshot
    #expect(snapshot.connections.count + snapshot.instances.count + snapshot.subnets.count == 0)
    #expect(snapshot.attachments.count + snapshot.vpcs.count + snapshot.jobs.count == 0)
    #expect(snapshot.ports.count + snapshot.portIDs(of: id(3)).count == 0)
    #expect(snapshot.port(at: IPv4Address("10.2.0.7")!, in: id(3)) == nil)
    #expect(snapshot.nextConnectionNumber == 42)
  }

  @Test(arguments: StoreKind.allCases)
  func `finds ports by their subnet, their address and their connection`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(everything)
    #expect(store.snapshot.portIDs(of: id(3)) == [id(10), id(11)])
    #expect(store.snapshot.port(at: IPv4Address("10.2.0.8")!, in: id(3))?.id == id(11))
    #expect(store.snapshot.ports(boundTo: id(7)).map(\.id) == [id(10)])
    try await store.put([
      .putPort(port(10, address: "10.2.0.7")), .putPort(port(11, address: "10.2.0.8", connection: 7)),
    ])
    #expect(store.snapshot.ports(boundTo: id(7)).map(\.id) == [id(11)])
    #expect(store.snapshot.portIDs(of: id(3)) == [id(10), id(11)])
  }

  @Test(arguments: StoreKind.allCases)
  func `changes a row that is there`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(everything)
    try await store.put([.putVPC(vpc(1, name: "renamed"))])
    #expect(store.snapshot.vpcs[id(1)]?.name.description == "renamed")
    #expect(store.snapshot.subnets(in: id(1)).count == 4)
  }

  @Test(arguments: StoreKind.allCases)
  func `decides each of many commits on the one before it`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(projectEdits)
    let revisions = try await withThrowingTaskGroup(of: Revision.self) { group in
      for _ in 0..<64 {
        group.addTask {
          try await store.commit { snapshot in
            let next = UInt64(snapshot.vpcs.count) + 1
            return IntentChange(edits: [.putVPC(vpc(next))], outcome: snapshot.revision.next)
          }.outcome
        }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(store.snapshot.vpcs.count == 64)
    #expect(revisions == Set((2...65).map { Revision($0) }))
  }

  @Test(arguments: StoreKind.allCases)
  func `answers with a snapshot that has the commit`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(projectEdits)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...64 as ClosedRange<UInt64> {
        group.addTask {
          let answer = try await store.put([.putVPC(vpc(number))])
          #expect(answer.vpcs[id(number)] != nil)
          #expect(store.snapshot.revision >= answer.revision)
        }
      }
      try await group.waitForAll()
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `does the others no harm when some are declined`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(projectEdits)
    let declined = await withTaskGroup(of: Bool.self) { group in
      for number in 1...64 as ClosedRange<UInt64> {
        group.addTask {
          do {
            _ = try await store.commit { _ in
              if number % 2 == 0 { throw Declined() }
              return IntentChange(edits: [.putVPC(vpc(number))], outcome: ())
            }
            return false
          } catch { return true }
        }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(declined == 32)
    #expect(store.snapshot.vpcs.count == 32)
  }
}

@Suite(.timeLimit(.minutes(2))) struct `Any store's watch` {
  @Test(arguments: StoreKind.allCases)
  func `answers at once when there is something newer`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(projectEdits)
    let seen = await store.snapshot(after: Revision(0), within: .seconds(60))
    #expect(seen?.revision == Revision(1))
  }

  @Test(arguments: StoreKind.allCases)
  func `wakes all who wait`(kind: StoreKind) async throws {
    let store = try kind.make()
    let seen = try await withThrowingTaskGroup(of: Revision?.self) { group in
      for _ in 0..<100 {
        group.addTask { await store.snapshot(after: Revision(0), within: .seconds(60))?.revision }
      }
      try await store.put(projectEdits)
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(seen == Array(repeating: Revision(1), count: 100))
  }

  @Test(arguments: StoreKind.allCases)
  func `gives nil at the deadline`(kind: StoreKind) async throws {
    let store = try kind.make()
    #expect(await store.snapshot(after: Revision(0), within: .milliseconds(10)) == nil)
    #expect(await store.snapshot(after: Revision(0), within: .zero) == nil)
  }

  @Test(arguments: StoreKind.allCases)
  func `ends when its task is cancelled`(kind: StoreKind) async throws {
    let store = try kind.make()
    let watch = Task { await store.snapshot(after: Revision(0), within: .seconds(600)) }
    watch.cancel()
    #expect(await watch.value == nil)
  }
}

@Suite struct `Any store's reports` {
  @Test(arguments: StoreKind.allCases)
  func `shows the newest report of a node`(kind: StoreKind) async throws {
    let store = try kind.make()
    let stranger = StrangerReport(reason: "vni", frames: 3, source: nil, vni: 5, ageMilliseconds: 1)
    try await store.record(report(generation: nil), receivedAt: noon)
    try await store.record(report(generation: nil, strangers: [stranger]), receivedAt: noon)
    #expect(store.reports.received(from: testNode)?.report.strangers == [stranger])
    #expect(store.reports.all.count == 1)
  }

  @Test(arguments: StoreKind.allCases)
  func `ends the jobs that a report settles`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(everything)
    try await store.record(report(generation: 1), receivedAt: noon)
    #expect(store.reports.outcome(of: id(8))?.endedAt == noon)
    #expect(store.reports.outcome(of: id(8))?.failReason == nil)
  }

  @Test(arguments: StoreKind.allCases)
  func `lets a job fail by the node's words`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(everything)
    let told = report(generation: 1, problems: [Problem(.instance(id(6)), "no such device")])
    try await store.record(told, receivedAt: noon)
    #expect(store.reports.outcome(of: id(8)) == nil)
    try await store.record(told, receivedAt: pastPatience)
    #expect(store.reports.outcome(of: id(8))?.failReason == "no such device")
  }

  @Test(arguments: StoreKind.allCases)
  func `keeps a job's first outcome`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(everything)
    try await store.record(report(generation: 1), receivedAt: noon)
    try await store.put([.putVPC(vpc(1, name: "renamed"))])
    let late = Timestamp(milliseconds: noon.milliseconds + 9)
    try await store.record(report(generation: 2, problems: [Problem(.node, "fire")]), receivedAt: late)
    #expect(store.reports.outcome(of: id(8))?.endedAt == noon)
  }

  @Test(arguments: StoreKind.allCases)
  func `ends no job by a generation of another store`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(everything)
    try await store.record(
      report(generation: 9, store: StoreID(high: 0, low: 0)), receivedAt: noon)
    #expect(store.reports.outcome(of: id(8)) == nil)
  }

  @Test(arguments: StoreKind.allCases)
  func `forgets the outcome of a job that is removed`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(everything)
    try await store.record(report(generation: 1), receivedAt: noon)
    try await store.put([.removeJob(id(8))])
    #expect(store.reports.outcome(of: id(8)) == nil)
  }

  @Test(arguments: StoreKind.allCases)
  func `takes reports and commits at once`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(projectEdits)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...50 as ClosedRange<UInt64> {
        group.addTask { try await store.put([.putVPC(vpc(number))]) }
        group.addTask { try await store.record(report(generation: number), receivedAt: noon) }
      }
      try await group.waitForAll()
    }
    #expect(store.snapshot.revision == Revision(51))
    #expect(store.reports.received(from: testNode) != nil)
  }
}

@Suite struct `The store in memory` {
  @Test func `fails as often as it is told, and writes nothing then`() async throws {
    let store = MemoryIntentStore(store: testStoreID)
    store.failCommits(1)
    await #expect(throws: MemoryIntentStore.Fault.self) { try await store.put(projectEdits) }
    #expect(store.snapshot.revision == Revision(0))
    #expect(try await store.put(projectEdits).revision == Revision(1))
  }
}
