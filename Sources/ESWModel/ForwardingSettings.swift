/// How a connection forwards: what its user asked for.
package struct ForwardingSettings: Hashable, Sendable {
  package var profile: ForwardingProfile
  /// Rules that differ from those of the profile; with `custom` all of them.
  package var overrides: [FrameClass: Override]
  /// Of the outer header, 1 to 255.
  package var timeToLive: UInt8
  package var differentiation: OuterDifferentiation
  /// Whether outer UDP headers have a checksum; RFC 7348 section 5 allows none. Only with remotes at 4789.
  package var hasUDPChecksum: Bool
  /// Whether the MSS of TCP handshakes is lowered to what the tunnel carries.
  package var clampsMSS: Bool
  /// Nil: as the profile has it.
  package var answersKnown: Bool?
  /// Addresses that the connection may learn, in `learningLimitRange`.
  package var learningLimit: UInt32
  /// Seconds that an address is known after its last frame, in `ageingRange`.
  package var ageingSeconds: UInt32
  /// Whether frames of the remotes may come only by the interface that the tunnel subnet is attached
  /// to.
  package var pinsUnderlay: Bool

  /// Of one class; nil: as the profile has it.
  package struct Override: Hashable, Sendable, Codable {
    package var toRemote: ForwardingRule?
    package var toLocal: ForwardingRule?

    package init(toRemote: ForwardingRule? = nil, toLocal: ForwardingRule? = nil) {
      self.toRemote = toRemote
      self.toLocal = toLocal
    }
  }

  /// Half of what the data path's map holds of all connections (ESW_FDB_MAX).
  package static let learningLimitRange: ClosedRange<UInt32> = 0...65_536
  /// From what IEEE 802.1Q table 8-6 has (10 to 1,000,000) up to a day.
  package static let ageingRange: ClosedRange<UInt32> = 10...86_400
  /// The vendor's limit for a switch (contract section 6).
  package static let usualLearningLimit: UInt32 = 10_000
  /// What Linux bridges do (`ageing_time`), and IEEE 802.1Q table 8-6.
  package static let usualAgeingSeconds: UInt32 = 300
  /// What Linux has for its own packets (`net.ipv4.ip_default_ttl`).
  package static let usualTimeToLive: UInt8 = 64

  /// What a connection has of which nothing was said.
  package static let usual = ForwardingSettings()

  package init(
    profile: ForwardingProfile = .lan, overrides: [FrameClass: Override] = [:],
    timeToLive: UInt8 = Self.usualTimeToLive, differentiation: OuterDifferentiation = .codePoint(0),
    hasUDPChecksum: Bool = false, clampsMSS: Bool = true, answersKnown: Bool? = nil,
    learningLimit: UInt32 = Self.usualLearningLimit, ageingSeconds: UInt32 = Self.usualAgeingSeconds,
    pinsUnderlay: Bool = true
  ) {
    self.profile = profile
    self.overrides = overrides
    self.timeToLive = timeToLive
    self.differentiation = differentiation
    self.hasUDPChecksum = hasUDPChecksum
    self.clampsMSS = clampsMSS
    self.answersKnown = answersKnown
    self.learningLimit = learningLimit
    self.ageingSeconds = ageingSeconds
    self.pinsUnderlay = pinsUnderlay
  }

  /// The profile's, with the overrides.
  package var rules: ForwardingRules {
    var rules = profile.rules
    for (frames, override) in overrides {
      if let rule = override.toRemote { rules[frames, .toRemote] = rule }
      if let rule = override.toLocal { rules[frames, .toLocal] = rule }
    }
    return rules
  }

  package var doesAnswerKnown: Bool { answersKnown ?? profile.answersKnown }
}

/// DSCP of the outer header. Its ECN is always 0 (RFC 6040 section 4.1, compatibility mode): the data path
/// does not bring marks of the underlay to the frame, and so must not ask for any.
package enum OuterDifferentiation: Hashable, Sendable, TextCoded {
  /// That of the inner packet; 0 for frames that are not IP.
  case copied
  /// 0 to 63 (RFC 2474 section 3).
  case codePoint(UInt8)

  package static let range: ClosedRange<UInt8> = 0...63

  package init?(_ description: String) {
    if description == "copy" {
      self = .copied
    } else {
      guard let codePoint = UInt8(description), Self.range.contains(codePoint) else { return nil }
      self = .codePoint(codePoint)
    }
  }

  package var description: String {
    switch self {
    case .copied: "copy"
    case .codePoint(let codePoint): "\(codePoint)"
    }
  }
}

