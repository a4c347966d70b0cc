import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation
import NIOHTTP1

struct VPCCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vpc", abstract: "VPCs: ranges that subnets are cut from.",
    subcommands: [List.self, Create.self, Update.self, Delete.self], defaultSubcommand: List.self)

  static let columns: [Table.Column] = [
    .init("ID", "id"), .init("NAME", "name"), .init("CIDR", "cidr"), .init("STATUS", "status"),
  ]

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All VPCs of the project.")
    @OptionGroup var options: ClientOptions

    func run() async throws {
      let client = try options.client()
      try options.show(try await client.rows(client.networkPath("/vpcs"), key: "vpcs"), VPCCommand.columns)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a VPC.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "Its name: letters, digits, _ - .") var name: ResourceName
    @Option(help: "Its range, such as 192.168.0.0/16.") var cidr: IPv4Network

    func run() async throws {
      let client = try options.client()
      let request = NewVPC(name: name, description: .empty, network: cidr)
      let body = JSONWriter.data { $0.body(request) }
      try options.show(
        try await client.call(.POST, client.networkPath("/vpcs"), body: body, as: JSON.self)["vpc"],
        VPCCommand.columns)
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Delete a VPC that has no subnets.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The VPC's id.") var id: VPCID

    func run() async throws {
      let client = try options.client()
      try await client.call(.DELETE, client.networkPath("/vpcs/\(id)"))
    }
  }
}

struct SubnetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subnet", abstract: "Subnets: for tunnels, or to be stretched.",
    subcommands: [List.self, Create.self, Update.self, Delete.self], defaultSubcommand: List.self)

  static let columns: [Table.Column] = [
    .init("ID", "id"), .init("NAME", "name"), .init("CIDR", "cidr"), .init("GATEWAY", "gateway_ip"),
    .init("VPC", "vpc_id"),
  ]

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All subnets of the project, or of a VPC.")
    @OptionGroup var options: ClientOptions
    @Option(help: "Only of this VPC.") var vpc: VPCID?

    func run() async throws {
      let client = try options.client()
      let query = vpc.map { [("vpc_id", "\($0)")] } ?? []
      try options.show(
        try await client.rows(client.networkPath("/subnets"), key: "subnets", query: query),
        SubnetCommand.columns)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a subnet.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "Its name: letters, digits, _ - .") var name: ResourceName
    @Option(help: "Its VPC.") var vpc: VPCID
    @Option(help: "Its range, inside the VPC's.") var cidr: IPv4Network
    @Option(help: "Its router; the range's first address when left out.") var gateway: IPv4Address?

    func run() async throws {
      let client = try options.client()
      let request = NewSubnet(
        vpc: vpc, name: name, description: .empty, network: cidr,
        gateway: gateway ?? IPv4Address(cidr.first.value | 1), isDHCPEnabled: true, nameServers: [],
        availabilityZone: nil)
      let body = JSONWriter.data { $0.body(request) }
      try options.show(
        try await client.call(.POST, client.networkPath("/subnets"), body: body, as: JSON.self)["subnet"],
        SubnetCommand.columns)
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Delete a subnet that nothing uses.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The subnet's id.") var id: SubnetID
    @Option(help: "Its VPC.") var vpc: VPCID

    func run() async throws {
      let client = try options.client()
      try await client.call(.DELETE, client.networkPath("/vpcs/\(vpc)/subnets/\(id)"))
    }
  }
}

struct AttachmentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attachment", abstract: "Where a subnet is on a node.",
    subcommands: [List.self, Create.self, Delete.self], defaultSubcommand: List.self)

  static let columns: [Table.Column] = [
    .init("ID", "id"), .init("NODE", "node"), .init("ROLE", "role"), .init("INTERFACE", "interface"),
    .init("BRIDGE", "bridge"), .init("SUBNET", "subnet_id"),
  ]

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All attachments of the project.")
    @OptionGroup var options: ClientOptions

    func run() async throws {
      let client = try options.client()
      try options.show(
        try await client.rows(client.ownPath("/attachments"), key: "attachments"), AttachmentCommand.columns)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say where a subnet is on a node.",
      discussion: """
        --tunnel names the underlay interface of a tunnel subnet; it keeps its own traffic. --interface gives an \
        interface of its own to a subnet that is to be stretched, and --bridge plugs a port into an existing Linux \
        bridge. `esw node` shows the nodes and their interfaces.
        """)
    @OptionGroup var options: ClientOptions
    @Argument(help: "The subnet's id.") var subnet: SubnetID
    @Option(help: "The node.") var node: NodeName
    @Option(help: "The underlay interface.") var tunnel: InterfaceName?
    @Option(help: "An interface that the stretched subnet has for itself.") var interface: InterfaceName?
    @Option(help: "A bridge that the stretched subnet is on.") var bridge: InterfaceName?

    func validate() throws {
      guard [tunnel, interface, bridge].compactMap({ $0 }).count == 1 else {
        throw ValidationError("one of --tunnel, --interface and --bridge must be given")
      }
    }

    func run() async throws {
      let client = try options.client()
      let point = bridge.map { AttachmentPoint.bridge($0) } ?? (tunnel ?? interface).map { .interface($0) }
      guard let point else {
        throw ValidationError("one of --tunnel, --interface and --bridge must be given")
      }
      let request = NewAttachment(
        subnet: subnet, node: node, role: tunnel == nil ? .layer2 : .tunnel, point: point)
      let body = JSONWriter.data { $0.body(request) }
      try options.show(
        try await client.call(.POST, client.ownPath("/attachments"), body: body, as: JSON.self)["attachment"],
        AttachmentCommand.columns)
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take an attachment away that nothing uses.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The attachment's id.") var id: AttachmentID

    func run() async throws {
      let client = try options.client()
      try await client.call(.DELETE, client.ownPath("/attachments/\(id)"))
    }
  }
}
