import ESWModel
import ESWSeams
import Foundation
import GRDB
import Testing

@testable import SQLiteStore

@Suite(.timeLimit(.minutes(2))) final class `A sealed store` {
  let folder: Folder

  init() throws { folder = try Folder() }

  deinit { folder.remove() }

  private func open(_ sealing: Sealing = testSealing) throws -> SQLiteIntentStore {
    try SQLiteIntentStore(path: folder.path, newStore: testStoreID) { _ in sealing }
  }

  /// Of every file in the folder, together.
  private func bytes() throws -> Data {
    try FileManager.default.contentsOfDirectory(atPath: folder.url.path).reduce(into: Data()) {
      $0 += try Data(contentsOf: folder.url.appending(path: $1))
    }
  }

  @Test func `has no secret in any of its files`() async throws {
    let store = try open()
    try await store.put(everything)
    let whileOpen = try bytes()
    try await store.close()
    for content in [whileOpen, try bytes()] {
      #expect(content.range(of: Data(aliceSecret.utf8)) == nil)
      #expect(content.range(of: Data("scrypt$".utf8)) == nil)
      #expect(content.range(of: Data("Alice".utf8)) != nil)
    }
  }

  @Test func `is told from one that is not`() async throws {
    var seen: [Bool] = []
    for _ in 0..<2 {
      let store = try SQLiteIntentStore(path: folder.path, newStore: testStoreID) { isSealed in
        seen.append(isSealed)
        return testSealing
      }
      try await store.close()
    }
    #expect(seen == [false, true])
  }

  @Test func `opens with its own key only, and stays as it is otherwise`() async throws {
    let store = try open()
    let before = try await store.put(everything)
    try await store.close()
    let other = Sealing(seal: { secret, _ in secret.reversed() }, open: { sealed, _ in sealed.reversed() })
    #expect(throws: StoreError.otherKey(path: folder.path)) { try open(other) }
    #expect(Rows(try open().snapshot) == Rows(before))
  }

  @Test func `takes no secret of one row for another's`() async throws {
    let store = try open()
    try await store.put(everything)
    let bob = AccessKey(id: "BK", secret: "of Bob", user: aliceUser, createdAt: noon)
    try await store.put([.identity(.putKey(bob))])
    try await store.close()
    let queue = try DatabaseQueue(path: folder.path)
    try await queue.write { database in
      try database.execute(
        sql: "UPDATE access_key SET secret = (SELECT secret FROM access_key WHERE id = 'BK') WHERE id = 'AK'")
    }
    try queue.close()
    #expect(throws: StoreError.damaged(table: "access_key", row: "AK")) { try open() }
  }

  @Test func `is made of one of an older version, and nothing stays in the open`() async throws {
    let secret = "an old secret in the open, 40 characters"
    let project = "8f14e45fceea467fa1d0a1b2c3d4e5f6"
    do {
      let pool = try DatabasePool(path: folder.path)
      try Migrations.all.migrate(pool, upTo: "4 ports")
      try await pool.write { database in
        try database.execute(
          sql: """
            INSERT INTO meta VALUES (1, '\(testStoreID)', 1, 1);
            INSERT INTO project VALUES ('\(project)', 'local-1', 5);
            INSERT INTO access_key VALUES ('OLDKEY', '\(secret)', '\(project)', 6);
            """)
      }
      try pool.close()
    }
    #expect(try bytes().range(of: Data(secret.utf8)) != nil)
    let store = try open()
    #expect(try bytes().range(of: Data(secret.utf8)) == nil)
    let identity = store.snapshot.identity
    let key = try #require(identity.key("OLDKEY"))
    #expect(key.secret == secret && key.isActive)
    let user = try #require(identity.user(key.user))
    #expect(user.name.description == "admin" && user.isEnabled)
    let group = try #require(identity.groups(of: user.id).first)
    #expect(
      identity.grants(of: group)
        == [Grant.Scope.domain, .allProjects].map {
          Grant(group: group, policy: Policy.administrator.id, scope: $0)
        })
    #expect(identity.domain != nil)
    try await store.close()
    #expect(try bytes().range(of: Data(secret.utf8)) == nil)
    #expect(try open().snapshot.accessKey("OLDKEY")?.secret == secret)
  }

  @Test func `of an older version without a project gets no user`() async throws {
    do {
      let pool = try DatabasePool(path: folder.path)
      try Migrations.all.migrate(pool, upTo: "4 ports")
      try pool.close()
    }
    let identity = try open().snapshot.identity
    #expect(identity.domain == nil && identity.users.isEmpty && identity.groups.isEmpty)
  }

  @Test func `removes what is removed`() async throws {
    let store = try open()
    try await store.put(everything)
    try await store.put(
      ([
        .removeKey("AK"), .removeMembership(Membership(user: aliceUser, group: aliceGroup)),
        .removeGrant(Grant(group: aliceGroup, policy: alicePolicy, scope: .project(alice))),
        .removeGrant(Grant(group: aliceGroup, policy: alicePolicy, scope: .allProjects)),
        .removeGrant(Grant(group: aliceGroup, policy: Policy.administrator.id, scope: .domain)),
        .removePolicy(alicePolicy), .removeGroup(aliceGroup), .removeUser(aliceUser),
      ] as [IdentityEdit]).map { .identity($0) })
    let before = Rows(store.snapshot)
    #expect(before.keys.isEmpty && before.grants.isEmpty && before.memberships.isEmpty)
    #expect(before.groups.isEmpty && before.policies.isEmpty && before.users.count == 1)
    try await store.close()
    #expect(Rows(try open().snapshot) == before)
  }
}
