import ESWModel

// Programs and filters of others on interfaces that we use. A program is no fault by being there: it is
// named as the cause where nothing arrives that it would have let pass, and nothing shows that it does.
extension ConnectionCase {
  /// At the way in, when nothing at all comes from there: before anything is thought of what lies behind.
  func interference(before remote: RemoteCase) -> Finding? {
    isEchoed(remote) ? nil : suspect(remote)
  }

  /// ICMP passes, and no VXLAN comes.
  func interference(besides remote: RemoteCase) -> Finding? { suspect(remote) }

  private func suspect(_ remote: RemoteCase) -> Finding? {
    let error = currentError(remote) != nil
    // What comes from other VTEPs, or as VXLAN that is refused, has passed as well.
    let comesIn = isAnyRemoteHeard || error || !node.strangers(from: remote.remote.address).isEmpty
    let goesOut = remotes.contains { isHeard($0) && !isUnanswered($0) } || error
    return interferences(at: underlay).first { fact in
      switch fact.kind {
      case .xdp, .ingressProgram: !comesIn
      case .egressProgram: !goesOut
      case .bridgeFirewall: false
      }
    }.map { fault($0, at: underlay, "no frame of the remotes is seen behind it") }
  }

  func interferences(at interface: InterfaceName) -> [InterferenceFact] {
    (node.report.interferences ?? []).filter { $0.interface == interface }
  }

  /// Those that are known to drop; those at the port, when no local host is heard; all others as advice.
  var interferenceFindings: [Finding] {
    let places = Array(Set([underlay, entrance])).sorted()
    return places.flatMap { place in
      interferences(at: place).filter { $0.kind != .bridgeFirewall }.map { fact in
        if let drops = fact.recentDrops, drops > 0 {
          return fault(fact, at: place, "\(drops) packets dropped by it in \(Self.recently)")
        }
        let isAtEntrance = fact.kind == .xdp || fact.kind == .ingressProgram
        if place == entrance, place != underlay, isAtEntrance, !isLocalHostHeard {
          return fault(fact, at: place, "no local host has been heard behind it in \(lifetimeWords)")
        }
        return Finding(
          .advice, .foreignProgram, of: place.description,
          "\(words(fact)) at \(place), which OpenESW uses too", evidence: "frames pass it",
          advice: "nothing needs to be done as long as it lets pass what is ours")
      }
    }
  }

  private var lifetimeWords: String { "\(node.lifetime / 1000) s" }

  private func fault(_ fact: InterferenceFact, at place: InterfaceName, _ seen: String) -> Finding {
    let look: [String] =
      switch fact.kind {
      case .xdp: ["ip link show dev \(place)", "ip link set dev \(place) xdp off"]
      case .ingressProgram, .egressProgram:
        ["bpftool net show dev \(place)", "tc filter show dev \(place) egress"]
      case .bridgeFirewall: ["iptables -vnL FORWARD"]
      }
    return Finding(
      .fault, .foreignProgram, of: place.description,
      "\(words(fact)) at \(place), and takes frames that are ours", evidence: seen,
      advice:
        "find out whose it is; let it pass UDP port \(RemoteEndpoint.defaultPort) and the frames of the "
        + "subnet, or take it off the interface", commands: look)
  }

  private func words(_ fact: InterferenceFact) -> String {
    let name = fact.name.map { " \($0)" } ?? ""
    return switch fact.kind {
    case .xdp: "an XDP program of others,\(name), stands before ours"
    case .ingressProgram: "a program of others,\(name), stands before ours"
    case .egressProgram: "a program or filter of others,\(name), stands at the way out"
    case .bridgeFirewall: "a chain of the firewall,\(name), sees frames"
    }
  }
}
