/// What probes of one way have shown of late. Ages are as of the report that they stand in.
package struct ProbeFigures: Hashable, Sendable, Codable {
  /// Probes of the last `window` that were answered, or whose time to be answered is over.
  package let sent: UInt32
  package let answered: UInt32
  /// Of the last one that was answered, there and back; nil: none was.
  package let roundTripMicroseconds: UInt32?
  /// The least of the window.
  package let leastRoundTripMicroseconds: UInt32?
  /// Since the last answer, also when that is longer ago than the window; nil: never.
  package let answeredAgeMilliseconds: Int64?

  /// How many probes count, the newest ones: at one each five seconds, those of the last minute and a half.
  package static let window = 20

  package init(
    sent: UInt32, answered: UInt32, roundTripMicroseconds: UInt32?, leastRoundTripMicroseconds: UInt32?,
    answeredAgeMilliseconds: Int64?
  ) {
    self.sent = sent
    self.answered = answered
    self.roundTripMicroseconds = roundTripMicroseconds
    self.leastRoundTripMicroseconds = leastRoundTripMicroseconds
    self.answeredAgeMilliseconds = answeredAgeMilliseconds
  }

  /// Of those sent, in thousandths; nil: none was sent.
  package var lossPerMille: UInt32? {
    sent == 0 ? nil : UInt32(UInt64(sent - min(answered, sent)) * 1000 / UInt64(sent))
  }
}

/// What probes through the tunnel have shown of one remote.
package struct RemoteProbing: Hashable, Sendable, Codable {
  /// Who answers: what the figures speak of.
  package enum Reflector: String, Hashable, Sendable, Codable, CaseIterable {
    /// Another OpenESW's data path.
    case dataPath
    /// A host that is known on the far side.
    case host
  }

  /// Nil: nobody has answered yet.
  package let reflector: Reflector?
  package let figures: ProbeFigures
  /// The largest Ethernet frame, in bytes from its destination address on without the check sequence, that
  /// is known to have arrived at the remote, and the largest that is known to have come back from it,
  /// of late; nil: not known.
  package let largestToRemote: UInt32?
  package let largestToLocal: UInt32?
  /// The largest that was tried: what the attachment port carries.
  package let largestTried: UInt32?

  package init(
    reflector: Reflector?, figures: ProbeFigures, largestToRemote: UInt32? = nil,
    largestToLocal: UInt32? = nil, largestTried: UInt32? = nil
  ) {
    self.reflector = reflector
    self.figures = figures
    self.largestToRemote = largestToRemote
    self.largestToLocal = largestToLocal
    self.largestTried = largestTried
  }
}
