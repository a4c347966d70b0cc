import ArgumentParser
import ESWClient
import ESWModel
import ESWWire

struct HostCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "host", abstract: "Who is where: the hosts that nodes have learned.",
    subcommands: [List.self], defaultSubcommand: List.self)

  static let columns: [Table.Column] = [
    .init("MAC", "mac"), .init("ADDRESS", "address"), .init("SIDE", "side"), .init("BEHIND", "tunnel_ip"),
    .init("CONNECTION", "connection_id"), .init("NODE", "node"), .init("SEEN, MS AGO", "seen_age_ms"),
    .init("SINCE, MS AGO", "since_age_ms"), .init("MOVES", "moves"), .init("HELD, MS", "held_ms"),
  ]

  enum Side: String, ExpressibleByArgument, CaseIterable {
    case local, remote
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "By connection and MAC address.",
      discussion: """
        Of a connection a node names the 256 hosts that it heard last, and of all at most 20,000.

        Examples:
          esw host list --connection l2
          esw host list --address 192.168.0.20
          esw host list --mac fa:16:3e --side remote
          esw host list --held
        """)
    @OptionGroup var options: ClientOptions
    @Option(help: "Only those of this connection, by id or name.") var connection:
      Reference<ConnectionResource>?
    @Option(help: "Only those that used this IPv4 address last.") var address: String?
    @Option(help: "Only those whose MAC address begins so, such as fa:16:3e.") var mac: String?
    @Option(help: "Only those on this side.") var side: Side?
    @Flag(help: "Only those that are on both sides and held on one.") var held = false
    @Option(help: "The most hosts to show.") var limit: Int?

    func validate() throws {
      guard limit.map({ $0 > 0 }) ?? true else { throw ValidationError("--limit must be 1 or more") }
    }

    func run() async throws {
      let client = try options.client()
      let filters: KeyValuePairs = [
        "connection_id": try await connection?.id(client).description, "address": address, "mac": mac,
        "side": side?.rawValue, "held": held ? "true" : nil,
      ]
      let query = filters.compactMap { name, value in value.map { (name: name, value: $0) } }
      let rows = try await client.rows(
        client.path(of: .listHosts), key: "hosts", query: query, limit: limit)
      try options.show(rows, HostCommand.columns)
    }
  }
}
