import ESWModel

extension OperationDocument {
  static let forwarding = [
    OperationDocument(
      .showForwarding,
      "How a connection forwards: its profile, its rules by class of frames, its outer headers",
      .ok(.envelope(["forwarding": .forwarding]))),
    OperationDocument(
      .updateForwarding, "Change how a connection forwards; what is left out stays as it is",
      body: .body(["forwarding": .forwardingUpdate]), .ok(.envelope(["forwarding": .forwarding])),
      mayConflict: true),
  ]
}

extension Schema {
  fileprivate static let forwarding = answer([
    "connection_id": uuid, "profile": words(of: ForwardingProfile.self), "rules": rules(of: rule),
    "effective_rules": rules(of: rule), "ttl": ttl, "dscp": dscp, "udp_checksum": boolean,
    "clamp_mss": boolean, "answer_known": boolean, "learning_limit": learningLimit,
    "ageing_seconds": ageingSeconds, "pin_underlay": boolean,
  ]).named("Forwarding")

  fileprivate static let forwardingUpdate = body(
    [:],
    optional: [
      "profile": words(of: ForwardingProfile.self), "rules": ruleUpdates,
      "ttl": ttl, "dscp": dscp, "udp_checksum": boolean, "clamp_mss": boolean, "answer_known": boolean,
      "learning_limit": learningLimit, "ageing_seconds": ageingSeconds, "pin_underlay": boolean,
    ]
  ).named("UpdateForwardingOption")

  /// As agents get them.
  static let compiledForwarding = answer([
    "rules": answer(["toRemote": compiledRules, "toLocal": compiledRules]), "timeToLive": ttl,
    "differentiation": string(), "hasUDPChecksum": boolean, "clampsMSS": boolean, "answersKnown": boolean,
  ]).named("ForwardingConfiguration")

  private static let compiledRules = answer([
    "neighbour": string(), "configuration": string(), "vrrp": string(), "known_unicast": string(),
    "unknown_unicast": string(), "broadcast": string(), "multicast": string(),
  ])

  private static let rule = either(
    words("forward", "drop"),
    integer(Int64(ForwardingRule.rateRange.lowerBound)...Int64(ForwardingRule.rateRange.upperBound)))

  private static func rules(of rule: Schema) -> Schema {
    byClass(answer([:], optional: ["to_remote": rule, "to_local": rule]))
  }

  /// A name that is no class is refused, and not ignored as it is elsewhere: the rule would seem to be set.
  private static var ruleUpdates: Schema {
    let choice = either(rule, words("default"))
    return byClass(body([:], optional: ["to_remote": choice, "to_local": choice]).orNull)
  }

  private static func byClass(_ ways: Schema) -> Schema {
    answer(
      [:],
      optional: [
        "neighbour": ways, "configuration": ways, "vrrp": ways, "known_unicast": ways,
        "unknown_unicast": ways, "broadcast": ways, "multicast": ways,
      ])
  }

  private static let ttl = integer(1...255)
  private static let dscp = either(
    words("copy"),
    integer(Int64(OuterDifferentiation.range.lowerBound)...Int64(OuterDifferentiation.range.upperBound)))
  private static let learningLimit = integer(
    Int64(
      ForwardingSettings.learningLimitRange.lowerBound)...Int64(
        ForwardingSettings.learningLimitRange.upperBound))
  private static let ageingSeconds = integer(
    Int64(ForwardingSettings.ageingRange.lowerBound)...Int64(ForwardingSettings.ageingRange.upperBound))
}
