import ESWModel

/// What is asked of one remote, when, and what became of it.
///
/// A loopback message is asked of whoever is there; who never answers one is a foreign VTEP, and hosts that
/// are known behind it are asked by ARP instead, or, while none is known, a few addresses of the subnet.
/// Pure: times and answers come in, questions come out.
struct RemoteProber {
  /// Between two questions to one remote.
  static let interval = Duration.seconds(5)
  /// Between two loopback messages to one that answers by its hosts only.
  static let foreignInterval = Duration.seconds(30)
  /// Loopback messages without an answer after which it counts as foreign.
  static let foreignAfter = 3
  /// An answer later than this comes too late (ITU-T Y.1731 section 7.2 waits as long).
  static let answerTime: UInt64 = 3_000_000_000
  /// The same of a size that is tried: the remote answers, or it would not be tried.
  static let trialTime: UInt64 = 1_000_000_000
  /// From the end of a search for the largest frame to the next.
  static let searchInterval = Duration.seconds(30)
  /// Known hosts that are asked together; one answer is enough.
  static let hostsTogether = 3
  /// A remote that sent something more recently than this is not looked for by the walk.
  static let quietMilliseconds: Int64 = 4_000
  /// Between two parts of the walk.
  static let walkInterval = Duration.milliseconds(900)

  struct Host: Hashable {
    let address: IPv4Address
    let mac: MACAddress
  }

  /// What was decided to ask.
  enum Ask: Hashable {
    case loopback(transaction: UInt32)
    case hosts([Host], everybody: Bool)
    case trial(transaction: UInt32, FrameSearch.Trial, Host?)
    case walk
  }

  private struct Waiting {
    let ask: Ask
    let sent: DataplaneMoment
  }

  private var loopbacks = ProbeWindow()
  private var hosts = ProbeWindow()
  private var search = FrameSearch()
  private var waiting: [Waiting] = []
  /// Of the round of trials that is out.
  private var outcomes: [FrameSearch.Outcome] = []
  private var nextTrials: [FrameSearch.Trial] = []
  /// Who answered ARP last, and who is asked for sizes.
  private var answering: [Host] = []
  private var echoing: Host?
  private var searches = 0
  private var transaction: UInt32
  private var heardBytes: UInt32?

  private var loopbackDue: ContinuousClock.Instant
  private var hostsDue: ContinuousClock.Instant
  private var walkDue: ContinuousClock.Instant
  /// Nil: at once.
  private var searchDue: ContinuousClock.Instant?

  /// - Parameters:
  ///   - transaction: Where numbers of questions begin: elsewhere than those of a process before.
  ///   - phase: 0 ..< 1: where in the interval its questions stand from the second on, so that those of
  ///     many remotes spread.
  init(now: ContinuousClock.Instant, transaction: UInt32, phase: Double) {
    self.transaction = transaction
    self.phase = phase
    loopbackDue = now
    hostsDue = now
    walkDue = now
  }

  private let phase: Double
  private var isSettledIn = false

  // MARK: What came back

  mutating func take(_ answers: ProbeAnswers?, now: DataplaneMoment) {
    heardBytes = answers?.heardBytes
    let answers = answers ?? ProbeAnswers()
    let asked = waiting
    waiting = asked.filter { !settle($0, answers, now) }
    guard !outcomes.isEmpty, !isTrying else { return }
    nextTrials = search.take(outcomes)
    outcomes = []
  }

  private mutating func forgetSizes() {
    search.forget()
    nextTrials = []
    searchDue = nil
  }

  private var isTrying: Bool {
    waiting.contains { if case .trial = $0.ask { true } else { false } }
  }

  /// Whether it is known what became of it.
  private mutating func settle(_ waiting: Waiting, _ answers: ProbeAnswers, _ now: DataplaneMoment) -> Bool {
    let waited = now.nanoseconds(since: waiting.sent)
    switch waiting.ask {
    case .loopback(let transaction):
      if let answer = answers.answers[transaction], answer.arrived >= waiting.sent, answer.askedBytes != nil {
        loopbacks.addAnswer(after: answer.arrived.nanoseconds(since: waiting.sent), at: answer.arrived)
        return true
      }
      guard waited > Self.answerTime else { return false }
      loopbacks.addLoss()
      if !loopbacks.isAnswered, echoing == nil { forgetSizes() }
    case .hosts(let asked, _):
      let arrived = asked.compactMap { host in
        answers.hosts[host.address].flatMap { $0 >= waiting.sent ? (host, $0) : nil }
      }
      if let first = arrived.map(\.1).min() {
        answering = arrived.map(\.0)
        hosts.addAnswer(after: first.nanoseconds(since: waiting.sent), at: first)
        return true
      }
      guard waited > Self.answerTime else { return false }
      hosts.addLoss()
      if !hosts.isAnswered, echoing != nil { forgetSizes() }
    case .trial(let transaction, let trial, let host):
      let answer = answers.answers[transaction].flatMap { answer -> (asked: UInt32, back: UInt32)? in
        guard answer.arrived >= waiting.sent, let asked = host == nil ? answer.askedBytes : trial.bytes
        else { return nil }
        return (asked, answer.bytes)
      }
      guard answer != nil || waited > Self.trialTime else { return false }
      outcomes.append(FrameSearch.Outcome(trial: trial, answer: answer))
    case .walk: break
    }
    return true
  }

