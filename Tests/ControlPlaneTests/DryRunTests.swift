import ControlPlane
import ESWModel
import ESWSeams
import ESWWire
import HTTPTypes
import Testing

@Suite(.timeLimit(.minutes(2))) struct `A dry run` {
  private static let changes = TenantProbe.all.filter(\.operation.isChange)

  /// What a dry run must leave as it is.
  private struct Held: Equatable {
    let revision: Revision
    let reports: UInt64
    let audit: [AuditRecord]

    init(_ lab: Lab) async throws {
      revision = lab.snapshot.revision
      reports = lab.reports.revision
      audit = try await lab.store.audit(AuditQuery(limit: 10_000))
    }
  }

  @Test(arguments: changes)
  func `of a change in a project plans it, and changes nothing`(probe: TenantProbe) async throws {
    try await Lab.run { lab, caller in
      let own = try await TenantRows(caller, key: Lab.key, interface: 0)
      let (path, _, body) = probe.request(project: Lab.project.description, [:], own: own.ids)
      let method = try #require(HTTPRequest.Method(probe.operation.method.rawValue))
      let before = try await Held(lab)
      let plan = try await caller.call(method, path, query: [("dry_run", "true")], body: body)
      #expect(plan.status == 200 && plan["plan.operation"] == probe.operation.name, "\(plan.text)")
      #expect(try await Held(lab) == before)
      // What is planned can be done.
      let done = try await caller.call(method, path, query: [("dry_run", "false")], body: body)
      #expect(done.status < 300, "\(done.text)")
    }
  }

  /// Operations on users and what they may, with `<row>` for the id of what the test has made.
  private static let identity: [(operation: ESWWire.Operation, body: String)] = [
    (.createProject, #"{"project":{"name":"laboratory"}}"#),
    (.createUser, #"{"user":{"name":"berta","password":"a first password"}}"#),
    (.updateUser, #"{"user":{"name":"clara"}}"#),
    (.deleteUser, ""),
    (.changePassword, #"{"user":{"original_password":"a first password","password":"a second password"}}"#),
    (.createGroup, #"{"group":{"name":"staff"}}"#),
    (.updateGroup, #"{"group":{"name":"others"}}"#),
    (.deleteGroup, ""),
    (.addUserToGroup, ""), (.removeUserFromGroup, ""),
    (.createAccessKey, #"{"credential":{"user_id":"<user_id>"}}"#),
    (.updateAccessKey, #"{"credential":{"status":"inactive"}}"#),
    (.deleteAccessKey, ""),
    (.createPolicy, Caller.policyBody("new", #"{"Effect":"Allow","Action":["esw:*:list"]}"#)),
    (.updatePolicy, Caller.policyBody("other", #"{"Effect":"Allow","Action":["esw:*:get"]}"#)),
    (.deletePolicy, ""),
    (.grantInProject, ""), (.revokeInProject, ""), (.grantInDomain, ""), (.revokeInDomain, ""),
    (.grantInAllProjects, ""), (.revokeInAllProjects, ""),
  ]

  @Test func `is tried with every operation that changes something`() {
    let tried =
      Self.changes.map(\.operation) + Self.identity.map(\.operation) + [.holdNode, .releaseNode]
    let missing = Operation.all.filter { $0.isChange && !tried.contains($0) }.map(\.name)
    #expect(missing.isEmpty, "give them a row in TenantProbe.all or here")
  }

  @Test func `of a change of users and rights reaches nothing either`() async throws {
    try await Lab.run { lab, caller in
      let user = try await caller.makeUser("anna")
      let key = try await caller.makeKey(of: user)
      let set = try await caller.call(
        .patch, "/v3/users/\(user)", body: #"{"user":{"password":"a first password"}}"#)
      #expect(set.status == 200, "\(set.text)")
      let policy = try await caller.makePolicy("look", #"{"Effect":"Allow","Action":["esw:*:list"]}"#)
      let group = try #require(lab.snapshot.identity.groups.first { $0.name.description == "anna" })
      let ids = [
        "user_id": "\(user)", "group_id": "\(group.id)", "role_id": "\(policy)", "access_key": key.id,
        "project_id": "\(Lab.project)", "domain_id": "\(Lab.domain.id)",
      ]
      for (operation, body) in Self.identity {
        var (path, body) = (operation.path, body)
        for (name, id) in ids {
          path.replace("{\(name)}", with: id)
          body.replace("<\(name)>", with: id)
        }
        let before = try await Held(lab)
        let method = try #require(HTTPRequest.Method(operation.method.rawValue))
        let signer = operation == .changePassword ? key : Lab.key
        let plan = try await caller.call(method, path, query: [("dry_run", "true")], body: body, key: signer)
        #expect(plan["plan.operation"] == operation.name, "\(operation.name): \(plan.text)")
        #expect(plan.count("plan.nodes") == 0 && !plan.text.contains("secret"), "\(plan.text)")
        #expect(try await Held(lab) == before, "\(operation.name)")
        // What was granted can be revoked next.
        guard operation.name.contains("Permission") || operation == .grantInAllProjects else { continue }
        let done = try await caller.call(method, path)
        #expect(done.status == 204, "\(operation.name): \(done.text)")
      }
    }
  }

  @Test func `of holding a node says whose frames end, and holds nobody`() async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      _ = try await caller.makeConnection(network, on: try await caller.makeInstance(network))
      let path = "/openesw/v1/nodes/\(Lab.node)/permission/hold"
      let body = #"{"hold":{"reason":"moved to gw-2"}}"#
      let before = try await Held(lab)
      let hold = try await caller.call(.put, path, query: [("dry_run", "true")], body: body)
      #expect(hold["plan.operation"] == "HoldNode" && hold["plan.frames"] == "ended", "\(hold.text)")
      // An operation of the domain: whose connection it is, is told to nobody.
      #expect(hold["plan.nodes.0.interruptions.0.subject.kind"] == "connection", "\(hold.text)")
      #expect(try await Held(lab) == before)
      _ = try await caller.call(.put, path, body: body)
      let held = try await Held(lab)
      let release = try await caller.call(.delete, path, query: [("dry_run", "true")])
      #expect(release["plan.operation"] == "ReleaseNode", "\(release.text)")
      #expect(release["plan.frames"] == "none")
      #expect(try await Held(lab) == held)
    }
  }

  @Test func `is refused as the change is, and nothing is kept of it`() async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      _ = try await caller.makeConnection(network, on: instance)
      let path = "\(Lab.v3)/instances/\(instance)/connections"
      for body in [Caller.connectionBody(network), "{", #"{"connection":{}}"#] {
        let before = try await Held(lab)
        let dry = try await caller.call(.post, path, query: [("dry_run", "true")], body: body)
        let real = try await caller.call(.post, path, body: body)
        #expect(dry.status == real.status && dry.status >= 400)
        #expect(dry.code == real.code && dry["error_msg"] == real["error_msg"])
        #expect(try await Held(lab) == before)
      }
    }
  }

  @Test(arguments: ["", "1", "True", "yes", "true "])
  func `that is not said plainly is refused, and nothing is done`(value: String) async throws {
    try await Lab.run { lab, caller in
      let before = try await Held(lab)
      let reply = try await caller.call(
        .post, "\(Lab.v1)/vpcs", query: [("dry_run", value)],
        body: #"{"vpc":{"name":"v","cidr":"10.0.0.0/8"}}"#)
      #expect(reply.status == 400 && reply["error_msg"] == "dry_run must be true or false", "\(reply.text)")
      #expect(try await Held(lab) == before)
    }
  }

  @Test func `tells nobody more than the change would`() async throws {
    try await Lab.run { _, caller in
      let key = try await caller.key(#"{"Effect":"Allow","Action":["vpc:vpcs:list"]}"#)
      let reply = try await caller.call(
        .post, "\(Lab.v1)/vpcs", query: [("dry_run", "true")],
        body: #"{"vpc":{"name":"v","cidr":"10.0.0.0/8"}}"#, key: key)
      #expect(reply.status == 403 && reply.code == "APIGW.0302", "\(reply.text)")
    }
  }

  @Test func `of what only reads is the reading`() async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.call(.get, "\(Lab.v1)/vpcs", query: [("dry_run", "true")])
      #expect(reply.status == 200 && reply.count("vpcs") == 0)
    }
  }
}
