import ArgumentParser
import ESWModel
import ESWSeams
import Foundation
import GatewayAgent
import LinuxDataplane
import Logging
import PacketCapture
import ServiceLifecycle
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run the control plane, with a gateway agent in the same process.",
    discussion: """
      The first start on an empty data folder makes a project and a key pair, shows them once and writes them to \
      DATA/credentials, readable by the owner only. DATA/master-key opens the secrets in the store, which is of no \
      use without it: keep a copy in another place than that of the store.

      Beyond this machine it listens with TLS only (--tls-certificate, --tls-key), unless --insecure-http says that \
      something else protects it.

      Each setting is a flag, an environment variable (ESW_ and its name in capitals) or a member of the JSON file \
      named by --config, in this order of precedence.
      """)

  @Option(help: "A JSON file with settings (ESW_CONFIG).") var config: String?
  @Option(help: "Address and port to listen on; default 127.0.0.1:8470.") var listen: String?
  @Option(
    help: "PEM file: the server's certificate, then those up to its authority's; read anew when it changes.")
  var tlsCertificate: String?
  @Option(help: "PEM file: the certificate's key.") var tlsKey: String?
  @Flag(help: "Listen without TLS where other machines reach it.") var insecureHTTP = false
  @Option(help: "Connections that one client address may have; default 256.") var connectionsPerAddress:
    String?
  @Option(help: "Data folder; default /var/lib/openesw for root.") var data: String?
  @Option(help: "Region name in answers; default local-1.") var region: String?
  @Option(help: "Availability zones with commas; default az1,az2.") var zones: String?
  @Option(help: "Switches that a project may have; default 5.") var quota: String?
  @Option(
    help: "on: switches carry what their flavor says and no more; off: flavors are labels. Default on.")
  var flavorLimits: String?
  @Option(help: "Seconds that evidence of a remote counts; default 15.") var evidence: String?
  @Option(help: "This node's name; default the host's.") var node: String?
  @Option(help: "Network namespace in which the agent works, such as /run/netns/name.") var namespace: String?
  @Option(help: "Whether the agent turns GRO on at underlays and ports: on (default) or off.")
  var gro: String?
  @Option(
    help: "XDP in front of tcx: auto (default: network cards that can), on (also virtual interfaces) or off.")
  var xdp: String?
  @Option(help: "trace, debug, info, notice, warning, error or critical; default info.") var log: String?
  @Flag(help: "Without an agent: this process then needs no privilege.") var noAgent = false
  @Flag(
    help:
      "Make a new key of the user admin, for when all are lost or one has leaked: it replaces DATA/credentials, and the user's other keys, password and tokens are void."
  )
  var newAdminKey = false

  func run() async throws {
    let settings = try await Settings(
      flags: [
        "listen": listen, "data": data, "region": region, "zones": zones, "quota": quota,
        "flavorLimits": flavorLimits, "evidence": evidence, "node": node, "namespace": namespace,
        "gro": gro, "xdp": xdp, "log": log,
        "agent": noAgent ? "false" : nil, "tlsCertificate": tlsCertificate, "tlsKey": tlsKey,
        "insecureHttp": insecureHTTP ? "true" : nil, "connectionsPerAddress": connectionsPerAddress,
      ], file: config)
    let logger = try Logging.start(settings)
    let (address, tls) = (try settings.listenAddress(), try settings.tlsFiles())
    try settings.checkTransport(of: address, tls: tls)
    let server = try await SwitchServer(
      .init(
        dataFolder: settings.dataFolder(), listen: address, tls: tls, hearsHangups: true,
        limits: try settings.limits(files: FileLimit.raise()),
        region: try settings.region(), enforcesFlavors: try settings.choice("flavorLimits", default: true),
        node: try settings.node(), logger: logger,
        dataplane: settings.text("agent", default: "true") == "false" ? nil : .kernel(try settings.kernel())))
    if let key = try await server.firstKey() {
      show(key, "A project and a key pair were made", in: server.folder)
    } else if newAdminKey, let key = try await server.newAdministratorKey() {
      show(key, "A key pair of the administrator was made", in: server.folder)
      Terminal.say("The administrator's other keys, the password and the tokens are void.")
    }
    try await server.settle()
    let services = try server.services(signals: [.sigterm, .sigint]) { endpoint in
      Terminal.say("OpenESW \(productVersion) listens on \(endpoint)")
      Terminal.say("The console is at \(endpoint)/console")
    }
    try await services.run()
  }
}

extension ServeCommand {
  private func show(_ key: IssuedKey, _ what: String, in folder: DataFolder) {
    Terminal.say(
      """
      \(what); this is shown once:
        project  \(key.project)
        AK       \(key.id)
        SK       \(key.secret)
      They are also in \(folder.credentials); load them with  . \(folder.credentials)
      """)
  }
}

