import ArgumentParser
import ESWClient
import ESWModel
import ESWWire

enum NodeResource: Resource {
  typealias ID = NodeName

  static let kind = ResourceKind(
    "node", "a node", idMember: "name", list: .listNodes,
    columns: [
      .init("NODE", "name"), .init("DATA PLANE", "dataplane"), .init("KERNEL", "kernel"),
      .init("GENERATION", "generation"), .init("MAY FORWARD", "permission.granted"),
      .init("REPORTED, MS AGO", "report_age_ms"),
    ])

  struct Filters: ListFilters {
    @Option(help: "Only the one of this name.") var name: NodeName?

    func request(_ client: ESWClient, of kind: ResourceKind) -> ListRequest {
      ListRequest(kind.list, query: ["name": name?.description])
    }
  }

  /// What a person reads of a node: its interfaces, its problems, who knocked, and what was nobody's.
  static func text(of node: JSON) -> String {
    let sections = Section.text([
      Section(
        "interfaces", node["interfaces"],
        [
          .init("NAME", "name"), .init("KIND", "kind"), .init("UP", "up"), .init("MTU", "mtu"),
          .init("MASTER", "master"), .init("DEFAULT ROUTE", "default_route"),
          .init("ADDRESSES", "addresses"), .init("OURS", "ours"),
        ]),
      Section(
        "problems", node["problems"],
        [.init("SUBJECT", "subject"), .init("ID", "id"), .init("PROBLEM", "text")]),
      Section(
        "of others, on the way of our frames", node["interferences"],
        [
          .init("KIND", "kind"), .init("INTERFACE", "interface"), .init("NAME", "name"),
          .init("DROPS OF THE LAST 15 S", "recent_drops"),
        ]),
      Section(
        "strangers", node["strangers"],
        [
          .init("REASON", "reason"), .init("FRAMES", "frames"), .init("SOURCE", "source"),
          .init("VNI", "segmentation_id"), .init("LAST, MS AGO", "age_ms"),
        ]),
      Section(
        "drops of no connection", node["unclaimed.drops"],
        [.init("REASON", "reason"), .init("FRAMES", "frames")]),
    ])
    guard case .object = node["unclaimed"] else { return sections }
    let passed = "left to the kernel's VXLAN device: \(node["unclaimed.passed_to_slow"].text) packets"
    return [sections, passed].filter { !$0.isEmpty }.joined(separator: "\n\n")
  }
}

struct NodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "node", abstract: "Nodes that report, their interfaces and their problems.",
    subcommands: [ListCommand<NodeResource>.self, Show.self, Hold.self, Release.self, Permission.self],
    defaultSubcommand: ListCommand<NodeResource>.self)

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "One node: its interfaces, its problems, and who knocked without a connection.")
    @OptionGroup var options: ClientOptions
    @Argument(help: "The node's name.") var node: Reference<NodeResource>

    func run() async throws {
      let client = try options.client()
      let row = try await node.shown(client)
      guard options.isForPeople else { return try options.show(row, NodeResource.kind.columns) }
      try Terminal.result(Table([row], columns: NodeResource.kind.columns).text)
      let text = NodeResource.text(of: row)
      if !text.isEmpty { try Terminal.result("\n" + text) }
    }
  }
}
