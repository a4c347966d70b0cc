import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

enum PortResource: Resource {
  typealias ID = PortID

  static let kind = ResourceKind(
    "port", "a port", list: .listPorts, show: .showPort, delete: .deletePort,
    columns: [
      .init("ID", "id"), .init("NAME", "name"), .init("ADDRESS", "fixed_ips.ip_address"),
      .init("OWNER", "device_owner"), .init("BOUND TO", "device_id"), .init("SUBNET", "network_id"),
    ])

  struct Filters: ListFilters {
    @Option(help: "Only those of this subnet, by id or name.") var subnet: Reference<SubnetResource>?
    @Option(help: "Only those that are bound to this connection, by id or name.")
    var connection: Reference<ConnectionResource>?
    @Option(help: "Only the one of this id.") var id: PortID?
    @Option(help: "Only those of exactly this name.") var name: String?

    func request(_ client: ESWClient, of kind: ResourceKind) async throws -> ListRequest {
      ListRequest(
        kind.list,
        query: [
          "id": id?.description, "name": name, "network_id": try await subnet?.id(client).description,
          "device_id": try await connection?.id(client).description,
        ])
    }
  }
}

struct PortCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "port", abstract: "Ports: addresses of a subnet that are kept, virtual IPs among them.",
    subcommands: [
      ListCommand<PortResource>.self, ShowCommand<PortResource>.self, Create.self, Update.self,
      DeleteCommand<PortResource>.self,
    ], defaultSubcommand: ListCommand<PortResource>.self)

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Keep an address of a subnet.",
      discussion: """
        --virtual makes it a virtual IP, which `esw vport bind` binds to a connection.

        Example:
          esw port create stretched --name service --address 192.168.0.9 --virtual
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The subnet, by id or name.") var subnet: Reference<SubnetResource>
    @Option(help: "The address; one is chosen when it is left out.") var address: IPv4Address?
    @Option(help: "A name: at most 255 letters, digits, Chinese characters, _ - or .")
    var name = PortName.empty
    @Flag(help: "An address that hosts share.") var virtual = false

    func run() async throws {
      let client = try options.client()
      let request = NewPort(
        subnet: try await subnet.id(client), name: name, owner: virtual ? .virtualAddress : .none,
        address: address)
      let body = JSONWriter.data { $0.body(request) }
      try options.show(
        try await client.answer(to: .createPort, body: body)["port"], PortResource.kind.columns)
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change a port's name; nothing else of it can change.", aliases: ["rename"])
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The port, by id or name.") var port: Reference<PortResource>
    @Option(help: "Its new name; \"\" for none.") var name: PortName

    func run() async throws {
      let client = try options.client()
      let ids = try await port.parameters(of: .updatePort, client).ids
      let body = JSONWriter.data { $0.body(PortUpdate(name: name)) }
      try options.show(
        try await client.answer(to: .updatePort, ids, body: body)["port"], PortResource.kind.columns)
    }
  }
}

extension PortName: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