struct AgentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent", abstract: "Run a gateway node: ask a control plane, program the kernel, report.",
    discussion: """
      The control plane writes the agents' credential to DATA/agent-token. Give it by --token-file or ESW_TOKEN.
      """)

  @Option(help: "A JSON file with settings (ESW_CONFIG).") var config: String?
  @Option(help: "The control plane; default http://127.0.0.1:8470 (ESW_ENDPOINT).") var endpoint: String?
  @Option(help: "A file that holds the agents' credential.") var tokenFile: String?
  @Option(help: "PEM file of the authorities to trust for https; default the system's (ESW_CA_FILE).")
  var caFile: String?
  @Option(help: "Data folder; default /var/lib/openesw for root.") var data: String?
  @Option(help: "This node's name; default the host's.") var node: String?
  @Option(help: "Network namespace in which to work, such as /run/netns/name.") var namespace: String?
  @Option(help: "Whether to turn GRO on at underlays and ports: on (default) or off.") var gro: String?
  @Option(
    help: "XDP in front of tcx: auto (default: network cards that can), on (also virtual interfaces) or off.")
  var xdp: String?
  @Option(help: "trace, debug, info, notice, warning, error or critical; default info.") var log: String?

  func run() async throws {
    let settings = try await Settings(
      flags: [
        "endpoint": endpoint, "caFile": caFile, "data": data, "node": node, "namespace": namespace,
        "gro": gro, "xdp": xdp, "log": log,
      ], file: config)
    let logger = try Logging.start(settings)
    let node = try settings.node()
    let folder = try DataFolder(settings.dataFolder())
    let endpoint = settings.text("endpoint", default: ClientOptions.defaultEndpoint)
    let link = try HTTPAgentLink(
      endpoint: endpoint, node: node, token: try token(settings),
      http: try Trust.client(caFile: settings.optionalText("caFile")))
    if !HTTPAgentLink.isPrivate(endpoint) {
      logger.warning(
        "the agents' credential goes over the network in the clear: use https://",
        metadata: ["endpoint": "\(endpoint)"])
    }
    let ledger = try ConfigurationLedger(folder: folder.agent(node))
    let agent = AgentService(
      node: node, link: link, dataplane: try await open(settings.kernel(), node, ledger, link),
      ledger: ledger, logger: logger, writer: PcapngWriter(sentences: LinuxDataplane.dropSentences),
      product: "OpenESW \(productVersion)")
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: agent)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await group.run()
  }

  /// Who waits for this node shall hear from it why nothing comes.
  private func open(
    _ kernel: KernelOpening, _ node: NodeName, _ ledger: ConfigurationLedger, _ link: HTTPAgentLink
  ) async throws -> any Dataplane {
    do {
      return try kernel.open()
    } catch {
      // The control plane may be out of reach as well; the person at this terminal is told in any case.
      try? await link.send(
        .unfit(
          node, having: try? ledger.load(), kernelRelease: LinuxDataplane.runningKernelRelease(),
          because: "\(error)"))
      throw error
    }
  }

  private func token(_ settings: Settings) throws -> String {
    if let token = settings.optionalText("token") { return token }
    guard let file = tokenFile ?? settings.optionalText("tokenFile") else {
      throw ValidationError("the agents' credential is missing: --token-file DATA/agent-token or ESW_TOKEN")
    }
    do {
      return try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    } catch {
      throw ValidationError("the credential file \(file) cannot be read: \(error.localizedDescription)")
    }
  }
}

enum Logging {
  /// Logs go to standard error, so that standard output holds only what was asked for.
  static func start(_ settings: Settings) throws -> Logger {
    let level = try settings.logLevel()
    LoggingSystem.bootstrap { LineLog(label: $0, level: level) }
    // Whoever ends the process, the last lines are written.
    atexit { LogWriter.standardError.flush() }
    return Logger(label: "esw")
  }
}

extension Settings {
  /// The kernel of this machine, or of one of its network namespaces.
  ///
  /// - Throws: When a setting is none.
  func kernel() throws -> KernelOpening {
    let namespace = optionalText("namespace")
    let gro = text("gro", default: "on")
    guard ["on", "off"].contains(gro) else { throw invalid("gro", gro, "on or off") }
    let xdp = text("xdp", default: XDPUse.auto.rawValue)
    guard let use = XDPUse(rawValue: xdp) else { throw invalid("xdp", xdp, "auto, on or off") }
    return KernelOpening(namespace: namespace, setsAggregation: gro == "on", xdp: use)
  }
}

/// A kernel's data plane that has yet to be opened: what it needs may be missing.
struct KernelOpening: Sendable {
  let namespace: String?
  let setsAggregation: Bool
  let xdp: XDPUse

  /// - Throws: With what is missing (privilege, kernel version, bpffs).
  func open() throws -> any Dataplane {
    try LinuxDataplane(
      namespace: namespace, pins: NodePins.folder(ofNamespace: namespace), setsAggregation: setsAggregation,
      xdp: xdp)
  }
}
