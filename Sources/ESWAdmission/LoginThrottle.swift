package import ESWModel

/// Slows down who guesses passwords: after so many failures in a window of time, no more are looked at until
/// it has passed.
///
/// Failures are counted by name and source together, so that nobody locks a user out of his own desk; by
/// source, against one who tries many names; and by name, against many who try one, which must be far above
/// the first. Keys are not concerned: only passwords can be guessed.
package struct LoginThrottle: Sendable {
  /// Where attempts come from.
  package enum Source: Hashable, Sendable {
    /// One client; of IPv6 the network that is given to one, whatever of its addresses it takes.
    case client(String)
    /// This machine, which may be a proxy: then everybody comes from here, and no count is of one client.
    case machine
  }

  /// One that was let through.
  package struct Attempt: Sendable {
    fileprivate let name: String
    fileprivate let source: Source
    fileprivate let began: Timestamp
  }

  /// The vendor's: five within a quarter of an hour. The others are our own choice.
  static let mostByBoth = 5
  static let (mostBySource, mostByName) = (50, 100)
  static let window: Duration = .seconds(15 * 60)
  /// How many counters are kept at most.
  static let mostCounters = 20_000

  private enum Key: Hashable {
    case both(String, Source)
    case source(Source)
    case name(String)

    var isName: Bool { if case .name = self { true } else { false } }
  }

  private struct Counter {
    var failures: Int
    let since: Timestamp
  }

  private var counters: [Key: Counter] = [:]

  package init() {}

  /// For tests.
  package var counterCount: Int { counters.count }

  /// Counts the attempt as a failure until it is taken back: those that are under way count too.
  ///
  /// - Returns: Nil when it must not be looked at.
  package mutating func begin(name: String, source: Source, now: Timestamp) -> Attempt? {
    let keys = Self.keys(name, source)
    for (key, limit) in keys where failures(of: key, now: now) >= limit { return nil }
    for (key, _) in keys {
      counters[key, default: Counter(failures: 0, since: now)].failures += 1
    }
    if counters.count > Self.mostCounters { evict(now: now) }
    return Attempt(name: name, source: source, began: now)
  }

  /// The password was right.
  package mutating func succeeded(_ attempt: Attempt) {
    withdraw(attempt)
    counters[.both(attempt.name, attempt.source)] = nil
  }

  /// Nobody has looked at the password: the attempt says nothing about who made it.
  package mutating func withdraw(_ attempt: Attempt) {
    for (key, _) in Self.keys(attempt.name, attempt.source) {
      // A window that was opened later has not counted it.
      guard var counter = counters[key], counter.since <= attempt.began else { continue }
      counter.failures -= 1
      counters[key] = counter.failures > 0 ? counter : nil
    }
  }

  private mutating func failures(of key: Key, now: Timestamp) -> Int {
    guard let counter = counters[key] else { return 0 }
    if now.since(counter.since) >= Self.window || now < counter.since {
      counters[key] = nil
      return 0
    }
    return counter.failures
  }

  /// What counts names goes last, and what has counted most last of that: else who tries many other names
  /// would clear the count of one.
  private mutating func evict(now: Timestamp) {
    counters = counters.filter { now.since($0.value.since) < Self.window }
    guard counters.count > Self.mostCounters else { return }
    let leastMissed = counters.map { (rank: Self.rank($0.key, $0.value), key: $0.key) }
      .sorted { $0.rank < $1.rank }
    for (_, key) in leastMissed.prefix(counters.count / 4) { counters[key] = nil }
  }

  /// Names above all others, then by failures, then by time: bit 62, seven bits from 48, and 48.
  private static func rank(_ key: Key, _ counter: Counter) -> Int64 {
    let name: Int64 = key.isName ? 1 << 62 : 0
    let failures = Int64(min(counter.failures, 127)) << 48
    return name | failures | Int64(counter.since.milliseconds) & (1 << 48 - 1)
  }

  private static func keys(_ name: String, _ source: Source) -> [(Key, Int)] {
    let named: [(Key, Int)] = [(.both(name, source), mostByBoth), (.name(name), mostByName)]
    return source == .machine ? named : named + [(.source(source), mostBySource)]
  }
}
