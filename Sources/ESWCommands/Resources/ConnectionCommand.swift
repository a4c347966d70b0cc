import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation
import NIOHTTP1

struct ConnectionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connection", abstract: "Connections: each stretches one subnet to one or two remotes.",
    subcommands: [List.self, Show.self, Create.self, Rename.self, Delete.self], defaultSubcommand: List.self)

  static let columns: [Table.Column] = [
    .init("ID", "id"), .init("NAME", "name"), .init("STATUS", "status"),
    .init("VNI", "remote_infos.segmentation_id"), .init("REMOTES", "remote_infos.tunnel_ip"),
    .init("FIXED IPS", "fixed_ips"), .init("CREATED", "created_at"),
  ]

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Connections of one switch, or of all.")
    @OptionGroup var options: ClientOptions
    @Option(help: "Only of this switch.") var instance: InstanceID?
    @Option(help: "Only those of this name.") var name: String?

    func run() async throws {
      let client = try options.client()
      let path = instance.map { "/instances/\($0)/connections" } ?? "/connections"
      let query = name.map { [("name", $0)] } ?? []
      try options.show(
        try await client.rows(client.switchPath(path), key: "connections", query: query),
        ConnectionCommand.columns)
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "One connection: status and why, evidence, counters, and who is where.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The connection's id.") var id: ConnectionID

    func run() async throws {
      let client = try options.client()
      let own = try await client.call(.GET, client.ownPath("/connections/\(id)"), as: JSON.self)["connection"]
      if options.output == .json { return Terminal.say(try ClientOptions.pretty(own)) }
      Terminal.say("\(own["name"].text): \(own["status"].text)")
      if case .string(let reason) = own["reason"] { Terminal.say("why: \(reason)") }
      try section(
        "", own["remotes"],
        [
          .init("REMOTE", "tunnel_ip"), .init("PORT", "tunnel_port"), .init("VNI", "segmentation_id"),
          .init("LAST IN, MS", "received_age_ms"), .init("LAST OUT, MS", "sent_age_ms"),
        ])
      let counters = own["counters"]
      Terminal.say(
        "\nto remote: \(counters["to_remote.frames"].text) frames, \(counters["to_remote.bytes"].text) bytes; "
          + "to local: \(counters["to_local.frames"].text) frames, \(counters["to_local.bytes"].text) bytes")
      try section(
        "drops", own["drops"],
        [
          .init("DIRECTION", "direction"), .init("REASON", "reason"), .init("FRAMES", "frames"),
        ])
      try section(
        "hosts", own["hosts"],
        [
          .init("MAC", "mac"), .init("ADDRESS", "address"), .init("SIDE", "side"),
          .init("BEHIND", "tunnel_ip"),
          .init("SEEN, MS AGO", "seen_age_ms"),
        ])
    }

    private func section(_ title: String, _ rows: JSON, _ columns: [Table.Column]) throws {
      guard case .array(let rows) = rows, !rows.isEmpty else { return }
      Terminal.say(title.isEmpty ? "" : "\n\(title)")
      Terminal.say(Table(rows, columns: columns).text)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stretch a subnet.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "Its name: letters, digits, _ - .") var name: ResourceName
    @Option(help: "The switch.") var instance: InstanceID
    @Option(help: "The switch's VPC.") var vpc: VPCID
    @Option(help: "The layer-2 subnet.") var subnet: SubnetID
    @Option(
      help: ArgumentHelp("A remote as VNI@ADDRESS[:PORT]; once or twice.", valueName: "vni@address"))
    var remote: [RemoteArgument]
    @Option(help: "The switch's address in the subnet; none or two, and two are chosen for none.")
    var fixedIP: [IPv4Address] = []
    @Flag(help: "Wait until it is connected or, where nothing answers, disconnect.") var wait = false

    func validate() throws {
      guard Connection.remoteCountRange.contains(remote.count) else {
        throw ValidationError("--remote must be given once or twice")
      }
    }

    func run() async throws {
      let client = try options.client()
      let request = NewConnection(
        name: name, vpc: vpc, subnet: subnet, remotes: remote.map(\.endpoint),
        fixedAddresses: fixedIP.isEmpty ? nil : fixedIP)
      let path = client.switchPath("/instances/\(instance)/connections")
      var connection = try await client.call(
        .POST, path, body: JSONWriter.data { $0.body(request) }, as: JSON.self)["connection"]
      if wait {
        let path = "\(path)/\(connection["id"].text)"
        connection = try await Waiting.until(["connected", "disconnect"], failing: ["failed", "abnormal"]) {
          try await client.call(.GET, path, as: JSON.self)["connection"]
        }
      }
      try options.show(connection, ConnectionCommand.columns)
    }
  }

  struct Rename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Give a connection another name.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The connection's id.") var id: ConnectionID
    @Argument(help: "The new name.") var name: ResourceName

    func run() async throws {
      let client = try options.client()
      let path = try await client.path(of: id)
      let answer = try await client.call(
        .PUT, path, body: JSONWriter.data { $0.body(ConnectionUpdate(name: name)) }, as: JSON.self)
      try options.show(answer["connection"], ConnectionCommand.columns)
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End a stretch.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The connection's id.") var id: ConnectionID

    func run() async throws {
      let client = try options.client()
      try await client.call(.DELETE, try await client.path(of: id))
    }
  }
}

extension ESWClient {
  /// The API has a connection under its switch; who has only its id looks it up in the list of all.
  fileprivate func path(of connection: ConnectionID) async throws -> String {
    let rows = try await rows(
      switchPath("/connections"), key: "connections", query: [("id", "\(connection)")])
    guard let row = rows.first else { throw ValidationError("there is no connection \(connection)") }
    return switchPath("/instances/\(row["instance_id"].text)/connections/\(connection)")
  }
}
