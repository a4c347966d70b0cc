import ControlPlane
import ESWAdmission
import ESWModel
import ESWPlanning
import ESWSeams
import ESWWire
import Foundation
import GatewayAgent
import LinuxDataplane
import Logging
import PacketCapture
import SQLiteStore
import ServiceLifecycle
import UnixSignals

/// One `esw serve`: store, control plane, and an agent beside it. The demo runs the same.
struct SwitchServer {
  struct Options {
    var dataFolder: String
    var listen: ListenAddress
    /// Nil: plain HTTP.
    var tls: TLSFiles?
    /// Whether SIGHUP is taken from the process, to look at the TLS files.
    var hearsHangups = false
    var limits = ServerLimits()
    var region: Region
    /// Whether switches are held to what their flavors carry.
    var enforcesFlavors = true
    var node: NodeName
    var logger: Logger
    /// Nil: agents run elsewhere, and this process needs no privilege.
    var dataplane: DataplaneSource?
    var observer: @Sendable (AgentService.PassRecord) -> Void = { _ in }
    /// The control plane's.
    var clock: @Sendable () -> Timestamp = { .now }
  }

  /// What the agent beside the API works on.
  enum DataplaneSource {
    case open(any Dataplane)
    /// Opened once the API listens; until that succeeds, it is tried again and the reason is reported.
    case kernel(KernelOpening)
  }

  let store: SQLiteIntentStore
  let folder: DataFolder
  private let masterKey: MasterKey
  private let options: Options
  private let identity: ServerIdentity?

  /// - Throws: Also when certificate and key cannot be used; the data folder is not touched then.
  init(_ options: Options) async throws {
    self.options = options
    identity = try options.tls?.identity()
    let folder = try DataFolder(options.dataFolder)
    var masterKey: MasterKey?
    store = try SQLiteIntentStore(
      path: folder.database, newStore: StoreID(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max))
    ) { isSealed in
      let key = try folder.masterKey(isSealed: isSealed)
      masterKey = key
      return key.sealing
    }
    guard let masterKey else { preconditionFailure("a store opens only with its key") }
    self.masterKey = masterKey
    self.folder = folder
  }

  /// The key pair that a new store gets; nil when it has a project already.
  ///
  /// It is in the credentials file before it is in the store: whatever fails afterwards, a port in use or a
  /// crash, the store never holds a secret that nobody can read. A file without its key does no harm: the
  /// next start replaces it.
  func firstKey() async throws -> IssuedKey? {
    let change = ProjectAdmission.bootstrap(
      projectName: options.region.name, in: store.snapshot,
      secrets: SecretMinting(randomness: SystemRandomNumberGenerator()), now: .now)
    guard let key = change.outcome else {
      warnOfMissingCredentials()
      return nil
    }
    try writeCredentials(key)
    return try await store.commit { snapshot in
      snapshot.projects.isEmpty
        ? change.audited(as: "FirstStart", in: snapshot) : IntentChange(edits: [], outcome: nil)
    }.outcome
  }

  /// Writes down the settings that nodes have to follow, when they are others than the last time: nodes
  /// take another configuration only as a new generation.
  func settle() async throws {
    let enforces = options.enforcesFlavors
    _ = try await store.commit { snapshot in
      IntentChange(
        edits: snapshot.enforcesFlavors == enforces ? [] : [.enforceFlavors(enforces)], outcome: ())
    }
  }

  /// When its services have ended: lets go of the store's file.
  func close() async throws { try await store.close() }

  private func writeCredentials(_ key: IssuedKey) throws {
    try folder.writeCredentials(
      key, endpoint: options.listen.endpoint(port: options.listen.port, identity: identity?.facts))
  }

  /// A new key of the administrator, in the credentials file before it is in the store; nil when the store is
  /// new: the first start makes one.
  func newAdministratorKey() async throws -> IssuedKey? {
    let change = ProjectAdmission.recover(
      in: store.snapshot, secrets: SecretMinting(randomness: SystemRandomNumberGenerator()), now: .now)
    guard let key = change.outcome else { return nil }
    try writeCredentials(key)
    return try await store.commit { change.audited(as: "NewAdminKey", in: $0) }.outcome
  }

  private func warnOfMissingCredentials() {
    guard !folder.hasCredentials else { return }
    options.logger.warning(
      "the store has a project, and the file with its key pair is not there: who has the pair can go on, and `esw serve --new-admin-key` makes another",
      metadata: ["file": "\(folder.credentials)"])
  }

  /// What is to be run; it serves until a graceful shutdown is triggered.
  ///
  /// - Parameters:
  ///   - signals: Which trigger it.
  ///   - onReady: Called with the API's endpoint once it listens.
  func services(
    signals: [UnixSignal], onReady: @escaping @Sendable (String) async -> Void
  ) throws -> ServiceGroup {
    let token = try folder.agentToken()
    let listening = AsyncStream<Int>.makeStream()
    let controlPlane = ControlPlaneService(
      store: store, region: options.region,
      settings: .init(
        address: options.listen.host, port: options.listen.port, agentToken: token,
        metricsToken: try folder.metricsToken(),
        tokenKey: masterKey.tokens, limits: options.limits, identity: identity,
        agentSocket: options.dataplane == nil ? nil : try folder.agentSocket()),
      logger: options.logger, now: options.clock, onBound: { listening.continuation.yield($0) })
    let beside = Beside(
      options: options, folder: folder, token: token, identity: identity, ports: listening.stream,
      onReady: onReady)
    var services: [any Service] = [controlPlane, beside]
    if let files = options.tls, let identity {
      services.append(
        IdentityWatch(
          files: files, identity: identity, logger: options.logger, hearsHangups: options.hearsHangups))
    }
    // Services end in the reverse order: the control plane last, so that the agent's last report still
    // finds it.
    return ServiceGroup(
      configuration: .init(
        services: services.map { .init(service: $0) },
        gracefulShutdownSignals: signals, logger: options.logger))
  }
}

