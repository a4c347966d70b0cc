import ESWModel

/// What a node sees beside its own data path: everything of it that an answer can show.
enum Seen {
  static let underlays: [UnderlayFact] = {
    let (here, there) = (IPv4Address("10.0.9.2")!, IPv4Address("192.0.2.1")!)
    let echo = ProbeFigures(
      sent: 20, answered: 19, roundTripMicroseconds: 250, leastRoundTripMicroseconds: 200,
      answeredAgeMilliseconds: 0)
    return [
      UnderlayFact(
        tunnelAddress: here, remote: there,
        route: .by(InterfaceName("eth0")!, gateway: IPv4Address("10.0.9.1")!, mtu: 1450), nextHop: .resolved,
        echo: echo, error: UnderlayError(kind: .tooBig(mtu: 1400), reporter: there, ageMilliseconds: 0)),
      // Somebody else's way, which the connection's diagnosis does not show.
      UnderlayFact(tunnelAddress: IPv4Address("10.0.9.77")!, remote: there, route: .own),
    ]
  }()

  static let interferences = [
    InterferenceFact(kind: .ingressProgram, interface: InterfaceName("eth0")!, name: "foreign"),
    InterferenceFact(kind: .bridgeFirewall, interface: nil, name: "ip filter FORWARD", recentDrops: 7),
  ]
}
