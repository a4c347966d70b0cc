import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation
import NIOHTTP1

struct PortCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "port", abstract: "Ports: addresses of a subnet that are kept, virtual IPs among them.",
    subcommands: [List.self, Show.self, Create.self, Rename.self, Delete.self], defaultSubcommand: List.self)

  static let columns: [Table.Column] = [
    .init("ID", "id"), .init("NAME", "name"), .init("ADDRESS", "fixed_ips.ip_address"),
    .init("OWNER", "device_owner"), .init("BOUND TO", "device_id"), .init("SUBNET", "network_id"),
  ]

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "All ports of the project, of a subnet, or bound to a connection.")
    @OptionGroup var options: ClientOptions
    @Option(help: "Only of this subnet.") var subnet: SubnetID?
    @Option(help: "Only those that are bound to this connection.") var connection: ConnectionID?
    @Option(help: "Only those of this name.") var name: String?

    func run() async throws {
      let client = try options.client()
      let query = [
        subnet.map { ("network_id", "\($0)") }, connection.map { ("device_id", "\($0)") },
        name.map { ("name", $0) },
      ].compactMap { $0 }
      try options.show(
        try await client.rows(client.networkPath("/ports"), key: "ports", query: query), PortCommand.columns)
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One port.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The port's id.") var id: PortID

    func run() async throws {
      let client = try options.client()
      try options.show(
        try await client.call(.GET, client.networkPath("/ports/\(id)"), as: JSON.self)["port"],
        PortCommand.columns)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Keep an address of a subnet.",
      discussion: "--virtual makes it a virtual IP, which `esw vport bind` binds to a connection.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The subnet's id.") var subnet: SubnetID
    @Option(help: "The address; one is chosen when left out.") var address: IPv4Address?
    @Option(help: "A name: letters, digits, _ - .") var name = PortName.empty
    @Flag(help: "An address that hosts share.") var virtual = false

    func run() async throws {
      let client = try options.client()
      let request = NewPort(
        subnet: subnet, name: name, owner: virtual ? .virtualAddress : .none, address: address)
      let body = JSONWriter.data { $0.body(request) }
      try options.show(
        try await client.call(.POST, client.networkPath("/ports"), body: body, as: JSON.self)["port"],
        PortCommand.columns)
    }
  }

  struct Rename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Give a port another name.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The port's id.") var id: PortID
    @Argument(help: "The new name.") var name: PortName

    func run() async throws {
      let client = try options.client()
      let body = JSONWriter.data { $0.body(PortUpdate(name: name)) }
      try options.show(
        try await client.call(.PUT, client.networkPath("/ports/\(id)"), body: body, as: JSON.self)["port"],
        PortCommand.columns)
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give an address back that is bound to nothing.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The port's id.") var id: PortID

    func run() async throws {
      let client = try options.client()
      try await client.call(.DELETE, client.networkPath("/ports/\(id)"))
    }
  }
}

struct PrivateIPCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "private-ip", abstract: "Private IPs: the same addresses as ports, subnet by subnet.",
    subcommands: [List.self, Show.self, Create.self, Delete.self], defaultSubcommand: List.self)

  static let columns: [Table.Column] = [
    .init("ID", "id"), .init("ADDRESS", "ip_address"), .init("OWNER", "device_owner"),
    .init("STATUS", "status"), .init("SUBNET", "subnet_id"),
  ]

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All private IPs of a subnet.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The subnet's id.") var subnet: SubnetID

    func run() async throws {
      let client = try options.client()
      try options.show(
        try await client.rows(client.networkPath("/subnets/\(subnet)/privateips"), key: "privateips"),
        PrivateIPCommand.columns)
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One private IP.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The private IP's id.") var id: PortID

    func run() async throws {
      let client = try options.client()
      try options.show(
        try await client.call(.GET, client.networkPath("/privateips/\(id)"), as: JSON.self)["privateip"],
        PrivateIPCommand.columns)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Keep addresses of a subnet.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The subnet's id.") var subnet: SubnetID
    @Option(help: "An address, as often as wanted; one is chosen for none.") var address: [IPv4Address] = []

    func run() async throws {
      let client = try options.client()
      let wanted = address.isEmpty ? [nil] : address.map { Optional($0) }
      let request = NewPrivateIPs(
        wanted.map { NewPort(subnet: subnet, name: .empty, owner: .none, address: $0) })
      let body = JSONWriter.data { $0.body(request) }
      let answer = try await client.call(.POST, client.networkPath("/privateips"), body: body, as: JSON.self)
      guard case .array(let rows) = answer["privateips"] else { return }
      try options.show(rows, PrivateIPCommand.columns)
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give an address back that is bound to nothing.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The private IP's id.") var id: PortID

    func run() async throws {
      let client = try options.client()
      try await client.call(.DELETE, client.networkPath("/privateips/\(id)"))
    }
  }
}

struct VportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vport", abstract: "Virtual IPs that a connection speaks for.",
    subcommands: [Bind.self, Unbind.self])

  struct Choice: ParsableArguments {
    @Argument(help: "The connection's id.") var connection: ConnectionID
    @Argument(help: "The port's id.") var port: PortID

    func send(_ word: String, by options: ClientOptions) async throws {
      let client = try options.client()
      let body = JSONWriter.data { $0.body(VportChoice(port: port)) }
      try await client.call(.POST, client.switchPath("/connections/\(connection)/vports/\(word)"), body: body)
    }
  }

  struct Bind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a connection speak for a virtual IP of its subnet.")
    @OptionGroup var options: ClientOptions
    @OptionGroup var choice: Choice

    func run() async throws { try await choice.send("bind", by: options) }
  }

  struct Unbind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a connection no longer speak for a virtual IP.")
    @OptionGroup var options: ClientOptions
    @OptionGroup var choice: Choice

    func run() async throws { try await choice.send("unbind", by: options) }
  }
}

extension PortName: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
