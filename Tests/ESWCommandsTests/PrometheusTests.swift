import AsyncHTTPClient
import ESWClient
import ESWWire
import Foundation
import NIOCore
import Testing

@testable import ESWCommands

private let docs = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("../../docs").standardized.path

private let hasPrometheus = Program.exists("prometheus") && Program.exists("promtool")

@Suite(.enabled(if: hasPrometheus, "Debian's package prometheus is missing"), .timeLimit(.minutes(3)))
struct `Metrics for Prometheus` {
  /// Names of the series on a page.
  private static func names(on page: [UInt8]) -> Set<String> {
    let lines = String(decoding: page, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("#") }
    return Set(lines.map { String($0.prefix { $0 != "{" && $0 != " " }) })
  }

  @Test func `are as promtool wants them`() async throws {
    let page = String(decoding: MetricsSample.view().page(.text), as: UTF8.self)
    let result = try await Program.run("promtool", ["check", "metrics"], input: page)
    #expect(result.status == 0, "\(result.errors)\(result.output)")
  }

  @Test func `are all described to users`() throws {
    let text = try String(contentsOfFile: "\(docs)/metrics.md", encoding: .utf8)
    let suffixes = ["_bucket", "_sum", "_count"]
    for name in Self.names(on: MetricsSample.view().page(.text)) {
      let family = suffixes.first { name.hasSuffix($0) }.map { String(name.dropLast($0.count)) } ?? name
      #expect(text.contains("`\(name)`") || text.contains("`\(family)`"), "\(name) is not in docs/metrics.md")
    }
  }

  @Test(arguments: ["grafana/openesw.json", "prometheus/alerts.yml"])
  func `are there when a dashboard or an alert asks for them`(file: String) throws {
    let text = try String(contentsOfFile: "\(docs)/\(file)", encoding: .utf8)
    let known = Self.names(on: MetricsSample.view().page(.text))
    let asked = Set(text.matches(of: /\b(?:openesw|esw)_[a-z_]+/).map { String($0.output) })
    #expect(asked.count > 10)
    for name in asked.sorted() where !known.contains(name) {
      Issue.record("\(file) asks for \(name), which no page has")
    }
  }

  @Test func `have a dashboard that Grafana can read`() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(docs)/grafana/openesw.json"))
    let dashboard = try JSONDecoder().decode(Dashboard.self, from: data)
    #expect(Set(dashboard.panels.map(\.id)).count == dashboard.panels.count)
    for panel in dashboard.panels where panel.type != "row" {
      #expect(panel.targets?.isEmpty == false, "\(panel.title) asks for nothing")
      #expect(panel.gridPos.x + panel.gridPos.w <= 24)
    }
  }

  private struct Dashboard: Decodable {
    struct Panel: Decodable {
      struct Place: Decodable {
        let x: Int
        let w: Int
      }
      struct Target: Decodable {
        let expr: String
      }
      let id: Int
      let type: String
      let title: String
      let gridPos: Place
      let targets: [Target]?
    }
    let panels: [Panel]
  }

  @Test func `have alerts that fire when they should`() async throws {
    for arguments in [
      ["check", "rules", "\(docs)/prometheus/alerts.yml"],
      ["test", "rules", "\(docs)/prometheus/alerts.test.yml"],
    ] {
      let result = try await Program.run("promtool", arguments)
      #expect(result.status == 0, "\(result.errors)\(result.output)")
    }
  }

  @Test func `are collected by a real one`() async throws {
    try await SimulatedServer.runInFolder { endpoint, _, folder in
      let prometheus = try await PrometheusProcess(of: endpoint, credentials: "\(folder.path)/metrics-token")
      let up = try await prometheus.value(of: #"up{job="openesw"}"#) { $0 == "1" }
      #expect(up == "1")
      let nodes = try await prometheus.value(of: #"openesw_node_info{dataplane="simulated"}"#) { $0 == "1" }
      #expect(nodes == "1")
      // Every query of the dashboard is one that it understands.
      let text = try Data(contentsOf: URL(fileURLWithPath: "\(docs)/grafana/openesw.json"))
      for panel in try JSONDecoder().decode(Dashboard.self, from: text).panels {
        for target in panel.targets ?? [] {
          let query = target.expr.replacing("$__rate_interval", with: "1m")
            .replacing("$connection", with: ".*")
          let status = try await prometheus.ask(query)["status"].text
          #expect(status == "success", "\(panel.title): \(query)")
        }
      }
      // It has asked again by now, so the page counts its first visit.
      let visits = #"openesw_api_requests_total{operation="ShowMetrics",code="200"}"#
      let count = try await prometheus.value(of: visits) { (Int($0) ?? 0) > 0 }
      #expect((Int(count ?? "") ?? 0) > 0)
      try await prometheus.stop()
    }
  }
}

/// A Prometheus that collects from one server, in a folder of its own.
private final class PrometheusProcess {
  private let process = Process()
  private let folder: String
  private let log: String
  private var endpoint = ""

  init(of target: String, credentials: String) async throws {
    folder = NSTemporaryDirectory() + "esw-prometheus-\(UUID().uuidString)"
    log = "\(folder)/log"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: log))
    let configuration = """
      global: {scrape_interval: 250ms, scrape_timeout: 250ms}
      rule_files: ["\(docs)/prometheus/alerts.yml"]
      scrape_configs:
        - job_name: openesw
          authorization: {credentials_file: "\(credentials)"}
          static_configs: [{targets: ["\(target.replacing("http://", with: ""))"]}]
      """
    try configuration.write(toFile: "\(folder)/prometheus.yml", atomically: true, encoding: .utf8)
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "prometheus", "--config.file=\(folder)/prometheus.yml", "--storage.tsdb.path=\(folder)/data",
      "--web.listen-address=127.0.0.1:0",
    ]
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    try Program.start(process)
    try await awaitReadiness()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(atPath: folder)
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private var text: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

  private func awaitReadiness() async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while !text.contains("Server is ready") {
      guard process.isRunning, ContinuousClock.now < deadline else { throw Failure(description: text) }
      try await Task.sleep(for: .milliseconds(50))
    }
    guard let address = text.firstMatch(of: /msg="Listening on" address=([0-9.:]+)/)?.output.1 else {
      throw Failure(description: text)
    }
    endpoint = "http://\(address)"
  }

  func ask(_ query: String) async throws -> JSON {
    var allowed = CharacterSet.alphanumerics
    allowed.insert(charactersIn: "-._~")
    let text = try #require(query.addingPercentEncoding(withAllowedCharacters: allowed))
    let reply = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: "\(endpoint)/api/v1/query?query=\(text)"), timeout: .seconds(20))
    let body = try await reply.body.collect(upTo: 1 << 20)
    return try JSONDecoder().decode(JSON.self, from: Data(body.readableBytesView))
  }

  /// Waits for a value that is as wanted.
  func value(of query: String, where isWanted: (String) -> Bool) async throws -> String? {
    let deadline = ContinuousClock.now + .seconds(60)
    var last: String?
    while ContinuousClock.now < deadline {
      if case .array(let rows) = try await ask(query)["data"]["result"], let row = rows.first,
        case .array(let pair) = row["value"], pair.count == 2
      {
        last = pair[1].text
        if isWanted(pair[1].text) { return last }
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    return last
  }

  func stop() async throws {
    process.terminate()
    let deadline = ContinuousClock.now + .seconds(30)
    while process.isRunning {
      guard ContinuousClock.now < deadline else { throw Failure(description: "it does not end: \(text)") }
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}
