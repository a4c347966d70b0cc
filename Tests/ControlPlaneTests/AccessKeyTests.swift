import ControlPlane
import ESWModel
import ESWSeams
import ESWWire
import HTTPTypes
import HummingbirdTesting
import Testing

private let keys = "/v3.0/OS-CREDENTIAL/credentials"

@Suite struct `An access key` {
  @Test func `shows its secret once`() async throws {
    try await Lab.run { lab, caller in
      let key = try await caller.makeKey(of: try await caller.makeUser("u"))
      #expect(key.secret.count == 40 && lab.snapshot.accessKey(key.id)?.secret == key.secret)
      for path in ["\(keys)/\(key.id)", "\(keys)?user_id=\(key.user)"] {
        let parts = path.split(separator: "?")
        let query = parts.count == 2 ? [("user_id", "\(key.user)")] : []
        let reply = try await caller.call(.get, String(parts[0]), query: query)
        #expect(reply.status == 200 && reply.text.contains(key.id) && !reply.text.contains(key.secret))
      }
    }
  }

  @Test func `that is disabled or deleted opens nothing from then on`() async throws {
    try await Lab.run { lab, caller in
      let key = try await caller.makeKey(of: try await caller.makeUser("u", policy: Policy.switchReader.id))
      let path = "\(keys)/\(key.id)"
      for (status, expected) in [("inactive", 401), ("active", 200)] {
        let body = #"{"credential":{"status":"\#(status)"}}"#
        #expect(try await caller.call(.put, path, body: body)["credential.status"] == status)
        let reply = try await caller.call(.get, "\(Lab.v3)/flavors", key: key)
        #expect(reply.status == expected, "\(reply.text)")
      }
      #expect(try await caller.call(.delete, path).status == 204)
      let gone = try await caller.call(.get, "\(Lab.v3)/flavors", key: key)
      #expect(gone.status == 401)
      #expect(gone["error_msg"]?.hasSuffix("verify aksk signature fail") == true)
      #expect(try await caller.call(.delete, path).code == "iam.8002")
    }
  }

