import ESWModel
import Foundation
import GRDB
import Testing

@testable import SQLiteStore

@Suite(.timeLimit(.minutes(2))) final class `The SQLite store` {
  let folder: Folder

  init() throws { folder = try Folder() }

  deinit { folder.remove() }

  private func open(_ newStore: StoreID = testStoreID) throws -> SQLiteIntentStore {
    try SQLiteIntentStore(path: folder.path, newStore: newStore) { _ in testSealing }
  }

  /// Runs SQL beside the store, as an operator might.
  private func execute(_ sql: String) throws {
    let queue = try DatabaseQueue(path: folder.path)
    try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
    try queue.close()
  }

  @Test func `is the same after it was opened again`() async throws {
    let store = try open()
    let before = try await store.put(everything)
    try await store.close()
    #expect(Rows(try open().snapshot) == Rows(before))
  }

  @Test func `keeps its name for ever`() async throws {
    try await open().close()
    #expect(try open(StoreID(high: 9, low: 9)).snapshot.store == testStoreID)
  }

  @Test func `gives no connection number twice, even if the connection went before a restart`() async throws {
    let store = try open()
    try await store.put(everything)
    try await store.put([.removePort(id(10)), .removeConnection(id(7))])
    try await store.close()
    #expect(try open().snapshot.nextConnectionNumber == 42)
  }

  @Test func `writes through to the disk at every commit`() throws {
    let file = try StoreFile(path: folder.path, newStore: testStoreID)
    let settings = try file.pool.writeWithoutTransaction { database in
      [
        try String.fetchOne(database, sql: "PRAGMA journal_mode"),
        try String.fetchOne(database, sql: "PRAGMA synchronous"),
        try String.fetchOne(database, sql: "PRAGMA foreign_keys"),
      ]
    }
    #expect(settings == ["wal", "2", "1"])
  }

  @Test func `carries its log over beside the commits, long before a commit has to`() async throws {
    let store = try open()
    try await store.put(everything)
    let again = IntentEdit.putVPC(vpc(1))
    let before = try modified()
    for _ in 0..<Checkpoints.interval { try await store.put([again]) }
    try await store.file.checkpoints.finish()
    #expect(try modified() > before)
  }

  /// The database itself: until a checkpoint commits are in the log only.
  private func modified() throws -> Date {
    try #require(
      FileManager.default.attributesOfItem(atPath: folder.path)[.modificationDate] as? Date)
  }

  @Test func `belongs to its owner alone`() async throws {
    let store = try open()
    try await store.put(everything)
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.url.path) {
      let path = folder.url.appending(path: file).path
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      #expect(mode == 0o600, "\(file)")
    }
    _ = store.snapshot
  }

  @Test func `is open in one process at a time`() throws {
    let store = try open()
    #expect(throws: StoreError.inUse(path: folder.path)) { try open() }
    _ = store.snapshot
  }

  @Test func `may be read by others while it is open`() async throws {
    let store = try open()
    try await store.put(everything)
    let queue = try DatabaseQueue(path: folder.path)
    #expect(try await queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM subnet") } == 4)
  }

  @Test func `writes nothing once somebody else has`() async throws {
    let store = try open()
    try await store.put(projectEdits)
    try execute("UPDATE meta SET revision = 7")
    await #expect(throws: StoreError.changedElsewhere) { try await store.put([.putVPC(vpc(1))]) }
    #expect(store.snapshot.revision == Revision(1))
  }

  @Test func `declines commits and reports once it is closed`() async throws {
    let store = try open()
    try await store.put(projectEdits)
    try await store.close()
    await #expect(throws: StoreError.self) { try await store.put([.putVPC(vpc(1))]) }
    await #expect(throws: (any Error).self) {
      try await store.record(report(generation: 1), receivedAt: noon)
    }
    #expect(store.snapshot.revision == Revision(1))
  }

  @Test func `refuses a file that is no database`() throws {
    try Data(repeating: 0x41, count: 4096).write(to: URL(filePath: folder.path))
    #expect(throws: StoreError.notDatabase(path: folder.path)) { try open() }
  }

  @Test func `takes over a database from before there were ports`() async throws {
    let file = try DatabaseQueue(path: folder.path)
    try Migrations.all.migrate(file, upTo: "2 reports")
    try await file.write { database in
      try database.execute(
        sql: "INSERT INTO meta VALUES (1, ?, 7, 3)", arguments: [testStoreID.description])
      try database.execute(
        sql: "INSERT INTO project VALUES (?, 'alice', 0)", arguments: [alice.description])
    }
    try file.close()
    let store = try open()
    #expect(store.snapshot.revision == Revision(7))
    try await store.put([
      .putVPC(vpc(1)), .putSubnet(subnet(3, third: 2)), .putPort(port(11, address: "10.2.0.8")),
    ])
    try await store.close()
    #expect(try open().snapshot.ports.count == 1)
  }

  @Test func `takes over attachments from before there were VLANs`() async throws {
    let file = try DatabaseQueue(path: folder.path)
    try Migrations.all.migrate(file, upTo: "5 identity")
    try await file.write { database in
      try database.execute(
        sql: "INSERT INTO meta VALUES (1, ?, 7, 3)", arguments: [testStoreID.description])
      try database.execute(
        sql: "INSERT INTO project (id, name, created_at) VALUES (?, 'alice', 0)",
        arguments: [alice.description])
      let rows: [any StoredRow] = [vpc(1), subnet(2, third: 1), subnet(3, third: 2)]
      for row in rows { try row.put(in: database) }
      for (number, subnet, kind, name) in [(4, 2, "interface", "eth0"), (5, 3, "bridge", "br0")] {
        try database.execute(
          sql: """
            INSERT INTO attachment (id, project, subnet, node, role, point_kind, point_name, created_at)
            VALUES (?, ?, ?, ?, 'layer2', ?, ?, 0)
            """,
          arguments: [
            (id(UInt64(number)) as AttachmentID).description, alice.description,
            (id(UInt64(subnet)) as SubnetID).description, testNode.description, kind, name,
          ])
      }
    }
    try file.close()
    let store = try open()
    #expect(
      Set(store.snapshot.attachments.values.map(\.point))
        == [.interface(InterfaceName("eth0")!), .bridge(InterfaceName("br0")!)])
    // From now on a tag is a segment of its own.
    let trunk = try #require(VLAN(100))
    try await store.put([
      .putSubnet(subnet(20, third: 5)),
      .putAttachment(attachment(20, subnet: 20, .layer2, .trunk(InterfaceName("eth0")!, vlan: trunk))),
      .putSubnet(subnet(21, third: 6)),
    ])
    await #expect(throws: (any Error).self) {
      try await store.put([
        .putAttachment(attachment(21, subnet: 21, .layer2, .trunk(InterfaceName("eth0")!, vlan: trunk)))
      ])
    }
    try await store.close()
    #expect(try open().snapshot.attachments.count == 3)
  }

  @Test func `reads connections from before they had settings as those that nobody has set`() async throws {
    let file = try DatabaseQueue(path: folder.path)
    try Migrations.all.migrate(file, upTo: "5 identity")
    try await file.write { database in
      try database.execute(
        sql: """
          PRAGMA defer_foreign_keys = ON;
          INSERT INTO meta VALUES (1, '\(testStoreID)', 7, 3);
          INSERT INTO project (id, name, created_at) VALUES ('\(alice)', 'alice', 0);
          INSERT INTO vpc VALUES ('\(id(1) as VPCID)', '\(alice)', 'v', '', '10.0.0.0/8', 0, 0);
          INSERT INTO subnet VALUES
            ('\(id(2) as SubnetID)', '\(alice)', '\(id(1) as VPCID)', 's', '', '10.1.0.0/24', '10.1.0.1', 1, '', '', 0, 0),
            ('\(id(3) as SubnetID)', '\(alice)', '\(id(1) as VPCID)', 't', '', '10.2.0.0/24', '10.2.0.1', 1, '', '', 0, 0);
          INSERT INTO instance VALUES ('\(id(6) as InstanceID)', '\(alice)', 'i', '', 'l2cg.small.ha', 'az1', 'az2',
            '\(id(1) as VPCID)', '\(id(2) as SubnetID)', '10.1.0.9', 0, 0, 1);
          INSERT INTO connection VALUES ('\(id(7) as ConnectionID)', 1, '\(alice)', '\(id(6) as InstanceID)', 'c',
            '\(id(1) as VPCID)', '\(id(3) as SubnetID)', '10.2.0.8', '10.2.0.9', 0, 0, 1);
          INSERT INTO remote VALUES ('\(id(7) as ConnectionID)', 0, '\(id(6) as InstanceID)', 9, '192.0.2.1', 4789);
          """)
    }
    try file.close()
    let store = try open()
    let connection = try #require(store.snapshot.connections[id(7)])
    #expect(connection.forwarding == .usual)
    // And its flavors were labels.
    #expect(!store.snapshot.enforcesFlavors)

    var changed = connection
    changed.forwarding = ForwardingSettings(
      profile: .esw, overrides: [.broadcast: .init(toRemote: .limit(framesPerSecond: 9), toLocal: .drop)],
      timeToLive: 3, differentiation: .copied, hasUDPChecksum: true, clampsMSS: false, answersKnown: false,
      learningLimit: 0, ageingSeconds: 10, pinsUnderlay: false)
    try await store.put([.putConnection(changed), .enforceFlavors(true)])
    try await store.close()
    let reopened = try open().snapshot
    #expect(reopened.connections[id(7)] == changed)
    #expect(reopened.enforcesFlavors)
  }

  @Test func `refuses settings of a connection that make no sense`() async throws {
    let store = try open()
    try await store.put(everything)
    try await store.close()
    try execute("UPDATE connection SET forwarding = '{\"profile\":\"wan\"}'")
    #expect(throws: StoreError.self) { try open() }
  }

  @Test func `refuses the database of a newer version`() async throws {
    try await open().close()
    try execute("INSERT INTO grdb_migrations (identifier) VALUES ('99 the future')")
    #expect(throws: StoreError.newerSchema(path: folder.path)) { try open() }
  }

  @Test(arguments: ["/sys/esw.sqlite", "/nowhere/at/all/esw.sqlite"])
  func `says why it cannot be opened`(path: String) throws {
    let error = #expect(throws: StoreError.self) {
      try SQLiteIntentStore(path: path, newStore: testStoreID) { _ in testSealing }
    }
    #expect(try #require(error).description.hasPrefix("cannot open the store \(path): "))
  }

  @Test func `names a row that it cannot read`() async throws {
    let store = try open()
    try await store.put(everything)
    try await store.close()
    try execute("UPDATE subnet SET gateway = 'nonsense' WHERE id = '00000000-0000-7000-0000-000000000002'")
    #expect(throws: StoreError.damaged(table: "subnet", row: (id(2) as SubnetID).description)) { try open() }
  }

  @Test(
    arguments: [
      .putSubnet(subnet(20, third: 1)),
      .putAttachment(attachment(20, subnet: 2, .tunnel, .interface(InterfaceName("eth9")!))),
      .putAttachment(attachment(20, subnet: 99, .tunnel, .interface(InterfaceName("eth9")!))),
      .putInstance(instance(20, subnet: 2, address: "10.1.0.9")),
      .putConnection(connection(20, count: 41, instance: 6, subnet: 10, vnis: [12])),
      .putConnection(connection(20, count: 50, instance: 6, subnet: 3, vnis: [12])),
      .putConnection(connection(20, count: 50, instance: 6, subnet: 10, vnis: [10])),
      .putConnection(connection(20, count: 50, instance: 6, subnet: 10, vnis: [12, 12])),
      .putPort(port(20, address: "10.2.0.7")), .putPort(port(20, address: "10.2.0.9", connection: 99)),
      .putPort(port(20, address: "10.2.0.9", subnet: 99)), .removeConnection(id(7)),
      .removeSubnet(id(3)), .removeInstance(id(6)), .removeVPC(id(1)),
    ] as [IntentEdit])
  func `refuses by its schema what admission forgot`(edit: IntentEdit) async throws {
    let store = try open()
    try await store.put(everything + [.putSubnet(subnet(10, third: 10))])
    let before = Rows(store.snapshot)
    await #expect(throws: StoreError.self) { try await store.put([edit]) }
    #expect(Rows(store.snapshot) == before)
  }

  @Test func `lets one constraint failure spoil no commit beside it`() async throws {
    let store = try open()
    try await store.put(everything)
    let failures = await withTaskGroup(of: Int.self) { group in
      for number in 100...163 as ClosedRange<UInt64> {
        group.addTask {
          let edits: [IntentEdit] =
            number % 2 == 0
            ? [.putVPC(vpc(number))] : [.putVPC(vpc(number)), .putSubnet(subnet(number, third: 1))]
          do {
            try await store.put(edits)
            return 0
          } catch { return 1 }
        }
      }
      return await group.reduce(0, +)
    }
    let live = Rows(store.snapshot)
    #expect(failures == 32)
    #expect(live.vpcs.count == 33)
    try await store.close()
    #expect(Rows(try open().snapshot) == live)
  }

  @Test func `loses nothing when the disk is full, and goes on when it is not`() async throws {
    let store = try open()
    try await store.put(projectEdits)
    let pages = "PRAGMA max_page_count = "
    let count = try await store.file.pool.writeWithoutTransaction { database in
      let count = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      return try Int.fetchOne(database, sql: pages + "\(count + 3)")
    }
    #expect(count != nil)
    let written = await withTaskGroup(of: Int.self) { group in
      for number in 1...400 as ClosedRange<UInt64> {
        group.addTask { (try? await store.put([.putVPC(vpc(number))])) == nil ? 0 : 1 }
      }
      return await group.reduce(0, +)
    }
    #expect((1..<400).contains(written))
    #expect(store.snapshot.vpcs.count == written)
    try await store.file.pool.writeWithoutTransaction { try $0.execute(sql: pages + "100000") }
    try await store.put([.putVPC(vpc(1000))])
    let live = Rows(store.snapshot)
    try await store.close()
    #expect(Rows(try open().snapshot) == live)
  }

  @Test func `starts again with what nodes told`() async throws {
    let store = try open()
    try await store.put(everything)
    let problem = Problem(.connection(id(7)), "no such device")
    try await store.record(report(generation: 1, problems: [problem]), receivedAt: noon)
    try await store.close()
    let received = try #require(try open().reports.received(from: testNode))
    #expect(received.report.problems == [problem])
    #expect(received.report.generation == Revision(1))
    #expect(received.at == noon)
  }

  @Test func `starts again with how jobs ended`() async throws {
    let store = try open()
    try await store.put(everything)
    try await store.record(
      report(generation: 1, problems: [Problem(.node, "fire")]), receivedAt: pastPatience)
    let live = store.reports.outcome(of: id(8))
    try await store.close()
    #expect(live?.failReason == "fire")
    #expect(try open().reports.outcome(of: id(8)) == live)
  }

  @Test func `forgets evidence with a restart`() async throws {
    let store = try open()
    let evidence = ConnectionReport(
      id: id(7), remotes: [], toRemote: TrafficCount(), toLocal: TrafficCount(), drops: [], hosts: [])
    try await store.record(report(generation: 1, connections: [evidence]), receivedAt: noon)
    #expect(store.reports.received(from: testNode)?.report.connections == [evidence])
    try await store.close()
    #expect(try open().reports.received(from: testNode)?.report.connections == [])
  }

  @Test func `writes no report that says nothing new`() async throws {
    let store = try open()
    let later = Timestamp(milliseconds: noon.milliseconds + 1000)
    try await store.record(report(generation: 1), receivedAt: noon)
    try await store.record(report(generation: 1), receivedAt: later)
    #expect(store.reports.received(from: testNode)?.at == later)
    try await store.close()
    #expect(try open().reports.received(from: testNode)?.at == noon)
  }

  @Test func `passes over a report of another version`() async throws {
    let store = try open()
    try await store.record(report(generation: 1), receivedAt: noon)
    try await store.close()
    try execute("UPDATE report SET report = '{}'")
    #expect(try open().reports.received(from: testNode) == nil)
  }
}
