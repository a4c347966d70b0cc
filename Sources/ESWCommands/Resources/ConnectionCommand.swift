import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

struct ConnectionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connection", abstract: "Connections: each stretches one subnet to one or two remotes.",
    subcommands: [
      ListCommand<ConnectionResource>.self, ShowCommand<ConnectionResource>.self, Create.self, Update.self,
      Diagnose.self, ForwardingCommand.self, DeleteCommand<ConnectionResource>.self,
    ], defaultSubcommand: ListCommand<ConnectionResource>.self)

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Stretch a subnet.",
      discussion: """
        Prints the connection; it is pending until the node has it (--wait waits for connected or, where nothing \
        answers yet, disconnect).

        Example:
          esw connection create l2 --instance edge-01 --subnet stretched --remote 7127@192.168.111.111 --wait
        """)
    @OptionGroup var options: ChangeOptions
    @OptionGroup var waiting: WaitOptions
    @Argument(help: "Its name: 1 to 64 letters, digits, Chinese characters, _ - or .") var name: ResourceName
    @Option(help: "The switch, by id or name.") var instance: Reference<InstanceResource>
    @Option(help: "The switch's VPC, by id or name; it is looked up when left out.")
    var vpc: Reference<VPCResource>?
    @Option(help: "The layer-2 subnet, by id or name.") var subnet: Reference<SubnetResource>
    @Option(
      help: ArgumentHelp(
        "A remote; once or twice. VNIs are 1 to 16777215, the port is 4789 when left out.",
        valueName: "vni@address[:port]"))
    var remote: [RemoteArgument]
    @Option(help: "The switch's address in the subnet; none or two, and two are chosen for none.")
    var fixedIP: [IPv4Address] = []

    func validate() throws {
      guard Connection.remoteCountRange.contains(remote.count) else {
        throw ValidationError("--remote must be given once or twice")
      }
      guard fixedIP.isEmpty || fixedIP.count == 2 else {
        throw ValidationError("--fixed-ip must be given twice, or not at all")
      }
    }

    func run() async throws {
      let client = try options.client()
      let instance = try await instance.id(client)
      let request = NewConnection(
        name: name, vpc: try await vpc(of: instance, client), subnet: try await subnet.id(client),
        remotes: remote.map(\.endpoint), fixedAddresses: fixedIP.isEmpty ? nil : fixedIP)
      var connection = try await client.answer(
        to: .createConnection, ["instance_id": "\(instance)"], body: JSONWriter.data { $0.body(request) })[
          "connection"]
      if waiting.wait {
        let ids = ConnectionResource.kind.parameters(of: .showConnection, connection)
        connection = try await waiting.waiting(
          for: "connection \(name)",
          then: "`esw connection diagnose \(connection["id"].text)` shows how far it is, and why."
        ) { try await ConnectionResource.creation(ids, client) }
      }
      try options.show(connection, ConnectionResource.kind.columns)
    }

    private func vpc(of instance: InstanceID, _ client: ESWClient) async throws -> VPCID {
      if let vpc { return try await vpc.id(client) }
      let row = try await client.answer(to: .showInstance, ["instance_id": "\(instance)"])
      guard let id = VPCID(row["instance.tunnel_info.vpc_id"].text) else {
        throw ClientError.answer("the instance \(instance) has no vpc_id")
      }
      return id
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change a connection's name; nothing else of it can change.",
      discussion: """
        Example:
          esw connection update l2 --name l2-old
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The connection, by id or name.") var connection: Reference<ConnectionResource>
    @Option(help: "Its new name.") var name: ResourceName

    func run() async throws {
      let client = try options.client()
      let ids = try await connection.parameters(of: .updateConnection, client).ids
      let body = JSONWriter.data { $0.body(ConnectionUpdate(name: name)) }
      try options.show(
        try await client.answer(to: .updateConnection, ids, body: body)["connection"],
        ConnectionResource.kind.columns)
    }
  }

  struct Diagnose: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "A connection's cause and status, evidence, counters, drops, who is where; or all in trouble.",
      discussion: """
        Without a name: every connection of which something is wrong, each with its cause. `esw doctor CONNECTION` \
        says the cause alone, with an exit status.
        """)
    @OptionGroup var options: ClientOptions
    @Argument(help: "The connection, by id or name; none: those in trouble.")
    var connection: Reference<ConnectionResource>?

    private static let troubles: [Table.Column] = [
      .init("ID", "id"), .init("NAME", "name"), .init("SWITCH", "instance_name"), .init("STATUS", "status"),
      .init("CAUSE", "topic"), .init("WHAT", "what"),
    ]

    func run() async throws {
      let client = try options.client()
      guard let connection else {
        let rows = try await client.rows(client.path(of: .listDiagnoses), key: "diagnoses", query: [])
        return try options.show(rows, Self.troubles)
      }
      let row = try await ConnectionResource.diagnosis(try await connection.id(client).description, client)
      guard options.isForPeople else { return try options.show(row, ConnectionResource.kind.columns) }
      let parts = [FindingText.page(of: row), Diagnosis.text(of: row, withFindings: false)]
      try Terminal.result(parts.filter { !$0.isEmpty }.joined(separator: "\n\n"))
    }
  }
}
