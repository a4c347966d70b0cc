import ESWAdmission
package import ESWModel
package import ESWSeams
import Foundation
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle

/// The HTTP server: the API for users, the link for agents.
///
/// Requests pass the same doors in this order: an id and a log line, limits, authentication, and only then
/// their path; whose a path is, the door before its operation says. A kept page of a list has a short way
/// (`QuickReads`), with the same limits, signature and operation's door.
package struct ControlPlaneService: Service {
  package struct Settings: Sendable {
    package var address: String
    /// 0: any that is free.
    package var port: Int
    /// What an agent shows as `Authorization: Bearer`.
    package var agentToken: String
    /// What who collects metrics shows as `Authorization: Bearer`; nil: nobody does.
    package var metricsToken: String?
    package var limits: ServerLimits
    /// What the server shows as its certificate; nil: it speaks plain HTTP.
    package var identity: ServerIdentity?
    /// Path of a socket on which the agent of this machine is served too, in a folder that only it may enter;
    /// nil: none.
    package var agentSocket: String?
    /// Seals the tokens of users.
    package var tokenKey: TokenKey
    /// How hard passwords are to guess from what is kept of them.
    package var passwordCost: PasswordHash.Cost
    package var captures = CapturePatience()

    package init(
      address: String = "127.0.0.1", port: Int = 0, agentToken: String, metricsToken: String? = nil,
      tokenKey: TokenKey = TokenKey(),
      passwordCost: PasswordHash.Cost = PasswordHashing.cost, limits: ServerLimits = ServerLimits(),
      identity: ServerIdentity? = nil, agentSocket: String? = nil
    ) {
      self.tokenKey = tokenKey
      self.passwordCost = passwordCost
      self.address = address
      self.port = port
      self.agentToken = agentToken
      self.metricsToken = metricsToken
      self.limits = limits
      self.identity = identity
      self.agentSocket = agentSocket
    }
  }

  let core: ControlPlaneCore
  private let throttle = LoginGate()
  private let settings: Settings
  private let passwords: PasswordHashing
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
      minting: Minting(above: store.snapshot, randomness: randomness),
      secrets: SecretMinting(randomness: randomness), now: now,
      scheme: settings.identity == nil ? "http" : "https", logger: logger)
    passwords = PasswordHashing(cost: settings.passwordCost)
    self.settings = settings
    self.logger = logger
    self.onBound = onBound
  }

  package func run() async throws {
    var application = networkApplication
    application.addServices(core.timeline)
    guard let path = settings.agentSocket else { return try await application.run() }
    // The network is served once the socket is: who hears of the one finds the other.
    let (bound, isBound) = AsyncStream.makeStream(of: Void.self)
    application.beforeServerStarts { for await _ in bound {} }
    let beside = agentApplication(at: path) {
      // Its folder says who may enter; this says it again.
      chmod(path, 0o600)
      isBound.finish()
    }
    try await ServiceGroup(configuration: .init(services: [beside, application], logger: logger)).run()
  }

  /// For tests in process too.
  package var application: some ApplicationProtocol { networkApplication }

  private var networkApplication: Application<RouterResponder<CallContext>> {
    let (onBound, settings) = (self.onBound, self.settings)
    let ledger = ConnectionLedger(
      mostPerAddress: settings.limits.mostConnectionsPerAddress, logger: logger, tally: core.tally.edge)
    let reads = QuickReads(core: core, logger: logger)
    return Application(
      responder: router.buildResponder(),
      server: HTTPServerBuilder { responder in
        OnEventLoop(
          base: EdgeChannel(
            http: HTTP1Channel(responder: responder, configuration: httpConfiguration),
            limits: settings.limits, ledger: ledger, identity: settings.identity),
          reads: reads)
      },
      configuration: ApplicationConfiguration(
        address: .hostname(settings.address, port: settings.port),
        availableConnectionsDelegate: MaximumAvailableConnections(settings.limits.mostConnections)),
      onServerRunning: { channel in onBound(channel.localAddress?.port ?? 0) },
      logger: logger)
  }

  /// The same server for the agent beside it: a certificate's names, its end or a crowd of clients are
  /// nothing to that.
  private func agentApplication(
    at path: String, onBound: @escaping @Sendable () -> Void
  ) -> some ApplicationProtocol {
    Application(
      responder: router.buildResponder(), server: .http1(configuration: httpConfiguration),
      configuration: ApplicationConfiguration(address: .unixDomainSocket(path: path)),
      onServerRunning: { _ in onBound() }, logger: logger)
  }

  private var httpConfiguration: HTTP1Channel.Configuration {
    .init(
      additionalChannelHandlers: [RequestProgress(), ClientPresence(), UnreadableRequests()],
      idleTimeout: TimeAmount(settings.limits.idleTimeout))
  }

  /// Method and path of every route, the path with `{name}` for a parameter; sorted.
  package var servedRoutes: [String] {
    router.routes.map { "\($0.method) \($0.path)" }.sorted()
  }

  private var router: Router<CallContext> {
    let router = Router(context: CallContext.self)
    router.add(middleware: AnswerEverything(logger: logger, tally: core.tally.requests))
    router.add(middleware: RequestLimits())
    router.add(
      middleware: Authentication(
        core: core, agentToken: settings.agentToken, metricsToken: settings.metricsToken,
        intake: BodyIntake(limits: settings.limits), tokenKey: settings.tokenKey))
    router.add(middleware: PlainPath())
    let routes = OperationRouter(router: router, core: core)
    InstanceRoutes(core: core).add(to: routes)
    ConnectionRoutes(core: core).add(to: routes)
    CatalogueRoutes(core: core).add(to: routes)
    NetworkRoutes(core: core).add(to: routes)
    PortRoutes(core: core).add(to: routes)
    AttachmentRoutes(core: core).add(to: routes)
    DiagnosisRoutes(core: core).add(to: routes)
    WatchRoutes(core: core).add(to: routes)
    TrafficRoutes(core: core).add(to: routes)
    ForwardingRoutes(core: core).add(to: routes)
    PermissionRoutes(core: core).add(to: routes)
    AuditRoutes(core: core).add(to: routes)
    AgentRoutes(core: core).add(to: routes)
    CaptureRoutes(core: core, patience: settings.captures).add(to: routes)
    CaptureAgentRoutes(core: core).add(to: routes)
    MetricsRoutes(core: core).add(to: routes)
    TokenRoutes(core: core, passwords: passwords, throttle: throttle, tokenKey: settings.tokenKey)
      .add(to: routes)
    UserRoutes(core: core, passwords: passwords, throttle: throttle).add(to: routes)
    GroupRoutes(core: core).add(to: routes)
    AccessKeyRoutes(core: core).add(to: routes)
    PolicyRoutes(core: core).add(to: routes)
    GrantRoutes(core: core).add(to: routes)
    DocumentRoute().add(to: routes)
    ConsoleRoutes().add(to: routes)
    return router
  }
}
