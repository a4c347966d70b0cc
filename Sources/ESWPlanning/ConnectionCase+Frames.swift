import ESWModel

// Some frames cross, others do not.
extension ConnectionCase {
  var frameFindings: [Finding] {
    interferenceFindings + remotes.flatMap(widthFindings) + remotes.compactMap(lossFault) + firewallFindings
      + ruleFindings + flavorFault + learningFault
  }

  // MARK: Large frames

  /// Outer IPv4 (20), UDP (8) and VXLAN (8), and the inner Ethernet header (14): RFC 7348 section 5.
  static let overhead: UInt32 = 50
  /// What an Ethernet frame has before its payload.
  private static let ethernetHeader: UInt32 = 14

  private func widthFindings(_ remote: RemoteCase) -> [Finding] {
    let portMTU = seen?.port?.mtu
    let (needed, isTooMuch) = (portMTU ?? 0).addingReportingOverflow(Self.overhead)
    let drops = recentDrops("too_big", .toRemote)
    if case .by(let interface, _, let has)? = remote.way?.route, let portMTU, !isTooMuch, has < needed {
      return [
        narrow(remote, interface, has: has, needs: needed, portMTU: portMTU, drops: drops)
      ]
    }
    if let error = remote.way?.error, case .tooBig(let has) = error.kind,
      node.isFresh(error.ageMilliseconds)
    {
      return [narrowFurther(remote, has: has, error, needs: portMTU.map { _ in needed })]
    }
    return largeFault(remote).map { [$0] } ?? []
  }

  private func narrow(
    _ remote: RemoteCase, _ interface: InterfaceName, has: UInt32, needs: UInt32, portMTU: UInt32,
    drops: UInt64
  ) -> Finding {
    let link = node.interface(interface)?.mtu
    // Where the interface is wide enough, a route or a router has said less.
    let isInterface = link.map { $0 <= has } ?? true
    var evidence = [
      "the way to \(remote.remote.address) by \(interface) carries \(has) bytes, the tunnel needs \(needs): "
        + "\(port) has MTU \(portMTU), and the tunnel takes \(Self.overhead)"
    ]
    if drops > 0 { evidence.append("\(drops) frames dropped as too big in \(Self.recently)") }
    let commands =
      isInterface
      ? ["ip link set dev \(interface) mtu \(needs)"]
      : ["ip route get \(remote.remote.address)", "ip route flush cache"]
    return Finding(
      drops > 0 ? .fault : .advice, .underlayTooNarrow, of: interface.description,
      drops > 0
        ? "the underlay is too narrow for the tunnel: frames over \(Self.carried(has)) bytes of IP are lost"
        : "the underlay carries less than the segment: senders are told, and no frame was lost to it of late",
      evidence: evidence,
      advice:
        "make the underlay wider, on the whole way to the remote; or, if that cannot be, give the hosts "
        + "of both sites an MTU of \(Self.carried(has))",
      commands: commands)
  }

  /// What an inner IP packet may have.
  private static func carried(_ outer: UInt32) -> UInt32 { outer > overhead ? outer - overhead : 0 }

  private func narrowFurther(
    _ remote: RemoteCase, has: UInt32, _ error: UnderlayError, needs: UInt32?
  ) -> Finding {
    Finding(
      .fault, .underlayTooNarrow, of: remote.name,
      "the way to the remote is too narrow for the tunnel beyond \(error.reporter): \(has) bytes",
      evidence: "ICMP too big (next link: \(has)) from \(error.reporter) "
        + Self.ago(node.asOfNow(error.ageMilliseconds)) + (needs.map { "; the tunnel needs \($0)" } ?? ""),
      advice: "make the link behind \(error.reporter) wider; or give the hosts of both sites an MTU of "
        + "\(Self.carried(has))")
  }

  /// One lost probe makes the largest frame that was found a byte smaller; links differ by more.
  private static let leastShortfall: UInt32 = 4

