import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

enum AttachmentResource: Resource {
  typealias ID = AttachmentID

  static let kind = ResourceKind(
    "attachment", "an attachment", list: .listAttachments, show: .showAttachment, delete: .deleteAttachment,
    columns: [
      .init("ID", "id"), .init("NODE", "node"), .init("ROLE", "role"), .init("INTERFACE", "interface"),
      .init("VLAN", "vlan.id"), .init("OUTER", "vlan.outer.id"), .init("BRIDGE", "bridge"),
      .init("SUBNET", "subnet_id"),
    ])

  struct Filters: ListFilters {
    @Option(help: "Only those of this subnet, by id or name.") var subnet: Reference<SubnetResource>?
    @Option(help: "Only those on this node.") var node: Reference<NodeResource>?

    func request(_ client: ESWClient, of kind: ResourceKind) async throws -> ListRequest {
      ListRequest(
        kind.list, query: ["subnet_id": try await subnet?.id(client).description, "node": node?.text])
    }
  }
}

struct AttachmentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attachment", abstract: "Where a subnet is on a node.",
    subcommands: [
      ListCommand<AttachmentResource>.self, ShowCommand<AttachmentResource>.self, Create.self,
      DeleteCommand<AttachmentResource>.self,
    ], defaultSubcommand: ListCommand<AttachmentResource>.self)

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say where a subnet is on a node.",
      discussion: """
        --tunnel names the underlay interface of a tunnel subnet; it keeps its own traffic. --interface gives an \
        interface of its own to a subnet that is to be stretched, and --bridge plugs a port into an existing Linux \
        bridge. With --vlan the subnet has only the frames of that VLAN, and the interface carries others beside it; \
        --outer-vlan names the tag nearer to the wire where there are two (QinQ). `esw node show NODE` shows a \
        node's interfaces.

        Examples:
          esw attachment create tunnel --node node-1 --tunnel eth0
          esw attachment create stretched --node node-1 --bridge br0
          esw attachment create stretched --node node-1 --interface eth1 --vlan 100
          esw attachment create stretched --node node-1 --interface eth1 --vlan 100 --outer-vlan 200:802.1ad
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The subnet, by id or name.") var subnet: Reference<SubnetResource>
    @Option(help: "The node.", completion: Reference<NodeResource>.defaultCompletionKind) var node: NodeName
    @Option(help: "The underlay interface.") var tunnel: InterfaceName?
    @Option(help: "An interface that the stretched subnet has for itself.") var interface: InterfaceName?
    @Option(help: "A bridge that the stretched subnet is on.") var bridge: InterfaceName?
    @Option(help: "The VLAN that the stretched subnet is on the interface: 1 to 4094.") var vlan: UInt16?
    @Option(help: "The tag before it, 802.1q unless another protocol is named: ID or ID:802.1ad.")
    var outerVlan: VLAN.Outer?

    func validate() throws {
      guard [tunnel, interface, bridge].compactMap({ $0 }).count == 1 else {
        throw ValidationError("one of --tunnel, --interface and --bridge must be given")
      }
      if vlan != nil && interface == nil { throw ValidationError("--vlan is on an --interface") }
      if outerVlan != nil && vlan == nil { throw ValidationError("--outer-vlan is before a --vlan") }
      if let vlan, VLAN(vlan) == nil { throw ValidationError("--vlan must be 1 to 4094") }
    }

    private var point: AttachmentPoint? {
      if let bridge { return .bridge(bridge) }
      if let interface, let tag = vlan.flatMap({ VLAN($0, outer: outerVlan) }) {
        return .trunk(interface, vlan: tag)
      }
      return (tunnel ?? interface).map { .interface($0) }
    }

    func run() async throws {
      let client = try options.client()
      guard let point else {
        throw ValidationError("one of --tunnel, --interface and --bridge must be given")
      }
      let request = NewAttachment(
        subnet: try await subnet.id(client), node: node, role: tunnel == nil ? .layer2 : .tunnel, point: point
      )
      let body = JSONWriter.data { $0.body(request) }
      try options.show(
        try await client.answer(to: .createAttachment, body: body)["attachment"],
        AttachmentResource.kind.columns)
    }
  }
}
