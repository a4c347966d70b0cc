/// How long something took, each time that it was done.
package struct TimeHistogram: Hashable, Sendable {
  /// Upper bounds; what took longer than the last is counted in `count` only.
  package static let bounds: [(microseconds: UInt64, text: String)] = [
    (100, "0.0001"), (250, "0.00025"), (500, "0.0005"), (1_000, "0.001"), (2_500, "0.0025"),
    (5_000, "0.005"), (10_000, "0.01"), (25_000, "0.025"), (50_000, "0.05"), (100_000, "0.1"),
    (250_000, "0.25"), (500_000, "0.5"), (1_000_000, "1.0"), (5_000_000, "5.0"),
  ]

  /// By bound, each without those below.
  package private(set) var counts: [UInt64]
  package private(set) var count: UInt64 = 0
  /// Of all together.
  package private(set) var microseconds: UInt64 = 0

  package init() { counts = [UInt64](repeating: 0, count: Self.bounds.count) }

  /// Negative is as 0.
  package mutating func add(_ duration: Duration) {
    let (seconds, fraction) = duration.components
    let time = seconds < 0 ? 0 : UInt64(seconds) &* 1_000_000 &+ UInt64(max(fraction, 0) / 1_000_000_000_000)
    count &+= 1
    microseconds &+= time
    if let place = Self.bounds.firstIndex(where: { time <= $0.microseconds }) { counts[place] &+= 1 }
  }
}
