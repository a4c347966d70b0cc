import ESWModel

/// One remote of a connection.
struct RemoteCase {
  let remote: RemoteEndpoint
  let index: Int
  let seen: RemoteEvidence?
  let way: UnderlayFact?

  /// As findings name it.
  var name: String {
    "\(remote.address)" + (remote.port == RemoteEndpoint.defaultPort ? "" : ":\(remote.port)")
      + " VNI \(remote.vni)"
  }
}

// Why nothing comes from a remote: of each remote the first of these that is so.
extension ConnectionCase {
  var remotes: [RemoteCase] {
    connection.remotes.enumerated().map { index, remote in
      RemoteCase(
        remote: remote, index: index, seen: seen?.remotes.first { $0.remote == remote },
        way: node.way(from: instance.tunnelAddress, to: remote.address))
    }
  }

  func isHeard(_ remote: RemoteCase) -> Bool { node.isFresh(remote.seen?.receivedAgeMilliseconds) }

  var isAnyRemoteHeard: Bool { remotes.contains(where: isHeard) }

  var remoteFindings: [Finding] {
    // Two remotes behind one broken thing are one finding.
    var found: [Finding] = []
    for remote in remotes {
      let fault = isHeard(remote) ? faultWhileHeard(remote) : fault(of: remote)
      if let fault, !found.contains(fault) { found.append(fault) }
    }
    return found + unlistedAdvice
  }

  /// What is lost on the way there alone. What the kernel has no route for, it does not send.
  private func faultWhileHeard(_ remote: RemoteCase) -> Finding? {
    if let fault = routeFault(remote) { return fault }
    guard isUnanswered(remote) else { return nil }
    return interference(besides: remote) ?? nextHopFault(remote) ?? errorFault(remote)
      ?? nothingArrives(remote)
  }

  /// Three probes in a row, and none but ours are lost: hosts that answered before, or speak, would answer.
  func isUnanswered(_ remote: RemoteCase) -> Bool {
    guard let probing = remote.seen?.probing, probing.figures.sent >= 3 else { return false }
    let isThere =
      probing.reflector != nil
      || (seen?.hosts ?? []).contains {
        $0.side == .remote(remote.index) && $0.address != nil && node.isFresh($0.seenAgeMilliseconds)
      }
    let patience = max(node.lifetime, Self.probePatience)
    return isThere && probing.figures.answeredAgeMilliseconds.map { node.asOfNow($0) > patience } ?? isThere
  }

  /// Probes come every five seconds.
  private static let probePatience: Int64 = 16_000

  private func fault(of remote: RemoteCase) -> Finding {
    reportFault(remote) ?? routeFault(remote) ?? interference(before: remote) ?? nextHopFault(remote)
      ?? errorFault(remote)
      ?? otherVNIFault(remote) ?? otherSourceFault(remote) ?? otherInterfaceFault(remote)
      ?? interference(besides: remote) ?? silenceFault(remote)
  }

  /// What was fresh when it was told, and is old because nothing was told since.
  private func reportFault(_ remote: RemoteCase) -> Finding? {
    guard let age = remote.seen?.receivedAgeMilliseconds, age <= node.lifetime,
      node.asOfNow(0) > Self.reportPatience
    else { return nil }
    return Diagnosis.agentSilent(
      node.name, "its last report is \(Self.ago(node.asOfNow(0))), and told of frames")
  }

  /// Reports come every second. One that is younger did not miss the moment at which evidence became too old.
  private static let reportPatience: Int64 = 3_000

  // MARK: What the node's kernel says

  private func routeFault(_ remote: RemoteCase) -> Finding? {
    let address = remote.remote.address
    let question = "ip route get \(address) from \(instance.tunnelAddress)"
    switch remote.way?.route {
    case .own?:
      return Finding(
        .fault, .remoteIsOwn, of: remote.name, "the remote's address is one of node \(node.name) itself",
        evidence: "\(question): local",
        advice: "make the connection again with the address of the far site's VTEP",
        commands: ["esw connection show \(connection.name)", "ip address show to \(address)"])
    case .unreachable(let words)?: return noRoute(remote, ["\(question): \(words)"])
    case .by?: return nil
    case nil:
      let drops = recentDrops("unreachable", .toRemote)
      guard drops > 0, remote.way == nil else { return nil }
      return noRoute(remote, ["\(drops) frames to the remotes dropped as unreachable in \(Self.recently)"])
    }
  }

  private func noRoute(_ remote: RemoteCase, _ evidence: [String]) -> Finding {
    let address = remote.remote.address
    // A remote in the tunnel's own subnet has no router between.
    let by = tunnelSubnet.map { $0.network.contains(address) ? "" : "via \($0.gateway) " } ?? "via ROUTER "
    return Finding(
      .fault, .noRoute, of: remote.name, "node \(node.name) has no route to the remote \(address)",
      evidence: evidence,
      advice: "add a route to it by the underlay, here by the tunnel subnet's gateway; or, if the address is "
        + "wrong, make the connection again with the right one",
      commands: ["ip route add \(address)/32 \(by)dev \(underlay)"])
  }

