import ESWAdmission
package import ESWModel
package import ESWSeams
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle

/// The HTTP server: the API for users, the link for agents.
///
/// Every request passes the same doors in this order: an id and a log line, limits, authentication, and
/// only then its path; whose a path is, the door before its operation says.
package struct ControlPlaneService: Service {
  package struct Settings: Sendable {
    package var address: String
    /// 0: any that is free.
    package var port: Int
    /// What an agent shows as `Authorization: Bearer`.
    package var agentToken: String
    /// A connection that says nothing for so long is closed.
    package var idleTimeout: Duration
    /// How many connections are served at a time; more wait in the kernel's queue.
    package var mostConnections: Int

    package init(
      address: String = "127.0.0.1", port: Int = 0, agentToken: String, idleTimeout: Duration = .seconds(75),
      mostConnections: Int = 8192
    ) {
      self.address = address
      self.port = port
      self.agentToken = agentToken
      self.idleTimeout = idleTimeout
      self.mostConnections = mostConnections
    }
  }

  private let core: ControlPlaneCore
  private let settings: Settings
  private let logger: Logger
  private let onBound: @Sendable (Int) -> Void

  /// - Parameters:
  ///   - now: Our clock, for time stamps, signatures and ages.
  ///   - randomness: Of ids.
  ///   - onBound: Called once with the port, when connections are accepted.
  package init(
    store: any IntentStore, region: Region, settings: Settings, logger: Logger,
    now: @escaping @Sendable () -> Timestamp,
    randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
    onBound: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    core = ControlPlaneCore(
      store: store, region: region,
      minting: Minting(above: store.snapshot, randomness: randomness), now: now, logger: logger)
    self.settings = settings
    self.logger = logger
    self.onBound = onBound
  }

  package func run() async throws { try await application.run() }

  /// For tests in process too.
  package var application: some ApplicationProtocol {
    let onBound = self.onBound
    return Application(
      router: router,
      server: server,
      configuration: ApplicationConfiguration(
        address: .hostname(settings.address, port: settings.port),
        availableConnectionsDelegate: MaximumAvailableConnections(settings.mostConnections)),
      onServerRunning: { channel in onBound(channel.localAddress?.port ?? 0) },
      logger: logger)
  }

  /// Method and path of every route, the path with `{name}` for a parameter; sorted.
  package var servedRoutes: [String] {
    router.routes.map { "\($0.method) \($0.path)" }.sorted()
  }

  private var server: HTTPServerBuilder {
    let idleTimeout = TimeAmount(settings.idleTimeout)
    let reads = QuickReads(core: core, logger: logger)
    return HTTPServerBuilder { responder in
      OnEventLoop(
        base: HTTP1Channel(
          responder: responder,
          configuration: .init(additionalChannelHandlers: [UnreadableRequests()], idleTimeout: idleTimeout)),
        reads: reads)
    }
  }

  private var router: Router<CallContext> {
    let router = Router(context: CallContext.self)
    router.add(middleware: AnswerEverything(logger: logger))
    router.add(middleware: RequestLimits())
    router.add(middleware: Authentication(core: core, agentToken: settings.agentToken))
    router.add(middleware: PlainPath())
    let routes = OperationRouter(router: router, core: core)
    InstanceRoutes(core: core).add(to: routes)
    ConnectionRoutes(core: core).add(to: routes)
    CatalogueRoutes(core: core).add(to: routes)
    NetworkRoutes(core: core).add(to: routes)
    PortRoutes(core: core).add(to: routes)
    AttachmentRoutes(core: core).add(to: routes)
    DiagnosisRoutes(core: core).add(to: routes)
    AuditRoutes(core: core).add(to: routes)
    AgentRoutes(core: core).add(to: routes)
    return router
  }
}
