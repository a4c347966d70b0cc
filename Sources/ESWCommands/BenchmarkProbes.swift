import ArgumentParser
import ESWModel
import ESWPlanning
import ESWSeams
import Foundation
import GatewayAgent
import Glibc
import LinuxDataplane
import Logging

/// What probing many connections costs an agent.
struct BenchmarkProbesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probes",
    abstract: "Be a node with many connections, probing and not; say what either costs.",
    discussion: """
      Both namespaces have the interfaces underlay0 and trunk0; their underlays are connected. The far node reflects. \
      Prints a line of JSON: seconds of CPU time for each second, of this process, user and system, with what the \
      kernel does in its calls, which on connected veths includes the far node's reflecting.
      """)

  @Option(help: "The probing node's network namespace, such as /run/netns/NAME.") var namespace: String
  @Option(help: "The reflecting node's.") var far: String
  @Option(help: "Two folders below /sys/fs/bpf, which are removed: this with -near and -far.") var pins:
    String
  @Option(help: "An empty folder.") var data: String
  @Option(help: "How many connections: 1 to 4,000.") var connections = 1000
  @Option(help: "How long each way is measured, 10 to 600 seconds.") var seconds = 60

  /// The first questions are all asked at once, and the largest frame of each is looked for.
  private static let settling = Duration.seconds(45)

  func run() async throws {
    guard (1...4000).contains(connections), (10...600).contains(seconds) else {
      throw ValidationError("connections: 1 to 4,000; seconds: 10 to 600")
    }
    let (near, other) = ("192.0.2.1", "192.0.2.2")
    let reflecting = try LinuxDataplane(namespace: far, pins: pins + "-far")
    try await reflecting.become(try configuration(at: other, to: near, fixed: 2))
    let dataplane = try LinuxDataplane(namespace: namespace, pins: pins + "-near")
    let configuration = try configuration(at: near, to: other, fixed: 1)
    try await dataplane.become(configuration)
    // Interleaved, so that what else the machine does falls on both.
    var lines: [String: Double] = [:]
    for isProbing in [true, false] {
      let figures = try await measure(dataplane, configuration, isProbing: isProbing)
      for (name, value) in figures { lines[(isProbing ? "probing_" : "still_") + name] = value }
    }
    let evidence = try await dataplane.evidence()
    lines["answered"] = Double(evidence.connections.values.count { !($0.answers[0]?.answers ?? [:]).isEmpty })
    Terminal.say(String(decoding: try JSONEncoder().encode(lines), as: UTF8.self))
    for side in ["-near", "-far"] { try LinuxDataplane.removePins(pins + side) }
  }

  private func measure(
    _ dataplane: LinuxDataplane, _ configuration: GatewayConfiguration, isProbing: Bool
  ) async throws -> [String: Double] {
    let agent = AgentService(
      node: configuration.node, link: StillAgentLink(configuration: configuration), dataplane: dataplane,
      ledger: try ConfigurationLedger(folder: data),
      logger: Logger(label: "benchmark") { _ in SwiftLogNoOpLogHandler() }, isProbing: isProbing)
    let running = Task { try await agent.run() }
    try await Task.sleep(for: Self.settling)
    let (before, start) = (Self.usage(), ContinuousClock.now)
    let answersBefore = try await dataplane.evidence().answered
    try await Task.sleep(for: .seconds(seconds))
    let (after, took) = (Self.usage(), (ContinuousClock.now - start) / .seconds(1))
    let answers = try await dataplane.evidence().answered - answersBefore
    running.cancel()
    _ = try? await running.value
    return [
      "user": (after.user - before.user) / took, "system": (after.system - before.system) / took,
      "answers": Double(answers) / took,
    ]
  }

  /// Of this process, in seconds.
  private static func usage() -> (user: Double, system: Double) {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return (seconds(usage.ru_utime), seconds(usage.ru_stime))
  }

  private func configuration(at address: String, to remote: String, fixed: UInt32) throws
    -> GatewayConfiguration
  {
    guard let node = NodeName("bench"), let tunnelAddress = IPv4Address(address),
      let remoteAddress = IPv4Address(remote), let network = IPv4Network("10.9.0.0/24"),
      let gateway = IPv4Address("10.9.0.254"), let underlay = InterfaceName("underlay0"),
      let trunk = InterfaceName("trunk0")
    else { throw ValidationError("names of the benchmark are none") }
    let instance = InstanceID(high: 1, low: 1)
    let rows = (1...UInt32(connections)).compactMap { number -> ConnectionConfiguration? in
      guard let vlan = VLAN(UInt16(number % 4094 + 1)), let vni = VNI(number) else { return nil }
      return ConnectionConfiguration(
        id: ConnectionID(high: 1, low: UInt64(number)), number: ConnectionNumber(number), instance: instance,
        attachment: AttachmentID(high: 1, low: UInt64(number)), point: .trunk(trunk, vlan: vlan),
        tunnelAddress: tunnelAddress, network: network, gateway: gateway,
        fixedAddress: IPv4Address(network.first.value + fixed),
        fixedMAC: MACAddress(locallyAdministered: UInt64(fixed) << 32 | UInt64(number)),
        remotes: [RemoteEndpoint(vni: vni, address: remoteAddress)], learningLimit: 1000, ageingSeconds: 300)
    }
    return GatewayConfiguration(
      store: BenchmarkIntent.store, generation: Revision(1), node: node,
      tunnels: [
        TunnelConfiguration(instance: instance, address: tunnelAddress, prefixLength: 24, interface: underlay)
      ], connections: rows)
  }
}

extension DataplaneEvidence {
  /// Replies of all connections that ended at the node.
  fileprivate var answered: UInt64 { connections.values.reduce(0) { $0 + $1.toLocal.forNode } }
}

extension LinuxDataplane {
  fileprivate func become(_ configuration: GatewayConfiguration) async throws {
    for _ in 0..<4 {
      let seen = try observe()
      let plan = DataplanePlan(
        from: seen.state, to: DesiredDataplane(for: configuration, on: seen).state)
      if plan.isEmpty { return }
      _ = execute(plan.steps)
    }
    throw ValidationError("the node is never done")
  }
}