  private func nextHopFault(_ remote: RemoteCase) -> Finding? {
    guard case .by(let interface, let gateway, _)? = remote.way?.route, remote.way?.nextHop == .silent else {
      return nil
    }
    let hop = gateway ?? remote.remote.address
    let who = gateway == nil ? "the remote \(hop), a neighbour of the node," : "the next hop \(hop)"
    return Finding(
      .fault, .nextHopSilent, of: remote.name, "\(who) does not answer ARP on \(interface)",
      evidence: [
        "route to \(remote.remote.address): "
          + (gateway.map { "via \($0) dev \(interface)" } ?? "dev \(interface)"),
        "ip neighbour show \(hop) dev \(interface): FAILED or INCOMPLETE",
      ],
      advice:
        "look whether it is up, in the same network and VLAN as \(interface), and whether the cable holds",
      commands: ["ip neighbour show dev \(interface)", "ping -c 3 -I \(interface) \(hop)"])
  }

  // MARK: What others say

  /// What was said of our VXLAN, as long as nothing speaks against it. We send at least every five seconds,
  /// and a host says each time that nobody listens; a router may say so once, and then be silent for long.
  func currentError(_ remote: RemoteCase) -> UnderlayError? {
    guard let error = remote.way?.error else { return nil }
    let age = node.asOfNow(error.ageMilliseconds)
    guard error.kind != .portUnreachable, !isHeard(remote) else {
      return age <= Self.hostErrorLifetime && !isContradicted(error, remote) ? error : nil
    }
    return age <= Self.routerErrorLifetime && !isContradicted(error, remote) ? error : nil
  }

  private static let hostErrorLifetime: Int64 = 7_000
  private static let routerErrorLifetime: Int64 = 30_000

  /// VXLAN that has come since, though with another VNI or from elsewhere, shows that the way is open again.
  private func isContradicted(_ error: UnderlayError, _ remote: RemoteCase) -> Bool {
    (node.strangers(from: remote.remote.address) + unlisted(remote)).contains { stranger in
      stranger.ageMilliseconds.map { $0 < error.ageMilliseconds } ?? false
    }
  }

  private func errorFault(_ remote: RemoteCase) -> Finding? {
    guard let error = currentError(remote) else { return nil }
    let address = remote.remote.address
    let port = remote.remote.port
    let age = Self.ago(node.asOfNow(error.ageMilliseconds))
    switch error.kind {
    case .portUnreachable:
      return Finding(
        .fault, .portRefused, of: remote.name,
        "the remote is there, and nobody listens at its UDP port \(port)",
        evidence: "ICMP port unreachable from \(error.reporter) \(age), about VXLAN of ours",
        advice: "on the far side: make the VXLAN device, raise it, let it listen at \(port), and let no "
          + "firewall reject that; or make the connection again with the port that it has",
        commands: ["ss -lun sport = :\(port)", "ip -d link show type vxlan"])
    case .prohibited:
      return Finding(
        .fault, .filteredOnTheWay, of: remote.name,
        "a firewall on the way refuses our VXLAN: \(error.reporter) says so",
        evidence: "ICMP administratively prohibited from \(error.reporter) \(age)",
        advice: "let UDP from \(instance.tunnelAddress) to \(address) port \(port), and back to port "
          + "\(RemoteEndpoint.defaultPort), pass there")
    case .unreachable:
      return Finding(
        .fault, .remoteUnreachable, of: remote.name,
        "the remote cannot be reached beyond \(error.reporter), which says so",
        evidence: "ICMP unreachable or time exceeded from \(error.reporter) \(age)",
        advice: "look at the routes of \(error.reporter) to \(address), and whether the remote is up",
        commands: ["traceroute -n -s \(instance.tunnelAddress) \(address)"])
    // Small frames pass, and tell why none comes by other signs.
    case .tooBig: return nil
    }
  }

  private func otherVNIFault(_ remote: RemoteCase) -> Finding? {
    let others = node.strangers(from: remote.remote.address).filter { $0.vni != remote.remote.vni.value }
    guard let last = others.first, let vni = last.vni else { return nil }
    return Finding(
      .fault, .otherVNI, of: remote.name,
      "the remote sends with VNI \(vni), and VNI \(remote.remote.vni) is configured",
      evidence: others.prefix(4).map { Self.line($0, node) },
      advice: "set VNI \(remote.remote.vni) at the far side; or make the connection again with VNI \(vni)",
      commands: ["esw connection show \(connection.name)"])
  }

  private func otherSourceFault(_ remote: RemoteCase) -> Finding? {
    let others = unlisted(remote)
    guard let source = others.first?.source else { return nil }
    return Finding(
      .fault, .otherSource, of: remote.name,
      "frames with VNI \(remote.remote.vni) come from \(source), and \(remote.remote.address) is configured",
      evidence: others.prefix(4).map { Self.line($0, node) },
      advice: "let the far VTEP send from \(remote.remote.address); or make the connection again with "
        + "\(source). Where a NAT stands between, it must leave UDP port \(remote.remote.port) and "
        + "addresses of VTEPs alone",
      commands: ["esw connection show \(connection.name)"])
  }

