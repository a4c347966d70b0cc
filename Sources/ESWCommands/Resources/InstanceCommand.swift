import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation
import NIOHTTP1

struct InstanceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "instance", abstract: "Switches: each has a tunnel address and carries connections.",
    subcommands: [List.self, Show.self, Create.self, Delete.self], defaultSubcommand: List.self)

  static let columns: [Table.Column] = [
    .init("ID", "id"), .init("NAME", "name"), .init("FLAVOR", "flavor_ref"), .init("STATUS", "status"),
    .init("TUNNEL IP", "tunnel_info.tunnel_ip"), .init("CREATED", "created_at"),
  ]

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All switches of the project.")
    @OptionGroup var options: ClientOptions
    @Option(help: "Only those of this name.") var name: String?

    func run() async throws {
      let client = try options.client()
      let query = name.map { [("name", $0)] } ?? []
      try options.show(
        try await client.rows(client.switchPath("/instances"), key: "instances", query: query),
        InstanceCommand.columns)
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "One switch, its status and why it is so.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The switch's id.") var id: InstanceID

    func run() async throws {
      let client = try options.client()
      let answer = try await client.call(.GET, client.switchPath("/instances/\(id)"), as: JSON.self)
      try options.show(answer["instance"], InstanceCommand.columns)
      guard options.output == .table else { return }
      let own = try await client.call(.GET, client.ownPath("/instances/\(id)"), as: JSON.self)
      if case .string(let reason) = own["instance.reason"] { Terminal.say("why: \(reason)") }
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a switch.",
      discussion: "Prints the switch; it is being built until its status is active (--wait waits for that).")
    @OptionGroup var options: ClientOptions
    @Argument(help: "Its name: letters, digits, _ - .") var name: ResourceName
    @Option(help: "The VPC of its tunnel subnet.") var vpc: VPCID
    @Option(help: "The tunnel subnet.") var tunnelSubnet: SubnetID
    @Option(help: "The tunnel address; one is chosen when it is left out.") var tunnelIP: IPv4Address?
    @Option(help: "l2cg.small.ha, l2cg.medium.ha or l2cg.large.ha.") var flavor = "l2cg.small.ha"
    @Option(help: "Zone of the active node.") var primary = "az1"
    @Option(help: "Zone of the standby node.") var standby = "az2"
    @Flag(help: "Wait until it is active.") var wait = false

    func run() async throws {
      let client = try options.client()
      let request = NewInstance(
        name: name, description: .empty, flavor: flavor, primaryZone: primary, standbyZone: standby, vpc: vpc,
        tunnelSubnet: tunnelSubnet, tunnelAddress: tunnelIP)
      var instance = try await client.call(
        .POST, client.switchPath("/instances"), body: JSONWriter.data { $0.body(request) }, as: JSON.self)[
          "instance"]
      if wait {
        let path = client.switchPath("/instances/\(instance["id"].text)")
        instance = try await Waiting.until(["active"], failing: ["failed", "abnormal"]) {
          try await client.call(.GET, path, as: JSON.self)["instance"]
        }
      }
      try options.show(instance, InstanceCommand.columns)
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Delete a switch that has no connections.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The switch's id.") var id: InstanceID

    func run() async throws {
      let client = try options.client()
      try await client.call(.DELETE, client.switchPath("/instances/\(id)"))
    }
  }
}

/// Waits for what is asynchronous, with a line that says so on a terminal.
enum Waiting {
  static let interval = Duration.milliseconds(500)
  /// As long as the vendor's Terraform provider waits for a switch (contract section 3.4).
  static let patience = Duration.seconds(30 * 60)

  static func until(
    _ good: Set<String>, failing bad: Set<String>, _ look: () async throws -> JSON
  ) async throws -> JSON {
    let started = ContinuousClock.now
    let isTerminal = isatty(2) == 1
    defer { if isTerminal { write("\r\u{1B}[K") } }
    while true {
      let row = try await look()
      let status = row["status"].text
      if good.contains(status) { return row }
      if bad.contains(status) {
        throw ValidationError("\(row["name"].text) is \(status); `esw ... show \(row["id"].text)` says why")
      }
      let waited = ContinuousClock.now - started
      guard waited < patience else { throw ValidationError("\(row["name"].text) is still \(status)") }
      if isTerminal { write("\r\u{1B}[K\(row["name"].text): \(status), \(waited.components.seconds) s") }
      try await Task.sleep(for: interval)
    }
  }

  private static func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }
}
