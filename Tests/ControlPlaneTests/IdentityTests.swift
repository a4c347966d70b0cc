import ESWModel
import ESWWire
import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing

/// Ways to write a path that a router, a proxy or a careless comparison may take for the same.
private func spellings(of path: String) -> [String] {
  let rest = path.dropFirst()
  let slash = rest.firstIndex(of: "/")!
  let (first, second) = (rest[..<slash], rest[rest.index(after: slash)...])
  return [
    "//\(rest)", "///\(rest)", "/\(first)//\(second)", "\(path)/", "\(path)//", "/./\(rest)", "/../\(rest)",
    "/x/../\(rest)", "/\(first)/./\(second)", "/%2e/\(rest)", "/%2E%2e/\(rest)", "/%2F\(rest)",
    "/\(first)%2F\(second)", "/\(first)%2f\(second)",
    "/%\(String(rest.utf8.first!, radix: 16))\(rest.dropFirst())",
    path.uppercased(), "/\(first.capitalized)/\(second)", "\(path)%2F", "\(path);a=b", "\(path)%00",
    "http://localhost\(path)", "http://localhost/\(path)", "\\\(rest)", "/%5C\(rest)", String(rest),
  ]
}

@Suite struct `Users and agents` {
  static let questions = "/openesw/v1/agent/node-9/configuration"
  static let reports = "/openesw/v1/agent/node-9/report"
  static let signed: [String] = [questions] + spellings(of: questions)
  static let misspelled: [String] =
    spellings(of: questions) + spellings(of: "\(Lab.v3)/flavors") + spellings(of: "\(Lab.ours)/nodes")

  @Test(arguments: signed)
  func `a user's key opens no agent's question`(path: String) async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.call(.get, path)
      #expect([401, 404].contains(reply.status), "\(reply.text)")
      #expect(reply.code?.hasPrefix("APIGW.") == true)
    }
  }

  @Test(arguments: [reports] + spellings(of: reports))
  func `a user's key sends no agent's report`(path: String) async throws {
    try await Lab.run { lab, caller in
      try await caller.report()
      var report = String(
        decoding: try AgentLinkMessages.encode(try #require(lab.reports.received(from: Lab.node)).report),
        as: UTF8.self)
      report.replace("node-1", with: "node-9")
      let reply = try await caller.call(.put, path, body: report)
      #expect([401, 404].contains(reply.status), "\(reply.text)")
      #expect(lab.reports.received(from: NodeName("node-9")!) == nil)
    }
  }

  @Test(arguments: [
    "\(Lab.v3)/flavors", "\(Lab.v3)/instances", "\(Lab.v1)/vpcs", "\(Lab.v1)/subnets",
    "\(Lab.ours)/attachments", "\(Lab.ours)/nodes",
  ])
  func `an agent's token opens no user's path`(path: String) async throws {
    try await Lab.run { _, caller in
      let token: HTTPFields = [.authorization: "Bearer \(Lab.token)"]
      #expect(try await caller.send(.get, path, token).status == 401)
      for other in spellings(of: path) {
        let reply = try await caller.send(.get, other, token)
        #expect([401, 404].contains(reply.status), "\(other): \(reply.text)")
      }
    }
  }

  @Test(arguments: misspelled)
  func `a path is spelled in one way only`(path: String) async throws {
    try await Lab.run { _, caller in
      let signed = try await caller.call(.get, path)
      #expect([401, 403, 404].contains(signed.status), "\(signed.text)")
      let agents = try await caller.send(.get, path, [.authorization: "Bearer \(Lab.token)"])
      #expect([401, 404].contains(agents.status), "\(agents.text)")
    }
  }

  @Test(arguments: ["//", "/..", "\(Lab.v3)//flavors", "\(Lab.v3)/flavors/", "\(Lab.v3)/./flavors"])
  func `a path with an empty segment or a dot is a 404`(path: String) async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.call(.get, path)
      #expect(reply.status == 404 && reply.code == "APIGW.0101")
      #expect(try await caller.send(.get, path).status == 401)
    }
  }
}
