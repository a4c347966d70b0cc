internal import BPF
package import ESWModel
internal import Glibc
internal import Netlink

extension LinuxDataplane {
  /// Sockets and what was seen, for `look(at:)`.
  struct Sight {
    var icmp: ICMPSocket?
    var firewall: NetlinkSocket?
    var settings: [FirewallSetting] = []
    var node: NodeSight?
    /// As they were answered the last time, of the same node and questions.
    var ports: (asked: Set<InterfaceName>, facts: [InterfaceName: PortFact])?
    /// Our links on interfaces.
    var ours: [BPFLink.State] = []

    /// Interfaces and addresses as they are now; what was made of them stays while they are the same.
    mutating func see(_ links: [Link], _ addresses: [Address]) {
      if let node, node.links == links, node.addresses == addresses { return }
      node = NodeSight(links, addresses)
      ports = nil
    }
  }

  package func look(at questions: LookQuestions) -> LookAnswers {
    var answers = LookAnswers()
    if sight.node == nil { _ = try? observe() }
    guard let node = sight.node else {
      answers.failures.append("the interfaces of the node are not known")
      return answers
    }
    Self.attempt(&answers) { answers in
      let socket = try socket()
      for way in questions.ways { answers.ways[way] = try node.answer(way, socket) }
    }
    Self.attempt(&answers) { try exchange(questions, &$0) }
    if questions.readsFirewall { readFirewall(questions, node, &answers) }
    answers.ports = ports(questions.attached, node)
    Self.attempt(&answers) { try readPassages(questions.passages, node, &$0) }
    return answers
  }

  /// What fails is told, and the rest is looked at.
  private static func attempt(_ answers: inout LookAnswers, _ body: (inout LookAnswers) throws -> Void) {
    do {
      try body(&answers)
    } catch {
      answers.failures.append("\(error)")
    }
  }

  private func exchange(_ questions: LookQuestions, _ answers: inout LookAnswers) throws {
    // Nobody to be heard, and no socket that the kernel would have to ask for each packet of ICMP.
    if questions.vxlanPorts.isEmpty {
      sight.icmp = nil
      return
    }
    let socket = try sight.icmp ?? ICMPSocket()
    sight.icmp = socket
    try socket.hear(ports: questions.vxlanPorts)
    // Answers are told with the next look, however near the remote is.
    socket.receive(into: &answers)
    for echo in questions.echoes { socket.send(echo) }
  }

  private func ports(_ asked: Set<InterfaceName>, _ node: NodeSight) -> [InterfaceName: PortFact] {
    if let known = sight.ports, known.asked == asked { return known.facts }
    let facts = Dictionary(
      uniqueKeysWithValues: asked.map { ($0, node.port($0, settings: sight.settings)) })
    sight.ports = (asked, facts)
    return facts
  }

  private func readPassages(
    _ passages: [InterfaceName], _ node: NodeSight, _ answers: inout LookAnswers
  ) throws {
    guard !passages.isEmpty else { return }
    let foreign = ForeignPrograms(besides: sight.ours)
    let socket = try socket()
    for name in passages {
      guard let link = node.link(name) else {
        answers.passages[name] = []
        continue
      }
      Self.attempt(&answers) { answers in
        answers.passages[name] = try foreign.interferences(at: link, name, socket) { () throws(BPFError) in
          try pins.xdpPrograms()
        }
      }
    }
  }

  private func readFirewall(_ questions: LookQuestions, _ node: NodeSight, _ answers: inout LookAnswers) {
    let bridges = questions.attached.filter { node.link($0)?.firewalling != nil }
    let settings = bridges.isEmpty ? [] : FirewallSetting.inForce()
    if settings != sight.settings {
      sight.settings = settings
      sight.ports = nil
    }
    let firewalls = node.firewalls(of: bridges, settings: settings)
    Self.attempt(&answers) { answers in
      let chains = try baseChains()
      answers.firewall =
        ForeignPrograms.firewall(chains, hasBridges: !bridges.isEmpty, firewalls: firewalls)
        + ForeignPrograms.olderTables(firewalls)
    }
  }

  /// None on a kernel without nf_tables.
  private func baseChains() throws(NetlinkError) -> [FirewallChain] {
    let socket: NetlinkSocket
    if let known = sight.firewall {
      socket = known
    } else {
      socket = try NetlinkSocket(.firewall)
      sight.firewall = socket
    }
    do throws(NetlinkError) {
      return try socket.baseChains()
    } catch  where error.saysNotThere {
      return []
    }
  }
}

extension NetlinkError {
  /// The kernel has nothing that could answer (nfnetlink: EINVAL; no such protocol: EPROTONOSUPPORT).
  fileprivate var saysNotThere: Bool {
    [EINVAL, EOPNOTSUPP, EPROTONOSUPPORT].contains(errno)
  }
}