  // MARK: What to ask

  /// - Parameters:
  ///   - largest: The largest frame of the connection's port; nil: not known, and not looked for.
  ///   - seen: What the data path has seen of the connection.
  mutating func asks(
    largest: UInt32?, seen: DataplaneEvidence.PerConnection, remote: Int, now: ContinuousClock.Instant
  ) -> [Ask] {
    var asks: [Ask] = []
    if now >= loopbackDue {
      asks.append(.loopback(transaction: number()))
      loopbackDue = next(after: now, isForeign ? Self.foreignInterval : Self.interval)
    }
    if !loopbacks.isAnswered { asks += hostAsks(seen, remote, now) }
    if let largest { asks += trials(upTo: largest, now) }
    isSettledIn = true
    return asks
  }

  private var isForeign: Bool {
    hosts.isAnswered && !loopbacks.isAnswered && loopbacks.count >= Self.foreignAfter
  }

  private func next(after now: ContinuousClock.Instant, _ interval: Duration) -> ContinuousClock.Instant {
    // The second question finds its place in the interval; from then on each keeps it.
    now + (isSettledIn ? interval : .seconds(1) + Self.interval * phase)
  }

  private mutating func number() -> UInt32 {
    transaction &+= 1
    return transaction
  }

  private mutating func hostAsks(
    _ seen: DataplaneEvidence.PerConnection, _ remote: Int, _ now: ContinuousClock.Instant
  ) -> [Ask] {
    let known = Self.lastSeen(seen.hosts, behind: remote)
    if !known.isEmpty {
      guard now >= hostsDue else { return [] }
      hostsDue = next(after: now, Self.interval)
      // Whoever did not answer at his own MAC address may have another one now.
      return [.hosts(known, everybody: hosts.wasLastAnswered != true)]
    }
    if let age = seen.receivedAgeMilliseconds[remote], age < Self.quietMilliseconds { return [] }
    guard now >= walkDue else { return [] }
    walkDue = now + Self.walkInterval
    return [.walk]
  }

  /// Those with an address that were seen last.
  private static func lastSeen(_ hosts: [HostFact], behind remote: Int) -> [Host] {
    var chosen: [(age: Int64, host: Host)] = []
    for host in hosts where host.side == .remote(remote) {
      guard let address = host.address else { continue }
      if chosen.count == hostsTogether, let last = chosen.last, last.age <= host.seenAgeMilliseconds {
        continue
      }
      let place = chosen.firstIndex { $0.age > host.seenAgeMilliseconds } ?? chosen.count
      chosen.insert((host.seenAgeMilliseconds, Host(address: address, mac: host.mac)), at: place)
      if chosen.count > hostsTogether { chosen.removeLast() }
    }
    return chosen.map(\.host)
  }

  private mutating func trials(upTo largest: UInt32, _ now: ContinuousClock.Instant) -> [Ask] {
    guard !isTrying, outcomes.isEmpty else { return [] }
    if nextTrials.isEmpty, !search.isGoingOn, searchDue.map({ now >= $0 }) != false {
      if loopbacks.isAnswered {
        echoing = nil
        nextTrials = search.begin(upTo: largest, .dataPath)
      } else if hosts.isAnswered, !answering.isEmpty {
        // Another one each time: some hosts answer no echo.
        echoing = answering[searches % answering.count]
        nextTrials = search.begin(upTo: largest, .host)
      }
      guard !nextTrials.isEmpty else { return [] }
      searches += 1
      searchDue = now + Self.searchInterval
    }
    defer { nextTrials = [] }
    return nextTrials.map { .trial(transaction: number(), $0, echoing) }
  }

  /// Notes what was sent; nil: it could not be.
  mutating func note(_ ask: Ask, sent: DataplaneMoment?) {
    switch ask {
    case .walk: break
    case .trial(_, let trial, _) where sent == nil:
      outcomes.append(FrameSearch.Outcome(trial: trial, answer: nil))
    case .loopback, .hosts, .trial:
      if let sent { waiting.append(Waiting(ask: ask, sent: sent)) }
    }
  }

  // MARK: What is known

  func probing(at now: DataplaneMoment) -> RemoteProbing {
    let reflector = reflector
    let figures: ProbeFigures
    switch reflector {
    case .dataPath: figures = loopbacks.figures(at: now)
    case .host: figures = hosts.figures(at: now)
    case nil: figures = (hosts.count > loopbacks.count ? hosts : loopbacks).figures(at: now)
    }
    // What the remote's own probes have shown of the way here.
    let heard = reflector == .dataPath ? heardBytes.map { min($0, search.tried ?? $0) } : nil
    return RemoteProbing(
      reflector: reflector, figures: figures, largestToRemote: search.largestToRemote,
      largestToLocal: [search.largestToLocal, heard].compactMap(\.self).max(), largestTried: search.tried)
  }

  /// Who answers now, or who did last.
  private var reflector: RemoteProbing.Reflector? {
    if loopbacks.isAnswered { return .dataPath }
    if hosts.isAnswered { return .host }
    switch (loopbacks.lastAnswer, hosts.lastAnswer) {
    case (nil, nil): return nil
    case (.some(let loopback), .some(let host)): return loopback >= host ? .dataPath : .host
    case (.some, nil): return .dataPath
    case (nil, .some): return .host
    }
  }
}
