import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

enum VPCResource: Resource {
  typealias ID = VPCID

  static let kind = ResourceKind(
    "vpc", "a VPC", list: .listVPCs, show: .showVPC, delete: .deleteVPC,
    columns: [
      .init("ID", "id"), .init("NAME", "name"), .init("CIDR", "cidr"), .init("STATUS", "status"),
      .init("DESCRIPTION", "description"),
    ])

  struct Filters: ListFilters {
    @Option(help: "Only the one of this id.") var id: VPCID?

    func request(_ client: ESWClient, of kind: ResourceKind) -> ListRequest {
      ListRequest(kind.list, query: ["id": id?.description])
    }
  }
}

struct VPCCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vpc", abstract: "VPCs: ranges that subnets are cut from.",
    subcommands: [
      ListCommand<VPCResource>.self, ShowCommand<VPCResource>.self, Create.self, Update.self,
      DeleteCommand<VPCResource>.self,
    ], defaultSubcommand: ListCommand<VPCResource>.self)

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a VPC.",
      discussion: """
        Example:
          esw vpc create site --cidr 192.168.0.0/16
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "Its name: 1 to 64 letters, digits, Chinese characters, _ - or .") var name: ResourceName
    @Option(help: "Its range, such as 192.168.0.0/16.") var cidr: IPv4Network
    @Option(help: "At most 255 characters without < and >.") var description: ResourceDescription = .empty

    func run() async throws {
      let client = try options.client()
      let body = JSONWriter.data { $0.body(NewVPC(name: name, description: description, network: cidr)) }
      try options.show(try await client.answer(to: .createVPC, body: body)["vpc"], VPCResource.kind.columns)
    }
  }
}
