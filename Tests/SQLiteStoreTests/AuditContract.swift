import ESWModel
import ESWSeams
import Foundation
import GRDB
import Simulation
import Testing

@testable import SQLiteStore

private func author(_ operation: String, user: String? = "u-1") -> AuditEntry.Author {
  AuditEntry.Author(
    user: user, userName: "alice", accessKey: "AK", source: "192.0.2.7", operation: operation, request: "r")
}

private func changed(_ id: String, by operation: String = "CreateVpc", user: String? = "u-1") -> AuditEntry {
  AuditEntry(
    at: noon, author: author(operation, user: user), project: alice,
    outcome: .changed(kind: "vpc", id: id, before: nil, after: #"{"id":"\#(id)"}"#))
}

private func denied(_ operation: String) -> AuditEntry {
  AuditEntry(
    at: noon, author: author(operation, user: nil), project: nil,
    outcome: .denied(code: "l2cg.8009", path: "/v3/x"))
}

private struct Declined: Error {}

/// What every `IntentStore` keeps of its audit.
@Suite(.timeLimit(.minutes(2))) struct `The audit of any store` {
  @Test(arguments: StoreKind.allCases)
  func `has what was committed with it, whole and newest first`(kind: StoreKind) async throws {
    let store = try kind.make()
    try await store.put(projectEdits)
    let entries = [changed("a"), changed("b"), denied("ListVpcs")]
    for entry in entries {
      _ = try await store.commit { _ in IntentChange(edits: [], outcome: (), audit: [entry]) }
    }
    let records = try await store.audit(AuditQuery(limit: 10))
    #expect(records.map(\.entry) == entries.reversed())
    #expect(records.map(\.number) == [3, 2, 1])
    #expect(store.snapshot.revision == Revision(1))
  }

  @Test(arguments: StoreKind.allCases)
  func `has nothing of a change that was declined`(kind: StoreKind) async throws {
    let store = try kind.make()
    _ = try? await store.commit { _ -> IntentChange<Void> in throw Declined() }
    #expect(try await store.audit(AuditQuery(limit: 10)) == [])
  }

  @Test(arguments: StoreKind.allCases)
  func `is read page by page towards its beginning`(kind: StoreKind) async throws {
    let store = try kind.make()
    for name in ["a", "b", "c", "d", "e"] {
      _ = try await store.commit { _ in IntentChange(edits: [], outcome: (), audit: [changed(name)]) }
    }
    let first = try await store.audit(AuditQuery(limit: 2))
    let second = try await store.audit(AuditQuery(before: first.last?.number, limit: 2))
    let third = try await store.audit(AuditQuery(before: second.last?.number, limit: 2))
    #expect([first, second, third].map { $0.map(\.number) } == [[5, 4], [3, 2], [1]])
  }

  @Test(arguments: StoreKind.allCases)
  func `gives the records that match every condition`(kind: StoreKind) async throws {
    let store = try kind.make()
    let entries = [
      changed("a"), changed("b", by: "DeleteVpc"), changed("a", user: "u-2"), denied("ListVpcs"),
    ]
    _ = try await store.commit { _ in IntentChange(edits: [], outcome: (), audit: entries) }
    func numbers(_ query: AuditQuery) async throws -> [Int64] { try await store.audit(query).map(\.number) }
    #expect(try await numbers(AuditQuery(project: alice, limit: 9)) == [3, 2, 1])
    #expect(try await numbers(AuditQuery(user: "u-2", limit: 9)) == [3])
    #expect(try await numbers(AuditQuery(operation: "DeleteVpc", limit: 9)) == [2])
    #expect(try await numbers(AuditQuery(resource: "a", limit: 9)) == [3, 1])
    #expect(try await numbers(AuditQuery(user: "u-1", resource: "a", limit: 9)) == [1])
    #expect(try await numbers(AuditQuery(kind: .denied, limit: 9)) == [4])
    #expect(try await numbers(AuditQuery(kind: .changed, limit: 9)) == [3, 2, 1])
    #expect(try await numbers(AuditQuery(resource: "a", kind: .denied, limit: 9)) == [])
  }
}

@Suite(.timeLimit(.minutes(2))) final class `The audit on the disk` {
  let folder: Folder

  init() throws { folder = try Folder() }

  deinit { folder.remove() }

  @Test func `outlives a restart, and goes on counting`() async throws {
    let store = try SQLiteIntentStore(path: folder.path, newStore: testStoreID) { _ in testSealing }
    _ = try await store.commit { _ in IntentChange(edits: [], outcome: (), audit: [changed("a")]) }
    try await store.close()
    let again = try SQLiteIntentStore(path: folder.path, newStore: testStoreID) { _ in testSealing }
    _ = try await again.commit { _ in IntentChange(edits: [], outcome: (), audit: [changed("b")]) }
    #expect(try await again.audit(AuditQuery(limit: 9)).map(\.number) == [2, 1])
  }

  /// The second edit breaks a constraint of the schema.
  @Test func `has nothing of a change that the schema refused`() async throws {
    let store = try SQLiteIntentStore(path: folder.path, newStore: testStoreID) { _ in testSealing }
    try await store.put(projectEdits)
    await #expect(throws: StoreError.self) {
      try await store.commit { _ in
        IntentChange(
          edits: [.putVPC(vpc(1)), .putSubnet(subnet(2, third: 1)), .putSubnet(subnet(3, third: 1))],
          outcome: (), audit: [changed("a")])
      }
    }
    #expect(try await store.audit(AuditQuery(limit: 9)) == [])
  }

  /// Far fewer than there is room for, so the counter is set as if the bound were near.
  @Test func `is cut at its far end, refusals and changes apart`() async throws {
    let queue = try DatabaseQueue(path: folder.path)
    try Migrations.all.migrate(queue)
    try await queue.write { database in
      for name in ["a", "b", "c"] { try AuditTable.append(changed(name), to: database) }
      for name in ["x", "y"] { try AuditTable.append(denied(name), to: database) }
      try database.execute(
        sql: "UPDATE audit_size SET records = ? WHERE is_denied = 0",
        arguments: [AuditTable.mostChanges + AuditTable.lot - 1])
      try AuditTable.append(changed("d"), to: database)
    }
    let left = try await queue.read { try AuditTable.records(AuditQuery(limit: 9), in: $0) }
    #expect(left.map(\.entry) == [denied("y"), denied("x")])
    let sizes = try await queue.read {
      try Int64.fetchAll($0, sql: "SELECT records FROM audit_size ORDER BY is_denied")
    }
    #expect(sizes == [AuditTable.mostChanges, 2])
  }
}
