/// What was at moments of the last while, to be compared with what is now. Pure: time comes in. Bounded: one
/// for each `spacing` of the span.
struct RecentRing<Value: Sendable>: Sendable {
  private let span: Duration
  private var kept: [(at: ContinuousClock.Instant, value: Value)] = []

  /// Our choice: as often as there are passes.
  static var spacing: Duration { .milliseconds(900) }

  init(of span: Duration) { self.span = span }

  /// The oldest of the span; nil: there is none, as after a start or a pause.
  mutating func oldest(now: ContinuousClock.Instant) -> Value? {
    kept.removeAll { now - $0.at > span }
    return kept.first?.value
  }

  mutating func add(_ value: Value, now: ContinuousClock.Instant) {
    if let last = kept.last, now - last.at < Self.spacing { return }
    kept.append((now, value))
  }
}
