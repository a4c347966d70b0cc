import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

/// A private IP is a port seen from its subnet; what is named by name is looked up among ports.
enum PrivateIPResource: Resource {
  typealias ID = PortID

  static let kind = ResourceKind(
    "private-ip", "a private IP", listMember: "ports", member: "privateip", parameter: "privateip_id",
    list: .listPorts, show: .showPrivateIP, delete: .deletePrivateIP,
    columns: [
      .init("ID", "id"), .init("ADDRESS", "ip_address"), .init("OWNER", "device_owner"),
      .init("STATUS", "status"), .init("SUBNET", "subnet_id"),
    ])
}

struct PrivateIPCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "private-ip", abstract: "Private IPs: the same addresses as ports, subnet by subnet.",
    subcommands: [
      List.self, ShowCommand<PrivateIPResource>.self, Create.self, DeleteCommand<PrivateIPResource>.self,
    ])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All private IPs of a subnet.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The subnet, by id or name.") var subnet: Reference<SubnetResource>
    @Option(help: "The most rows to show; all when left out.") var limit: Int?

    func validate() throws {
      guard limit ?? 1 > 0 else { throw ValidationError("--limit must be 1 or more") }
    }

    func run() async throws {
      let client = try options.client()
      let subnet = try await subnet.id(client).description
      let rows = try await client.rows(
        client.path(of: .listPrivateIPs, ["subnet_id": subnet]), key: "privateips", limit: limit)
      try options.show(rows, PrivateIPResource.kind.columns)
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Keep addresses of a subnet, all or none.",
      discussion: """
        Example:
          esw private-ip create stretched --address 192.168.0.9 --address 192.168.0.10
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The subnet, by id or name.") var subnet: Reference<SubnetResource>
    @Option(help: "An address, as often as wanted; one is chosen for none.") var address: [IPv4Address] = []
    @Flag(help: "Addresses that hosts share.") var virtual = false

    func run() async throws {
      let client = try options.client()
      let subnet = try await subnet.id(client)
      let wanted = address.isEmpty ? [nil] : address.map { Optional($0) }
      let request = NewPrivateIPs(
        wanted.map {
          NewPort(subnet: subnet, name: .empty, owner: virtual ? .virtualAddress : .none, address: $0)
        })
      let answer = try await client.answer(
        to: .createPrivateIPs, body: JSONWriter.data { $0.body(request) })
      guard case .array(let rows) = answer["privateips"] else {
        throw ClientError.answer("there are no privateips in it")
      }
      try options.show(rows, PrivateIPResource.kind.columns)
    }
  }
}
