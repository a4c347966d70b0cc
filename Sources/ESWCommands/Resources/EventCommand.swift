import ArgumentParser
import ESWClient
import ESWModel
import ESWWire

struct EventCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "event", abstract: "What happened: hosts, statuses, nodes, drift, strangers.",
    subcommands: [List.self], defaultSubcommand: List.self)

  static let columns: [Table.Column] = [
    .init("ID", "id"), .init("TIME", "time"), .init("KIND", "kind"), .init("NODE", "node"),
    .init("CONNECTION", "connection_id"), .init("WHAT", "what"),
  ]

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The newest events first; with --follow also those to come.",
      discussion: """
        Examples:
          esw event list
          esw event list --connection l2 --limit 20
          esw event list --kind duplicate_held --since 2026-01-05T09:00:00Z
          esw event list --follow
        """)

    /// Between two questions of `--follow`.
    private static let pause = Duration.seconds(1)

    @OptionGroup var options: ClientOptions
    @Option(help: "Only those of this connection, by id or name.") var connection:
      Reference<ConnectionResource>?
    @Option(help: "Only these.") var kind: Happening.Kind?
    @Option(help: "Only from this moment on, in UTC, such as 2026-01-05T09:00:00Z.") var since: String?
    @Option(help: "Only what happened before this moment.") var before: String?
    @Option(help: "The most events to show.") var limit = 50
    @Flag(help: "The last at the end, and go on as they happen; JSON is a line each.")
    var follow = false

    func validate() throws {
      guard limit > 0 else { throw ValidationError("--limit must be 1 or more") }
      for (name, text) in [("--since", since), ("--before", before)] {
        guard text.map({ Timestamp(iso8601: $0) != nil }) ?? true else {
          throw ValidationError("\(name) wants a moment in UTC, such as 2026-01-05T09:00:00Z")
        }
      }
      guard !follow || before == nil else { throw ValidationError("--follow has no end, so no --before") }
    }

    func run() async throws {
      let client = try options.client()
      let filters: KeyValuePairs = [
        "connection_id": try await connection?.id(client).description, "kind": kind?.rawValue,
        "since": since, "before": before,
      ]
      let query = filters.compactMap { name, value in value.map { (name: name, value: $0) } }
      let path = client.path(of: .listEvents)
      let rows = try await client.rows(path, key: "events", query: query, limit: limit)
      guard follow else {
        return try options.show(
          options.output == .table ? rows.map { EventLine($0).cells } : rows, EventCommand.columns)
      }
      var last = try show(rows.reversed(), behind: 0)
      while !Task.isCancelled {
        try await Task.sleep(for: Self.pause)
        // Back to what was shown: events that came meanwhile may be more than a page.
        var size = 100
        var news: [JSON] = []
        repeat {
          news = try await client.rows(path, key: "events", query: query, limit: size)
          size *= 10
        } while news.count == size / 10 && EventLine.number(news.last) > last && size <= 100_000
        last = try show(news.reversed(), behind: last)
      }
    }

    /// - Returns: The number of the newest that was shown.
    private func show(_ rows: [JSON], behind last: Int64) throws -> Int64 {
      let news = rows.filter { EventLine.number($0) > last }
      for row in news {
        try Terminal.result(options.output == .json ? row.line : EventLine(row).text)
      }
      return max(last, EventLine.number(news.last))
    }
  }
}

extension Happening.Kind: ExpressibleByArgument {}

/// An event as people read it.
struct EventLine {
  private let event: JSON

  init(_ event: JSON) { self.event = event }

  static func number(_ event: JSON?) -> Int64 { event.flatMap { Int64($0["id"].text) } ?? 0 }

  /// What `EventCommand.columns` show.
  var cells: JSON {
    .object([
      "id": event["id"], "time": event["time"], "kind": event["kind"], "node": event["node"],
      "connection_id": event["connection_id"], "what": .string(what),
    ])
  }

  /// One line by itself.
  var text: String {
    let names = ["time", "kind", "node", "connection_id"].map { event[$0].text }
    return Table.printable((names + [what]).filter { !$0.isEmpty }.joined(separator: "  "))
  }

  private var what: String {
    switch event["kind"].text {
    case "host_learned": "\(host) is \(place)"
    case "host_moved": "\(host) is \(place) now, move \(event["moves"].text)"
    case "host_gone": "\(host) has not been heard for long, last \(place)"
    case "duplicate_held": "\(host) is on both sides, held \(place)"
    case "status_changed":
      [event["status.from"].text, "->", event["status.to"].text].filter { !$0.isEmpty }
        .joined(separator: " ") + reason
    case "node_silent": "no reports any more"
    case "node_back": "reports again"
    case "drift_healed": "\(event["count"].text) put right: \(steps)"
    case "source_refused":
      "\(event["stranger.source"].text) with VNI \(event["stranger.segmentation_id"].text)"
        + " (\(event["stranger.reason"].text))"
    case "left_out": "\(event["count"].text) events came too fast to be kept"
    default: ""
    }
  }

  private var host: String {
    [event["host.mac"].text, event["host.address"].text].filter { !$0.isEmpty }.joined(separator: " ")
  }

  private var place: String {
    event["host.side"].text == "local" ? "local" : "behind \(event["host.tunnel_ip"].text)"
  }

  private var reason: String {
    let text = event["status.reason"].text
    return text.isEmpty ? "" : ": \(text)"
  }

  private var steps: String {
    guard case .array(let steps) = event["steps"] else { return "" }
    return steps.map(\.text).joined(separator: "; ")
  }
}
