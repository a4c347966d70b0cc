import ESWModel
import Foundation
import Logging
import ServiceLifecycle
import Simulation
import Testing

@testable import GatewayAgent

/// An agent on a simulated kernel, for the length of `body`; its folder is removed afterwards.
func withAgent(
  kernel: SimulatedDataplane, link: SimulatedAgentLink, folder: String? = nil,
  passInterval: Duration = .milliseconds(100),
  _ body: () async throws -> Void
) async throws {
  let path = folder ?? NSTemporaryDirectory() + "esw-agent-\(UUID().uuidString)"
  defer { if folder == nil { try? FileManager.default.removeItem(atPath: path) } }
  let agent = AgentService(
    node: Stretch.node, link: link, dataplane: kernel, ledger: try ConfigurationLedger(folder: path),
    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, passInterval: passInterval)
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await agent.run() }
    try await body()
    group.cancelAll()
    while let result = await group.nextResult() {
      if case .failure(let error) = result, !(error is CancellationError) { throw error }
    }
  }
}

enum Stretch {
  static let node = NodeName("node-1")!
  static let segment = InterfaceName("eth1")!
  static let remote = RemoteEndpoint(vni: VNI(100)!, address: IPv4Address("192.168.1.7")!)

  static func configuration(
    _ generation: UInt64, store: UInt64 = 1, virtualAddresses: [IPv4Address] = [], isEmpty: Bool = false
  ) -> GatewayConfiguration {
    let tunnel = TunnelConfiguration(
      instance: InstanceID(high: 0, low: 1), address: IPv4Address("10.9.0.12")!, prefixLength: 24,
      interface: InterfaceName("eth0")!)
    let connection = ConnectionConfiguration(
      id: ConnectionID(high: 0, low: 2), number: ConnectionNumber(1), instance: tunnel.instance,
      attachment: AttachmentID(high: 0, low: 3), point: .interface(segment), tunnelAddress: tunnel.address,
      network: IPv4Network("192.168.0.0/24")!, gateway: IPv4Address("192.168.0.1")!,
      fixedAddress: IPv4Address("192.168.0.250")!, fixedMAC: MACAddress(locallyAdministered: 9),
      remotes: [remote], learningLimit: 100, ageingSeconds: 300,
      virtualAddresses: virtualAddresses)
    return GatewayConfiguration(
      store: StoreID(high: 0, low: store), generation: Revision(generation), node: node,
      tunnels: isEmpty ? [] : [tunnel], connections: isEmpty ? [] : [connection])
  }

  static func kernel() async -> SimulatedDataplane {
    let kernel = SimulatedDataplane()
    await kernel.place(InterfaceName("eth0")!)
    await kernel.place(segment)
    return kernel
  }
}

