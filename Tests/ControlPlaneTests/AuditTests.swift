import ESWModel
import ESWSeams
import ESWWire
import HTTPTypes
import Testing

@Suite(.timeLimit(.minutes(1))) struct `The audit` {
  @Test func `tells who changed what, before and after`() async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let connection = try await caller.makeConnection(network, on: instance)
      let path = "\(Lab.v3)/instances/\(instance)/connections/\(connection)"
      let renamed = try await caller.call(.put, path, body: #"{"connection":{"name":"renamed"}}"#)
      _ = try await caller.call(.delete, path)
      let reply = try await caller.call(
        .get, "\(Lab.ours)/audit", query: [("resource_id", connection)])
      #expect(reply.status == 200)
      #expect(reply.count("records") == 3)
      #expect(
        (0..<3).map { reply["records.\($0).operation"] } == [
          "DeleteConnection", "UpdateConnection", "CreateConnection",
        ])
      #expect(reply["records.1.before.name"] == "c-01")
      #expect(reply["records.1.after.name"] == "renamed")
      #expect(reply["records.1.request_id"] == renamed["request_id"])
      #expect(reply["records.1.access_key"] == Lab.key.id)
      #expect(reply["records.1.resource_type"] == "connection")
      #expect(reply.value("records.0.after") == .null)
      #expect(reply.value("records.2.before") == .null)
      #expect(reply["records.2.after.remote_infos.0.tunnel_ip"] == "192.0.2.1")
    }
  }

  @Test func `tells nothing of what only reads or is declined`() async throws {
    try await Lab.run { lab, caller in
      _ = try await caller.call(.get, "\(Lab.v3)/instances")
      _ = try await caller.call(.post, "\(Lab.v1)/vpcs", body: #"{"vpc":{"name":"v","cidr":"10.0.0.0/30"}}"#)
      #expect(try await caller.call(.get, "\(Lab.ours)/audit").count("records") == 0)
    }
  }

  @Test func `keeps a refusal for lack of rights, where the owner of the project sees it`() async throws {
    try await Lab.run { lab, caller in
      let refused = try await caller.call(.get, "\(Lab.v3)/instances", key: Lab.foreignKey)
      #expect(refused.status == 403)
      let reply = try await caller.call(.get, "\(Lab.ours)/audit", query: [("outcome", "denied")])
      #expect(reply.count("records") == 1)
      #expect(reply["records.0.operation"] == "ListInstances")
      #expect(reply["records.0.access_key"] == Lab.foreignKey.id)
      #expect(reply["records.0.path"] == "\(Lab.v3)/instances")
      #expect(reply["records.0.error_code"] == refused.code)
      #expect(reply["records.0.request_id"] == refused["request_id"])
    }
  }

  @Test func `shows a project its own records alone`() async throws {
    try await Lab.run { lab, caller in
      _ = try await caller.makeNetwork()
      let foreign = Lab.ours.replacing(Lab.project.description, with: Lab.foreignProject.description)
      #expect(try await caller.call(.get, "\(foreign)/audit", key: Lab.foreignKey).count("records") == 0)
      #expect(try await caller.call(.get, "\(Lab.ours)/audit").count("records") == 5)
    }
  }

  @Test func `is paged from the newest record on`() async throws {
    try await Lab.run { lab, caller in
      _ = try await caller.makeNetwork()
      var seen: [String] = []
      var marker: String?
      repeat {
        let query = [("limit", "2")] + (marker.map { [("marker", $0)] } ?? [])
        let reply = try await caller.call(.get, "\(Lab.ours)/audit", query: query)
        seen += reply.ids("records")
        marker = reply["page_info.next_marker"]
      } while marker != nil
      #expect(seen == ["5", "4", "3", "2", "1"])
    }
  }

  @Test(arguments: [("outcome", "lost"), ("marker", "x"), ("limit", "-1")])
  func `refuses a query that it does not understand`(name: String, value: String) async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.call(.get, "\(Lab.ours)/audit", query: [(name, value)])
      #expect(reply.status == 400)
      #expect(reply.code == "l2cg.8001")
    }
  }

  @Test func `keeps who knew a password and asked for a scope of others`() async throws {
    try await Lab.run { lab, caller in
      let secret = #"{"user":{"password":"correct horse battery"}}"#
      #expect(try await caller.call(.patch, "/v3/users/\(Lab.admin.id)", body: secret).status == 200)
      let body = """
        {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"admin",
         "password":"correct horse battery","domain":{"name":"default"}}}},
         "scope":{"project":{"id":"\(Lab.foreignProject)"}}}}
        """
      let refused = try await caller.send(.post, "/v3/auth/tokens", [.contentType: "application/json"], body)
      #expect(refused.status == 403)
      let denied = try await lab.store.audit(AuditQuery(kind: .denied, limit: 10))
      #expect(denied.map(\.entry.author.user) == [Lab.admin.id.description])
      #expect(denied.map(\.entry.author.operation) == ["KeystoneCreateUserTokenByPassword"])
      #expect(denied.map(\.entry.author.request) == [refused["request_id"]])
    }
  }

  @Test func `keeps that a disabled key was used, and where`() async throws {
    try await Lab.run { lab, caller in
      let user = try await caller.makeUser("u", policy: Policy.switchReader.id)
      let key = try await caller.makeKey(of: user)
      let body = #"{"user":{"enabled":false}}"#
      #expect(try await caller.call(.patch, "/v3/users/\(user)", body: body).status == 200)
      let refused = try await caller.call(.get, "\(Lab.v3)/instances", key: key)
      #expect(refused.status == 401)
      // Of who is not known there is nothing to keep.
      let unknown = AccessKey(id: "NOBODY", secret: "S", user: user, createdAt: Lab.start)
      #expect(try await caller.call(.get, "\(Lab.v3)/instances", key: unknown).status == 401)
      let denied = try await lab.store.audit(AuditQuery(project: Lab.project, kind: .denied, limit: 10))
      #expect(denied.map(\.entry.author.accessKey) == [key.id])
      #expect(denied.map(\.entry.author.user) == [user.description])
      #expect(denied.map(\.entry.author.operation) == ["ListInstances"])
      #expect(
        denied.map(\.entry.outcome) == [.denied(code: "APIGW.0301", path: "\(Lab.v3)/instances")])
    }
  }

  @Test func `holds no secret`() async throws {
    try await Lab.run { lab, caller in
      var user = Lab.admin
      user.password = PasswordHash(
        cost: try #require(PasswordHash.Cost(logarithm: 4, blockSize: 1, parallelism: 1)),
        salt: Array(repeating: 0xA5, count: 16), digest: Array(repeating: 0xC3, count: 32))
      let edits: [IntentEdit] = [.identity(.putKey(Lab.key)), .identity(.putUser(user))]
      let entries = AuditEntry.entries(
        of: edits, in: IntentSnapshot(store: lab.snapshot.store),
        by: .init(user: nil, userName: nil, accessKey: nil, source: "", operation: "", request: ""),
        at: lab.now)
      let texts = entries.map { entry -> String? in
        guard case .changed(_, _, _, let after) = entry.outcome else { return nil }
        return after
      }
      #expect(texts.count == 2)
      let (key, row) = (try #require(texts.first ?? nil), try #require(texts.last ?? nil))
      #expect(key.contains(#""\#(Lab.key.id)""#) && !key.contains(#""\#(Lab.key.secret)""#))
      #expect(row.contains("admin") && row.contains(#""has_password":true"#))
      for secret in ["a5a5", "c3c3", "scrypt"] { #expect(!row.lowercased().contains(secret)) }
    }
  }
}
