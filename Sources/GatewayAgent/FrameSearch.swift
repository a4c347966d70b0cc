import ESWModel

/// Finds the largest frame that passes, each way, by few probes: first the largest that there can be and what
/// was found before, and only when that does not pass a handful of sizes between, each time closer.
///
/// Pure: trials come out, what became of them goes in. A lost probe makes the result too small until the
/// next search; it is never too large.
struct FrameSearch {
  struct Trial: Hashable {
    let bytes: UInt32
    /// What is measured is the way there alone.
    let isAnsweredShort: Bool
  }

  struct Outcome: Hashable {
    let trial: Trial
    /// Nil: none came. `asked`: the question's length as it arrived there.
    let answer: (asked: UInt32, back: UInt32)?

    static func == (left: Self, right: Self) -> Bool {
      left.trial == right.trial && left.answer?.asked == right.answer?.asked
        && left.answer?.back == right.answer?.back
    }

    func hash(into hasher: inout Hasher) { hasher.combine(trial) }
  }

  enum Reflector {
    /// Answers short when it is asked to, so that the ways are told apart.
    case dataPath
    /// Answers as long as it is asked.
    case host
  }

  struct Found: Hashable {
    let toRemote: UInt32
    let toLocal: UInt32
    let tried: UInt32
  }

  /// Sizes between that are tried at once. With the others fewer than the path keeps answers.
  static let rungs: UInt32 = 5
  /// A search that is confused by losses ends.
  static let mostRounds = 16

  /// Of the last search that ended, and had any answer.
  private(set) var found: Found?
  /// Of the one that goes on.
  private var current: Current?

  fileprivate struct Current {
    let reflector: Reflector
    let tried: UInt32
    var rounds = 0
    var there: Bounds
    var back: Bounds
  }

  /// The largest that passed, and the least that did not.
  fileprivate struct Bounds {
    var passed: UInt32?
    var failed: UInt32

    mutating func pass(_ bytes: UInt32) {
      passed = max(passed ?? bytes, bytes)
      failed = max(failed, bytes + 1)
    }

    /// What passed once passes: the other was lost.
    mutating func fail(_ bytes: UInt32) {
      if bytes > passed ?? 0 { failed = min(failed, bytes) }
    }
  }

  var isGoingOn: Bool { current != nil }

  /// The largest that is known to pass: of this search, until it has ended of the last one as well.
  var largestToRemote: UInt32? { Self.larger(current?.there.passed, found?.toRemote) }
  var largestToLocal: UInt32? { Self.larger(current?.back.passed, found?.toLocal) }
  var tried: UInt32? { found?.tried }

  private static func larger(_ one: UInt32?, _ other: UInt32?) -> UInt32? {
    guard let one, let other else { return one ?? other }
    return max(one, other)
  }

  /// What was found is not so any more.
  mutating func forget() { self = FrameSearch() }

  /// The first trials. `tried`: the largest frame that there can be.
  mutating func begin(upTo tried: UInt32, _ reflector: Reflector) -> [Trial] {
    let tried = max(tried, Probe.leastBytes)
    let open = Bounds(passed: nil, failed: tried + 1)
    current = Current(reflector: reflector, tried: tried, there: open, back: open)
    var trials = [
      Trial(bytes: tried, isAnsweredShort: false), Trial(bytes: Probe.leastBytes, isAnsweredShort: false),
    ]
    if reflector == .dataPath { trials.append(Trial(bytes: tried, isAnsweredShort: true)) }
    if let found, found.tried == tried, found.toRemote < tried || found.toLocal < tried {
      let isShort = reflector == .dataPath
      trials += [found.toRemote, found.toRemote + 1].map { Trial(bytes: $0, isAnsweredShort: isShort) }
      if isShort {
        let isNarrower = found.toLocal < found.toRemote
        let back = isNarrower ? [found.toLocal, found.toLocal + 1] : [found.toLocal]
        trials += back.map { Trial(bytes: $0, isAnsweredShort: false) }
      }
    }
    var known: Set<Trial> = []
    return trials.filter { $0.bytes <= tried && known.insert($0).inserted }
  }

  /// Takes what became of all trials of a round; what is to be tried next, nothing at the end.
  mutating func take(_ outcomes: [Outcome]) -> [Trial] {
    guard var search = current else { return [] }
    for outcome in outcomes {
      guard let answer = outcome.answer else { continue }
      search.there.pass(min(answer.asked, search.tried))
      search.back.pass(min(answer.back, search.tried))
    }
    for outcome in outcomes where outcome.answer == nil {
      search.fail(outcome.trial)
    }
    search.rounds += 1
    current = search
    let next = search.rounds < Self.mostRounds ? search.next() : []
    if next.isEmpty { end(search) }
    return next
  }

  private mutating func end(_ search: Current) {
    current = nil
    guard let there = search.there.passed, let back = search.back.passed else {
      found = nil
      return
    }
    found = Found(toRemote: there, toLocal: back, tried: search.tried)
  }
}

extension FrameSearch.Current {
  fileprivate mutating func fail(_ trial: FrameSearch.Trial) {
    guard reflector == .dataPath else {
      there.fail(trial.bytes)
      back.fail(trial.bytes)
      return
    }
    if trial.isAnsweredShort {
      there.fail(trial.bytes)
    } else if trial.bytes <= there.passed ?? 0 {
      // It arrived, or would have: what did not pass is the answer.
      back.fail(trial.bytes)
    }
  }

  fileprivate func next() -> [FrameSearch.Trial] {
    // Nothing has passed, not the shortest: nobody answers.
    guard let largest = there.passed else { return [] }
    let isShort = reflector == .dataPath
    let between = Self.rungs(above: largest, below: there.failed)
    guard between.isEmpty else { return between.map { .init(bytes: $0, isAnsweredShort: isShort) } }
    // Longer ones than arrive there cannot be had back.
    return Self.rungs(above: back.passed ?? 0, below: min(back.failed, largest + 1))
      .map { .init(bytes: $0, isAnsweredShort: false) }
  }

  private static func rungs(above low: UInt32, below high: UInt32) -> [UInt32] {
    guard high > low, high - low > 1 else { return [] }
    // The last one is what would end the search.
    let count = min(FrameSearch.rungs, high - low - 1)
    return (1...count).map { low + UInt32(UInt64(high - 1 - low) * UInt64($0) / UInt64(count)) }
  }
}
