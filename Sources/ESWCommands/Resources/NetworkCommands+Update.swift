import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation
import NIOHTTP1

extension VPCCommand {
  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Change a VPC; what is not named stays.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The VPC's id.") var id: VPCID
    @Option(help: "The new name.") var name: ResourceName?
    @Option(help: "The new description.") var description: ResourceDescription?
    @Option(help: "The new range; it must hold the VPC's subnets.") var cidr: IPv4Network?

    func run() async throws {
      let client = try options.client()
      let body = JSONWriter.data {
        $0.body(VPCUpdate(name: name, description: description, network: cidr))
      }
      try options.show(
        try await client.call(.PUT, client.networkPath("/vpcs/\(id)"), body: body, as: JSON.self)["vpc"],
        VPCCommand.columns)
    }
  }
}

extension SubnetCommand {
  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Change a subnet; what is not named stays.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The subnet's id.") var id: SubnetID
    @Option(help: "The new name.") var name: ResourceName?
    @Option(help: "The new description.") var description: ResourceDescription?
    @Option(help: "Whether hosts get their addresses by DHCP: true or false.") var dhcp: Bool?
    @Option(help: "A name server, as often as wanted; replaces all.") var nameServer: [IPv4Address] = []

    func run() async throws {
      let client = try options.client()
      let path = client.networkPath("/subnets/\(id)")
      let vpc = try await client.call(.GET, path, as: JSON.self)["subnet.vpc_id"].text
      let request = SubnetUpdate(
        name: name, description: description, isDHCPEnabled: dhcp,
        nameServers: nameServer.isEmpty ? nil : nameServer)
      try await client.call(
        .PUT, client.networkPath("/vpcs/\(vpc)/subnets/\(id)"), body: JSONWriter.data { $0.body(request) })
      try options.show(
        try await client.call(.GET, path, as: JSON.self)["subnet"], SubnetCommand.columns)
    }
  }
}

extension ResourceDescription: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
