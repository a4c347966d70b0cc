import ArgumentParser
import Dispatch
import ESWModel
import ESWPlanning
import ESWSeams
import Foundation
import GatewayAgent
import LinuxDataplane
import Logging
import SQLiteStore

/// A node with many connections, as it is in use, for whoever sends frames through it.
struct BenchmarkNodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "node", abstract: "Be a node with many connections until the input ends.",
    discussion: """
      The namespace has the interfaces underlay0 and trunk0. Says where each connection's frames come in, as a line \
      of JSON, when the agent has configured everything, and answers each line of input with what a look at the \
      evidence takes. The agent goes on as always; hosts are known for a day.
      """)

  @Option(help: "The node's network namespace, such as /run/netns/NAME.") var namespace: String
  @Option(help: "A folder below /sys/fs/bpf, which is removed.") var pins: String
  @Option(help: "An empty folder for the store.") var data: String
  @Option(help: "How many connections: 1 to 4,000.") var connections = 4000

  /// Looks at the evidence for one answer.
  private static let looks = 10

  func run() async throws {
    guard let node = NodeName("bench"), (1...4000).contains(connections) else {
      throw ValidationError("connections: 1 to 4,000")
    }
    let intent = BenchmarkIntent(folder: data)
    let settings = ForwardingSettings(ageingSeconds: ForwardingSettings.ageingRange.upperBound)
    try await intent.fill(
      connections, on: node, trunk: InterfaceName("trunk0"), forwarding: settings)
    let store = try intent.open()
    let configuration = GatewayConfiguration(for: node, from: store.snapshot)
    try await store.close()
    let dataplane = try LinuxDataplane(namespace: namespace, pins: pins)
    let (records, continuation) = AsyncStream.makeStream(of: AgentService.PassRecord.self)
    let agent = AgentService(
      node: node, link: StillAgentLink(configuration: configuration), dataplane: dataplane,
      ledger: try ConfigurationLedger(folder: data),
      logger: Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }
    ) { continuation.yield($0) }
    let running = Task { try await agent.run() }
    try await settle(records)
    Terminal.say(try Self.line(configuration.connections.compactMap(Entrance.init)))
    for await _ in Self.input() {
      Terminal.say(try Self.line(try await look(dataplane)))
    }
    running.cancel()
    _ = try? await running.value
    try LinuxDataplane.removePins(pins)
  }

  /// Waits for a pass that finds nothing left to do.
  private func settle(_ records: AsyncStream<AgentService.PassRecord>) async throws {
    for await record in records where record.generation != nil {
      guard record.problems.isEmpty else { throw ValidationError("\(record.problems[0].text)") }
      if record.steps.isEmpty { return }
    }
  }

  /// Milliseconds, medians; `evidence` includes the sweep.
  private func look(_ dataplane: LinuxDataplane) async throws -> [String: Double] {
    var times: [(observe: Double, evidence: Double)] = []
    var hosts = 0
    for _ in 0..<Self.looks {
      let start = ContinuousClock.now
      _ = try await dataplane.observe()
      let observed = ContinuousClock.now
      let evidence = try await dataplane.evidence()
      times.append(
        ((observed - start) / .milliseconds(1), (ContinuousClock.now - observed) / .milliseconds(1)))
      hosts = evidence.connections.values.reduce(0) { $0 + $1.hosts.count }
    }
    let middle = times.count / 2
    return [
      "hosts": Double(hosts), "observe": times.map(\.observe).sorted()[middle],
      "evidence": times.map(\.evidence).sorted()[middle],
    ]
  }

  private static func line(_ value: some Encodable) throws -> String {
    String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
  }

  /// Lines of standard input. Reading blocks, so it has a queue of its own.
  private static func input() -> AsyncStream<String> {
    AsyncStream { continuation in
      DispatchQueue(label: "input").async {
        while let line = readLine() { continuation.yield(line) }
        continuation.finish()
      }
    }
  }
}

/// What frames of a connection have where they come in.
private struct Entrance: Encodable {
  let vlan: UInt16
  let vni: UInt32
  let remote: String
  let tunnel: String

  init?(_ connection: ConnectionConfiguration) {
    guard let vlan = connection.point.vlan, let remote = connection.remotes.first else { return nil }
    self.vlan = vlan.id
    vni = remote.vni.value
    self.remote = "\(remote.address)"
    tunnel = "\(connection.tunnelAddress)"
  }
}