  /// Small frames are answered, and large ones are not: nobody tells the senders.
  private func largeFault(_ remote: RemoteCase) -> Finding? {
    guard isHeard(remote), let probing = remote.seen?.probing, let tried = probing.largestTried else {
      return nil
    }
    let ways = [
      ("to the remote", probing.largestToRemote), ("from the remote", probing.largestToLocal),
    ].compactMap { way, bytes in
      bytes.flatMap { tried > $0 && tried - $0 >= Self.leastShortfall ? (way, $0) : nil }
    }
    guard let least = ways.map(\.1).min() else { return nil }
    let outer = least.addingReportingOverflow(Self.overhead - Self.ethernetHeader).partialValue
    let wanted = tried.addingReportingOverflow(Self.overhead - Self.ethernetHeader).partialValue
    return Finding(
      .fault, .largeFramesLost, of: remote.name,
      "small frames cross, and large ones vanish without a word "
        + ways.map(\.0).joined(separator: " and "),
      evidence: ways.map { "the largest frame \($0.0) has \($0.1) bytes, \(tried) were tried" } + [
        "outer packets of \(outer) bytes pass, those of \(wanted) do not"
      ],
      advice:
        "a link of the underlay, or the far VTEP's, carries less than \(wanted) bytes and tells nobody: "
        + "find it and make it wider; or give the hosts of both sites an MTU of "
        + "\(least > Self.ethernetHeader ? least - Self.ethernetHeader : 0)",
      commands: ["tracepath -n \(remote.remote.address)"])
  }

  // MARK: Loss

  /// Of each hundred probes, so many lost are no accident.
  private static let mostLossPerMille: UInt32 = 100
  private static let leastProbes: UInt32 = 10

  private func lossFault(_ remote: RemoteCase) -> Finding? {
    // A host may have gone to sleep; a data path does not.
    guard isHeard(remote), let probing = remote.seen?.probing, probing.reflector == .dataPath,
      probing.figures.sent >= Self.leastProbes, let loss = probing.figures.lossPerMille,
      loss >= Self.mostLossPerMille
    else { return nil }
    return Finding(
      .fault, .framesLost, of: remote.name, "frames are lost on the way to the remote and back",
      evidence: "of the last \(probing.figures.sent) probes \(probing.figures.answered) were answered by "
        + "the far data path",
      advice: "look for errors and full queues at the links between",
      commands: ["ip -s link show dev \(underlay)"])
  }

  // MARK: Bridge netfilter

  private var firewallFindings: [Finding] {
    guard let settings = seen?.port?.filteredBy, !settings.isEmpty else { return [] }
    let chains = (node.report.interferences ?? []).filter { fact in
      fact.kind == .bridgeFirewall && (fact.interface == nil || fact.interface == port)
    }
    let chain = chains.first { ($0.recentDrops ?? 0) > 0 } ?? chains.first { $0.recentDrops == nil }
    let options = settings.map { "\($0) = 1" }.joined(separator: ", ")
    let commands = settings.map { setting in
      setting.contains(".")
        ? "sysctl -w \(setting)=0" : "ip link set dev \(port) type bridge \(setting) 0"
    }
    guard let chain else {
      return [
        Finding(
          .advice, .bridgeNetfilter, of: port.description,
          "frames that cross the bridge \(port) go through the node's firewall, which drops none of them now",
          evidence: options, advice: "turn it off, unless rules of this node are meant for them",
          commands: commands)
      ]
    }
    let count = chain.recentDrops.map { "\($0) packets dropped by it in \(Self.recently)" }
    return [
      Finding(
        .fault, .bridgeNetfilter, of: port.description,
        "the node's firewall takes frames that cross the bridge \(port): \(chain.name ?? "a chain")",
        evidence: [options, count ?? "\(chain.name ?? "the chain") drops what no rule accepts"],
        advice: "keep the firewall away from bridged frames, or let it accept those of the subnet",
        commands: commands)
    ]
  }

  // MARK: Rules

  private var ruleFindings: [Finding] {
    Direction.allCases.flatMap { direction in
      findings(.classRule, dropped: "class", direction) { $0 == .drop }
        + findings(.classRate, dropped: "class_rate", direction) { rule in
          if case .limit = rule { true } else { false }
        }
    }
  }