/// A change of them: nil stays as it is. With another profile, overrides begin anew.
package struct ForwardingUpdate: Hashable, Sendable {
  package var profile: ForwardingProfile?
  package var rules: [FrameClass: RuleUpdate] = [:]
  package var timeToLive: UInt8?
  package var differentiation: OuterDifferentiation?
  package var hasUDPChecksum: Bool?
  package var clampsMSS: Bool?
  package var answersKnown: Bool?
  package var learningLimit: UInt32?
  package var ageingSeconds: UInt32?
  package var pinsUnderlay: Bool?

  package init() {}

  package struct RuleUpdate: Hashable, Sendable {
    package var toRemote: RuleChoice?
    package var toLocal: RuleChoice?

    package init(toRemote: RuleChoice? = nil, toLocal: RuleChoice? = nil) {
      self.toRemote = toRemote
      self.toLocal = toLocal
    }
  }

  package func applied(to settings: ForwardingSettings) -> ForwardingSettings {
    var result = settings
    if let profile, profile != settings.profile {
      result.profile = profile
      result.overrides = [:]
      result.answersKnown = nil
    }
    for (frames, update) in rules {
      var override = result.overrides[frames] ?? ForwardingSettings.Override()
      if let choice = update.toRemote { override.toRemote = choice.rule }
      if let choice = update.toLocal { override.toLocal = choice.rule }
      result.overrides[frames] = override == ForwardingSettings.Override() ? nil : override
    }
    result.timeToLive = timeToLive ?? result.timeToLive
    result.differentiation = differentiation ?? result.differentiation
    result.hasUDPChecksum = hasUDPChecksum ?? result.hasUDPChecksum
    result.clampsMSS = clampsMSS ?? result.clampsMSS
    result.answersKnown = answersKnown ?? result.answersKnown
    result.learningLimit = learningLimit ?? result.learningLimit
    result.ageingSeconds = ageingSeconds ?? result.ageingSeconds
    result.pinsUnderlay = pinsUnderlay ?? result.pinsUnderlay
    return result
  }
}

/// A rule, or the profile's again.
package enum RuleChoice: Hashable, Sendable, LosslessStringConvertible {
  case profile
  case own(ForwardingRule)

  package init?(_ description: String) {
    if description == "default" {
      self = .profile
    } else {
      guard let rule = ForwardingRule(description) else { return nil }
      self = .own(rule)
    }
  }

  package var description: String {
    switch self {
    case .profile: "default"
    case .own(let rule): rule.description
    }
  }

  var rule: ForwardingRule? {
    switch self {
    case .profile: nil
    case .own(let rule): rule
    }
  }
}

// As it is stored and audited; what was written before a field was thought of reads as its default.
extension ForwardingSettings: Codable {
  private enum CodingKeys: String, CodingKey {
    case profile
    case overrides = "rules"
    case timeToLive = "ttl"
    case differentiation = "dscp"
    case hasUDPChecksum = "udp_checksum"
    case clampsMSS = "clamp_mss"
    case answersKnown = "answer_known"
    case learningLimit = "learning_limit"
    case ageingSeconds = "ageing_seconds"
    case pinsUnderlay = "pin_underlay"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, else usual: Value) throws -> Value {
      try values.decodeIfPresent(Value.self, forKey: key) ?? usual
    }
    let usual = Self.usual
    self.init(
      profile: try value(.profile, else: usual.profile),
      overrides: try value(.overrides, else: [:]), timeToLive: try value(.timeToLive, else: usual.timeToLive),
      differentiation: try value(.differentiation, else: usual.differentiation),
      hasUDPChecksum: try value(.hasUDPChecksum, else: usual.hasUDPChecksum),
      clampsMSS: try value(.clampsMSS, else: usual.clampsMSS),
      answersKnown: try values.decodeIfPresent(Bool.self, forKey: .answersKnown),
      learningLimit: try value(.learningLimit, else: usual.learningLimit),
      ageingSeconds: try value(.ageingSeconds, else: usual.ageingSeconds),
      pinsUnderlay: try value(.pinsUnderlay, else: usual.pinsUnderlay))
  }
}
