import ESWModel

/// The echoes of one way: which were sent, and what became of them. Pure: time comes in.
struct EchoLedger: Sendable {
  /// One that was not answered within this is lost.
  static let patience = Duration.seconds(2)

  private struct Sent: Sendable {
    let sequence: UInt16
    let at: ContinuousClock.Instant
    var isAnswered = false
    var roundTrip: UInt32?
  }

  /// The newest last; `ProbeFigures.window` of them and those that are still waited for.
  private var sent: [Sent] = []
  private var lastRoundTrip: UInt32?
  private var answeredAt: ContinuousClock.Instant?

  mutating func send(_ sequence: UInt16, now: ContinuousClock.Instant) {
    sent.append(Sent(sequence: sequence, at: now))
    let decided = sent.count { Self.isDecided($0, now) }
    if decided > ProbeFigures.window { sent.removeFirst(decided - ProbeFigures.window) }
  }

  mutating func answer(_ sequence: UInt16, roundTrip: UInt32?, now: ContinuousClock.Instant) {
    guard let place = sent.lastIndex(where: { $0.sequence == sequence && !$0.isAnswered }) else { return }
    sent[place].isAnswered = true
    sent[place].roundTrip = roundTrip
    answeredAt = now
    lastRoundTrip = roundTrip ?? lastRoundTrip
  }

  private static func isDecided(_ echo: Sent, _ now: ContinuousClock.Instant) -> Bool {
    echo.isAnswered || now - echo.at >= patience
  }

  /// Nil: none was sent yet.
  func figures(now: ContinuousClock.Instant) -> ProbeFigures? {
    guard !sent.isEmpty else { return nil }
    let decided = sent.filter { Self.isDecided($0, now) }.suffix(ProbeFigures.window)
    return ProbeFigures(
      sent: UInt32(decided.count), answered: UInt32(decided.count(where: \.isAnswered)),
      roundTripMicroseconds: lastRoundTrip,
      leastRoundTripMicroseconds: decided.compactMap(\.roundTrip).min(),
      answeredAgeMilliseconds: answeredAt.map { (now - $0).wholeMilliseconds })
  }
}

extension Duration {
  /// Not below zero.
  var wholeMilliseconds: Int64 {
    max(0, components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000)
  }
}
