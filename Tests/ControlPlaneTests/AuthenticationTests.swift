import ESWModel
import ESWWire
import HTTPTypes
import HummingbirdTesting
import Testing

@Suite struct `The door of authentication` {
  static let paths = [
    "/", "/v3", "/nothing/here", Lab.v3 + "/instances", Lab.v3 + "/instances/x/connections", Lab.v1 + "/vpcs",
    Lab.ours + "/nodes", "/v3/{project_id}/l2cg/instances", "/openesw/v1/agent/node-1/configuration",
    "/openesw/v1/agent/node-1/report", "/openesw/v1/agent/", "/%2e%2e/%00",
  ]

  @Test(arguments: paths)
  func `answers 401 to the unsigned, whatever the path`(path: String) async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.send(.get, path)
      #expect(reply.status == 401)
      #expect(reply.code == "APIGW.0301")
      #expect(reply["error_msg"]?.hasPrefix("Incorrect IAM authentication information:") == true)
    }
  }

  @Test(arguments: [
    "/", "/v3", "/nothing/here", Lab.v3 + "/instances/a/b/c/d", "/v2" + Lab.v3.dropFirst(3) + "/instances",
  ])
  func `lets the signed through to a 404`(path: String) async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.call(.get, path)
      #expect(reply.status == 404)
      #expect(reply.code == "APIGW.0101")
    }
  }

  @Test(arguments: [HTTPRequest.Method.patch, .delete, .options, .connect, HTTPRequest.Method("BREW")!])
  func `answers 404 for another method on a path`(method: HTTPRequest.Method) async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.call(method, "\(Lab.v3)/instances")
      #expect(reply.status == 404)
      #expect(reply.code == "APIGW.0101")
    }
  }

  @Test func `answers HEAD without a body`() async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.call(.head, "\(Lab.v3)/instances")
      #expect(reply.status == 404)
      #expect(reply.text.isEmpty)
    }
  }

  @Test(arguments: ["\(Lab.v3)/instances", "\(Lab.v1)/vpcs", "\(Lab.ours)/attachments", "\(Lab.ours)/nodes"])
  func `answers 403 for another project's path`(path: String) async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.call(.get, path, key: Lab.foreignKey)
      #expect(reply.status == 403)
      #expect(reply.code == "l2cg.8009")
    }
  }

  @Test func `refuses an unknown key in the words of a wrong signature`() async throws {
    try await Lab.run { _, caller in
      let unknown = AccessKey(id: "nobody", secret: "SK", user: Lab.admin.id, createdAt: Lab.start)
      let wrong = AccessKey(id: "AK", secret: "wrong", user: Lab.admin.id, createdAt: Lab.start)
      let replies = (
        try await caller.call(.get, "\(Lab.v3)/instances", key: unknown),
        try await caller.call(.get, "\(Lab.v3)/instances", key: wrong)
      )
      #expect(replies.0.status == 401)
      #expect(replies.0["error_msg"] == replies.1["error_msg"])
    }
  }

  @Test(arguments: ["", "wrong", "agent token!", "agent toke"])
  func `refuses an agent without the token`(token: String) async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.agent(.get, "node-1/configuration", token: token)
      #expect(reply.status == 401)
    }
  }

  @Test func `refuses a user's signature on the agents' paths`() async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.call(.get, "/openesw/v1/agent/node-1/configuration")
      #expect(reply.status == 401)
    }
  }

  @Test func `refuses an agent's token on users' paths`() async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.send(.get, "\(Lab.v3)/instances", [.authorization: "Bearer \(Lab.token)"])
      #expect(reply.status == 401)
    }
  }

  @Test func `gives every answer its own request id`() async throws {
    try await Lab.run { _, caller in
      var seen: Set<String> = []
      for path in ["/", "\(Lab.v3)/instances", "\(Lab.v3)/flavors", "/nothing"] {
        let reply = try await caller.call(.get, path)
        let header = reply.headers[HTTPField.Name("X-Request-Id")!]
        #expect(header?.count == 32)
        #expect(reply["request_id"] == header)
        seen.insert(header ?? "")
      }
      #expect(seen.count == 4)
    }
  }
}

@Suite struct `The limits of a request` {
  @Test func `end a long URI with 414`() async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.send(.get, "/" + String(repeating: "a", count: 20_000))
      #expect(reply.status == 414)
      #expect(reply.code == "APIGW.0201")
    }
  }

  @Test func `end large headers with 431`() async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.send(.get, "/", [.userAgent: String(repeating: "a", count: 40_000)])
      #expect(reply.status == 431)
      #expect(reply.code == "APIGW.0201")
    }
  }

  @Test func `end a large body with 413`() async throws {
    try await Lab.run { lab, caller in
      let before = lab.snapshot.revision
      let body = String(repeating: " ", count: (12 << 20) + 1)
      let reply = try await caller.call(.post, "\(Lab.v3)/instances", body: body)
      #expect(reply.status == 413)
      #expect(reply.code == "APIGW.0201")
      #expect(lab.snapshot.revision == before)
    }
  }
}
