import ArgumentParser
import ESWAdmission
import ESWModel
import ESWPlanning
import ESWSeams
import Foundation
import GatewayAgent
import LinuxDataplane
import Logging
import SQLiteStore

/// From stored intent to the kernel of a namespace and back, with the time of each stage.
struct BenchmarkScaleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scale", abstract: "Configure and remove many connections; say how long each stage took.",
    discussion: """
      The namespace has the interfaces underlay0, and trunk0 or, with --own-interfaces, eth0, eth1 and so on. Prints a \
      line of JSON a round, in milliseconds.
      """)

  @Option(help: "The node's network namespace, such as /run/netns/NAME.") var namespace: String
  @Option(help: "A folder below /sys/fs/bpf, which is removed.") var pins: String
  @Option(help: "An empty folder for the store.") var data: String
  @Option(help: "How many connections: 1 to 4,000.") var connections = 4000
  @Flag(help: "Each connection has an interface, and not a VLAN of trunk0.") var ownInterfaces = false
  @Option(help: "How often.") var rounds = 3
  @Option(help: "Passes without a change to be measured in each round.") var passes = 20

  func run() async throws {
    guard let node = NodeName("bench"), (1...4000).contains(connections), (1...100).contains(rounds),
      (1...1000).contains(passes)
    else { throw ValidationError("connections: 1 to 4,000; rounds: 1 to 100; passes: 1 to 1,000") }
    let intent = BenchmarkIntent(folder: data)
    try await intent.fill(connections, on: node, trunk: ownInterfaces ? nil : InterfaceName("trunk0"))
    for _ in 0..<rounds {
      var times = BenchmarkTimes()
      let store = try times.measure("read_store") { try intent.open() }
      let snapshot = store.snapshot
      let configuration = times.measure("compile") { GatewayConfiguration(for: node, from: snapshot) }
      guard configuration.connections.count == connections else {
        throw ValidationError("\(configuration.connections.count) connections were compiled")
      }
      let dataplane = try LinuxDataplane(namespace: namespace, pins: pins)
      try await times.converge(dataplane, to: configuration, named: "configure")
      try await measurePasses(dataplane, configuration, &times)
      if rounds == 1, let hold = ProcessInfo.processInfo.environment["ESW_BENCHMARK_HOLD"] {
        // For whoever looks at the kernel meanwhile.
        Terminal.say(times.line)
        try await Task.sleep(for: .seconds(Int(hold) ?? 0))
      }
      let nothing = GatewayConfiguration(
        store: BenchmarkIntent.store, generation: configuration.generation.next, node: node, tunnels: [],
        connections: []
      )
      // As a deleted switch leaves them: rows go one by one, and not by removing all pins.
      let last = GatewayConfiguration(
        store: BenchmarkIntent.store, generation: configuration.generation.next, node: node,
        tunnels: Array(configuration.tunnels.prefix(1)), connections: [])
      try await times.converge(dataplane, to: last, named: "remove")
      var rest = BenchmarkTimes()
      try await rest.converge(dataplane, to: nothing, named: "rest")
      try await store.close()
      Terminal.say(times.line)
    }
    try LinuxDataplane.removePins(pins)
  }

  /// Passes of the agent itself, when nothing changes.
  private func measurePasses(
    _ dataplane: LinuxDataplane, _ configuration: GatewayConfiguration, _ times: inout BenchmarkTimes
  ) async throws {
    let (records, continuation) = AsyncStream.makeStream(of: AgentService.PassRecord.self)
    let ledger = try ConfigurationLedger(folder: data)
    let agent = AgentService(
      node: configuration.node, link: StillAgentLink(configuration: configuration), dataplane: dataplane,
      ledger: ledger, logger: Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() },
      passInterval: .milliseconds(50)
    ) { continuation.yield($0) }
    let running = Task { try await agent.run() }
    var durations: [Double] = []
    for await record in records where record.generation != nil {
      guard record.problems.isEmpty else { throw ValidationError("\(record.problems[0].text)") }
      durations.append(record.duration / .milliseconds(1))
      if durations.count == passes { break }
    }
    running.cancel()
    _ = try? await running.value
    durations.sort()
    times.set("pass_p50", durations[durations.count / 2])
    times.set("pass_max", durations[durations.count - 1])
  }
}

/// Has one configuration to give, hears no report, and orders no capture.
struct StillAgentLink: AgentLink {
  let configuration: GatewayConfiguration

  func configuration(after generation: Revision?, of store: StoreID?) async throws -> GatewayConfiguration? {
    if generation != nil { try await Task.sleep(for: .seconds(3600)) }
    return configuration
  }

  func send(_ report: GatewayReport) async throws {}

  func captures(besides known: [CaptureID]) async throws -> [CaptureRequest] {
    try await Task.sleep(for: .seconds(3600))
    return []
  }

  func send(_ parcel: CaptureParcel, number: Int, of capture: CaptureID) async throws -> Bool { false }
}

/// Milliseconds by stage.
struct BenchmarkTimes {
  private var stages: [(name: String, milliseconds: Double)] = []

  mutating func set(_ name: String, _ milliseconds: Double) { stages.append((name, milliseconds)) }

  mutating func measure<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result {
    let start = ContinuousClock.now
    defer { set(name, (ContinuousClock.now - start) / .milliseconds(1)) }
    return try body()
  }

  mutating func measure<Result>(
    _ name: String, _ body: () async throws -> Result
  ) async rethrows -> Result {
    let start = ContinuousClock.now
    let result = try await body()
    set(name, (ContinuousClock.now - start) / .milliseconds(1))
    return result
  }

  /// Makes the kernel equal to a configuration, looks again, and reads the evidence.
  mutating func converge(
    _ dataplane: LinuxDataplane, to configuration: GatewayConfiguration, named name: String
  ) async throws {
    let start = ContinuousClock.now
    let before = try await measure("\(name)_observe") { try await dataplane.observe() }
    let desired = measure("\(name)_desired") { DesiredDataplane(for: configuration, on: before) }
    let plan = measure("\(name)_plan") { DataplanePlan(from: before.state, to: desired.state) }
    let outcomes = await measure("\(name)_execute") { await dataplane.execute(plan.steps) }
    set("\(name)_total", (ContinuousClock.now - start) / .milliseconds(1))
    set("\(name)_steps", Double(plan.steps.count))
    for (step, outcome) in zip(plan.steps, outcomes) where outcome != .applied {
      throw ValidationError("\(step): \(outcome)")
    }
    let after = try await measure("\(name)_observe_again") { try await dataplane.observe() }
    let rest = measure("\(name)_compare") {
      DataplanePlan(from: after.state, to: DesiredDataplane(for: configuration, on: after).state)
    }
    guard rest.isEmpty else { throw ValidationError("\(rest.steps.count) steps are left: \(rest.steps[0])") }
    _ = try await measure("\(name)_evidence") { try await dataplane.evidence() }
  }

  var line: String {
    let members = stages.map { "\"\($0.name)\": \(($0.milliseconds * 1000).rounded() / 1000)" }
    return "{" + members.joined(separator: ", ") + "}"
  }
}
