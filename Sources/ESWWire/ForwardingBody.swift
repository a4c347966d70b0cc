package import ESWModel

// Forwarding settings of a connection: our own addition.

extension JSONWriter {
  /// `rules` are what was set; `effective_rules` what follows from them and the profile.
  package mutating func forwarding(of connection: Connection) {
    let settings = connection.forwarding
    object {
      $0.member("connection_id", connection.id)
      $0.member("profile", settings.profile.rawValue)
      $0.overrides(settings.overrides)
      $0.effective(settings.rules)
      $0.members(of: settings, answersKnown: settings.doesAnswerKnown)
    }
  }

  /// As the audit keeps them: without what is derived.
  mutating func asked(_ settings: ForwardingSettings) {
    object("forwarding") {
      $0.member("profile", settings.profile.rawValue)
      $0.overrides(settings.overrides)
      $0.members(of: settings, answersKnown: settings.answersKnown)
    }
  }

  private mutating func members(of settings: ForwardingSettings, answersKnown: Bool?) {
    member("ttl", integer: settings.timeToLive)
    differentiation(settings.differentiation)
    member("udp_checksum", settings.hasUDPChecksum)
    member("clamp_mss", settings.clampsMSS)
    if let answersKnown { member("answer_known", answersKnown) }
    member("learning_limit", integer: settings.learningLimit)
    member("ageing_seconds", integer: settings.ageingSeconds)
    member("pin_underlay", settings.pinsUnderlay)
  }

  private mutating func overrides(_ overrides: [FrameClass: ForwardingSettings.Override]) {
    object("rules") { rules in
      for frames in FrameClass.allCases {
        guard let override = overrides[frames] else { continue }
        rules.name(text: frames.rawValue)
        rules.object {
          if let rule = override.toRemote { $0.rule("to_remote", rule) }
          if let rule = override.toLocal { $0.rule("to_local", rule) }
        }
      }
    }
  }

  private mutating func effective(_ rules: ForwardingRules) {
    object("effective_rules") { writer in
      for frames in FrameClass.allCases {
        writer.name(text: frames.rawValue)
        writer.object {
          $0.rule("to_remote", rules[frames, .toRemote])
          $0.rule("to_local", rules[frames, .toLocal])
        }
      }
    }
  }

  private mutating func rule(_ name: StaticString, _ rule: ForwardingRule) {
    switch rule {
    case .forward, .drop: member(name, rule.description)
    case .limit(let framesPerSecond): member(name, integer: framesPerSecond)
    }
  }

  private mutating func differentiation(_ value: OuterDifferentiation) {
    switch value {
    case .copied: member("dscp", "copy")
    case .codePoint(let codePoint): member("dscp", integer: codePoint)
    }
  }

  /// The body of a change, as our own client writes it.
  package mutating func body(_ update: ForwardingUpdate) {
    object {
      $0.object("forwarding") { writer in
        if let profile = update.profile { writer.member("profile", profile.rawValue) }
        if !update.rules.isEmpty { writer.rules(of: update) }
        if let ttl = update.timeToLive { writer.member("ttl", integer: ttl) }
        if let value = update.differentiation { writer.differentiation(value) }
        if let value = update.hasUDPChecksum { writer.member("udp_checksum", value) }
        if let value = update.clampsMSS { writer.member("clamp_mss", value) }
        if let value = update.answersKnown { writer.member("answer_known", value) }
        if let value = update.learningLimit { writer.member("learning_limit", integer: value) }
        if let value = update.ageingSeconds { writer.member("ageing_seconds", integer: value) }
        if let value = update.pinsUnderlay { writer.member("pin_underlay", value) }
      }
    }
  }

  private mutating func rules(of update: ForwardingUpdate) {
    object("rules") { rules in
      for frames in FrameClass.allCases {
        guard let choice = update.rules[frames] else { continue }
        rules.name(text: frames.rawValue)
        rules.object {
          if let rule = choice.toRemote { $0.choice("to_remote", rule) }
          if let rule = choice.toLocal { $0.choice("to_local", rule) }
        }
      }
    }
  }

  private mutating func choice(_ name: StaticString, _ choice: RuleChoice) {
    switch choice {
    case .profile: member(name, choice.description)
    case .own(let rule): self.rule(name, rule)
    }
  }
}

extension ForwardingUpdate {
  /// What is left out stays as it is; `connection_id` and `effective_rules` of an answer are ignored.
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    self.init()
    let settings = try BodyField(body: body).member("forwarding")
    if let field = try settings.optional("profile") {
      let words = ForwardingProfile.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      guard let value = ForwardingProfile(rawValue: try field.text("one of \(words)")) else {
        throw field.must("one of \(words)")
      }
      profile = value
    }
    for (name, field) in try settings.optional("rules")?.members() ?? [] {
      guard let frames = FrameClass(rawValue: name) else {
        let words = FrameClass.allCases.map(\.rawValue).joined(separator: ", ")
        throw try settings.member("rules").must("an object of \(words)")
      }
      rules[frames] = RuleUpdate(
        toRemote: try field.optional("to_remote")?.ruleChoice(),
        toLocal: try field.optional("to_local")?.ruleChoice())
    }
    timeToLive = try settings.optional("ttl")?.number(in: 1...UInt8.max)
    differentiation = try settings.optional("dscp")?.differentiation()
    hasUDPChecksum = try settings.optional("udp_checksum")?.boolean()
    clampsMSS = try settings.optional("clamp_mss")?.boolean()
    answersKnown = try settings.optional("answer_known")?.boolean()
    learningLimit = try settings.optional("learning_limit")?.number(
      in: ForwardingSettings.learningLimitRange)
    ageingSeconds = try settings.optional("ageing_seconds")?.number(in: ForwardingSettings.ageingRange)
    pinsUnderlay = try settings.optional("pin_underlay")?.boolean()
  }
}

extension BodyField {
  fileprivate func number<Value: FixedWidthInteger>(
    in range: ClosedRange<Value>
  ) throws(RequestBodyError) -> Value {
    Value(clamping: try integer(in: Int64(range.lowerBound)...Int64(range.upperBound)))
  }

  fileprivate func ruleChoice() throws(RequestBodyError) -> RuleChoice {
    let rates = ForwardingRule.rateRange
    let rule =
      "\"forward\", \"drop\", \"default\" or \(rates.lowerBound) to \(rates.upperBound) frames a second"
    if isText {
      switch try text(rule) {
      case "forward": return .own(.forward)
      case "drop": return .own(.drop)
      case "default": return .profile
      default: throw must(rule)
      }
    }
    guard let rate: UInt32 = try? number(in: rates) else { throw must(rule) }
    return .own(.limit(framesPerSecond: rate))
  }

  fileprivate func differentiation() throws(RequestBodyError) -> OuterDifferentiation {
    let range = OuterDifferentiation.range
    let rule = "\"copy\" or an integer from \(range.lowerBound) to \(range.upperBound)"
    if isText {
      guard try text(rule) == "copy" else { throw must(rule) }
      return .copied
    }
    guard let codePoint: UInt8 = try? number(in: range) else { throw must(rule) }
    return .codePoint(codePoint)
  }
}
