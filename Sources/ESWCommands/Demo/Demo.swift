import ESWClient
import ESWModel
import ESWSeams
import Foundation
import LinuxDataplane
import Logging
import ServiceLifecycle
import Simulation
import SystemPackage
import UnixSignals

/// The demo from beginning to end, with the clean-up that follows whatever happens.
struct Demo: Sendable {
  static let node = "demo-node"

  let isSimulated: Bool
  let once: Bool
  let logger: Logger
  let narrator: Narrator
  /// What is to go wrong; nil: nothing.
  let trouble: DemoBreak?
  private let sites: DemoTopology
  private let pins: String
  /// Nil on the simulated data plane, of which any number may run.
  private let lock: DemoLock?

  /// - Parameter prefix: Of network namespaces.
  init(
    isSimulated: Bool, once: Bool, trouble: DemoBreak? = nil, prefix: String = DemoTopology.usualPrefix,
    logger: Logger
  ) throws {
    self.trouble = trouble
    sites = DemoTopology(prefix: prefix, hasBridge: trouble?.wantsBridge == true)
    pins = NodePins.demo(prefix: prefix)
    self.isSimulated = isSimulated
    self.once = once
    self.logger = logger
    narrator = Narrator(isSimulated: isSimulated)
    lock = isSimulated ? nil : try DemoLock(path: DemoLock.path(prefix: prefix))
  }

  func introduce(missing: [String]) {
    narrator.headline("OpenESW demo: a subnet stretched between two sites")
    if isSimulated {
      narrator.bad("The real data plane cannot be had here. Missing:")
      for sentence in missing { narrator.line("- \(sentence)") }
      narrator.line(
        "What follows runs on the SIMULATED data plane: the same API, store, planning and agent; no frames.")
    } else {
      narrator.line("Real data plane: eBPF in the kernel, Linux \(DemoRequirements.kernelRelease).")
    }
  }

  /// - Returns: Whether everything was as it should be.
  func run() async throws -> Bool {
    // A reader that goes away (`esw demo | head`) must not end the process before the clean-up.
    signal(SIGPIPE, SIG_IGN)
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    let folder = try Self.makeFolder()
    let telling = Task { try await tell(folder) }
    // To the very end: a second signal finds the clean-up under way, and must not stop it.
    let watching = Task {
      for await _ in signals {
        if telling.isCancelled { narrator.dim("still taking everything away") }
        telling.cancel()
      }
    }
    let outcome = await telling.result
    let wasInterrupted = telling.isCancelled
    let isClean = await cleanUp(folder)
    watching.cancel()
    switch outcome {
    case .success(let isGood): return isGood && isClean
    // Whatever the error: it is of a call that was cut off.
    case .failure where wasInterrupted: return !once && isClean
    case .failure(let error):
      narrator.bad("\(error)")
      return false
    }
  }

