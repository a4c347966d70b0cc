package import ESWModel
import ESWPlanning

/// Decides what of the node to look at, and keeps what was seen for the reports.
///
/// Pure: time, configuration and answers come in, questions and facts come out. Everything is read in turn
/// and bounded, so that a node with a thousand connections spends about as much on it as one with ten.
package struct LookSchedule: Sendable {
  /// The least time between two looks, whatever makes passes come faster.
  static let interval = Duration.milliseconds(500)
  /// Routes and next hops of a way are read this often, of at most so many ways in a look.
  static let readingInterval = Duration.seconds(1)
  static let mostReadings = 16
  /// Echoes along a way, and at most so many in a look.
  static let echoInterval = Duration.seconds(5)
  static let mostEchoes = 32
  /// Programs and filters of an interface, of at most so many interfaces in a look.
  static let passageInterval = Duration.seconds(5)
  static let mostPassages = 16
  static let firewallInterval = Duration.seconds(5)
  /// How long an ICMP error is told.
  static let errorLifetime = Duration.seconds(300)
  /// Interferences that a report names.
  static let mostInterferences = 256

  private struct Way: Sendable {
    let way: UnderlayWay
    var read: ContinuousClock.Instant?
    var answer: LookAnswers.Way?
    var echoed: ContinuousClock.Instant?
    var echoes = EchoLedger()
    var error: (seen: ContinuousClock.Instant, report: LookAnswers.ReportedError)?
  }

  private struct Passage: Sendable {
    let name: InterfaceName
    var read: ContinuousClock.Instant?
    var found: [LookAnswers.Interference] = []
  }

  private var subject: (store: StoreID, generation: Revision)?
  private var ways: [Way] = []
  private var places: [UnderlayWay: Int] = [:]
  private var passages: [Passage] = []
  /// Where the next look goes on, where one does not reach all.
  private var nextReading = 0
  private var nextEcho = 0
  private var nextPassage = 0
  private var vxlanPorts: Set<UInt16> = []
  private var attached: Set<InterfaceName> = []
  private var last: ContinuousClock.Instant?
  private var firewallRead: ContinuousClock.Instant?
  private var firewall: [LookAnswers.Interference] = []
  private var ports: [InterfaceName: PortFact] = [:]
  private var sequence: UInt16 = 0
  private var drops = RecentRing<[LookAnswers.Interference: UInt64]>(of: ConnectionReport.recent)

  package init() {}

  // MARK: Questions

  /// Nil: it is too early for another look.
  package mutating func questions(
    for configuration: GatewayConfiguration, now: ContinuousClock.Instant
  ) -> LookQuestions? {
    if subject?.store != configuration.store || subject?.generation != configuration.generation {
      take(configuration)
    } else if let last, now - last < Self.interval {
      return nil
    }
    last = now
    var questions = LookQuestions(vxlanPorts: vxlanPorts, attached: attached)
    let readings = ways.due(most: Self.mostReadings, from: &nextReading) {
      Self.isDue($0.read, Self.readingInterval, now)
    }
    for place in readings {
      ways[place].read = now
      questions.ways.append(ways[place].way)
    }
    let echoes = ways.due(most: Self.mostEchoes, from: &nextEcho) {
      Self.isDue($0.echoed, Self.echoInterval, now)
    }
    for place in echoes {
      sequence &+= 1
      ways[place].echoed = now
      ways[place].echoes.send(sequence, now: now)
      questions.echoes.append(Echo(ways[place].way, sequence: sequence))
    }
    let entrances = passages.due(most: Self.mostPassages, from: &nextPassage) {
      Self.isDue($0.read, Self.passageInterval, now)
    }
    for place in entrances {
      passages[place].read = now
      questions.passages.append(passages[place].name)
    }
    if !passages.isEmpty, Self.isDue(firewallRead, Self.firewallInterval, now) {
      firewallRead = now
      questions.readsFirewall = true
    }
    return questions
  }

  private static func isDue(
    _ last: ContinuousClock.Instant?, _ interval: Duration, _ now: ContinuousClock.Instant
  ) -> Bool {
    last.map { now - $0 >= interval } ?? true
  }

  /// What is known of ways and interfaces that stay is kept.
  private mutating func take(_ configuration: GatewayConfiguration) {
    subject = (configuration.store, configuration.generation)
    var (wanted, names): (Set<UnderlayWay>, Set<InterfaceName>) = ([], [])
    (vxlanPorts, attached) = ([], [])
    for connection in configuration.connections {
      attached.insert(connection.point.name)
      if case .bridge = connection.point {
        names.insert(DesiredDataplane.bridgePortNames(of: connection.attachment).inner)
      } else {
        names.insert(connection.point.name)
      }
      for remote in connection.remotes {
        wanted.insert(UnderlayWay(from: connection.tunnelAddress, to: remote.address))
        vxlanPorts.insert(remote.port)
      }
    }
    names.formUnion(configuration.tunnels.map(\.interface))
    let knownWays = Dictionary(ways.map { ($0.way, $0) }, uniquingKeysWith: { first, _ in first })
    ways = wanted.sorted().map { knownWays[$0] ?? Way(way: $0) }
    places = Dictionary(
      zip(ways.map(\.way), ways.indices), uniquingKeysWith: { first, _ in first })
    let knownPassages = Dictionary(
      passages.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    passages = names.sorted().map { knownPassages[$0] ?? Passage(name: $0) }
    if names.isEmpty { firewall = [] }
  }

  // MARK: Answers

  package mutating func take(_ answers: LookAnswers, now: ContinuousClock.Instant) {
    for (way, answer) in answers.ways {
      if let place = places[way] { ways[place].answer = answer }
    }
    for answer in answers.echoes {
      guard let place = places[answer.echo.way] else { continue }
      ways[place].echoes.answer(
        answer.echo.sequence, roundTrip: answer.roundTripMicroseconds, now: now)
    }
    for error in answers.errors {
      if let place = places[error.way] { ways[place].error = (now, error) }
    }
    ports = answers.ports
    for place in passages.indices {
      guard let found = answers.passages[passages[place].name] else { continue }
      passages[place].found = found
    }
    if let read = answers.firewall { firewall = read }
  }

  // MARK: Facts

  /// - Parameter recent: As in `LookFacts`.
  package mutating func facts(
    recent: [ConnectionNumber: LookFacts.Recent]?, now: ContinuousClock.Instant
  ) -> LookFacts {
    LookFacts(
      underlays: ways.map { Self.fact(of: $0, now) }, interferences: interferences(now), ports: ports,
      recent: recent)
  }

  private static func fact(of way: Way, _ now: ContinuousClock.Instant) -> UnderlayFact {
    let error = way.error.flatMap { seen, report -> UnderlayError? in
      guard now - seen <= errorLifetime else { return nil }
      return UnderlayError(
        kind: report.kind, reporter: report.reporter, ageMilliseconds: (now - seen).wholeMilliseconds)
    }
    return UnderlayFact(
      tunnelAddress: way.way.tunnelAddress, remote: way.way.remote, route: way.answer?.route,
      nextHop: way.answer?.nextHop, echo: way.echoes.figures(now: now), error: error)
  }

  private mutating func interferences(_ now: ContinuousClock.Instant) -> [InterferenceFact] {
    // Of the firewall, what is at interfaces of ours and what is for all of the node.
    let names = Set(passages.map(\.name))
    let all =
      passages.flatMap(\.found)
      + firewall.filter { $0.interface.map { names.contains($0) } ?? true }
    let counted = all.filter { $0.drops != nil }
    var totals: [LookAnswers.Interference: UInt64] = [:]
    for one in counted { totals[one.withoutDrops] = one.drops }
    let before = drops.oldest(now: now)
    drops.add(totals, now: now)
    return all.prefix(Self.mostInterferences).map { one in
      InterferenceFact(
        kind: one.kind, interface: one.interface, name: one.name,
        recentDrops: one.drops.flatMap { Self.recent($0, since: before, of: one.withoutDrops) })
    }
  }

  /// Nil: not known yet. A total that fell is of another chain of the same name.
  private static func recent(
    _ total: UInt64, since before: [LookAnswers.Interference: UInt64]?, of one: LookAnswers.Interference
  ) -> UInt64? {
    guard let start = before?[one] else { return nil }
    return total < start ? total : total - start
  }
}

extension LookAnswers.Interference {
  fileprivate var withoutDrops: LookAnswers.Interference {
    LookAnswers.Interference(kind, at: interface, named: name)
  }
}

extension Array {
  /// The places of up to `most` rows that are due, in turn: going on at `next`, which moves on.
  fileprivate func due(most: Int, from next: inout Int, _ isDue: (Element) -> Bool) -> [Int] {
    var places: [Int] = []
    var tried = 0
    while tried < count, places.count < most {
      let place = (next + tried) % count
      if isDue(self[place]) { places.append(place) }
      tried += 1
    }
    next = places.count == most ? (next + tried) % count : 0
    return places
  }
}
