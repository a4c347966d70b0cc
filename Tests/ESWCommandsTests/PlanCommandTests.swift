import ESWClient
import Foundation
import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(3))) struct `esw plan` {
  private func withSwitch(_ body: (CommandLineUser) async throws -> Void) async throws {
    let user = try await CommandLineUser()
    try await user.report()
    try await user.makeNetwork()
    try await user.check("attachment", "create", "tunnel", "--node", "node-1", "--tunnel", "underlay0")
    try await user.check("attachment", "create", "stretched", "--node", "node-1", "--interface", "segment0")
    try await user.check("instance", "create", "edge", "--vpc", "site", "--tunnel-subnet", "tunnel")
    try await user.report()
    try await body(user)
  }

  private let connect = [
    "connection", "create", "l2", "--instance", "edge", "--subnet", "stretched", "--remote", "7127@192.0.2.1",
  ]

  private func run(_ user: CommandLineUser, _ words: [String]) async throws -> Program.Result {
    try await user.run([try ESWProcess.executable().path] + words)
  }

  @Test func `shows what the command would do, and does nothing`() async throws {
    try await withSwitch { user in
      let page = try await run(user, ["plan"] + connect)
      #expect(page.status == 0 && page.errors.isEmpty, "\(page.errors)")
      for line in [
        "5 steps on node-1", "make    connection l2", "  there    ip address add",
        "  1   change ip link set segment0",
        "frames: none is lost", "ok    vni",
      ] {
        #expect(page.output.contains(line), "\(line) in:\n\(page.output)")
      }
      // The flag behind it is the same, ids aside.
      let behind = try await run(user, connect + ["--dry-run"])
      #expect(behind.output.withoutAges == page.output.withoutAges)
      #expect(try await user.json("connection", "list") == .array([]))
    }
  }

  @Test func `prints the API's plan as JSON, and only commands by --quiet`() async throws {
    try await withSwitch { user in
      let plan = try await run(user, ["plan"] + connect + ["--output", "json"])
      let json = try JSONDecoder().decode(JSON.self, from: Data(plan.output.utf8))
      #expect(json["operation"].text == "CreateConnection")
      let quiet = try await run(user, ["plan"] + connect + ["-q"])
      #expect(quiet.output.split(separator: "\n").count == 5 && quiet.output.contains("map sources: from"))
    }
  }

  @Test func `has a status of its own when a check fails, and that of a refusal`() async throws {
    try await withSwitch { user in
      let inside = connect.dropLast() + ["7127@192.168.0.77"]
      let failing = try await run(user, ["plan"] + inside)
      #expect(failing.status == 10 && failing.output.contains("FAIL  remote"), "\(failing.output)")
      #expect(failing.errors.isEmpty)
      #expect(try await user.esw("plan", "subnet", "delete", "tunnel").status == 3)
      #expect(try await user.esw("plan", "vpc", "delete", "nobody").status == 5)
    }
  }

  @Test func `of deletions is one of each, and deletes nothing`() async throws {
    let user = try await CommandLineUser()
    try await user.check("vpc", "create", "one", "--cidr", "10.0.0.0/8")
    try await user.check("vpc", "create", "two", "--cidr", "172.16.0.0/12")
    let plan = try await user.esw("plan", "vpc", "delete", "one", "two")
    #expect(plan.status == 0, "\(plan.errors)")
    #expect(plan.output.contains("remove  vpc one") && plan.output.contains("remove  vpc two"))
    #expect(plan.errors.isEmpty, "\(plan.errors)")
    #expect(try await user.check("vpc", "list", "-q").split(separator: "\n").count == 2)
  }

  @Test(arguments: [["vpc", "list"], ["node"], ["connection", "show", "x"], ["doctor"]])
  func `is for commands that change something`(words: [String]) async throws {
    let user = try await CommandLineUser()
    let result = try await run(user, ["plan"] + words)
    #expect(result.status == 64 && result.errors.contains("changes nothing"), "\(result.errors)")
  }

  @Test func `explains itself, and what stands behind it`() async throws {
    let user = try await CommandLineUser()
    #expect(try await user.check("plan").contains("USAGE: esw plan"))
    #expect(try await user.check("plan", "--help").contains("USAGE: esw plan"))
    #expect(try await user.check("plan", "vpc", "create", "--help").contains("USAGE: esw vpc create"))
  }
}

extension String {
  /// Plans of one thing differ in the ages of reports.
  fileprivate var withoutAges: String {
    withoutIDs.replacingOccurrences(of: "[0-9]+ ms ago", with: "N ms ago", options: .regularExpression)
  }
}
