package import ESWModel

/// Slows down who guesses passwords: after so many failures in a window of time, no more are looked at until
/// it has passed.
///
/// Failures are counted by name and address together, so that nobody locks a user out of his own desk; by
/// address, against one who tries many names; and by name, against many who try one, which must be far above
/// the first. Keys are not concerned: only passwords can be guessed.
package struct LoginThrottle: Sendable {
  /// The vendor's: five within a quarter of an hour. The others are our own choice.
  static let mostByBoth = 5
  static let (mostByAddress, mostByName) = (50, 100)
  static let window: Duration = .seconds(15 * 60)
  /// How many counters are kept at most: the oldest goes first.
  static let mostCounters = 20_000

  private enum Key: Hashable {
    case both(String, String)
    case address(String)
    case name(String)
  }

  private struct Counter {
    var failures: Int
    let since: Timestamp
  }

  private var counters: [Key: Counter] = [:]

  package init() {}

  /// For tests.
  package var counterCount: Int { counters.count }

  /// Counts the attempt as a failure until `succeeded` takes it back: those that are under way count too.
  ///
  /// - Returns: False when it must not be looked at.
  package mutating func begin(name: String, address: String, now: Timestamp) -> Bool {
    let keys = Self.keys(name, address)
    for (key, limit) in keys where failures(of: key, now: now) >= limit { return false }
    for (key, _) in keys {
      counters[key, default: Counter(failures: 0, since: now)].failures += 1
    }
    if counters.count > Self.mostCounters { evict(now: now) }
    return true
  }

  package mutating func succeeded(name: String, address: String) {
    counters[.both(name, address)] = nil
    for key in [Key.address(address), .name(name)] { counters[key]?.failures -= 1 }
  }

  private mutating func failures(of key: Key, now: Timestamp) -> Int {
    guard let counter = counters[key] else { return 0 }
    if now.since(counter.since) >= Self.window || now < counter.since {
      counters[key] = nil
      return 0
    }
    return counter.failures
  }

  private mutating func evict(now: Timestamp) {
    counters = counters.filter { now.since($0.value.since) < Self.window }
    guard counters.count > Self.mostCounters else { return }
    let oldest = counters.sorted { $0.value.since < $1.value.since }.prefix(counters.count / 10)
    for (key, _) in oldest { counters[key] = nil }
  }

  private static func keys(_ name: String, _ address: String) -> [(Key, Int)] {
    [(.both(name, address), mostByBoth), (.address(address), mostByAddress), (.name(name), mostByName)]
  }
}