  /// A new folder with a name that nobody can foresee, for this user only.
  private static func makeFolder() throws -> String {
    var template = Array((NSTemporaryDirectory() + "esw-demo-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else {
      throw DemoFailure("no folder can be made in \(NSTemporaryDirectory()): \(Errno(rawValue: errno))")
    }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private func tell(_ folder: String) async throws -> Bool {
    narrator.headline("1  Two sites")
    let dataplane = try await makeSites()
    narrator.headline("2  Control plane and agent, in this process")
    guard let node = NodeName(Self.node) else { preconditionFailure("constants of the demo") }
    let journal = PassJournal()
    let server = try await SwitchServer(
      .init(
        dataFolder: folder, listen: ListenAddress(host: "127.0.0.1", port: 0), region: region, node: node,
        logger: logger,
        dataplane: .open(dataplane), observer: { journal.append($0) }))
    guard let key = try await server.firstKey() else { throw DemoFailure("the store is not new") }
    try await server.settle()
    let credentials = ESWClient.Credentials(keyID: key.id, secret: key.secret, project: key.project)
    let endpoints = AsyncStream<String>.makeStream()
    // Not a child of this task: after Ctrl-C it must still serve the calls that take everything away.
    let services = try server.services(signals: []) { endpoints.continuation.yield($0) }
    let serving = Task {
      defer { endpoints.continuation.finish() }
      try await services.run()
    }
    let outcome: Result<Bool, any Error>
    do {
      guard let endpoint = await endpoints.stream.first(where: { _ in true }) else {
        // Cancelled, it would wait for ever: nobody has ended what serves.
        try Task.checkCancellation()
        try await serving.value
        throw DemoFailure("the control plane did not start")
      }
      narrator.line("API \(endpoint), data in \(folder)")
      let story = DemoStory(
        client: try ESWClient(endpoint: endpoint, credentials: credentials), node: node, narrator: narrator,
        isSimulated: isSimulated, sites: sites, passes: journal)
      outcome = .success(try await tell(story, endpoint, credentials))
    } catch {
      outcome = .failure(error)
    }
    await services.triggerGracefulShutdown()
    _ = await serving.result
    // Its folder goes next, and SQLite takes files of its own away when it is closed.
    try? await server.close()
    return try outcome.get()
  }

  private func tell(
    _ story: DemoStory, _ endpoint: String, _ credentials: ESWClient.Credentials
  ) async throws -> Bool {
    var made = DemoStory.Made()
    let outcome: Result<Bool, any Error>
    do {
      try await story.awaitNode()
      try await story.prepare(&made)
      guard let instance = made.instance, let connection = made.connection else { return false }
      try await story.watch(connection)
      if let trouble {
        let diagnosis = DemoDiagnosis(story: story, connection: connection, trouble: trouble, once: once)
        outcome = .success(try await diagnosis.run(endpoint, credentials))
      } else {
        outcome = .success(try await show(story, connection, instance, endpoint, credentials))
      }
    } catch {
      outcome = .failure(error)
    }
    // Not a child either: it runs although this task has been cancelled.
    let left = made
    let removing = await Task { try await story.remove(left) }.result
    if case .failure(let error) = removing {
      narrator.bad("the API did not take all of it away, what follows does: \(error)")
    }
    return try outcome.get()
  }

  private func show(
    _ story: DemoStory, _ connection: ConnectionID, _ instance: InstanceID, _ endpoint: String,
    _ credentials: ESWClient.Credentials
  ) async throws -> Bool {
    let isGood = try await story.ping()
    try await story.showHosts(connection)
    try await story.showList(instance)
    story.showHowToCall(endpoint, credentials, instance)
    if !once {
      narrator.headline("Up until Ctrl-C")
      try await Task.sleep(for: .seconds(365 * 24 * 3600))
    }
    return isGood
  }

  /// Who looks for what is broken need not wait as long for old evidence to be none.
  private var region: Region {
    trouble == nil ? Region() : Region(evidenceLifetime: .seconds(8))
  }

  private func makeSites() async throws -> any Dataplane {
    if isSimulated {
      narrator.line("a simulated node with underlay0 and segment0, and one far host that answers probes")
      return await Self.simulatedNode()
    }
    narrator.block(
      """
      on-prem                                        |  cloud
      server \(DemoTopology.serverAddress)                            |  vm1 \(DemoTopology.vm1Address)  vm2 \(DemoTopology.vm2Address)
        |                                            |      \\            /
      customer's switch: Linux bridge + VXLAN device |     segment (a bridge)
        |  VTEP \(DemoTopology.remoteVTEP)                      |          | segment0
        +----------- routed underlay ----------------+-- gateway node: OpenESW
                                                     |   tunnel IP \(DemoTopology.tunnelAddress)
      """)
    try await sites.create()
    narrator.dim("network namespaces: \(sites.all.joined(separator: ", "))")
    return try LinuxDataplane(namespace: "/run/netns/\(sites.node)", pins: pins)
  }

  private static func simulatedNode() async -> SimulatedDataplane {
    let kernel = SimulatedDataplane()
    for name in [DemoTopology.underlayInterface, DemoTopology.segmentInterface] {
      if let name = InterfaceName(name) { await kernel.place(name) }
    }
    if let vni = VNI(UInt32(DemoTopology.vni)), let vtep = IPv4Address(DemoTopology.remoteVTEP),
      let host = IPv4Address(DemoTopology.serverAddress)
    {
      await kernel.placeFarHost(
        host, MACAddress(locallyAdministered: 20), behind: RemoteEndpoint(vni: vni, address: vtep))
    }
    return kernel
  }

  /// - Returns: Whether everything is gone.
  private func cleanUp(_ folder: String) async -> Bool {
    let left = await DemoCleanUp(sites: isSimulated ? nil : sites, pins: pins, folder: folder).run()
    if left.isEmpty {
      narrator.dim("everything that the demo made is gone")
    } else {
      narrator.bad("left behind:")
      for sentence in left { narrator.line("- \(sentence)") }
    }
    return left.isEmpty
  }
}
