import ESWWire
import Foundation
import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(3))) struct `Every operation` {
  /// What the commands leave out on purpose, and why. All else has a command and a step of a walk.
  private static let leftOut = [
    "CaptureConnection": "`esw capture --remote`: an answer that goes on is no step of a walk",
    "ShowVpcV3": "a VPC in another shape than that of `vpc show`, with nothing more in it",
    "KeystoneListAuthProjects": "the same as `project list`",
    "KeystoneShowCatalog": "for clients that look for endpoints; ours are told theirs",
    "KeystoneCheckUserInGroup": "`group users` shows it",
    "KeystoneCheckProjectPermissionForGroup": "`grant list` shows it",
    "KeystoneCheckDomainPermissionForGroup": "`grant list --domain` shows it",
    "KeystoneCheckroleForGroup": "`grant list --all-projects` shows it",
    "ListCustomPolicies": "`policy list` has these and those that are built in",
    "ShowCustomPolicy": "`policy show` shows these and those that are built in",
  ]

  /// The life of everything in a project, in the order in which it can be lived. `@NOUN` is what the last
  /// `-q` of that noun printed.
  private static let project: [[String]] = [
    ["vpc", "create", "site", "--cidr", "192.168.0.0/16"], ["vpc", "list"], ["vpc", "show", "site"],
    ["vpc", "update", "site", "--description", "the first"],
    ["subnet", "create", "tunnel", "--vpc", "site", "--cidr", "192.168.100.0/24"],
    ["subnet", "create", "stretched", "--vpc", "site", "--cidr", "192.168.0.0/24"],
    ["subnet", "update", "stretched", "--dns", "192.0.2.53"],
    ["subnet", "list", "--vpc", "site"], ["subnet", "show", "tunnel"], ["node", "list"],
    ["node", "show", "node-1"],
    ["attachment", "create", "tunnel", "--node", "node-1", "--tunnel", "underlay0", "-q"],
    ["attachment", "list", "--node", "node-1", "--subnet", "tunnel"], ["attachment", "show", "@attachment"],
    ["flavor"], ["zone"], ["quota"],
    ["port", "create", "stretched", "--name", "service", "--address", "192.168.0.9", "--virtual"],
    ["port", "list", "--subnet", "stretched"], ["port", "show", "service"],
    ["port", "update", "service", "--name", "shared"],
    ["private-ip", "create", "stretched", "--address", "192.168.0.10", "-q"],
    ["private-ip", "list", "stretched"], ["private-ip", "show", "@private-ip"],
    ["private-ip", "delete", "@private-ip"],
    ["instance", "create", "edge-01", "--vpc", "site", "--tunnel-subnet", "tunnel", "--wait"],
    ["instance", "list", "--name", "edge-01"], ["instance", "show", "edge-01"],
    ["instance", "diagnose", "edge-01"],
    ["instance", "update", "edge-01", "--name", "edge-02", "--description", "second"], ["job", "edge-02"],
    [
      "connection", "create", "l2", "--instance", "edge-02", "--subnet", "stretched", "--remote",
      "7127@192.168.111.111", "--wait",
    ],
    ["connection", "list", "--instance", "edge-02"],
    ["connection", "list", "--vpc", "site", "--subnet", "stretched"],
    ["top", "--once", "--interval", "1", "--instance", "edge-02"],
    ["connection", "show", "l2"], ["connection", "diagnose", "l2"], ["connection", "diagnose"],
    ["event", "list", "--connection", "l2"], ["host", "list", "--connection", "l2"],
    ["connection", "forwarding", "show", "l2"],
    ["connection", "forwarding", "set", "l2", "--profile", "esw", "--rule", "vrrp:to_remote=10"],
    ["vport", "bind", "l2", "shared"], ["port", "list", "--connection", "l2"],
    ["vport", "unbind", "l2", "shared"], ["port", "delete", "shared"],
    ["connection", "update", "l2", "--name", "l3"],
    ["connection", "delete", "l3", "--wait"], ["instance", "delete", "edge-02", "--wait"],
    ["attachment", "delete", "@attachment"], ["subnet", "delete", "tunnel", "stretched"],
    ["vpc", "delete", "site"], ["audit"],
  ]

  /// The same of users and what they may.
  private static let identity: [[String]] = [
    ["user", "list", "--name", "anna"], ["user", "show", "anna"],
    ["group", "create", "operators"], ["group", "list"], ["group", "show", "operators"],
    ["group", "update", "operators", "--name", "staff"], ["group", "add", "staff", "anna"],
    ["group", "users", "staff"], ["user", "groups", "anna"], ["group", "remove", "staff", "anna"],
    ["key", "list", "--user", "anna", "-q"], ["key", "show", "@key"], ["key", "disable", "@key"],
    ["key", "enable", "@key"], ["key", "delete", "@key"],
    ["policy", "create", "look", "--allow", "esw:*:list"],
    ["policy", "list"], ["policy", "show", "look"],
    ["policy", "update", "look", "see", "--allow", "esw:*:get"],
    ["project", "create", "laboratory"], ["project", "list"], ["project", "show", "laboratory"],
    ["grant", "create", "staff", "see", "--in", "laboratory"],
    ["grant", "list", "staff", "--in", "laboratory"],
    ["grant", "delete", "staff", "see", "--in", "laboratory"],
    ["grant", "create", "staff", "see", "--all-projects"], ["grant", "list", "staff", "--all-projects"],
    ["grant", "delete", "staff", "see", "--all-projects"],
    ["grant", "create", "staff", "see", "--domain"], ["grant", "list", "staff", "--domain"],
    ["grant", "delete", "staff", "see", "--domain"],
    ["policy", "delete", "see"], ["group", "delete", "staff"], ["user", "delete", "anna"],
    ["node", "hold", "node-1", "--reason", "new memory"], ["node", "permission", "node-1"],
    ["node", "release", "node-1"],
    ["audit", "--all-projects"],
  ]

  /// - Parameters:
  ///   - input: Of every step.
  ///   - overriding: Settings of the environment, to be somebody else.
  /// - Returns: The names of the operations that were asked for.
  private func walk(
    _ steps: [[String]], _ user: CommandLineUser, input: String? = nil, overriding: [String: String] = [:]
  ) async throws -> Set<String> {
    var reached: Set<String> = []
    var kept: [String: String] = [:]
    for step in steps {
      let arguments = step.map { $0.hasPrefix("@") ? kept[String($0.dropFirst())] ?? $0 : $0 }
      let result = try await user.run(
        [try ESWProcess.executable().path] + arguments + ["--verbose"], overriding: overriding, input: input)
      #expect(result.status == 0, "\(arguments): \(result.errors)")
      var asked: Set<ESWWire.Operation> = []
      if step.contains("-q") { kept[step[0]] = result.output.trimmingCharacters(in: .newlines) }
      for line in result.errors.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count > 2, let target = words.dropFirst().first?.prefix(while: { $0 != "?" && $0 != ":" })
        else {
          continue
        }
        asked.formUnion(Operation.all.filter { $0.matches(words[0], target) })
      }
      if asked.contains(where: \.isChange) {
        let help = try await Program.run(try ESWProcess.executable().path, arguments + ["--help"])
        #expect(help.output.contains("--dry-run"), "\(arguments): what changes something can be tried")
      }
      reached.formUnion(asked.map(\.name))
    }
    return reached
  }

  private func expect(_ doors: Set<ESWWire.Operation.Door>, areIn reached: Set<String>) {
    let names = Set(Operation.all.filter { doors.contains($0.door) }.map(\.name))
    #expect(
      names.subtracting(reached) == names.intersection(Self.leftOut.keys),
      "give them a command and a step of the walk")
  }

  @Test func `of a project can be asked for by a command`() async throws {
    let user = try await CommandLineUser()
    try await user.report()
    let agent = Task { [played = user.agent] in
      while !Task.isCancelled {
        try await Task.sleep(for: .milliseconds(300))
        try await played.report()
      }
    }
    defer { agent.cancel() }
    expect([.project], areIn: try await walk(Self.project, user))
  }

  @Test func `on users and what they may can be asked for by a command`() async throws {
    let user = try await CommandLineUser()
    try await user.report()
    let (before, after) = ("a first password", "a second password")
    var reached = try await walk([["user", "create", "anna"]], user)
    reached.formUnion(
      try await walk([["user", "update", "anna", "--password-file", "-"]], user, input: before + "\n"))
    reached.formUnion(try await walk([["key", "create", "anna"]], user))
    // Who may nothing else may still change the own password, which is named by id: names are looked up.
    let (anna, settings) = try await user.keyHolder("anna")
    reached.formUnion(
      try await walk(
        [["user", "password", anna]], user, input: "\(before)\n\(after)\n", overriding: settings))
    try await user.check("key", "delete", settings["HUAWEICLOUD_SDK_AK"] ?? "")
    reached.formUnion(try await walk(Self.identity, user))
    expect([.domain, .own, .user], areIn: reached)
  }

  @Test func `that is left out is one that there is`() {
    #expect(Set(Self.leftOut.keys).isSubset(of: Operation.all.map(\.name)))
  }
}

extension ESWWire.Operation {
  /// Whether it is what the request line asks for: a path without parameters goes before one with.
  fileprivate func matches(_ method: Substring, _ target: Substring) -> Bool {
    let (wanted, found) = (path.split(separator: "/"), target.split(separator: "/"))
    return self.method.rawValue == method && wanted.count == found.count
      && zip(wanted, found).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
  }
}
