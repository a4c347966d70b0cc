import ESWClient
import ESWModel
import ESWSeams
import Foundation
import GatewayAgent
import KernelTesting
import LinuxDataplane
import Testing

@testable import ESWCommands

/// The demo's sites under names of the test's own, a control plane in this process, and an agent that can be
/// stopped. Hosts of both sites ping each other all the time.
struct CauseBed {
  let sites: DemoTopology
  let client: ESWClient
  let connection: ConnectionID
  let agent: Task<Void, any Error>

  /// - Parameter limit: What the node is told that the flavor carries; nil: the flavor's own.
  static func run(limit: TrafficLimit? = nil, _ body: (CauseBed) async throws -> Void) async throws {
    let sites = DemoTopology(prefix: uniqueName("why") + "-")
    let folder = NSTemporaryDirectory() + "esw-why-\(UUID().uuidString)"
    let pins = NodePins.folder(ofNamespace: "/run/netns/\(sites.node)")
    let failure: (any Error)?
    do {
      try await sites.create()
      try await serve(sites, folder, pins, limit, body)
      failure = nil
    } catch {
      failure = error
    }
    try? LinuxDataplane.removePins(pins)
    try await sites.remove()
    try? FileManager.default.removeItem(atPath: folder)
    if let failure { throw failure }
  }

  private static func serve(
    _ sites: DemoTopology, _ folder: String, _ pins: String, _ limit: TrafficLimit?,
    _ body: (CauseBed) async throws -> Void
  ) async throws {
    let node = try #require(NodeName("node-1"))
    let options = SwitchServer.Options(
      dataFolder: folder, listen: ServedSwitch.anyPort, region: Region(evidenceLifetime: .seconds(8)),
      node: node, logger: ServedSwitch.silence, dataplane: nil)
    try await ServedSwitch.run(options) { served in
      let agent = try agent(of: node, sites, folder, pins, limit, served.endpoint)
      let outcome: Result<Void, any Error>
      do {
        try await play(sites, node, try served.client(), agent, body)
        outcome = .success(())
      } catch {
        outcome = .failure(error)
      }
      agent.cancel()
      _ = await agent.result
      try outcome.get()
    }
  }

  private static func agent(
    of node: NodeName, _ sites: DemoTopology, _ folder: String, _ pins: String, _ limit: TrafficLimit?,
    _ endpoint: String
  ) throws -> Task<Void, any Error> {
    let token = try String(contentsOfFile: folder + "/agent-token", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let service = AgentService(
      node: node,
      link: LimitedLink(
        base: try HTTPAgentLink(endpoint: endpoint, node: node, token: token), limit: limit),
      dataplane: try LinuxDataplane(namespace: "/run/netns/\(sites.node)", pins: pins),
      ledger: try ConfigurationLedger(folder: folder + "/agent"), logger: ServedSwitch.silence)
    return Task { try await service.run() }
  }

  private static func play(
    _ sites: DemoTopology, _ node: NodeName, _ client: ESWClient, _ agent: Task<Void, any Error>,
    _ body: (CauseBed) async throws -> Void
  ) async throws {
    let story = DemoStory(
      client: client, node: node, narrator: Narrator(isSimulated: false, isSilent: true), isSimulated: false,
      sites: sites, passes: PassJournal())
    var made = DemoStory.Made()
    try await story.awaitNode()
    try await story.prepare(&made)
    let connection = try #require(made.connection)
    try await story.watch(connection)
    let talking = sites.talkers(for: .silent).map { talker in
      Task { _ = try await Program.run("ip", ["netns", "exec"] + talker) }
    }
    defer { for talk in talking { talk.cancel() } }
    try await body(CauseBed(sites: sites, client: client, connection: connection, agent: agent))
  }

  func diagnosis() async throws -> JSON {
    try await ConnectionResource.diagnosis(connection.description, client)
  }

  /// The first cause that is named.
  func firstCause(within limit: Duration = .seconds(40)) async throws -> JSON {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
      let row = try await diagnosis()
      if row["cause"] != .null { return row["cause"] }
      try await Task.sleep(for: .milliseconds(200))
    }
    throw ESWProcess.Failure(description: "no cause within \(limit): \(try await diagnosis().pretty)")
  }
}

/// Hands on the node's configuration with another limit than the flavor's, which no test could reach.
private struct LimitedLink: AgentLink {
  let base: HTTPAgentLink
  let limit: TrafficLimit?

  func configuration(after generation: Revision?, of store: StoreID?) async throws -> GatewayConfiguration? {
    let own = try await base.configuration(after: generation, of: store)
    guard let own, let limit else { return own }
    return GatewayConfiguration(
      store: own.store, generation: own.generation, node: own.node,
      tunnels: own.tunnels.map {
        TunnelConfiguration(
          instance: $0.instance, address: $0.address, prefixLength: $0.prefixLength, interface: $0.interface,
          limit: limit)
      }, connections: own.connections, permission: own.permission)
  }

  func send(_ report: GatewayReport) async throws { try await base.send(report) }

  func captures(besides known: [CaptureID]) async throws -> [CaptureRequest] {
    try await base.captures(besides: known)
  }

  func send(_ parcel: CaptureParcel, number: Int, of capture: CaptureID) async throws -> Bool {
    try await base.send(parcel, number: number, of: capture)
  }
}