  /// Strangers with the remote's VNI that are no remote of this connection.
  private func unlisted(_ remote: RemoteCase) -> [StrangerReport] {
    node.strangers(with: remote.remote.vni).filter { stranger in
      stranger.source != nil && !connection.remotes.contains { $0.address == stranger.source }
    }
  }

  private var unlistedAdvice: [Finding] {
    remotes.filter(isHeard).flatMap { remote in
      unlisted(remote).prefix(1).map { stranger in
        Finding(
          .advice, .otherSource, of: remote.name,
          "somebody who is no remote sends frames with VNI \(remote.remote.vni): they are dropped",
          evidence: Self.line(stranger, node),
          advice: "if it is a VTEP of yours, make it a remote; else nothing needs to be done")
      }
    }
  }

  private func otherInterfaceFault(_ remote: RemoteCase) -> Finding? {
    let drops = recentDrops("wrong_interface", .toLocal)
    guard drops > 0 else { return nil }
    return Finding(
      .fault, .otherInterface, of: remote.name,
      "frames of the remotes come in by another interface than \(underlay), and are dropped",
      evidence: "\(drops) frames dropped as wrong_interface in \(Self.recently)",
      advice: "route the tunnel by the interface that the tunnel subnet is attached to; or, if several ways "
        + "are meant, take frames from any",
      commands: ["esw connection forwarding set \(connection.name) --no-pin-underlay"])
  }

  // MARK: Silence

  /// Whether pings are answered still. An answer that is no newer than the last frame fell silent with it.
  func isEchoed(_ remote: RemoteCase) -> Bool {
    guard let answered = remote.way?.echo?.answeredAgeMilliseconds, node.isFresh(answered)
    else { return false }
    guard let received = remote.seen?.receivedAgeMilliseconds else { return true }
    return answered < max(received, 0) - Self.simultaneousMilliseconds
  }

  /// Ages of two things that are looked at one after the other, and told in one report.
  private static let simultaneousMilliseconds: Int64 = 1_000

  private func silenceFault(_ remote: RemoteCase) -> Finding {
    let echo = remote.way?.echo
    let isEchoed = isEchoed(remote)
    let lines = evidence(of: remote)
    if let echo, echo.sent > 0, !isEchoed, !node.isHeard(remote.remote.address) {
      return Finding(
        .fault, .remoteSilent, of: remote.name,
        "the remote \(remote.remote.address) is silent: nothing answers there, not even ICMP",
        evidence: lines,
        advice:
          "look whether it is up and has that address, whether the network between carries packets both "
          + "ways, and whether a firewall drops UDP \(remote.remote.port) and ICMP",
        commands: ["traceroute -n -s \(instance.tunnelAddress) \(remote.remote.address)"])
    }
    guard node.isFresh(remote.seen?.sentAgeMilliseconds) else {
      return Finding(
        .fault, .nothingSent, of: remote.name, "no frame goes to the remote, and none comes from it",
        evidence: lines,
        advice: "the agent asks hosts of the far side within seconds: when this lasts, its log says why it "
          + "does not")
    }
    let isAlive = isEchoed || node.isHeard(remote.remote.address)
    return Finding(
      .fault, .nothingComesBack, of: remote.name,
      "frames go out to the remote, and none come back" + (isAlive ? ", though it is alive" : ""),
      evidence: lines,
      advice: "look at the far side: VNI \(remote.remote.vni), our address \(instance.tunnelAddress) as its "
        + "remote, UDP port \(RemoteEndpoint.defaultPort) towards us, the bridge behind the VTEP, and at least "
        + "one host that is up; and whether a firewall drops UDP on either way",
      commands: [
        "tcpdump -ni \(underlay) udp port \(RemoteEndpoint.defaultPort) and host \(remote.remote.address)"
      ])
  }

  private func nothingArrives(_ remote: RemoteCase) -> Finding {
    Finding(
      .fault, .nothingArrives, of: remote.name,
      "frames come from the remote, and ours do not arrive there: probes are not answered",
      evidence: evidence(of: remote),
      advice:
        "look on the way there: a firewall before the far VTEP, its UDP port \(remote.remote.port), its "
        + "VNI \(remote.remote.vni), the bridge behind it",
      commands: ["traceroute -n -s \(instance.tunnelAddress) \(remote.remote.address)"])
  }

  private static func line(_ stranger: StrangerReport, _ node: HeardNode) -> String {
    "\(stranger.frames) frames from \(stranger.source.map(\.description) ?? "?") with VNI "
      + "\(stranger.vni.map { "\($0)" } ?? "?"), the last \(ago(node.asOfNow(stranger.ageMilliseconds ?? 0)))"
  }
}
