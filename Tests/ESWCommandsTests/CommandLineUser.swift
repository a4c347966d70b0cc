import ESWClient
import ESWModel
import Foundation
import GatewayAgent
import Testing

@testable import ESWCommands

/// The program as a user runs it, against a control plane without an agent.
struct CommandLineUser {
  let server: ServeProcess
  private let settings: [String: String]

  init() async throws {
    server = try await ServeProcess(["--no-agent"])
    let text = try String(contentsOfFile: server.folder + "/credentials", encoding: .utf8)
    settings = text.split(separator: "\n").reduce(into: ["ESW_ENDPOINT": server.endpoint]) { settings, line in
      let parts = line.dropFirst("export ".count).split(separator: "=", maxSplits: 1).map(String.init)
      if line.hasPrefix("export HUAWEICLOUD"), parts.count == 2 { settings[parts[0]] = parts[1] }
    }
  }

  /// - Parameter overriding: Settings of the environment that are to differ.
  func environment(_ overriding: [String: String] = [:]) -> [String] {
    settings.merging(overriding) { $1 }.map { "\($0)=\($1)" }.sorted()
  }

  func esw(_ arguments: String..., overriding: [String: String] = [:]) async throws -> Program.Result {
    try await run([try ESWProcess.executable().path] + arguments, overriding: overriding)
  }

  func run(
    _ command: [String], overriding: [String: String] = [:], input: String? = nil
  ) async throws -> Program.Result {
    try await Program.run("env", environment(overriding) + command, input: input)
  }

  /// Runs what has to succeed.
  ///
  /// - Returns: Standard output without the new line at its end.
  @discardableResult
  func check(_ arguments: String..., location: SourceLocation = #_sourceLocation) async throws -> String {
    let result = try await run([try ESWProcess.executable().path] + arguments)
    try #require(result.status == 0, "\(arguments): \(result.errors)", sourceLocation: location)
    return result.output.trimmingCharacters(in: .newlines)
  }

  func json(_ arguments: String...) async throws -> JSON {
    let result = try await run([try ESWProcess.executable().path] + arguments + ["--output", "json"])
    try #require(result.status == 0, "\(arguments): \(result.errors)")
    return try JSONDecoder().decode(JSON.self, from: Data(result.output.utf8))
  }

  /// The program in the background, by a shell that has the settings: its output and errors are one text.
  func start(_ arguments: String...) throws -> BackgroundCommand {
    try BackgroundCommand(environment() + [try ESWProcess.executable().path] + arguments)
  }

  /// The network that a switch needs: `site`, with the subnets `tunnel` and `stretched`.
  func makeNetwork() async throws {
    try await check("vpc", "create", "site", "--cidr", "192.168.0.0/16")
    try await check("subnet", "create", "tunnel", "--vpc", "site", "--cidr", "192.168.100.0/24")
    try await check("subnet", "create", "stretched", "--vpc", "site", "--cidr", "192.168.0.0/24")
  }

  /// A new key of a user that there is.
  ///
  /// - Returns: The user's id, and the settings with which commands are the user's.
  func keyHolder(_ name: String) async throws -> (id: String, settings: [String: String]) {
    let key = try await json("key", "create", name)
    return (
      key["user_id"].text,
      ["HUAWEICLOUD_SDK_AK": key["access"].text, "HUAWEICLOUD_SDK_SK": key["secret"].text]
    )
  }

  /// The agent of `node-1`, which nobody runs.
  var agent: PlayedAgent { PlayedAgent(endpoint: server.endpoint, folder: server.folder) }

  func report(problem: String? = nil) async throws { try await agent.report(problem: problem) }
}

/// Says what an agent would say.
struct PlayedAgent: Sendable {
  let endpoint: String
  /// The server's data.
  let folder: String

  /// Reports as the agent of `node-1` would.
  ///
  /// - Parameter problem: Why the newest configuration could not be taken; nil: it is carried out.
  func report(problem: String? = nil) async throws {
    let token = try String(contentsOfFile: folder + "/agent-token", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let node = try #require(NodeName("node-1"))
    let link = try HTTPAgentLink(endpoint: endpoint, node: node, token: token)
    let configuration = try #require(try await link.configuration(after: nil, of: nil))
    try await link.send(
      GatewayReport(
        node: node, store: configuration.store, generation: problem == nil ? configuration.generation : nil,
        dataplane: .simulated, kernelRelease: "6.6.0",
        interfaces: try ["underlay0", "segment0"].map(Self.interface),
        problems: problem.map { [Problem(.configuration, $0)] } ?? [], connections: [], strangers: []))
  }

  private static func interface(_ name: String) throws -> InterfaceFact {
    InterfaceFact(
      name: try #require(InterfaceName(name)), index: name == "underlay0" ? 2 : 3, kind: nil, isUp: true,
      isPromiscuous: false, isLoopback: false, mtu: 1500, master: nil, hasDefaultRoute: false, addresses: [],
      isOurs: false)
  }
}

extension String {
  /// Ids and moments differ from run to run.
  var withoutIDs: String {
    replacingOccurrences(
      of: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
      with: "00000000-0000-0000-0000-000000000000", options: .regularExpression
    ).replacingOccurrences(
      of: "\\b[0-9a-f]{32}\\b", with: String(repeating: "0", count: 32), options: .regularExpression
    )
    .replacingOccurrences(
      of: "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z", with: "0000-00-00T00:00:00Z", options: .regularExpression)
  }
}

/// A command that is waited for later. It ignores nothing that the shell would not.
final class BackgroundCommand {
  private let process = Process()
  private let log = FileManager.default.temporaryDirectory.appendingPathComponent(
    "esw-\(UUID().uuidString).log")

  /// - Parameter arguments: Of `env`.
  init(_ arguments: [String]) throws {
    try Data().write(to: log)
    let handle = try FileHandle(forWritingTo: log)
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    try Program.start(process)
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(at: log)
  }

  var text: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  func signal(_ signal: Int32) { kill(process.processIdentifier, signal) }

  func wait(for wanted: String) async throws {
    for _ in 0..<1000 where !text.contains(wanted) && process.isRunning {
      try await Task.sleep(for: .milliseconds(20))
    }
    guard text.contains(wanted) else {
      throw ESWProcess.Failure(description: "no \"\(wanted)\" in:\n\(text)")
    }
  }

  /// - Returns: The exit status, or minus the signal that ended it.
  func end() async throws -> Int32 {
    for _ in 0..<1500 where process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
    guard !process.isRunning else { throw ESWProcess.Failure(description: "still runs:\n\(text)") }
    return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
  }
}
