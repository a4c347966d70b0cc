import ESWModel

// What a node sees beside its own data path: ways to remotes, ports, and what others have on the way.

extension JSONWriter {
  /// `underlays`, `port`, `recent_drops` and `recently_not_learned` of a connection's diagnosis; null where
  /// the node does not tell.
  ///
  /// - Parameter tunnelAddress: Of the connection's instance.
  mutating func lookMembers(
    of connection: Connection, from tunnelAddress: IPv4Address?, seen: ConnectionReport?, heard: HeardReport?
  ) {
    let remotes = Set(connection.remotes.map(\.address))
    let underlays = heard?.report.underlays.map { all in
      all.filter { $0.tunnelAddress == tunnelAddress && remotes.contains($0.remote) }
    }
    array("underlays", optional: underlays) { writer, underlay in
      if let heard { writer.underlay(underlay, heard) }
    }
    name("port")
    if let port = seen?.port { object { $0.members(of: port) } } else { null() }
    array("recent_drops", optional: seen?.recentDrops) { $0.drop($1) }
    member("recently_not_learned", integer: seen?.recentlyNotLearned)
  }

  private mutating func underlay(_ fact: UnderlayFact, _ heard: HeardReport) {
    object {
      $0.member("tunnel_ip", fact.remote.description)
      $0.member("source_ip", fact.tunnelAddress.description)
      $0.members(of: fact.route)
      $0.member("next_hop", optional: fact.nextHop?.rawValue)
      $0.name("echo")
      if let echo = fact.echo { $0.object { $0.members(of: echo, heard) } } else { $0.null() }
      $0.name("icmp_error")
      if let error = fact.error { $0.object { $0.members(of: error, heard) } } else { $0.null() }
    }
  }

  private mutating func members(of route: UnderlayFact.Route?) {
    var (word, words, by): (String?, String?, (InterfaceName, IPv4Address?, UInt32)?) = (nil, nil, nil)
    if let route {
      switch route {
      case .unreachable(let text): (word, words) = ("none", text)
      case .by(let interface, let gateway, let mtu): (word, by) = ("interface", (interface, gateway, mtu))
      case .own: word = "own"
      }
    }
    member("route", optional: word)
    member("route_error", optional: words)
    member("interface", optional: by?.0.description)
    member("gateway_ip", optional: by?.1?.description)
    member("mtu", integer: by?.2)
  }

  private mutating func members(of echo: ProbeFigures, _ heard: HeardReport) {
    member("sent", integer: echo.sent)
    member("answered", integer: echo.answered)
    member("loss_permille", integer: echo.lossPerMille)
    member("round_trip_us", integer: echo.roundTripMicroseconds)
    member("least_round_trip_us", integer: echo.leastRoundTripMicroseconds)
    member("answered_age_ms", integer: echo.answeredAgeMilliseconds.map(heard.asOfNow))
  }

  private mutating func members(of error: UnderlayError, _ heard: HeardReport) {
    var mtu: UInt32?
    let word: String
    switch error.kind {
    case .portUnreachable: word = "port_unreachable"
    case .prohibited: word = "prohibited"
    case .unreachable: word = "unreachable"
    case .tooBig(let next): (word, mtu) = ("too_big", next)
    }
    member("kind", word)
    member("mtu", integer: mtu)
    member("reporter", error.reporter.description)
    member("age_ms", integer: heard.asOfNow(error.ageMilliseconds))
  }

  private mutating func members(of port: PortFact) {
    let state =
      switch port.state {
      case .up: "up"
      case .noCarrier: "no_carrier"
      case .down: "down"
      case .missing: "missing"
      }
    member("interface", port.interface.description)
    member("state", state)
    member("mtu", integer: port.mtu)
    array("filtered_by", optional: port.filteredBy) { $0.string($1) }
  }

  /// `interferences` of a node; null where it does not look.
  mutating func interferences(_ report: GatewayReport) {
    array("interferences", optional: report.interferences) { writer, one in
      writer.object {
        $0.member("kind", Self.word(one.kind))
        $0.member("interface", optional: one.interface?.description)
        $0.member("name", optional: one.name)
        $0.member("recent_drops", integer: one.recentDrops)
      }
    }
  }

  private mutating func array<Element>(
    _ name: StaticString, optional elements: [Element]?, _ body: (inout JSONWriter, Element) -> Void
  ) {
    if let elements { return array(name, elements, body) }
    self.name(name)
    null()
  }

  private static func word(_ kind: InterferenceFact.Kind) -> String {
    switch kind {
    case .xdp: "xdp"
    case .ingressProgram: "ingress_program"
    case .egressProgram: "egress_program"
    case .bridgeFirewall: "bridge_firewall"
    }
  }

  static func word(_ topic: Problem.Topic) -> String {
    switch topic {
    case .attachmentMissing: "attachment_missing"
    case .attachmentUnfit: "attachment_unfit"
    case .underlayMissing: "underlay_missing"
    case .underlayDown: "underlay_down"
    case .tunnelAddressElsewhere: "tunnel_address_elsewhere"
    case .nodeUnfit: "node_unfit"
    case .stepFailed: "step_failed"
    }
  }
}
