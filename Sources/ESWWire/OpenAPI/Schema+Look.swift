import ESWModel

// What a node sees beside its own data path, as diagnoses and nodes show it; and as reports tell it.

extension Schema {
  static let underlay = answer([
    "tunnel_ip": address, "source_ip": address, "route": words("none", "interface", "own").orNull,
    "route_error": string().orNull, "interface": interfaceName.orNull, "gateway_ip": address.orNull,
    "mtu": count.orNull, "next_hop": words("resolved", "silent", "unknown").orNull,
    "echo": answer([
      "sent": count, "answered": count, "loss_permille": integer(0...1000).orNull,
      "round_trip_us": count.orNull, "least_round_trip_us": count.orNull,
      "answered_age_ms": milliseconds.orNull,
    ]).orNull,
    "icmp_error": answer([
      "kind": words("port_unreachable", "prohibited", "unreachable", "too_big"), "mtu": count.orNull,
      "reporter": address, "age_ms": milliseconds,
    ]).orNull,
  ]).named("Underlay")

  static let attachedPort = answer([
    "interface": interfaceName, "state": words("up", "no_carrier", "down", "missing"), "mtu": count.orNull,
    "filtered_by": array(of: string()).orNull,
  ]).named("AttachedPort")

  static let interference = answer([
    "kind": words("xdp", "ingress_program", "egress_program", "bridge_firewall"),
    "interface": interfaceName.orNull, "name": string().orNull, "recent_drops": count.orNull,
  ]).named("Interference")

  static let problemTopic = words(
    "attachment_missing", "attachment_unfit", "underlay_missing", "underlay_down",
    "tunnel_address_elsewhere", "node_unfit", "step_failed")
}

// In reports.
extension Schema {
  static let reportedUnderlay = body(
    ["tunnelAddress": address, "remote": address],
    optional: [
      "route": either(
        only("unreachable", string()), only("own", answer([:])),
        answer([
          "by": answer(["_0": interfaceName, "mtu": number32], optional: ["gateway": address])
        ])),
      "nextHop": words(of: UnderlayFact.NextHop.self),
      "echo": body(
        ["sent": number32, "answered": number32],
        optional: [
          "roundTripMicroseconds": number32, "leastRoundTripMicroseconds": number32,
          "answeredAgeMilliseconds": milliseconds,
        ]),
      "error": body([
        "kind": either(
          only("portUnreachable", answer([:])), only("prohibited", answer([:])),
          only("unreachable", answer([:])), answer(["tooBig": answer(["mtu": number32])])),
        "reporter": address, "ageMilliseconds": milliseconds,
      ]),
    ])

  static let reportedPort = body(
    ["interface": interfaceName, "state": words(of: PortFact.State.self)],
    optional: ["mtu": number32, "filteredBy": array(of: string())])

  static let reportedInterference = body(
    ["kind": words(of: InterferenceFact.Kind.self)],
    optional: ["interface": interfaceName, "name": string(), "recentDrops": count])
}
