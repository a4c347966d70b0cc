package import ESWModel

/// What is around a simulated node: set by whoever makes the world, and seen by a look.
struct SimulatedSurroundings: Sendable {
  /// Where there is another way than by the tunnel's own interface.
  var ways: [UnderlayWay: LookAnswers.Way] = [:]
  /// VTEPs that answer echoes, beside those with hosts behind them.
  var answering: Set<IPv4Address> = []
  var interferences: [LookAnswers.Interference] = []
  /// Attached interfaces that are not simply up.
  var ports: [InterfaceName: PortFact] = [:]
  /// For the next look.
  var echoes: [Echo] = []
  var errors: [LookAnswers.ReportedError] = []
}

extension SimulatedDataplane {
  // MARK: The world around us

  /// What the node knows of a way; nil: what it would know by itself.
  package func setWay(_ way: UnderlayWay, _ answer: LookAnswers.Way?) { surroundings.ways[way] = answer }

  /// Lets a VTEP answer echoes, or no more.
  package func setAnswers(_ vtep: IPv4Address, _ answers: Bool) {
    if answers { surroundings.answering.insert(vtep) } else { surroundings.answering.remove(vtep) }
  }

  /// Something of others on the way of our frames.
  package func place(_ interference: LookAnswers.Interference) {
    surroundings.interferences.append(interference)
  }

  package func removeInterferences() { surroundings.interferences = [] }

  /// What is seen of an attached interface; nil: what there is of it.
  package func setPort(_ name: InterfaceName, _ fact: PortFact?) { surroundings.ports[name] = fact }

  /// An ICMP error about VXLAN of ours.
  package func report(_ error: LookAnswers.ReportedError) { surroundings.errors.append(error) }

  // MARK: Dataplane

  package func look(at questions: LookQuestions) -> LookAnswers {
    var answers = LookAnswers()
    for way in questions.ways { answers.ways[way] = surroundings.ways[way] ?? known(way) }
    answers.echoes = surroundings.echoes.filter { isReached($0.way) }.map {
      LookAnswers.EchoAnswer($0, roundTripMicroseconds: 100)
    }
    surroundings.echoes = questions.echoes
    answers.errors = surroundings.errors
    surroundings.errors = []
    for name in questions.attached { answers.ports[name] = surroundings.ports[name] ?? port(name) }
    for name in questions.passages {
      answers.passages[name] = surroundings.interferences.filter { $0.interface == name }
    }
    if questions.readsFirewall {
      answers.firewall = surroundings.interferences.filter { $0.interface == nil }
    }
    return answers
  }

  /// The interface that has the tunnel address; without it nothing can be asked.
  private func known(_ way: UnderlayWay) -> LookAnswers.Way {
    let holders = interfaces.values.filter { fact in
      fact.addresses.contains { $0.address == way.tunnelAddress }
    }
    guard let holder = holders.min(by: { $0.name < $1.name }) else { return LookAnswers.Way(route: nil) }
    guard holder.isUp else {
      return LookAnswers.Way(route: .unreachable("Network is unreachable"))
    }
    return LookAnswers.Way(route: .by(holder.name, gateway: nil, mtu: holder.mtu), nextHop: .resolved)
  }

  private func isReached(_ way: UnderlayWay) -> Bool {
    guard case .by? = (surroundings.ways[way] ?? known(way)).route else { return false }
    return surroundings.answering.contains(way.remote) || hasFarHosts(behind: way.remote)
  }

  private func port(_ name: InterfaceName) -> PortFact {
    guard let fact = interfaces[name] else { return PortFact(interface: name, state: .missing, mtu: nil) }
    return PortFact(
      interface: name, state: fact.isUp ? .up : .down, mtu: fact.mtu,
      filteredBy: fact.kind == "bridge" ? [] : nil)
  }
}
