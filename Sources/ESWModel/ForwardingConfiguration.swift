/// Forwarding settings as a node gets them: nothing left to derive.
package struct ForwardingConfiguration: Hashable, Sendable, Codable {
  package let rules: ForwardingRules
  /// 1 to 255.
  package let timeToLive: UInt8
  package let differentiation: OuterDifferentiation
  package let hasUDPChecksum: Bool
  package let clampsMSS: Bool
  package let answersKnown: Bool

  package init(
    rules: ForwardingRules, timeToLive: UInt8, differentiation: OuterDifferentiation, hasUDPChecksum: Bool,
    clampsMSS: Bool, answersKnown: Bool
  ) {
    self.rules = rules
    self.timeToLive = timeToLive
    self.differentiation = differentiation
    self.hasUDPChecksum = hasUDPChecksum
    self.clampsMSS = clampsMSS
    self.answersKnown = answersKnown
  }

  package init(_ settings: ForwardingSettings) {
    self.init(
      rules: settings.rules, timeToLive: settings.timeToLive, differentiation: settings.differentiation,
      hasUDPChecksum: settings.hasUDPChecksum, clampsMSS: settings.clampsMSS,
      answersKnown: settings.doesAnswerKnown)
  }

  /// What a configuration says that was written before there were settings: the same as one that nobody has
  /// set, so that a node that is upgraded before its control plane changes nothing twice.
  package static let usual = ForwardingConfiguration(.usual)
}

/// What the connections of an instance may carry together, in each direction.
package struct TrafficLimit: Hashable, Sendable, Codable {
  /// Of inner frames.
  package let bitsPerSecond: UInt64
  package let packetsPerSecond: UInt64

  package init(bitsPerSecond: UInt64, packetsPerSecond: UInt64) {
    self.bitsPerSecond = bitsPerSecond
    self.packetsPerSecond = packetsPerSecond
  }

  /// The flavor's figures are in Gbit/s, of a thousand millions (contract section 6).
  package init(_ flavor: Flavor) {
    self.init(
      bitsPerSecond: UInt64(clamping: flavor.bandwidth).multipliedReportingOverflow(by: 1_000_000_000)
        .partialValue,
      packetsPerSecond: UInt64(clamping: flavor.packetRate))
  }
}