@Suite(.timeLimit(.minutes(1))) struct `A gateway agent` {
  /// The first report for which `condition` holds.
  private func report(
    of link: SimulatedAgentLink, where condition: @Sendable (GatewayReport) async throws -> Bool
  ) async throws -> GatewayReport {
    for await report in await link.reports() where try await condition(report) { return report }
    throw CancellationError()
  }

  @Test func `tells the node's interfaces before it has any configuration, and touches nothing`() async throws
  {
    let kernel = await Stretch.kernel()
    let link = SimulatedAgentLink()
    try await withAgent(kernel: kernel, link: link) {
      let first = try await report(of: link) { _ in true }
      #expect(first.generation == nil)
      #expect(first.interfaces.map(\.name.description) == ["eth0", "eth1"])
      #expect(await kernel.journal.isEmpty)
    }
  }

  @Test func `carries out a configuration and reports its generation`() async throws {
    let kernel = await Stretch.kernel()
    let link = SimulatedAgentLink()
    try await withAgent(kernel: kernel, link: link) {
      await link.offer(Stretch.configuration(5))
      let report = try await report(of: link) { $0.generation == Revision(5) }
      #expect(report.problems.isEmpty)
      #expect(try await kernel.observe().state.connections.count == 1)
    }
  }

  @Test func `a far host that answers probes is evidence`() async throws {
    let kernel = await Stretch.kernel()
    await kernel.placeFarHost(
      IPv4Address("192.168.0.20")!, MACAddress(locallyAdministered: 77), behind: Stretch.remote)
    let link = SimulatedAgentLink()
    try await withAgent(kernel: kernel, link: link) {
      await link.offer(Stretch.configuration(5))
      let report = try await report(of: link) {
        $0.connections.first?.remotes.first?.receivedAgeMilliseconds != nil
      }
      #expect(report.connections.first?.hosts.first?.address == IPv4Address("192.168.0.20"))
    }
  }

  @Test func `a local host that has a bound virtual address is found, and who cannot be asked is no problem`()
    async throws
  {
    let kernel = await Stretch.kernel()
    let address = IPv4Address("192.168.0.50")!
    let mac = MACAddress(locallyAdministered: 50)
    await kernel.placeNearHost(address, mac, on: Stretch.segment)
    await kernel.setMute(true)
    let link = SimulatedAgentLink()
    try await withAgent(kernel: kernel, link: link) {
      await link.offer(Stretch.configuration(5, virtualAddresses: [address]))
      let mute = try await report(of: link) { $0.connections.first?.virtualAddresses?.count == 1 }
      #expect(mute.problems.isEmpty && mute.connections.first?.virtualAddresses?.first?.holder == nil)
      await kernel.setMute(false)
      let found = try await report(of: link) {
        $0.connections.first?.virtualAddresses?.first?.isAnsweredFor == true
      }
      #expect(found.problems.isEmpty)
      #expect(found.connections.first?.virtualAddresses?.first?.holder?.mac == mac)
    }
  }

  /// By the event alone: the next look without one is an hour away. And by the look alone: nobody is told.
  @Test(arguments: [true, false])
  func `heals what others take away`(isTold: Bool) async throws {
    let kernel = await Stretch.kernel()
    let link = SimulatedAgentLink()
    try await withAgent(kernel: kernel, link: link, passInterval: isTold ? .seconds(3600) : .milliseconds(50))
    {
      await link.offer(Stretch.configuration(5))
      _ = try await report(of: link) { $0.generation == Revision(5) }
      await kernel.meddle(isTold: isTold) { state in
        state.sources = [:]
        state.programs = []
      }
      _ = try await report(of: link) { _ in
        let state = try await kernel.observe().state
        return state.sources.count == 1 && state.programs.count == 3
      }
    }
  }

  @Test func `an older generation is refused, changes nothing, and the report says so`() async throws {
    let kernel = await Stretch.kernel()
    let link = SimulatedAgentLink()
    try await withAgent(kernel: kernel, link: link) {
      await link.offer(Stretch.configuration(5))
      _ = try await report(of: link) { $0.generation == Revision(5) }
      await link.offer(Stretch.configuration(4, isEmpty: true))
      let later = try await report(of: link) { $0.problems.contains { $0.subject == .configuration } }
      #expect(later.generation == Revision(5))
      #expect(try await kernel.observe().state.connections.count == 1)
      await link.offer(Stretch.configuration(6))
      _ = try await report(of: link) { $0.generation == Revision(6) && $0.problems.isEmpty }
    }
  }

  @Test func `a look that fails is told, not kept silent`() async throws {
    let kernel = await Stretch.kernel()
    let link = SimulatedAgentLink()
    try await withAgent(kernel: kernel, link: link) {
      await link.offer(Stretch.configuration(5))
      _ = try await report(of: link) { $0.generation == Revision(5) }
      await kernel.setBlind(true)
      let blind = try await report(of: link) { !$0.problems.isEmpty }
      #expect(blind.problems.first?.subject == .node && blind.generation == Revision(5))
      await kernel.setBlind(false)
      _ = try await report(of: link) { $0.problems.isEmpty }
    }
  }

  @Test func `goes on with the configuration on disk while the control plane is away`() async throws {
    let folder = NSTemporaryDirectory() + "esw-agent-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let kernel = await Stretch.kernel()
    let link = SimulatedAgentLink()
    try await withAgent(kernel: kernel, link: link, folder: folder) {
      await link.offer(Stretch.configuration(5))
      _ = try await report(of: link) { $0.generation == Revision(5) }
    }
    let before = await kernel.journal.count
    let silent = SimulatedAgentLink()
    try await withAgent(kernel: kernel, link: silent, folder: folder) {
      // The new process adopts what runs: it reports the generation and takes no step.
      _ = try await report(of: silent) { $0.generation == Revision(5) }
      #expect(await kernel.journal.count == before)
      await kernel.meddle { $0.tunnels = [] }
      _ = try await report(of: silent) { _ in try await kernel.observe().state.tunnels.count == 1 }
    }
  }

  @Test func `a refused step is reported as a problem of its connection, with the kernel's words`()
    async throws
  {
    let kernel = await Stretch.kernel()
    await kernel.inject { step in
      if case .putConnection = step { return .refused("E2BIG: no room in map connections") }
      return nil
    }
    let link = SimulatedAgentLink()
    try await withAgent(kernel: kernel, link: link) {
      await link.offer(Stretch.configuration(5))
      let report = try await report(of: link) { !$0.problems.isEmpty }
      #expect(report.problems.first?.subject == .connection(ConnectionID(high: 0, low: 2)))
      #expect(report.problems.first?.text.contains("E2BIG: no room in map connections") == true)
      await kernel.removeFaults()
      _ = try await self.report(of: link) { $0.problems.isEmpty && $0.generation == Revision(5) }
    }
  }
}
