import ESWClient
import ESWModel
import ESWWire
import Foundation
import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(3))) struct `Users and policies on the command line` {
  @Test func `names stand for users, groups, policies and projects`() async throws {
    let user = try await CommandLineUser()
    let anna = try await user.check("user", "create", "anna", "-q")
    let group = try await user.check("group", "create", "the operators", "-q")
    let policy = try await user.check("policy", "create", "look", "--allow", "esw:*:list", "-q")
    let project = try await user.check("project", "create", "laboratory", "-q")
    try await user.check("group", "add", "the operators", "anna")
    #expect(try await user.check("group", "users", group, "-q") == anna)
    #expect(try await user.check("user", "groups", "anna", "-q") == group)
    try await user.check("grant", "create", "the operators", "look", "--in", "laboratory")
    #expect(try await user.check("grant", "list", group, "--in", project, "-q") == policy)
    #expect(try await user.check("grant", "list", group, "-q").isEmpty)
    #expect(try await user.check("project", "show", "laboratory", "-q") == project)
    let unknown = try await user.esw("grant", "create", "the operators", "lock", "--in", "laboratory")
    #expect(unknown.status == CommandStatus.notFound.rawValue)
    #expect(unknown.errors.contains("there is no policy lock"))
    let both = try await user.esw("grant", "list", "the operators", "--domain", "--all-projects")
    #expect(both.status == CommandStatus.usage.rawValue && both.errors.contains("only one of --in"))
    // As of all others: a typo deletes nothing.
    let typo = try await user.esw("user", "delete", "anna", "ana")
    #expect(typo.status == CommandStatus.notFound.rawValue && typo.output.isEmpty)
    #expect(try await user.check("user", "show", anna, "-q") == anna)
  }

  @Test func `the secret of a key is shown once, says so, and is not lost by quiet`() async throws {
    let user = try await CommandLineUser()
    try await user.check("user", "create", "anna")
    let quiet = try await user.esw("key", "create", "anna", "-q")
    #expect(quiet.status == CommandStatus.usage.rawValue && quiet.errors.contains("lose the secret"))
    #expect(try await user.json("key", "list", "--user", "anna") == .array([]))
    let made = try await user.esw("key", "create", "anna", "-o", "json")
    #expect(made.errors == "the secret is shown this once and never again: keep it now\n")
    let key = try JSONDecoder().decode(JSON.self, from: Data(made.output.utf8))
    let secret = key["secret"].text
    #expect(!secret.isEmpty)
    for arguments in [["key", "show", key["access"].text], ["key", "list", "--user", "anna"]] {
      for format in ["table", "json"] {
        let result = try await user.run([try ESWProcess.executable().path] + arguments + ["-o", format])
        #expect(result.output.contains(key["access"].text) && !result.output.contains(secret))
      }
    }
    let unknown = try await user.esw("key", "show", "../../v3/users")
    #expect(unknown.status == CommandStatus.notFound.rawValue, "\(unknown)")
  }

  @Test func `help has an example that names the command`() async throws {
    let user = try await CommandLineUser()
    for command in [
      "user create", "user update", "group create", "group update", "group add", "key create",
      "policy create", "policy update", "grant create", "grant delete", "project create", "audit list",
    ] {
      let words = command.split(separator: " ").map(String.init)
      let help = try await user.run([try ESWProcess.executable().path, "help"] + words)
      #expect(help.output.contains("Example"), "\(help)")
      let shown = command == "audit list" ? "audit" : command
      #expect(help.output.contains("\n  esw \(shown)"), "\(help)")
    }
    let root = try await user.check("--help").split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for words in ["`esw key`", "`esw grant`", "`esw audit`", "--ca-file, ESW_CA_FILE", "https://"] {
      #expect(root.contains(words), "\(root)")
    }
  }
}

