import ESWAdmission
import ESWModel
import ESWWire
import HTTPTypes
import HummingbirdTesting
import Testing

extension Caller {
  /// A user in a group of its own, which has the policy in the Lab's project.
  func makeUser(_ name: String, policy: PolicyID? = nil) async throws -> UserID {
    let user = try await call(.post, "/v3/users", body: #"{"user":{"name":"\#(name)"}}"#)["user.id"]!
    let group = try await call(.post, "/v3/groups", body: #"{"group":{"name":"\#(name)"}}"#)["group.id"]!
    let joined = try await call(.put, "/v3/groups/\(group)/users/\(user)")
    #expect(joined.status == 204, "\(joined.text)")
    if let policy {
      let granted = try await call(.put, "/v3/projects/\(Lab.project)/groups/\(group)/roles/\(policy)")
      #expect(granted.status == 204, "\(granted.text)")
    }
    return UserID(user)!
  }

  func makeKey(of user: UserID) async throws -> AccessKey {
    let reply = try await call(
      .post, "/v3.0/OS-CREDENTIAL/credentials", body: #"{"credential":{"user_id":"\#(user)"}}"#)
    return AccessKey(
      id: reply["credential.access"]!, secret: reply["credential.secret"]!, user: user, createdAt: Lab.start)
  }

  func makePolicy(_ name: String, _ statements: String) async throws -> PolicyID {
    let reply = try await call(.post, "/v3.0/OS-ROLE/roles", body: Self.policyBody(name, statements))
    return PolicyID(reply["role.id"] ?? "")!
  }

  static func policyBody(_ name: String, _ statements: String) -> String {
    """
    {"role":{"display_name":"\(name)","type":"XA","description":"d",
     "policy":{"Version":"1.1","Statement":[\(statements)]}}}
    """
  }

  /// A key of a user with a policy of these statements in the Lab's project.
  func key(_ statements: String) async throws -> AccessKey {
    let policy = try await makePolicy("p", statements)
    return try await makeKey(of: try await makeUser("u", policy: policy))
  }
}

@Suite struct `A policy` {
  @Test func `that nobody granted leaves everything closed`() async throws {
    try await Lab.run { _, caller in
      let key = try await caller.makeKey(of: try await caller.makeUser("u"))
      for path in ["\(Lab.v3)/flavors", "\(Lab.v1)/vpcs", "\(Lab.ours)/nodes"] {
        let reply = try await caller.call(.get, path, key: key)
        #expect(reply.status == 403 && reply.code == "l2cg.8009", "\(reply.text)")
      }
      #expect(try await caller.call(.get, "/v3/users", key: key).code == "APIGW.0302")
    }
  }

  @Test func `opens what it allows, and names what it does not`() async throws {
    try await Lab.run { _, caller in
      let key = try await caller.key(#"{"Effect":"Allow","Action":["esw:*:list","vpc:vpcs:create"]}"#)
      #expect(try await caller.call(.get, "\(Lab.v3)/instances", key: key).status == 200)
      #expect(try await caller.call(.get, "\(Lab.v3)/connections", key: key).status == 200)
      let vpc = #"{"vpc":{"name":"v","cidr":"10.0.0.0/8"}}"#
      #expect(try await caller.call(.post, "\(Lab.v1)/vpcs", body: vpc, key: key).status == 200)
      let refused = try await caller.call(.get, "\(Lab.v1)/vpcs", key: key)
      #expect(refused.status == 403 && refused.code == "APIGW.0302")
      #expect(refused["error_msg"]?.contains("vpc:vpcs:list") == true)
      let other = try await caller.call(.get, "/v3/\(Lab.foreignProject)/l2cg/instances", key: key)
      #expect(other.status == 403 && other.code == "l2cg.8009")
    }
  }

  @Test func `that denies beats one that allows`() async throws {
    try await Lab.run { lab, caller in
      let key = try await caller.key(
        #"{"Effect":"Deny","Action":["esw:instance:*"]},{"Effect":"Allow","Action":["*:*:*"]}"#)
      #expect(try await caller.call(.get, "\(Lab.v3)/flavors", key: key).status == 200)
      #expect(try await caller.call(.get, "\(Lab.v3)/instances", key: key).code == "APIGW.0302")
    }
  }

  @Test func `changes what is open at once`() async throws {
    try await Lab.run { lab, caller in
      let policy = try await caller.makePolicy("p", #"{"Effect":"Allow","Action":["esw:flavor:list"]}"#)
      let key = try await caller.makeKey(of: try await caller.makeUser("u", policy: policy))
      #expect(try await caller.call(.get, "\(Lab.v3)/flavors", key: key).status == 200)
      let body = Caller.policyBody("p", #"{"Effect":"Allow","Action":["esw:quota:list"]}"#)
      #expect(try await caller.call(.patch, "/v3.0/OS-ROLE/roles/\(policy)", body: body).status == 200)
      #expect(try await caller.call(.get, "\(Lab.v3)/flavors", key: key).status == 403)
      #expect(try await caller.call(.get, "\(Lab.v3)/quotas", key: key).status == 200)
      #expect(try await caller.call(.delete, "/v3.0/OS-ROLE/roles/\(policy)").code == "iam.8006")
    }
  }

  @Test func `in all projects opens those that are made later`() async throws {
    try await Lab.run { lab, caller in
      let user = try await caller.makeUser("u")
      let group = try #require(lab.snapshot.identity.groups(of: user).first)
      let path = "/v3/OS-INHERIT/domains/\(Lab.domain.id)/groups/\(group)/roles/\(Policy.switchReader.id)"
      #expect(try await caller.call(.put, "\(path)/inherited_to_projects").status == 204)
      let made = try await caller.call(.post, "/v3/projects", body: #"{"project":{"name":"late"}}"#)
      #expect(made.status == 201, "\(made.text)")
      let key = try await caller.makeKey(of: user)
      #expect(try await caller.call(.get, "/v3/\(made["project.id"]!)/l2cg/flavors", key: key).status == 200)
      #expect(try await caller.call(.head, "\(path)/inherited_to_projects").status == 204)
      #expect(try await caller.call(.delete, "\(path)/inherited_to_projects").status == 204)
      #expect(try await caller.call(.head, "\(path)/inherited_to_projects").status == 404)
      #expect(try await caller.call(.get, "/v3/\(made["project.id"]!)/l2cg/flavors", key: key).status == 403)
    }
  }

  @Test(arguments: [
    #"{"Effect":"Allow","Action":["esw:*:list"],"Resource":["esw:*:*:instance:x"]}"#,
    #"{"Effect":"Allow","Action":["esw:*:list"],"Resource":{"uri":["/x"]}}"#,
    #"{"Effect":"Allow","Action":["esw:*:list"],"Condition":{"StringEquals":{"a":["b"]}}}"#,
    #"{"Effect":"Allow","Action":[]}"#, #"{"Effect":"Allow","Action":["esw:list"]}"#,
    #"{"Effect":"Permit","Action":["esw:*:list"]}"#, #"{"Action":["esw:*:list"]}"#, "",
  ])
  func `that cannot be kept as it is written is refused`(statement: String) async throws {
    try await Lab.run { lab, caller in
      let reply = try await caller.call(
        .post, "/v3.0/OS-ROLE/roles", body: Caller.policyBody("p", statement))
      #expect(reply.status == 400 && reply.code == "l2cg.8001", "\(reply.text)")
      #expect(lab.snapshot.identity.customPolicies.isEmpty)
    }
  }

  @Test(arguments: [#""Resource":["*"]"#, #""Resource":"*""#, #""Condition":{}"#])
  func `may say that it means all`(member: String) async throws {
    try await Lab.run { _, caller in
      _ = try await caller.makePolicy("p", #"{"Effect":"Allow","Action":["esw:*:list"],\#(member)}"#)
    }
  }

  @Test func `every operation of a project asks for its action`() async throws {
    try await Lab.run { _, caller in
      let key = try await caller.key(#"{"Effect":"Allow","Action":["nothing:of:these"]}"#)
      for operation in Operation.all where operation.door == .project {
        let path = operation.path.replacing("{project_id}", with: "\(Lab.project)")
          .replacing(/\{\w+\}/, with: "00000000-0000-7000-8000-000000000000")
        let method = HTTPRequest.Method(operation.method.rawValue)!
        let reply = try await caller.call(method, path, key: key)
        #expect(reply.status == 403 && reply.code == "APIGW.0302", "\(operation.name): \(reply.text)")
        #expect(reply["error_msg"]?.contains(operation.action?.description ?? "?") == true)
        let unknown = operation.path.replacing("{project_id}", with: "00000000000000000000000000000bad")
          .replacing(/\{\w+\}/, with: "00000000-0000-7000-8000-000000000000")
        let foreign = unknown.replacing("00000000000000000000000000000bad", with: "\(Lab.foreignProject)")
        let answers = (
          try await caller.call(method, unknown, key: key), try await caller.call(method, foreign, key: key)
        )
        #expect(answers.0.status == 403 && answers.0.code == "l2cg.8009")
        #expect(answers.0["error_msg"] == answers.1["error_msg"] && answers.0.status == answers.1.status)
      }
    }
  }

  @Test func `every operation of IAM asks for its action`() async throws {
    try await Lab.run { lab, caller in
      let key = try await caller.key(#"{"Effect":"Allow","Action":["*:*:*"]}"#)
      let before = lab.snapshot.revision
      for operation in Operation.all where operation.door == .domain {
        let path = operation.path.replacing("{project_id}", with: "\(Lab.project)")
          .replacing("{domain_id}", with: "\(Lab.domain.id)")
          .replacing(/\{\w+\}/, with: "\(UserID(high: 1, low: 1))")
        let body = operation.method == .post || operation.method == .patch ? "{}" : ""
        let method = HTTPRequest.Method(operation.method.rawValue)!
        let reply = try await caller.call(method, path, body: body, key: key)
        #expect(reply.status == 403, "\(operation.name): \(reply.text)")
      }
      #expect(lab.snapshot.revision == before)
    }
  }
}
