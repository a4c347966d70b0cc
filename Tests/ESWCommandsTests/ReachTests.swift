import ESWWire
import Foundation
import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(3))) struct `Every operation` {
  /// Operations that have no command yet. The list may only shrink.
  private static let unreachable: Set<String> = [
    "UpdateVpc", "UpdateSubnet", "CreatePort", "ListPorts", "ShowPort", "UpdatePort", "DeletePort",
    "CreatePrivateip", "ListPrivateips", "ShowPrivateip", "DeletePrivateip", "BindVport", "UnbindVport",
    "ListAudit",
  ]

  /// The life of everything, in the order in which it can be lived.
  private static let walk: [[String]] = [
    ["vpc", "create", "site", "--cidr", "192.168.0.0/16"], ["vpc", "list"], ["vpc", "show", "site"],
    ["subnet", "create", "tunnel", "--vpc", "site", "--cidr", "192.168.100.0/24"],
    ["subnet", "create", "stretched", "--vpc", "site", "--cidr", "192.168.0.0/24"],
    ["subnet", "list", "--vpc", "site"], ["subnet", "show", "tunnel"], ["node", "list"],
    ["node", "show", "node-1"],
    ["attachment", "create", "tunnel", "--node", "node-1", "--tunnel", "underlay0"],
    ["attachment", "list", "--node", "node-1", "--subnet", "tunnel"], ["attachment", "show", "@attachment"],
    ["flavor"], ["zone"], ["quota"],
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
    ["connection", "show", "l2"], ["connection", "diagnose", "l2"],
    ["connection", "update", "l2", "--name", "l3"],
    ["connection", "delete", "l3", "--wait"], ["instance", "delete", "edge-02", "--wait"],
    ["attachment", "delete", "@attachment"], ["subnet", "delete", "tunnel", "stretched"],
    ["vpc", "delete", "site"],
  ]

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
    let operations = Operation.all.filter { $0.door == .project }
    var reached: Set<String> = []
    for step in Self.walk {
      var arguments = step
      if let place = step.firstIndex(of: "@attachment") {
        arguments[place] = try await user.check("attachment", "-q")
      }
      let result = try await user.run([try ESWProcess.executable().path] + arguments + ["--verbose"])
      #expect(result.status == 0, "\(arguments): \(result.errors)")
      for line in result.errors.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count > 2, let target = words.dropFirst().first?.prefix(while: { $0 != "?" && $0 != ":" })
        else {
          continue
        }
        reached.formUnion(operations.filter { $0.matches(words[0], target) }.map(\.name))
      }
    }
    let missed = Set(operations.map(\.name)).subtracting(reached)
    #expect(missed == Self.unreachable, "give them a command and a step of the walk")
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
