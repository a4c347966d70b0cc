import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

enum SubnetResource: Resource {
  typealias ID = SubnetID

  static let kind = ResourceKind(
    "subnet", "a subnet", list: .listSubnets, show: .showSubnet, delete: .deleteSubnet,
    columns: [
      .init("ID", "id"), .init("NAME", "name"), .init("CIDR", "cidr"), .init("GATEWAY", "gateway_ip"),
      .init("VPC", "vpc_id"),
    ])

  struct Filters: ListFilters {
    @Option(help: "Only those of this VPC, by id or name.") var vpc: Reference<VPCResource>?

    func request(_ client: ESWClient, of kind: ResourceKind) async throws -> ListRequest {
      ListRequest(kind.list, query: ["vpc_id": try await vpc?.id(client).description])
    }
  }
}

struct SubnetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subnet", abstract: "Subnets: for tunnels, or to be stretched.",
    subcommands: [
      ListCommand<SubnetResource>.self, ShowCommand<SubnetResource>.self, Create.self, Update.self,
      DeleteCommand<SubnetResource>.self,
    ], defaultSubcommand: ListCommand<SubnetResource>.self)

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a subnet.",
      discussion: """
        Example:
          esw subnet create stretched --vpc site --cidr 192.168.0.0/24 --gateway 192.168.0.1
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "Its name: 1 to 64 letters, digits, Chinese characters, _ - or .") var name: ResourceName
    @Option(help: "Its VPC, by id or name.") var vpc: Reference<VPCResource>
    @Option(help: "Its range, inside the VPC's.") var cidr: IPv4Network
    @Option(help: "Its router; the range's first address when left out.") var gateway: IPv4Address?
    @Option(help: "At most 255 characters without < and >.") var description: ResourceDescription = .empty
    @Option(help: ArgumentHelp("A name server; at most five times.", valueName: "address"))
    var dns: [IPv4Address] = []
    @Option(help: "Its availability zone; `esw zone` shows which there are.") var zone: String?
    @Flag(help: "Without DHCP.") var noDHCP = false

    func run() async throws {
      let client = try options.client()
      let request = NewSubnet(
        vpc: try await vpc.id(client), name: name, description: description, network: cidr,
        gateway: gateway ?? IPv4Address(cidr.first.value | 1), isDHCPEnabled: !noDHCP, nameServers: dns,
        availabilityZone: zone)
      let body = JSONWriter.data { $0.body(request) }
      try options.show(
        try await client.answer(to: .createSubnet, body: body)["subnet"], SubnetResource.kind.columns)
    }
  }
}