  @Test func `of a disabled user opens nothing`() async throws {
    try await Lab.run { lab, caller in
      let user = try await caller.makeUser("u", policy: Policy.switchReader.id)
      let key = try await caller.makeKey(of: user)
      _ = try await caller.call(.patch, "/v3/users/\(user)", body: #"{"user":{"enabled":false}}"#)
      let reply = try await caller.call(.get, "\(Lab.v3)/flavors", key: key)
      #expect(reply.status == 401 && reply.code == "APIGW.0301")
      // Who does not have the secret does not learn that the user is disabled.
      let wrong = AccessKey(id: key.id, secret: "wrong", user: user, createdAt: Lab.start)
      let guess = try await caller.call(.get, "\(Lab.v3)/flavors", key: wrong)
      #expect(guess["error_msg"]?.hasSuffix("verify aksk signature fail") == true)
    }
  }

  @Test func `is everybody's own to make, change and delete`() async throws {
    try await Lab.run { lab, caller in
      let user = try await caller.makeUser("u")
      let key = try await caller.makeKey(of: user)
      let body = #"{"credential":{"user_id":"\#(user)","description":"second"}}"#
      let made = try await caller.call(.post, keys, body: body, key: key)
      #expect(made.status == 201, "\(made.text)")
      #expect(try await caller.call(.post, keys, body: body, key: key).code == "iam.8004")
      #expect(try await caller.call(.get, keys, key: key).count("credentials") == 2)
      let path = "\(keys)/\(made["credential.access"]!)"
      #expect(try await caller.call(.delete, path, key: key).status == 204)
    }
  }

  @Test func `of another user is closed, and as one that does not exist`() async throws {
    try await Lab.run { lab, caller in
      let key = try await caller.makeKey(of: try await caller.makeUser("u"))
      let before = lab.snapshot.revision
      for method in [HTTPRequest.Method.get, .put, .delete] {
        let body = method == .put ? #"{"credential":{"status":"inactive"}}"# : ""
        let foreign = try await caller.call(method, "\(keys)/\(Lab.foreignKey.id)", body: body, key: key)
        let unknown = try await caller.call(method, "\(keys)/NOSUCHKEY", body: body, key: key)
        #expect(foreign.status == 403 && foreign.code == "APIGW.0302")
        #expect((foreign.status, foreign["error_msg"]) == (unknown.status, unknown["error_msg"]))
      }
      let body = #"{"credential":{"user_id":"\#(Lab.admin.id)"}}"#
      #expect(try await caller.call(.post, keys, body: body, key: key).status == 403)
      let list = try await caller.call(.get, keys, query: [("user_id", "\(Lab.admin.id)")], key: key)
      #expect(list.status == 403)
      #expect(lab.snapshot.revision == before)
    }
  }

  @Test func `is closed even to its owner where a policy denies it`() async throws {
    try await Lab.run { lab, caller in
      let user = try await caller.makeUser("u")
      let key = try await caller.makeKey(of: user)
      let policy = try await caller.makePolicy(
        "no keys", #"{"Effect":"Deny","Action":["iam:credentials:*"]}"#)
      let group = try #require(lab.snapshot.identity.groups(of: user).first)
      let path = "/v3/domains/\(Lab.domain.id)/groups/\(group)/roles/\(policy)"
      #expect(try await caller.call(.put, path).status == 204)
      #expect(try await caller.call(.get, keys, key: key).status == 403)
    }
  }

  @Test func `writes nothing any more when it is taken away while its request is on the way`() async throws {
    try await Lab.run { lab, caller in
      let key = try await caller.makeKey(of: try await caller.makeUser("u", policy: Policy.switchUser.id))
      try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<20 {
          group.addTask {
            let body = #"{"vpc":{"name":"v\#(number)","cidr":"10.0.0.0/8"}}"#
            return try await caller.call(.post, "\(Lab.v1)/vpcs", body: body, key: key).status
          }
        }
        let disabled = try await caller.call(
          .put, "\(keys)/\(key.id)", body: #"{"credential":{"status":"inactive"}}"#)
        #expect(disabled.status == 200)
        let after = lab.snapshot.vpcs.count
        for try await status in group { #expect([200, 401].contains(status)) }
        #expect(lab.snapshot.vpcs.count == after)
      }
    }
  }
}

@Suite struct `Project discovery` {
  @Test func `finds exactly the project of the name`() async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.call(.get, "/v3/projects", query: [("name", "local-1")])
      #expect(reply.status == 200 && reply.count("projects") == 1)
      #expect(reply["projects.0.id"] == "\(Lab.project)")
      #expect(reply["projects.0.domain_id"] == "\(Lab.domain.id)")
      #expect(reply["links.self"] == "http://localhost/v3/projects")
    }
  }

  @Test func `shows a user only what is granted`() async throws {
    try await Lab.run { _, caller in
      for path in ["/v3/projects", "/v3/auth/projects"] {
        let reply = try await caller.call(.get, path, key: Lab.foreignKey)
        #expect(reply.ids("projects") == ["\(Lab.foreignProject)"])
      }
      let named = try await caller.call(
        .get, "/v3/projects", query: [("name", "local-1")], key: Lab.foreignKey)
      #expect(named.count("projects") == 0)
      let foreign = try await caller.call(.get, "/v3/projects/\(Lab.project)", key: Lab.foreignKey)
      let unknown = try await caller.call(
        .get, "/v3/projects/\(String(repeating: "0", count: 32))", key: Lab.foreignKey)
      #expect(foreign.status == 404 && foreign.code == unknown.code)
    }
  }

  @Test(arguments: ["page=1&per_page=1", "page=2&per_page=1"])
  func `goes by pages`(query: String) async throws {
    try await Lab.run { _, caller in
      let page = String(query.dropFirst(5).prefix(1))
      let reply = try await caller.call(.get, "/v3/projects", query: [("page", page), ("per_page", "1")])
      #expect(reply.count("projects") == 1)
      let half = try await caller.call(.get, "/v3/projects", query: [("page", page)])
      #expect(half.status == 400)
    }
  }
}

@Suite struct `The master key` {
  private let key = MasterKey(Array(repeating: 7, count: 32))!
  private let secret = Array("a secret".utf8)

  @Test func `opens what it sealed, under the same name`() throws {
    let sealed = try key.sealing.seal(secret, "a")
    #expect(try key.sealing.open(sealed, "a") == secret)
    #expect(sealed.count == secret.count + 28 && !sealed.contains(secret))
  }

  @Test func `seals no two things alike`() throws {
    #expect(try key.sealing.seal(secret, "a") != key.sealing.seal(secret, "a"))
  }

  @Test func `opens nothing under another name, of another key, or that was changed`() throws {
    let sealed = try key.sealing.seal(secret, "a")
    let other = try #require(MasterKey(Array(repeating: 8, count: 32)))
    #expect(throws: (any Error).self) { try key.sealing.open(sealed, "b") }
    #expect(throws: (any Error).self) { try other.sealing.open(sealed, "a") }
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 1
      #expect(throws: (any Error).self) { try key.sealing.open(changed, "a") }
    }
    #expect(throws: (any Error).self) { try key.sealing.open([], "a") }
  }

  @Test(arguments: [0, 16, 31, 33]) func `has 32 bytes`(count: Int) {
    #expect(MasterKey(Array(repeating: 7, count: count)) == nil)
  }
}
