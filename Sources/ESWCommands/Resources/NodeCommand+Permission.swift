import ArgumentParser
import ESWClient
import ESWModel
import ESWWire

extension NodeCommand {
  static let permissionColumns: [Table.Column] = [
    .init("NODE", "node"), .init("HELD", "held"), .init("EPOCH", "epoch"), .init("SINCE", "since"),
    .init("REASON", "reason"),
  ]

  struct Hold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have a node forward nothing.",
      discussion: """
        No frame of any connection crosses the node, and it answers for no address, until it is released: the kernel \
        holds them back, also while the agent or the control plane is gone. Each is counted as `held`. The node gets \
        to know with its next configuration, mostly at once; `esw node permission` shows what is asked of it.

        Example:
          esw node hold gw-1 --reason "moved to gw-2"
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The node's name.") var node: NodeName
    @Option(help: "For those who ask why: up to 255 characters.") var reason: ResourceDescription = .empty

    func run() async throws {
      let body = JSONWriter.data { $0.body(HoldRequest(reason: reason)) }
      let answer = try await options.client().answer(to: .holdNode, ["node": "\(node)"], body: body)
      try options.show(answer["permission"], NodeCommand.permissionColumns)
    }
  }

  struct Permission: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Whether a node may forward, and who holds it why.",
      discussion: """
        Example:
          esw node permission gw-1
        """)
    @OptionGroup var options: ClientOptions
    @Argument(help: "The node's name.") var node: NodeName

    func run() async throws {
      let answer = try await options.client().answer(to: .showPermission, ["node": "\(node)"])
      try options.show(answer["permission"], NodeCommand.permissionColumns)
    }
  }

  struct Release: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a node forward again.",
      discussion: """
        Example:
          esw node release gw-1
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The node's name.") var node: NodeName

    func run() async throws {
      let answer = try await options.client().answer(to: .releaseNode, ["node": "\(node)"])
      try options.show(answer["permission"], NodeCommand.permissionColumns)
    }
  }
}
