import ArgumentParser
import ESWClient
import ESWModel
import ESWWire

/// How a connection forwards.
struct ForwardingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forwarding",
    abstract: "How a connection forwards: profile, rules by class of frames, outer headers.",
    subcommands: [Show.self, Change.self])

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show how a connection forwards.",
      discussion: """
        The rules are those in effect, the profile's and what was set beside it: forward, drop, or frames a second of \
        all hosts together. `esw connection diagnose` shows what was dropped by them.
        """)
    @OptionGroup var options: ClientOptions
    @Argument(help: "The connection, by id or name.") var connection: Reference<ConnectionResource>

    func run() async throws {
      let client = try options.client()
      let ids = ["connection_id": "\(try await connection.id(client))"]
      let row = try await client.answer(to: .showForwarding, ids)["forwarding"]
      try Forwarding.show(row, options)
    }
  }

  struct Change: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Change how a connection forwards; what is not named stays as it is.",
      discussion: """
        Profiles: lan (the default) forwards everything that hosts of a LAN say to each other, floods up to a rate, but \
        no DHCP and no router advertisements, so that no site configures the other's hosts. esw is what the vendor \
        documents: no unknown unicast, broadcast or multicast, but VRRP towards the local side; the node answers ARP \
        for hosts that it knows. custom has only the rules that are given, and wants all.

        A rule is CLASS=RULE for both directions, or CLASS:to_remote=RULE, CLASS:to_local=RULE. Classes: neighbour \
        (ARP, ND), configuration (DHCP, router advertisements), vrrp, known_unicast, unknown_unicast, broadcast, \
        multicast. RULE is forward, drop, frames a second, or default for the profile's. Another profile begins \
        without rules of its own.

        Examples:
          esw connection forwarding set l2 --profile esw
          esw connection forwarding set l2 --rule configuration=forward --rule broadcast:to_local=200
          esw connection forwarding set l2 --dscp copy --udp-checksum
        """)
    @OptionGroup var options: ChangeOptions
    @Argument(help: "The connection, by id or name.") var connection: Reference<ConnectionResource>
    @Option(help: "lan, esw or custom.") var profile: ForwardingProfile?
    @Option(help: ArgumentHelp("A rule; as often as needed.", valueName: "class[:direction]=rule"))
    var rule: [RuleArgument] = []
    @Option(help: "TTL of the outer header, 1 to 255.") var ttl: UInt8?
    @Option(help: "DSCP of the outer header: copy (the inner packet's) or 0 to 63.") var dscp:
      OuterDifferentiation?
    @Flag(
      inversion: .prefixedNo, help: "Checksums in outer UDP headers; slower, and only for remotes at 4789.")
    var udpChecksum: Bool?
    @Flag(inversion: .prefixedNo, help: "Lower the MSS of TCP handshakes to what the tunnel carries.")
    var clampMSS: Bool?
    @Flag(inversion: .prefixedNo, help: "Answer ARP and ND for known hosts; by the profile when never set.")
    var answerKnown: Bool?
    @Option(help: "Addresses that it may learn, 0 to 65536.") var learningLimit: UInt32?
    @Option(help: "Seconds that an address is known after its last frame, 10 to 86400.") var ageing: UInt32?
    @Flag(
      inversion: .prefixedNo,
      help:
        "Take frames of the remotes only from the tunnel subnet's interface; --no-pin-underlay: from any.")
    var pinUnderlay: Bool?

    func validate() throws {
      guard ttl != 0 else { throw ValidationError("--ttl must be 1 to 255") }
      guard learningLimit.map(ForwardingSettings.learningLimitRange.contains) ?? true else {
        throw ValidationError("--learning-limit must be 0 to 65536")
      }
      guard ageing.map(ForwardingSettings.ageingRange.contains) ?? true else {
        throw ValidationError("--ageing must be 10 to 86400")
      }
      guard update != ForwardingUpdate() else { throw ValidationError("nothing to change was named") }
    }

    private var update: ForwardingUpdate {
      var update = ForwardingUpdate()
      update.profile = profile
      for rule in rule { rule.apply(to: &update.rules) }
      update.timeToLive = ttl
      update.differentiation = dscp
      update.hasUDPChecksum = udpChecksum
      update.clampsMSS = clampMSS
      update.answersKnown = answerKnown
      update.learningLimit = learningLimit
      update.ageingSeconds = ageing
      update.pinsUnderlay = pinUnderlay
      return update
    }

    func run() async throws {
      let client = try options.client()
      let ids = ["connection_id": "\(try await connection.id(client))"]
      let body = JSONWriter.data { $0.body(update) }
      let row = try await client.answer(to: .updateForwarding, ids, body: body)["forwarding"]
      try Forwarding.show(row, options.common)
    }
  }
}

/// `CLASS=RULE` or `CLASS:DIRECTION=RULE`.
struct RuleArgument: ExpressibleByArgument {
  private let frames: FrameClass
  /// Nil: both.
  private let direction: Direction?
  private let choice: RuleChoice

  init?(argument: String) {
    let halves = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let place = halves[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard halves.count == 2, let choice = RuleChoice(String(halves[1])),
      let frames = FrameClass(rawValue: String(place[0]))
    else { return nil }
    switch place.count == 2 ? place[1] : nil {
    case nil: direction = nil
    case "to_remote": direction = .toRemote
    case "to_local": direction = .toLocal
    default: return nil
    }
    self.frames = frames
    self.choice = choice
  }

  func apply(to rules: inout [FrameClass: ForwardingUpdate.RuleUpdate]) {
    var update = rules[frames] ?? ForwardingUpdate.RuleUpdate()
    if direction != .toLocal { update.toRemote = choice }
    if direction != .toRemote { update.toLocal = choice }
    rules[frames] = update
  }
}

extension ForwardingProfile: ExpressibleByArgument {
  package init?(argument: String) { self.init(rawValue: argument) }
}

extension OuterDifferentiation: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

enum Forwarding {
  /// The settings, and for people a table of the rules in effect.
  static func show(_ row: JSON, _ options: ClientOptions) throws {
    guard options.isForPeople, case .object(var members) = row else {
      return try options.show(row, [.init("ID", "connection_id")])
    }
    let rules = FrameClass.allCases.map { frames in
      JSON.object([
        "class": .string(frames.rawValue),
        "to_remote": row["effective_rules.\(frames.rawValue).to_remote"],
        "to_local": row["effective_rules.\(frames.rawValue).to_local"],
      ])
    }
    members["rules"] = nil
    members["effective_rules"] = nil
    let section = Section(
      "rules in effect", .array(rules),
      [.init("CLASS", "class"), .init("TO REMOTE", "to_remote"), .init("TO LOCAL", "to_local")])
    try Terminal.result(Table(record: .object(members)).text + "\n\n" + Section.text([section]))
  }
}
