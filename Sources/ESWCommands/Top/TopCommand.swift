import ArgumentParser
import ESWClient
import ESWModel
import ESWWire
import Foundation
import UnixSignals

extension TrafficRates.Order: ExpressibleByArgument {}

struct TopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top", abstract: "Live rates of connections.",
    discussion: """
      Frames and bits a second each way (out: to the remotes), drops a second with their main reason, hosts, and how \
      long ago the last frame came in. On a terminal the page is kept up to date until Ctrl-C; else a table is \
      printed each interval. All connections are asked for in one call.

      Examples:
        esw top --sort drops
        esw top --once --output json | jq '.[] | select(.status != "connected") | .name'
      """)

  static let intervalRange = 1...3600

  @OptionGroup var options: ClientOptions
  @Option(help: "Only connections of this switch, by id or name.") var instance: Reference<InstanceResource>?
  @Option(help: "What to sort by, the most first.") var sort: TrafficRates.Order = .bits
  @Option(help: ArgumentHelp("How often to look; rates are of that time.", valueName: "seconds"))
  var interval = 2
  @Option(help: "The most rows to show; as many as there is room for on a terminal, else all.") var limit:
    Int?
  @Flag(help: "Look for one interval, print once, and end.") var once = false

  func validate() throws {
    guard Self.intervalRange.contains(interval) else {
      throw ValidationError("--interval must be 1 to \(Self.intervalRange.upperBound) seconds")
    }
    guard limit ?? 1 > 0 else { throw ValidationError("--limit must be 1 or more") }
    guard once || options.output == .table else { throw ValidationError("--output json needs --once") }
  }

  func run() async throws {
    let client = try options.client()
    let instance = try await instance?.id(client).description
    let look: @Sendable () async throws -> TrafficSample = { try await sample(client, instance) }
    if once {
      let first = try await look()
      try await Task.sleep(for: .seconds(interval))
      return try show(TrafficRates.all(from: first, to: try await look()))
    }
    try await untilInterrupted { try await keepShowing(look) }
  }

  private func sample(_ client: ESWClient, _ instance: String?) async throws -> TrafficSample {
    var rows: [JSON] = []
    var (moment, marker): (Int64?, String?)
    repeat {
      var query: [(name: String, value: String)] = []
      if let instance { query.append(("instance_id", instance)) }
      if let marker { query.append(("marker", marker)) }
      let answer = try await client.answer(to: .listTraffic, query: query)
      guard case .array(let page) = answer["traffic"], case .integer(let now) = answer["moment_ms"] else {
        throw ClientError.answer("ListTraffic has no traffic")
      }
      rows += page
      moment = moment ?? now
      marker = answer["page_info.next_marker"] == .null ? nil : answer["page_info.next_marker"].text
    } while marker != nil
    return TrafficSample(moment: moment ?? 0, rows: rows)
  }

  private func show(_ rates: [TrafficRates]) throws {
    let sorted = TrafficRates.sorted(rates, by: sort)
    switch (options.output, options.quiet) {
    case (.json, _): try Terminal.result(JSON.array(sorted.prefix(limit ?? .max).map(\.json)).pretty)
    case (.table, true): try options.show(sorted.prefix(limit ?? .max).map(\.row), [.init("NAME", "name")])
    case (.table, false):
      let table = TrafficTable(sorted, rows: limit, hasHeading: !options.noHeaders)
      try Terminal.result(table.text)
      options.note(table.headline)
    }
  }

  /// Ctrl-C is how one leaves: no failure.
  private func untilInterrupted(_ work: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      group.addTask { try await work() }
      group.addTask { for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return } }
      try await group.next()
    }
  }

  private func keepShowing(_ look: @Sendable () async throws -> TrafficSample) async throws {
    let screen = TopScreen()
    screen.open()
    defer { screen.close() }
    var before: TrafficSample?
    var known: [String: TrafficRates] = [:]
    while !Task.isCancelled {
      let now: TrafficSample
      do {
        now = try await look()
      } catch ClientError.unreachable {
        screen.tell("no answer from the server; asking again")
        try await Task.sleep(for: .seconds(interval))
        continue
      }
      let rates = TrafficRates.sorted(fill(TrafficRates.all(from: before, to: now), &known), by: sort)
      if screen.isTerminal {
        let size = screen.size
        let rows = min(limit ?? .max, max(size.rows - 4, 1))
        screen.show(TrafficTable(rates, rows: rows), sortedBy: sort.rawValue, width: size.columns)
      } else if before != nil {
        try show(rates)
      }
      before = now
      try await Task.sleep(for: .seconds(interval))
    }
  }

  /// Where a node has not reported anew, what was known of it stays.
  private func fill(_ rates: [TrafficRates], _ known: inout [String: TrafficRates]) -> [TrafficRates] {
    let filled = rates.map { rate in
      rate.toRemote == nil && rate.toLocal == nil
        ? known[rate.row["id"].text].map { rate.keeping($0) } ?? rate : rate
    }
    known = Dictionary(filled.map { ($0.row["id"].text, $0) }, uniquingKeysWith: { first, _ in first })
    return filled
  }
}
