/// Moments without a gap: how long an answer that depends on time stays the same.
package struct MomentSpan: Hashable, Sendable {
  /// Both are in it. With `first` behind `last` no moment is.
  package private(set) var first: Timestamp
  package private(set) var last: Timestamp

  package static let always = MomentSpan(
    first: Timestamp(milliseconds: .min), last: Timestamp(milliseconds: .max))

  private init(first: Timestamp, last: Timestamp) {
    self.first = first
    self.last = last
  }

  package func contains(_ moment: Timestamp) -> Bool { first <= moment && moment <= last }

  package mutating func narrow(from moment: Timestamp) { first = max(first, moment) }

  package mutating func narrow(to moment: Timestamp) { last = min(last, moment) }
}

extension Timestamp {
  /// The last moment at which no more than `duration` has passed since this one. Saturates.
  package func last(within duration: Duration) -> Timestamp { moved(by: duration.wholeMilliseconds) }

  /// The first moment from which no more than `duration` passes until this one. Saturates.
  package func first(within duration: Duration) -> Timestamp { moved(by: 0 - duration.wholeMilliseconds) }

  /// One millisecond on. Saturates.
  package var next: Timestamp { moved(by: 1) }

  /// One millisecond back. Saturates.
  package var previous: Timestamp { moved(by: -1) }

  private func moved(by distance: Int128) -> Timestamp {
    Timestamp(milliseconds: Int64(clamping: Int128(milliseconds) + distance))
  }
}

extension Duration {
  /// Rounded down.
  fileprivate var wholeMilliseconds: Int128 {
    let (seconds, fraction) = components
    let (whole, rest) = fraction.quotientAndRemainder(dividingBy: 1_000_000_000_000_000)
    return Int128(seconds) * 1000 + Int128(rest < 0 ? whole - 1 : whole)
  }
}
