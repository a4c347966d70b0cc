import ESWAdmission
import ESWModel
import Testing

@Suite struct `Changing who may what` {
  private let secrets = SecretMinting(randomness: SeededGenerator(seed: 4))
  private let now = Timestamp(milliseconds: 9)
  private let start: IntentSnapshot
  private let key: AccessKey
  private let admins: GroupID

  init() throws {
    let empty = IntentSnapshot(store: StoreID(high: 1, low: 1))
    let change = ProjectAdmission.bootstrap(projectName: "p", in: empty, secrets: secrets, now: now)
    start = empty.applying(change.edits)
    key = try #require(change.outcome).key
    admins = try #require(start.identity.groups.first).id
  }

  private func user(_ name: String, in snapshot: IntentSnapshot) throws -> (User, IntentSnapshot) {
    let request = NewUser(name: IdentityName(name)!, description: .empty, isEnabled: true, password: nil)
    let change = try IdentityAdmission.create(
      request, password: nil, in: snapshot, secrets: secrets, now: now)
    return (change.outcome, snapshot.applying(change.edits))
  }

  @Test func `the last administrator cannot be deleted, disabled or put out of the group`() {
    #expect(throws: IdentityRefusal.lastAdministrator) { try IdentityAdmission.delete(key.user, in: start) }
    #expect(throws: IdentityRefusal.lastAdministrator) {
      try IdentityAdmission.update(key.user, UserUpdate(isEnabled: false), password: nil, in: start)
    }
    #expect(throws: IdentityRefusal.lastAdministrator) {
      try IdentityAdmission.remove(key.user, from: admins, in: start)
    }
    #expect(throws: IdentityRefusal.lastAdministrator) { try IdentityAdmission.delete(admins, in: start) }
    #expect(throws: IdentityRefusal.lastAdministrator) {
      try IdentityAdmission.revoke(
        Grant(group: admins, policy: Policy.administrator.id, scope: .domain), in: start)
    }
  }

  @Test func `the last administrator's last way in cannot be closed`() {
    #expect(throws: IdentityRefusal.lastAdministrator) {
      try IdentityAdmission.delete(key: key.id, in: start)
    }
    #expect(throws: IdentityRefusal.lastAdministrator) {
      try IdentityAdmission.update(key: key.id, AccessKeyUpdate(isActive: false, description: nil), in: start)
    }
  }

  @Test func `no policy that denies locks everybody out`() throws {
    let content = PolicyContent(
      name: IdentityName("no")!, description: .empty, kind: .global,
      statements: [PolicyStatement(effect: .deny, actions: [ActionPattern("iam:*:*")!])])
    let made = try IdentityAdmission.create(content, in: start, secrets: secrets, now: now)
    let snapshot = start.applying(made.edits)
    #expect(throws: IdentityRefusal.lastAdministrator) {
      try IdentityAdmission.grant(
        Grant(group: admins, policy: made.outcome.id, scope: .domain), in: snapshot)
    }
  }

  @Test func `of two administrators one may go`() throws {
    let (other, snapshot) = try user("other", in: start)
    let joined = snapshot.applying(try IdentityAdmission.add(other.id, to: admins, in: snapshot).edits)
    // The other has no way in yet.
    #expect(throws: IdentityRefusal.lastAdministrator) { try IdentityAdmission.delete(key.user, in: joined) }
    let request = NewAccessKey(user: other.id, description: .empty)
    let keyed = joined.applying(
      try IdentityAdmission.create(request, in: joined, secrets: secrets, now: now).edits)
    let left = keyed.applying(try IdentityAdmission.delete(key.user, in: keyed).edits)
    #expect(left.identity.user(key.user) == nil)
    #expect(left.accessKey(key.id) == nil)
    #expect(left.identity.users(of: admins) == [other.id])
  }

  @Test func `a user has two keys at most, and no two users or groups share a name`() throws {
    let request = NewAccessKey(user: key.user, description: .empty)
    let second = start.applying(
      try IdentityAdmission.create(request, in: start, secrets: secrets, now: now).edits)
    #expect(throws: IdentityRefusal.limitReached(.accessKey, limit: 2)) {
      try IdentityAdmission.create(request, in: second, secrets: secrets, now: now)
    }
    let name = IdentityName("admin")!
    #expect(throws: IdentityRefusal.nameTaken(.user, name)) { try user("admin", in: start) }
    #expect(throws: IdentityRefusal.nameTaken(.group, name)) {
      try IdentityAdmission.create(
        NewGroup(name: name, description: .empty), in: start, secrets: secrets, now: now)
    }
    #expect(throws: IdentityRefusal.nameTaken(.project, IdentityName("p")!)) {
      try IdentityAdmission.create(
        NewProject(name: IdentityName("p")!, description: .empty), in: start, secrets: secrets, now: now)
    }
  }

  @Test func `a password or a disabled user makes a new generation, other changes do not`() throws {
    let (made, snapshot) = try user("u", in: start)
    func generation(_ update: UserUpdate, _ password: PasswordHash? = nil) throws -> UInt32 {
      try IdentityAdmission.update(made.id, update, password: password, in: snapshot).outcome.generation
    }
    let cost = PasswordHash.Cost(logarithm: 4, blockSize: 1, parallelism: 1)!
    let hash = PasswordHash(cost: cost, salt: Array(0..<16), digest: Array(0..<32))
    #expect(try generation(UserUpdate(description: ResourceDescription("d"))) == made.generation)
    #expect(try generation(UserUpdate(isEnabled: true)) == made.generation)
    #expect(try generation(UserUpdate(isEnabled: false)) == made.generation + 1)
    #expect(try generation(UserUpdate(), hash) == made.generation + 1)
  }

  @Test func `a policy that is granted or built in cannot be deleted`() throws {
    #expect(throws: IdentityRefusal.policyIsBuiltIn(Policy.administrator.id)) {
      try IdentityAdmission.delete(Policy.administrator.id, in: start)
    }
    let content = PolicyContent(
      name: IdentityName("r")!, description: .empty, kind: .project,
      statements: [PolicyStatement(effect: .allow, actions: [ActionPattern("esw:*:*")!])])
    let made = try IdentityAdmission.create(content, in: start, secrets: secrets, now: now)
    let snapshot = start.applying(made.edits)
    let grant = Grant(group: admins, policy: made.outcome.id, scope: .allProjects)
    let granted = snapshot.applying(try IdentityAdmission.grant(grant, in: snapshot).edits)
    #expect(throws: IdentityRefusal.policyIsGranted(made.outcome.id)) {
      try IdentityAdmission.delete(made.outcome.id, in: granted)
    }
    #expect(try IdentityAdmission.delete(made.outcome.id, in: snapshot).edits.count == 1)
  }

  @Test func `who has lost every key gets in again, whatever was granted meanwhile`() throws {
    let deny = Policy(
      id: PolicyID(high: 5, low: 5), name: IdentityName("no")!, description: .empty, kind: .any,
      statements: [PolicyStatement(effect: .deny, actions: [ActionPattern("*:*:*")!])], createdAt: now,
      updatedAt: now)
    var admin = try #require(start.identity.user(key.user))
    admin.isEnabled = false
    let edits: [IdentityEdit] = [
      .putPolicy(deny), .putGrant(Grant(group: admins, policy: deny.id, scope: .domain)), .putUser(admin),
      .removeKey(key.id),
    ]
    let locked = start.applying(edits.map { .identity($0) })
    let change = ProjectAdmission.recover(in: locked, secrets: secrets, now: now)
    let after = locked.applying(change.edits)
    let issued = try #require(change.outcome)
    let user = try #require(after.identity.user(issued.key.user))
    #expect(user.isEnabled && user.id == key.user)
    let authorization = Authorization(
      of: Principal(user: user, credential: .key(issued.id), reach: .everything), in: after.identity)
    #expect(authorization.verdictInDomain(on: Action("iam:permissions:grantRoleToGroupOnDomain")) == .allowed)
    #expect(authorization.verdict(on: Action("esw:instance:create"), in: issued.project) == .allowed)
  }

  @Test func `a way back in opens none of the old ones`() throws {
    let cost = try #require(PasswordHash.Cost(logarithm: 4, blockSize: 1, parallelism: 1))
    var admin = try #require(start.identity.user(key.user))
    admin.password = PasswordHash(cost: cost, salt: Array(0..<16), digest: Array(0..<32))
    admin.isEnabled = false
    var inactive = key
    inactive.isActive = false
    let (other, joined) = try user("other", in: start)
    let edits: [IdentityEdit] = [
      .putUser(admin), .putKey(AccessKey(id: "OLD", secret: "S", user: admin.id, createdAt: now)),
      .putKey(inactive), .putKey(AccessKey(id: "OTHER", secret: "S", user: other.id, createdAt: now)),
    ]
    let leaked = joined.applying(edits.map { .identity($0) })
    let change = ProjectAdmission.recover(in: leaked, secrets: secrets, now: now)
    let after = leaked.applying(change.edits).identity
    let issued = try #require(change.outcome)
    let user = try #require(after.user(admin.id))
    #expect(after.keys(of: admin.id).map(\.id) == [issued.id])
    #expect(user.isEnabled && user.password == nil)
    #expect(!after.holds(Principal(user: admin, credential: .token, reach: .everything)))
    #expect(after.key("OTHER") != nil)
  }
}

