import ESWModel

/// What became of the newest probes of one kind.
struct ProbeWindow {
  /// Round trips, the newest last; nil: lost.
  private var results: [UInt64?] = []
  private(set) var lastAnswer: DataplaneMoment?
  private var lastRoundTrip: UInt64?

  /// Nobody answers any more: this many in a row.
  private static let silent = 2

  var isEmpty: Bool { results.isEmpty }
  var count: Int { results.count }

  /// Whether somebody answers now.
  var isAnswered: Bool {
    lastAnswer != nil && results.suffix(Self.silent).contains { $0 != nil }
  }

  /// Whether the newest was answered; nil: there is none.
  var wasLastAnswered: Bool? { results.last.map { $0 != nil } }

  mutating func addAnswer(after nanoseconds: UInt64, at moment: DataplaneMoment) {
    lastAnswer = max(moment, lastAnswer ?? moment)
    lastRoundTrip = nanoseconds
    add(nanoseconds)
  }

  mutating func addLoss() { add(nil) }

  private mutating func add(_ result: UInt64?) {
    results.append(result)
    if results.count > ProbeFigures.window { results.removeFirst() }
  }

  func figures(at now: DataplaneMoment) -> ProbeFigures {
    let answered = results.compactMap(\.self)
    return ProbeFigures(
      sent: UInt32(results.count), answered: UInt32(answered.count),
      roundTripMicroseconds: lastRoundTrip.map(Self.microseconds),
      leastRoundTripMicroseconds: answered.min().map(Self.microseconds),
      answeredAgeMilliseconds: lastAnswer.map { Int64(now.nanoseconds(since: $0) / 1_000_000) })
  }

  private static func microseconds(_ nanoseconds: UInt64) -> UInt32 {
    UInt32(clamping: nanoseconds / 1_000)
  }
}
