import ESWAdmission
import ESWModel
import Testing

private func statement(_ effect: PolicyStatement.Effect, _ actions: String...) -> PolicyStatement {
  PolicyStatement(effect: effect, actions: actions.map { ActionPattern($0)! })
}

@Suite struct `A pattern of actions` {
  static let listing = Action("esw:connection:list")

  @Test(arguments: [
    "esw:connection:list", "esw:*:list", "esw:connection:*", "*:*:*", "esw:conn*:l*t", "esw:*tion:*",
    "e*:*:*",
    "esw:Connection:LIST", "esw:c*n*n:list", "esw:**:list",
  ])
  func `means what it spells`(pattern: String) throws {
    #expect(try #require(ActionPattern(pattern)).matches(Self.listing))
  }

  @Test(arguments: [
    "esw:instance:list", "vpc:connection:list", "esw:connection:lis", "esw:connection:lists",
    "esw:connectio:list",
    "esw:*:get", "es:*:*", "esw:x*:list", "esw:connection:list*x", "esw:*x*:list",
  ])
  func `means nothing else`(pattern: String) throws {
    #expect(try !#require(ActionPattern(pattern)).matches(Self.listing))
  }

  @Test(arguments: [
    "", "*", "esw", "esw:*", "esw:connection", "esw:connection:list:all", "esw::list", ":connection:list",
    "esw:connection:", "ESW:connection:list", "esw:connection:l?st", "esw:connection: list", "esw:连接:list",
    "esw:connection:list\n", String(repeating: "a", count: 127) + ":b:c",
  ])
  func `is refused when it is not three parts of plain characters`(pattern: String) {
    #expect(ActionPattern(pattern) == nil)
  }

  @Test func `of many stars takes no time worth speaking of`() throws {
    let pattern = try #require(ActionPattern("esw:" + String(repeating: "*a", count: 50) + ":list"))
    #expect(
      !pattern.matches(Action("esw:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab:list")))
  }
}

@Suite struct `What policies say` {
  private let list = Action("esw:connection:list")
  private let delete = Action("esw:connection:delete")

  @Test func `nothing of what no statement speaks of`() {
    #expect(Verdict(on: list, by: []) == .unmentioned)
    #expect(Verdict(on: list, by: [statement(.allow, "esw:instance:*")]) == .unmentioned)
  }

  @Test func `deny beats allow, in whatever order`() {
    let statements = [statement(.allow, "*:*:*"), statement(.deny, "esw:*:delete")]
    for order in [statements, statements.reversed()] {
      #expect(Verdict(on: list, by: order) == .allowed)
      #expect(Verdict(on: delete, by: order) == .denied)
    }
  }

  @Test func `every action of a statement counts`() {
    let statements = [statement(.allow, "vpc:*:*", "esw:connection:list")]
    #expect(Verdict(on: list, by: statements) == .allowed)
    #expect(Verdict(on: delete, by: statements) == .unmentioned)
  }

  @Test(arguments: [
    ("esw:instance:create", true, false), ("esw:connection:list", true, true), ("vpc:vpcs:get", true, true),
    ("esw:job:listResourceRelatedJobs", true, true), ("openesw:connection:diagnose", true, true),
    ("openesw:attachment:delete", true, false), ("openesw:attachment:list", true, true),
    ("openesw:node:list", true, true), ("openesw:audit:list", true, false),
    ("iam:users:createUser", false, false),
  ])
  func `the built-in ones allow what their names say`(action: String, user: Bool, reader: Bool) {
    let actions = [
      "esw:instance:create": Action("esw:instance:create"), "esw:connection:list": list,
      "vpc:vpcs:get": Action("vpc:vpcs:get"),
      "openesw:connection:diagnose": Action("openesw:connection:diagnose"),
      "esw:job:listResourceRelatedJobs": Action("esw:job:listResourceRelatedJobs"),
      "openesw:attachment:delete": Action("openesw:attachment:delete"),
      "openesw:attachment:list": Action("openesw:attachment:list"),
      "openesw:node:list": Action("openesw:node:list"), "openesw:audit:list": Action("openesw:audit:list"),
      "iam:users:createUser": Action("iam:users:createUser"),
    ]
    let action = actions[action]!
    #expect(Verdict(on: action, by: Policy.administrator.statements) == .allowed)
    #expect((Verdict(on: action, by: Policy.switchUser.statements) == .allowed) == user)
    #expect((Verdict(on: action, by: Policy.switchReader.statements) == .allowed) == reader)
  }
}

@Suite struct `What a principal may do` {
  private let list = Action("esw:connection:list")
  private let one = ProjectID("00000000000000000000000000000001")!
  private let other = ProjectID("00000000000000000000000000000002")!
  private let user = User(
    id: UserID(high: 0, low: 1), name: IdentityName("u")!, description: .empty,
    createdAt: Timestamp(milliseconds: 0))
  private let group = GroupID(high: 0, low: 2)

  private func identity(_ scopes: Grant.Scope...) -> IdentityDirectory {
    let edits: [IdentityEdit] =
      [
        .putUser(user), .putMembership(Membership(user: user.id, group: group)),
        .putGroup(
          UserGroup(id: group, name: user.name, description: .empty, createdAt: Timestamp(milliseconds: 0))),
      ] + scopes.map { .putGrant(Grant(group: group, policy: Policy.administrator.id, scope: $0)) }
    return IntentSnapshot(store: StoreID(high: 1, low: 1)).applying(edits.map { .identity($0) }).identity
  }

  private func authorization(_ identity: IdentityDirectory, _ reach: Principal.Reach = .everything)
    -> Authorization
  {
    Authorization(of: Principal(user: user, credential: .token, reach: reach), in: identity)
  }

  @Test func `is nothing without a grant`() {
    let nothing = authorization(identity())
    #expect(!nothing.hasAccess(to: one))
    #expect(nothing.verdict(on: list, in: one) == .unmentioned)
    #expect(nothing.verdictInDomain(on: list) == .unmentioned)
  }

  @Test func `is in the project of the grant only`() {
    let granted = authorization(identity(.project(one)))
    #expect(granted.hasAccess(to: one) && !granted.hasAccess(to: other))
    #expect(granted.verdict(on: list, in: one) == .allowed)
    #expect(granted.verdict(on: list, in: other) == .unmentioned)
    #expect(granted.verdictInDomain(on: list) == .unmentioned)
  }

  @Test func `is in every project, and not in the domain, by a grant in all projects`() {
    let granted = authorization(identity(.allProjects))
    #expect(
      granted.verdict(on: list, in: one) == .allowed && granted.verdict(on: list, in: other) == .allowed)
    #expect(granted.verdictInDomain(on: list) == .unmentioned)
  }

  @Test func `is in the domain, and in no project, by a grant in the domain`() {
    let granted = authorization(identity(.domain))
    #expect(granted.verdictInDomain(on: list) == .allowed)
    #expect(!granted.hasAccess(to: one))
  }

  @Test func `is no more than the credential reaches`() {
    let all = identity(.allProjects, .domain)
    let scoped = authorization(all, .project(one))
    #expect(scoped.hasAccess(to: one) && !scoped.hasAccess(to: other))
    #expect(scoped.verdict(on: list, in: other) == .unmentioned)
    #expect(scoped.mayName(one) && !scoped.mayName(other))
    #expect(scoped.verdictInDomain(on: list) == .unmentioned)
    let domain = authorization(all, .domain)
    #expect(!domain.hasAccess(to: one) && domain.mayName(one))
    #expect(domain.verdictInDomain(on: list) == .allowed)
  }
}