@Suite struct `A name` {
  @Test(arguments: ["admin", "Anna Müller", "运维", "a", "x@example.org", "local-1_dev"])
  func `may be what people are called`(name: String) { #expect(IdentityName(name) != nil) }

  @Test(arguments: [
    "", " admin", "admin ", "ad\nmin", "ad\u{0}min", "ad\u{200B}min", "ad\u{202E}min", "a\u{A0}b", "<b>",
    String(repeating: "a", count: 129), "a\u{2028}b",
  ])
  func `cannot pass for another or break a line`(name: String) { #expect(IdentityName(name) == nil) }
}

@Suite struct `What is kept of a password` {
  @Test func `is read back as it was`() throws {
    let cost = try #require(PasswordHash.Cost(logarithm: 15, blockSize: 8, parallelism: 3))
    let hash = PasswordHash(cost: cost, salt: Array(0..<16), digest: Array(200..<232).map { UInt8($0) })
    #expect(PasswordHash(hash.description) == hash)
  }

  @Test(arguments: [
    "", "scrypt", "scrypt$15,8,3$00", "bcrypt$15,8,3$0011223344556677$0011223344556677",
    "scrypt$40,8,3$0011223344556677$0011223344556677", "scrypt$15,8$0011223344556677$0011223344556677",
    "scrypt$15,8,3$0011223344556677$00112233445566", "scrypt$15,8,3$001122334455667$0011223344556677",
  ])
  func `is nothing else`(text: String) { #expect(PasswordHash(text) == nil) }
}