@Suite(.timeLimit(.minutes(3))) struct `The audit on the command line` {
  @Test func `has the newest first, says who and what, and which fields changed`() async throws {
    let user = try await CommandLineUser()
    let site = try await user.check("vpc", "create", "site", "--cidr", "192.168.0.0/16", "-q")
    try await user.check("vpc", "update", "site", "--description", "the first", "--name", "home")
    try await user.check("vpc", "delete", "home")
    let table = try await user.check("audit", "--limit", "3", "--no-headers").split(separator: "\n")
    let cells = table.map { $0.split(separator: " ").map(String.init) }
    try #require(cells.map(\.count) == [8, 8, 8], "\(table)")
    #expect(
      cells.map { $0[2...].joined(separator: " ") }
        == ["DeleteVpc deleted", "UpdateVpc changed", "CreateVpc created"]
        .map { "admin 127.0.0.1 \($0) vpc \(site)" })
    let ids = cells.map { $0[0] }
    #expect(
      try await user.check("audit", "--limit", "3", "-q").split(separator: "\n").map(String.init) == ids)
    // What is not asserted on: the second in which it was changed may be the one in which it was made.
    let diff = try await user.check("audit", "--operation", "UpdateVpc", "--diff").split(separator: "\n")
      .filter { !$0.contains("updated_at: ") }
    #expect(
      diff.dropFirst(2) == ["    description: (none) -> the first", "    name: site -> home"], "\(diff)")
    let client = try user.server.client()
    let rows = try await client.rows(
      client.path(of: .listAudit), key: "records", query: [("resource_id", site)])
    #expect(rows.count == 3)
    #expect(try await user.json("audit", "--resource", site) == .array(rows))
    #expect(try await user.json("audit", "show", ids[1]) == rows[1])
    let older = try await user.esw("audit", "show", "1000000")
    #expect(older.status == CommandStatus.notFound.rawValue && older.output.isEmpty, "\(older)")
    let wrong = try await user.esw("audit", "--diff", "-o", "json")
    #expect(wrong.status == CommandStatus.usage.rawValue)
  }

  @Test func `tells who was refused, of one user, and of all projects`() async throws {
    let user = try await CommandLineUser()
    try await user.check("user", "create", "anna")
    try await user.check("group", "create", "readers")
    try await user.check("group", "add", "readers", "anna")
    try await user.check("grant", "create", "readers", "ESW ReadOnlyAccess")
    let (_, settings) = try await user.keyHolder("anna")
    let refused = try await user.esw(
      "vpc", "create", "site", "--cidr", "10.0.0.0/16", overriding: settings)
    #expect(refused.status == CommandStatus.notAllowed.rawValue, "\(refused)")
    let denied = try await user.check("audit", "--user", "anna", "--outcome", "denied", "--no-headers")
    #expect(
      denied.contains("  anna  127.0.0.1  CreateVpc  denied ") && denied.hasSuffix("/vpcs"), "\(denied)")
    #expect(denied.split(separator: "\n").count == 1)
    #expect(try await user.json("audit", "--user", "anna", "--outcome", "changed") == .array([]))
    let everywhere = try await user.check("audit", "--all-projects", "--operation", "KeystoneCreateUser")
    #expect(everywhere.contains("KeystoneCreateUser  created  user "))
    #expect(try await user.json("audit", "--operation", "KeystoneCreateUser") == .array([]))
  }

  @Test func `shows fifty when nothing is said, and as many as are wanted`() async throws {
    let user = try await CommandLineUser()
    let client = try user.server.client()
    for number in 0..<52 {
      let request = NewVPC(
        name: try #require(ResourceName("vpc-\(number)")), description: .empty,
        network: try #require(IPv4Network("10.0.0.0/16")))
      try await client.call(.createVPC, body: JSONWriter.data { $0.body(request) })
    }
    #expect(try await user.check("audit", "-q").split(separator: "\n").count == 50)
    let all = try await user.check("audit", "-q", "--limit", "2000").split(separator: "\n").compactMap {
      Int($0)
    }
    #expect(all.count > 52 && all == all.sorted(by: >))
  }

  @Test func `differences are of fields, wherever they are, and steer no terminal`() throws {
    let record = """
      {"outcome": "changed", "before": {"id": "1", "list": [{"a": 1}], "deep": {"x": true, "gone": "y"}, "n": ""},
       "after": {"id": "1", "list": [{"a": 2}], "deep": {"x": false}, "n": "\\u001b[31mred"}}
      """
    let line = AuditLine(try JSONDecoder().decode(JSON.self, from: Data(record.utf8)))
    #expect(
      line.differences == [
        "deep.gone: y -> (none)", "deep.x: yes -> no", "list: a=1 -> a=2", "n: (none) -> \u{FFFD}[31mred",
      ])
  }
}
