import ControlPlane
import ESWModel
import ESWSeams
import ESWWire
import HTTPTypes
import HummingbirdTesting
import Simulation
import Testing

private let password = "correct horse battery"

private func loginBody(
  _ name: String = "admin", _ password: String = password, domain: String = "default", scope: String? = nil
) -> String {
  let scope = scope.map { #","scope":\#($0)"# } ?? ""
  return """
    {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"\(name)","password":"\(password)",
     "domain":{"name":"\(domain)"}}}}\(scope)}}
    """
}

private let ownProject = #"{"project":{"id":"\#(Lab.project)"}}"#

extension Caller {
  /// Gives the administrator a password.
  fileprivate func setPassword(_ text: String = password, of user: UserID = Lab.admin.id) async throws {
    let reply = try await call(
      .patch, "/v3/users/\(user)", body: #"{"user":{"password":"\#(text)"}}"#)
    #expect(reply.status == 200, "\(reply.text)")
  }

  fileprivate func login(_ body: String) async throws -> Reply {
    try await send(.post, "/v3/auth/tokens", [.contentType: "application/json"], body)
  }

  fileprivate func token(scope: String? = ownProject) async throws -> String {
    let reply = try await login(loginBody(scope: scope))
    #expect(reply.status == 201, "\(reply.text)")
    return reply.headers[HTTPField.Name("X-Subject-Token")!] ?? ""
  }

  fileprivate func with(
    _ token: String, _ method: HTTPRequest.Method, _ path: String, _ body: String = ""
  ) async throws -> Reply {
    try await send(
      method, path, [HTTPField.Name("X-Auth-Token")!: token, .contentType: "application/json"], body)
  }
}

@Suite struct `A token` {
  @Test func `has the shape of the vendor's`() async throws {
    try await Lab.run { _, caller in
      try await caller.setPassword()
      let reply = try await caller.login(loginBody(scope: ownProject))
      #expect(reply.status == 201)
      #expect(reply["token.project.id"] == "\(Lab.project)")
      #expect(reply["token.project.domain.name"] == "default")
      #expect(reply["token.user.id"] == "\(Lab.admin.id)")
      #expect(reply["token.user.domain.id"] == "\(Lab.domain.id)")
      #expect(reply["token.issued_at"] == "2026-01-05T09:00:00Z")
      #expect(reply["token.expires_at"] == "2026-01-06T09:00:00Z")
      #expect(reply["token.methods.0"] == "password")
      #expect(reply["token.roles.0.name"] == "Administrator")
      let types = (0..<3).compactMap { reply["token.catalog.\($0).type"] }
      #expect(types == ["esw", "iam", "vpc"])
      #expect(reply["token.catalog.0.endpoints.0.url"] == "http://localhost/v3/\(Lab.project)")
    }
  }

  @Test(arguments: [
    "\(Lab.v3)/flavors", "\(Lab.v3)/instances", "\(Lab.v1)/vpcs", "\(Lab.v1)/subnets",
    "\(Lab.ours)/attachments", "\(Lab.ours)/nodes", "/v3/projects", "/v3/auth/projects", "/v3/auth/domains",
    "/v3/auth/catalog",
  ])
  func `opens every API of its project`(path: String) async throws {
    try await Lab.run { _, caller in
      try await caller.setPassword()
      let reply = try await caller.with(try await caller.token(), .get, path)
      #expect(reply.status == 200, "\(reply.text)")
    }
  }

  @Test func `writes too`() async throws {
    try await Lab.run { lab, caller in
      try await caller.setPassword()
      let body = #"{"vpc":{"name":"v","cidr":"10.0.0.0/8"}}"#
      let reply = try await caller.with(try await caller.token(), .post, "\(Lab.v1)/vpcs", body)
      #expect(reply.status == 200, "\(reply.text)")
      #expect(lab.snapshot.vpcs.count == 1)
    }
  }

  @Test func `of one project opens no other, and nothing of the domain`() async throws {
    try await Lab.run { lab, caller in
      // The administrator may use the other project too, but this token may not.
      _ = try await lab.store.commit { _ in
        let grant = Grant(
          group: GroupID(high: 2, low: 1), policy: Policy.administrator.id, scope: .allProjects)
        return IntentChange(edits: [.identity(.putGrant(grant))], outcome: ())
      }
      try await caller.setPassword()
      let token = try await caller.token()
      let other = try await caller.with(token, .get, "/v3/\(Lab.foreignProject)/l2cg/flavors")
      #expect(other.status == 403 && other.code == "l2cg.8009")
      #expect(try await caller.call(.get, "/v3/\(Lab.foreignProject)/l2cg/flavors").status == 200)
      for path in ["/v3/users", "/v3/groups", "/v3/roles", "/v3.0/OS-CREDENTIAL/credentials"] {
        #expect(try await caller.with(token, .get, path).status == 403)
      }
      let key = #"{"credential":{"user_id":"\#(Lab.admin.id)"}}"#
      let made = try await caller.with(token, .post, "/v3.0/OS-CREDENTIAL/credentials", key)
      #expect(made.status == 403 && made.code == "APIGW.0302", "\(made.text)")
    }
  }

  @Test func `of one project names no other, and gives its user no new password`() async throws {
    try await Lab.run { lab, caller in
      _ = try await lab.store.commit { _ in
        let grant = Grant(
          group: GroupID(high: 2, low: 1), policy: Policy.administrator.id, scope: .allProjects)
        return IntentChange(edits: [.identity(.putGrant(grant))], outcome: ())
      }
      try await caller.setPassword()
      let (one, whole) = (try await caller.token(), try await caller.token(scope: nil))
      let domain = try await caller.token(scope: #"{"domain":{"name":"default"}}"#)
      for path in ["/v3/projects", "/v3/auth/projects"] {
        #expect(try await caller.with(one, .get, path).ids("projects") == ["\(Lab.project)"])
        for token in [whole, domain] {
          #expect(try await caller.with(token, .get, path).count("projects") == 2)
        }
      }
      let foreign = try await caller.with(one, .get, "/v3/projects/\(Lab.foreignProject)")
      #expect(foreign.status == 404)
      let body = #"{"user":{"original_password":"\#(password)","password":"another one, longer"}}"#
      let path = "/v3/users/\(Lab.admin.id)/password"
      let refused = try await caller.with(one, .post, path, body)
      #expect(refused.status == 403 && refused.code == "APIGW.0302", "\(refused.text)")
      #expect(try await caller.login(loginBody()).status == 201)
      #expect(try await caller.with(domain, .post, path, body).status == 204)
    }
  }

  @Test(arguments: [nil, #"{"domain":{"name":"default"}}"#])
  func `of the domain opens what its user may do there`(scope: String?) async throws {
    try await Lab.run { _, caller in
      try await caller.setPassword()
      let token = try await caller.token(scope: scope)
      #expect(try await caller.with(token, .get, "/v3/users").status == 200)
      #expect(try await caller.with(token, .get, "\(Lab.v3)/flavors").status == (scope == nil ? 200 : 403))
    }
  }

  @Test func `ends after 24 hours`() async throws {
    try await Lab.run { lab, caller in
      try await caller.setPassword()
      let token = try await caller.token()
      lab.pass(24 * 3600 - 1)
      #expect(try await caller.with(token, .get, "\(Lab.v3)/flavors").status == 200)
      lab.pass(1)
      let late = try await caller.with(token, .get, "\(Lab.v3)/flavors")
      #expect(late.status == 401 && late.code == "APIGW.0301")
    }
  }

  @Test func `is void once its user is disabled, and stays so`() async throws {
    try await Lab.run { lab, caller in
      let other = try await caller.makeUser("other", policy: Policy.switchReader.id)
      try await caller.setPassword(of: other)
      let reply = try await caller.login(loginBody("other", scope: ownProject))
      let token = reply.headers[HTTPField.Name("X-Subject-Token")!] ?? ""
      #expect(try await caller.with(token, .get, "\(Lab.v3)/flavors").status == 200)
      for enabled in [false, true] {
        _ = try await caller.call(
          .patch, "/v3/users/\(other)", body: #"{"user":{"enabled":\#(enabled)}}"#)
        #expect(try await caller.with(token, .get, "\(Lab.v3)/flavors").status == 401)
      }
      #expect(try await caller.login(loginBody("other", scope: ownProject)).status == 201)
    }
  }

  @Test func `is void once its user has another password`() async throws {
    try await Lab.run { _, caller in
      try await caller.setPassword()
      let token = try await caller.token(scope: nil)
      let body = #"{"user":{"original_password":"\#(password)","password":"another one, longer"}}"#
      let changed = try await caller.with(token, .post, "/v3/users/\(Lab.admin.id)/password", body)
      #expect(changed.status == 204, "\(changed.text)")
      #expect(try await caller.with(token, .get, "\(Lab.v3)/flavors").status == 401)
      #expect(try await caller.login(loginBody()).status == 401)
      #expect(try await caller.login(loginBody("admin", "another one, longer")).status == 201)
    }
  }

  @Test func `is void when its right is taken away, at once`() async throws {
    try await Lab.run { _, caller in
      let other = try await caller.makeUser("other", policy: Policy.switchReader.id)
      try await caller.setPassword(of: other)
      let reply = try await caller.login(loginBody("other", scope: ownProject))
      let token = reply.headers[HTTPField.Name("X-Subject-Token")!] ?? ""
      let group = try #require(caller.lab.snapshot.identity.groups(of: other).first)
      let path = "/v3/projects/\(Lab.project)/groups/\(group)/roles/\(Policy.switchReader.id)"
      #expect(try await caller.call(.delete, path).status == 204)
      let refused = try await caller.with(token, .get, "\(Lab.v3)/flavors")
      #expect(refused.status == 403 && refused.code == "l2cg.8009")
    }
  }

  @Test func `is good for nothing when any character of it is another`() async throws {
    try await Lab.run { _, caller in
      try await caller.setPassword()
      let token = try await caller.token()
      for index in token.indices {
        var tampered = token
        tampered.replaceSubrange(index...index, with: token[index] == "A" ? "B" : "A")
        // The last character may hold bits that no byte is made of.
        if index == token.indices.last { tampered = String(token.dropLast()) }
        #expect(try await caller.with(tampered, .get, "\(Lab.v3)/flavors").status == 401, "\(index)")
      }
      for wrong in ["", "x", token + "A", String(repeating: "A", count: 5000)] {
        #expect(try await caller.with(wrong, .get, "\(Lab.v3)/flavors").status == 401)
      }
    }
  }

  @Test func `of another server's key is none`() async throws {
    try await Lab.run { lab, caller in
      try await caller.setPassword()
      let token = try await caller.token()
      #expect(try await caller.with(token, .get, "\(Lab.v3)/flavors").status == 200)
      var settings = Lab.settings
      settings.tokenKey = TokenKey()
      try await lab.service(settings: settings).application.test(.router) { client in
        let other = Caller(client: client, lab: lab)
        let reply = try await other.with(token, .get, "\(Lab.v3)/flavors")
        #expect(reply.status == 401)
      }
    }
  }
}

@Suite struct `A password` {
  @Test func `is refused in the same words whatever is wrong`() async throws {
    try await Lab.run { _, caller in
      try await caller.setPassword()
      let bodies = [
        loginBody("admin", "wrong"), loginBody("nobody", password), loginBody("foreigner", password),
        loginBody(domain: "other"), loginBody("admin", ""), loginBody(String(repeating: "n", count: 3000)),
      ]
      var answers: Set<String> = []
      for body in bodies {
        let reply = try await caller.login(body)
        #expect(reply.status == 401 && reply.code == "APIGW.0301")
        answers.insert(reply["error_msg"] ?? "")
      }
      #expect(answers.count == 1)
    }
  }

  @Test func `of a disabled user opens nothing`() async throws {
    try await Lab.run { _, caller in
      let other = try await caller.makeUser("other", policy: Policy.switchReader.id)
      try await caller.setPassword(of: other)
      _ = try await caller.call(.patch, "/v3/users/\(other)", body: #"{"user":{"enabled":false}}"#)
      #expect(try await caller.login(loginBody("other")).status == 401)
    }
  }

  @Test(arguments: [
    #"{"project":{"id":"\#(Lab.foreignProject)"}}"#, #"{"project":{"name":"other"}}"#,
    #"{"project":{"id":"00000000000000000000000000000bad"}}"#, #"{"project":{"name":"no such"}}"#,
    #"{"project":{"id":"\#(Lab.project)","name":"other"}}"#, #"{"domain":{"name":"other"}}"#,
  ])
  func `opens no scope that is not the user's, and does not tell which there are`(scope: String) async throws
  {
    try await Lab.run { _, caller in
      try await caller.setPassword()
      let reply = try await caller.login(loginBody(scope: scope))
      #expect(reply.status == 403 && reply.code == "l2cg.8009", "\(reply.text)")
    }
  }

  @Test func `may be tried five times in a quarter of an hour`() async throws {
    try await Lab.run { lab, caller in
      try await caller.setPassword()
      for _ in 0..<5 { #expect(try await caller.login(loginBody("admin", "wrong")).status == 401) }
      let throttled = try await caller.login(loginBody())
      #expect(throttled.status == 429 && throttled.code == "APIGW.0308")
      // Keys are not concerned.
      #expect(try await caller.call(.get, "\(Lab.v3)/flavors").status == 200)
      lab.pass(15 * 60)
      #expect(try await caller.login(loginBody()).status == 201)
    }
  }

  @Test(arguments: ["short", #"with\u0007bell character"#, String(repeating: "x", count: 129)])
  func `is refused when it cannot be one`(text: String) async throws {
    try await Lab.run { _, caller in
      let body = #"{"user":{"password":"\#(text)"}}"#
      let reply = try await caller.call(.patch, "/v3/users/\(Lab.admin.id)", body: body)
      #expect(reply.status == 400)
    }
  }

  @Test func `is kept as a hash, and shown nowhere`() async throws {
    try await Lab.run { lab, caller in
      let body = #"{"user":{"name":"u","password":"\#(password)"}}"#
      let made = try await caller.call(.post, "/v3/users", body: body)
      #expect(made.status == 201 && !made.text.contains(password), "\(made.text)")
      let user = try #require(lab.snapshot.identity.user(named: IdentityName("u")!))
      #expect(user.password != nil && !"\(user)".contains(password))
    }
  }

  @Test(arguments: [
    "{}", #"{"auth":{}}"#, #"{"auth":{"identity":{"methods":["token"],"token":{"id":"x"}}}}"#,
    #"{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":1}}}}}"#, "not json",
  ])
  func `is asked for in one form only`(body: String) async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.login(body)
      #expect(reply.status == 400)
    }
  }

  @Test func `is asked for at one path only, and nothing else is open`() async throws {
    try await Lab.run { _, caller in
      let body = loginBody()
      for path in [
        "/v3/auth/tokens/", "//v3/auth/tokens", "/v3/auth/Tokens", "/v3/auth%2Ftokens", "/v3/auth",
      ] {
        let reply = try await caller.send(.post, path, [:], body)
        #expect(reply.status == 401, "\(path)")
      }
      let other = try await caller.send(.get, "/v3/auth/tokens")
      #expect(other.status == 401)
      let long = try await caller.send(.post, "/v3/auth/tokens", [:], String(repeating: " ", count: 20_000))
      #expect(long.status == 413)
    }
  }
}