  private func findings(
    _ topic: Finding.Topic, dropped reason: String, _ direction: Direction,
    by isMeant: (ForwardingRule) -> Bool
  ) -> [Finding] {
    let drops = recentDrops(reason, direction)
    guard drops > 0 else { return [] }
    let rules = connection.forwarding.rules
    let classes = (seen?.classDrops ?? []).filter { count in
      count.direction == direction && count.frames > 0 && isMeant(rules[count.frameClass, direction])
    }.map(\.frameClass)
    guard !classes.isEmpty else { return [] }
    // Without these, hosts do not reach each other. What else the profile leaves out is nothing to tell.
    let vital = classes.filter { $0 == .knownUnicast || $0 == .neighbour }
    let named = vital.isEmpty ? classes.filter { isOverride($0, direction) } : vital
    guard !named.isEmpty else { return [] }
    let way = Self.word(direction)
    return [
      Finding(
        vital.isEmpty ? .advice : .fault, topic, of: named.map(\.rawValue).joined(separator: ", "),
        "the connection's rule for \(named.map(\.rawValue).joined(separator: ", ")) "
          + (direction == .toRemote ? "to the remotes" : "to the local side")
          + (topic == .classRule ? " drops frames" : " lets fewer a second through than come"),
        evidence: named.map { frames in
          "\(frames.rawValue):\(way) = \(rules[frames, direction])"
            + (isOverride(frames, direction)
              ? "" : ", as profile \(connection.forwarding.profile.rawValue) has it")
        } + ["\(drops) frames dropped as \(reason) in \(Self.recently)"],
        advice: vital.isEmpty
          ? "nothing needs to be done, unless hosts of the two sites need these frames of each other"
          : "let them pass, if it was not meant so",
        commands: named.map {
          "esw connection forwarding set \(connection.name) --rule \($0.rawValue):\(way)=forward"
        })
    ]
  }

  private func isOverride(_ frames: FrameClass, _ direction: Direction) -> Bool {
    let override = connection.forwarding.overrides[frames]
    return (direction == .toRemote ? override?.toRemote : override?.toLocal) != nil
  }

  private static func word(_ direction: Direction) -> String {
    switch direction {
    case .toRemote: "to_remote"
    case .toLocal: "to_local"
    }
  }

  private var flavorFault: [Finding] {
    let drops = recentDrops("flavor_rate")
    guard drops > 0, isMetered else { return [] }
    let flavor = Flavor.named(instance.flavor)
    return [
      Finding(
        .fault, .flavorRate, of: instance.name.description,
        "more comes than the switch's flavor carries: the rest is dropped",
        evidence: [
          "\(flavor.name.rawValue): \(flavor.bandwidth) Gbit/s and \(flavor.packetRate) packets a second, each "
            + "direction, all connections of the switch together",
          "\(drops) frames dropped as flavor_rate in \(Self.recently)",
        ],
        advice: "make a switch of a larger flavor; or start the server with flavors as labels",
        commands: ["esw flavor list", "esw serve --flavor-limits off"])
    ]
  }

  private var learningFault: [Finding] {
    guard let frames = seen?.recentlyNotLearned, frames > 0 else { return [] }
    let limit = connection.forwarding.learningLimit
    let doubled = limit.multipliedReportingOverflow(by: 2)
    let more = min(
      doubled.overflow ? .max : max(doubled.partialValue, 100),
      ForwardingSettings.learningLimitRange.upperBound)
    return [
      Finding(
        .fault, .learningLimit, of: connection.name.description,
        "there are more hosts than the connection may learn: frames to the others are flooded, or dropped",
        evidence: [
          "learning limit \(limit)", "\(frames) frames of hosts that were not learned in \(Self.recently)",
        ],
        advice: more > limit
          ? "let it learn more; and if nobody has that many hosts, look who sends with ever new MAC addresses"
          : "it cannot learn more: look who sends with ever new MAC addresses, or stretch smaller subnets",
        commands: more > limit
          ? ["esw connection forwarding set \(connection.name) --learning-limit \(more)"] : [])
    ]
  }
}
