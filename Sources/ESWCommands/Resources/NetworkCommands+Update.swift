import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

extension VPCCommand {
  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change a VPC; what is not named stays.",
      discussion: """
        Example:
          esw vpc update site --name headquarters --cidr 192.168.0.0/17
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The VPC, by id or name.") var vpc: Reference<VPCResource>
    @Option(help: "Its new name.") var name: ResourceName?
    @Option(help: "Its new description; \"\" for none.") var description: ResourceDescription?
    @Option(help: "Its new range; it must hold the VPC's subnets.") var cidr: IPv4Network?

    func validate() throws {
      guard name != nil || description != nil || cidr != nil else {
        throw ValidationError("--name, --description or --cidr must be given")
      }
    }

    func run() async throws {
      let client = try options.client()
      let ids = try await vpc.parameters(of: .updateVPC, client).ids
      let body = JSONWriter.data {
        $0.body(VPCUpdate(name: name, description: description, network: cidr))
      }
      try options.show(
        try await client.answer(to: .updateVPC, ids, body: body)["vpc"], VPCResource.kind.columns)
    }
  }
}

extension SubnetCommand {
  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change a subnet; what is not named stays.",
      discussion: """
        Example:
          esw subnet update stretched --dhcp false --dns 192.0.2.53
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The subnet, by id or name.") var subnet: Reference<SubnetResource>
    @Option(help: "Its new name.") var name: ResourceName?
    @Option(help: "Its new description; \"\" for none.") var description: ResourceDescription?
    @Option(help: ArgumentHelp("Whether hosts get their addresses by DHCP.", valueName: "true|false"))
    var dhcp: Bool?
    @Option(help: ArgumentHelp("A name server, at most five times; replaces all.", valueName: "address"))
    var dns: [IPv4Address] = []

    func validate() throws {
      guard name != nil || description != nil || dhcp != nil || !dns.isEmpty else {
        throw ValidationError("--name, --description, --dhcp or --dns must be given")
      }
    }

    func run() async throws {
      let client = try options.client()
      let (ids, _) = try await subnet.parameters(of: .updateSubnet, client)
      let request = SubnetUpdate(
        name: name, description: description, isDHCPEnabled: dhcp, nameServers: dns.isEmpty ? nil : dns)
      _ = try await client.answer(to: .updateSubnet, ids, body: JSONWriter.data { $0.body(request) })
      // The API answers a change with no more than the id and the status.
      let shown = try await client.answer(to: .showSubnet, ["subnet_id": ids["subnet_id"] ?? ""])
      try options.show(shown["subnet"], SubnetResource.kind.columns)
    }
  }
}