extension IntentChange {
  /// The same, with what the audit keeps of it: done by this program, on the word of who runs it.
  fileprivate func audited(as operation: String, in snapshot: IntentSnapshot) -> IntentChange {
    let author = AuditEntry.Author(
      user: nil, userName: nil, accessKey: nil, source: "", operation: operation, request: "")
    return IntentChange(
      edits: edits, outcome: outcome,
      audit: AuditEntry.entries(of: edits, in: snapshot, by: author, at: .now))
  }
}

extension Timestamp {
  /// The machine's clock.
  static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}

/// What starts once the API listens: the agent, with the same requests as an agent elsewhere.
private struct Beside: Service {
  let options: SwitchServer.Options
  let folder: DataFolder
  let token: String
  let identity: ServerIdentity?
  let ports: AsyncStream<Int>
  let onReady: @Sendable (String) async -> Void

  func run() async throws {
    await cancelWhenGracefulShutdown {
      for await port in ports {
        let endpoint = options.listen.endpoint(port: port, identity: identity?.facts)
        updateCredentials(endpoint)
        await onReady(endpoint)
        guard let source = options.dataplane else { continue }
        await runAgent(on: source)
      }
    }
  }

  private func updateCredentials(_ endpoint: String) {
    do {
      try folder.updateCredentials(endpoint: endpoint)
    } catch {
      options.logger.error(
        "the endpoint could not be written to the credentials",
        metadata: ["file": "\(folder.credentials)", "error": "\(error)"])
    }
  }

  /// An agent that cannot start takes nothing with it: users and other nodes need the API.
  private func runAgent(on source: SwitchServer.DataplaneSource) async {
    do {
      let link = try HTTPAgentLink(socket: folder.agentSocket(), node: options.node, token: token)
      let ledger = try ConfigurationLedger(folder: folder.agent(options.node))
      guard let dataplane = try await open(source, link, ledger) else { return }
      let agent = AgentService(
        node: options.node, link: link, dataplane: dataplane, ledger: ledger, logger: options.logger,
        writer: PcapngWriter(sentences: LinuxDataplane.dropSentences), product: "OpenESW \(productVersion)",
        observer: options.observer)
      try await agent.run()
    } catch {
      options.logger.error(
        "no agent runs in this process, the API goes on without it",
        metadata: ["node": "\(options.node)", "error": "\(error)"])
    }
  }

  /// Our choice: well within the time after which a node counts as silent.
  private static let openingPause = Duration.seconds(5)

  /// What is missing may come: a person mounts, installs, ends the other process. Nil: told to stop
  /// meanwhile.
  private func open(
    _ source: SwitchServer.DataplaneSource, _ link: HTTPAgentLink, _ ledger: ConfigurationLedger
  ) async throws -> (any Dataplane)? {
    guard case .kernel(let kernel) = source else {
      if case .open(let dataplane) = source { return dataplane }
      return nil
    }
    var told: String?
    while !Task.isCancelled {
      do {
        return try kernel.open()
      } catch {
        let reason = "\(error)"
        if told != reason {
          options.logger.error(
            "this node cannot forward: the API goes on without it, and it is tried again",
            metadata: ["node": "\(options.node)", "reason": "\(reason)"])
          told = reason
        }
        let report = GatewayReport.unfit(
          options.node, having: try ledger.load(), kernelRelease: LinuxDataplane.runningKernelRelease(),
          because: reason)
        try? await link.send(report)
        try? await Task.sleep(for: Self.openingPause)
      }
    }
    return nil
  }
}
