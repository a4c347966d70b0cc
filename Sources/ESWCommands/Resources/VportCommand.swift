import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation

struct VportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vport", abstract: "Virtual IPs that a connection speaks for.",
    discussion: "`esw port list --connection CONNECTION` shows which are bound.",
    subcommands: [Bind.self, Unbind.self])

  struct Choice: ParsableArguments {
    @Argument(help: "The connection, by id or name.") var connection: Reference<ConnectionResource>
    @Argument(help: "The port, by id or name.") var port: Reference<PortResource>

    func send(_ operation: ESWWire.Operation, by options: ChangeOptions) async throws {
      let client = try options.client()
      let ids = ["connection_id": try await connection.id(client).description]
      let request = VportChoice(port: try await port.id(client))
      try await client.call(operation, ids, body: JSONWriter.data { $0.body(request) })
    }
  }

  struct Bind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a connection speak for a virtual IP of its subnet.",
      discussion: """
        Prints nothing. Binding what is bound already changes nothing.

        Example:
          esw vport bind l2 service
        """)
    @OptionGroup var options: ChangeOptions
    @OptionGroup var choice: Choice

    func run() async throws { try await choice.send(.bindVport, by: options) }
  }

  struct Unbind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a connection no longer speak for a virtual IP.", discussion: "Prints nothing.")
    @OptionGroup var options: ChangeOptions
    @OptionGroup var choice: Choice

    func run() async throws { try await choice.send(.unbindVport, by: options) }
  }
}
