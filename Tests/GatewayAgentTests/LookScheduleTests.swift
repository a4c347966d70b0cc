import ESWModel
import Testing

@testable import GatewayAgent

@Suite struct `What is looked at` {
  private let start = ContinuousClock.now

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

  /// As many connections as remotes, all of one tunnel.
  private static func configuration(
    _ generation: UInt64 = 1, remotes: Int = 1, points: Int = 1
  ) -> GatewayConfiguration {
    let model = Stretch.configuration(generation)
    let connections = (0..<max(remotes, points)).map { number in
      let one = model.connections[0]
      let name = InterfaceName(points == 1 ? "eth1" : "port\(number % points)")!
      return ConnectionConfiguration(
        id: ConnectionID(high: 1, low: UInt64(number)), number: ConnectionNumber(UInt32(number) + 1),
        instance: one.instance, attachment: AttachmentID(high: 0, low: UInt64(number)),
        point: .interface(name), tunnelAddress: one.tunnelAddress, network: one.network,
        gateway: one.gateway, fixedAddress: one.fixedAddress, fixedMAC: one.fixedMAC,
        remotes: [
          RemoteEndpoint(vni: VNI(100)!, address: IPv4Address(0x0a00_0000 + UInt32(number % remotes)))
        ], learningLimit: 1, ageingSeconds: 300, virtualAddresses: [])
    }
    return GatewayConfiguration(
      store: model.store, generation: model.generation, node: model.node, tunnels: model.tunnels,
      connections: connections)
  }

  private let way = UnderlayWay(from: IPv4Address("10.9.0.12")!, to: IPv4Address("10.0.0.0")!)

  private func answers(_ route: UnderlayFact.Route) -> LookAnswers {
    var answers = LookAnswers()
    answers.ways[way] = .init(route: route, nextHop: .resolved)
    return answers
  }

  @Test func `is all of a small node at once, ways every second, the rest every five`() {
    var schedule = LookSchedule()
    let configuration = Self.configuration()
    let first = schedule.questions(for: configuration, now: at(0))
    #expect(
      first
        == LookQuestions(
          ways: [way], echoes: [Echo(way, sequence: 1)], vxlanPorts: [4789],
          attached: [InterfaceName("eth1")!], passages: ["eth0", "eth1"].map { InterfaceName($0)! },
          readsFirewall: true))
    #expect(schedule.questions(for: configuration, now: at(0.4)) == nil)
    let second = schedule.questions(for: configuration, now: at(1))
    #expect(second?.ways == [way] && second?.echoes == [] && second?.passages == [])
    #expect(second?.readsFirewall == false)
    let later = schedule.questions(for: configuration, now: at(5))
    #expect(later?.echoes == [Echo(way, sequence: 2)] && later?.passages.count == 2)
    #expect(later?.readsFirewall == true)
  }

  @Test func `of a large node comes in turn, so much in a look and no more`() {
    var schedule = LookSchedule()
    let configuration = Self.configuration(remotes: 100, points: 100)
    var (ways, echoes, passages) = (Set<UnderlayWay>(), Set<UnderlayWay>(), Set<InterfaceName>())
    for second in 0..<10 {
      let questions = schedule.questions(for: configuration, now: at(Double(second)))
      #expect(questions?.ways.count ?? 0 <= LookSchedule.mostReadings)
      #expect(questions?.echoes.count ?? 0 <= LookSchedule.mostEchoes)
      #expect(questions?.passages.count ?? 0 <= LookSchedule.mostPassages)
      ways.formUnion(questions?.ways ?? [])
      echoes.formUnion(questions?.echoes.map(\.way) ?? [])
      passages.formUnion(questions?.passages ?? [])
    }
    #expect(ways.count == 100 && echoes.count == 100 && passages.count == 101)
  }

  @Test func `a new configuration is looked at without waiting, and what is known of ways that stay is kept`()
  {
    var schedule = LookSchedule()
    _ = schedule.questions(for: Self.configuration(), now: at(0))
    schedule.take(answers(.own), now: at(0))
    let questions = schedule.questions(for: Self.configuration(2, remotes: 2), now: at(0.1))
    #expect(questions?.ways.map(\.remote) == [IPv4Address("10.0.0.1")!])
    let facts = schedule.facts(recent: nil, now: at(0.1)).underlays
    #expect(facts.map(\.route) == [.own, nil])
  }

  @Test func `nothing is asked of a node that has nothing to do`() {
    var schedule = LookSchedule()
    _ = schedule.questions(for: Self.configuration(), now: at(0))
    let empty = Stretch.configuration(2, isEmpty: true)
    #expect(schedule.questions(for: empty, now: at(9)) == LookQuestions())
    #expect(schedule.facts(recent: nil, now: at(9)) == LookFacts())
  }

  @Test func `an ICMP error is told with its age, until it is old`() {
    var schedule = LookSchedule()
    _ = schedule.questions(for: Self.configuration(), now: at(0))
    var answers = LookAnswers()
    let reporter = IPv4Address("10.0.0.9")!
    answers.errors = [
      .init(way, .unreachable, from: reporter), .init(way, .tooBig(mtu: 1300), from: reporter),
      .init(UnderlayWay(from: way.remote, to: way.remote), .prohibited, from: reporter),
    ]
    schedule.take(answers, now: at(1))
    let error = schedule.facts(recent: nil, now: at(3)).underlays.first?.error
    #expect(error == UnderlayError(kind: .tooBig(mtu: 1300), reporter: reporter, ageMilliseconds: 2000))
    #expect(schedule.facts(recent: nil, now: at(302)).underlays.first?.error == nil)
  }

  @Test func `drops of a firewall are those of the last while`() {
    var schedule = LookSchedule()
    func drops(_ total: UInt64, at seconds: Double) -> UInt64? {
      _ = schedule.questions(for: Self.configuration(), now: at(seconds))
      var answers = LookAnswers()
      answers.firewall = [.init(.bridgeFirewall, at: nil, named: "ip filter FORWARD", drops: total)]
      schedule.take(answers, now: at(seconds))
      return schedule.facts(recent: nil, now: at(seconds)).interferences.first?.recentDrops
    }
    #expect(drops(100, at: 0) == nil)
    #expect(drops(103, at: 5) == 3)
    #expect(drops(103, at: 14) == 3)
    #expect(drops(104, at: 19) == 1)
    // Another chain in the place of the first.
    #expect(drops(2, at: 24) == 2)
  }

  @Test func `what others have at interfaces that are not ours is not told`() {
    var schedule = LookSchedule()
    _ = schedule.questions(for: Self.configuration(), now: at(0))
    var answers = LookAnswers()
    let (ours, theirs) = (InterfaceName("eth0")!, InterfaceName("eth7")!)
    answers.passages[ours] = [.init(.xdp, at: ours, named: "drop_all")]
    answers.firewall = [ours, theirs].map { .init(.egressProgram, at: $0, named: "netdev t c") }
    schedule.take(answers, now: at(0))
    #expect(
      schedule.facts(recent: nil, now: at(0)).interferences == [
        InterferenceFact(kind: .xdp, interface: ours, name: "drop_all"),
        InterferenceFact(kind: .egressProgram, interface: ours, name: "netdev t c"),
      ])
    var gone = LookAnswers()
    gone.passages[ours] = []
    gone.firewall = []
    schedule.take(gone, now: at(5))
    #expect(schedule.facts(recent: nil, now: at(5)).interferences == [])
  }
}

@Suite struct `Echoes of a way` {
  private let start = ContinuousClock.now

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

  @Test func `count once they are answered or their time is over`() {
    var ledger = EchoLedger()
    #expect(ledger.figures(now: at(0)) == nil)
    ledger.send(1, now: at(0))
    #expect(ledger.figures(now: at(1))?.sent == 0)
    ledger.answer(1, roundTrip: 250, now: at(1))
    ledger.send(2, now: at(5))
    let waiting = ProbeFigures(
      sent: 1, answered: 1, roundTripMicroseconds: 250, leastRoundTripMicroseconds: 250,
      answeredAgeMilliseconds: 5000)
    #expect(ledger.figures(now: at(6)) == waiting)
    let lost = ledger.figures(now: at(7))
    #expect(lost?.sent == 2 && lost?.answered == 1 && lost?.lossPerMille == 500)
  }

  @Test func `are the newest of the window`() {
    var ledger = EchoLedger()
    for number in UInt16(1)...60 {
      let time = at(Double(number) * 5)
      ledger.send(number, now: time)
      if number > 50 { ledger.answer(number, roundTrip: UInt32(number), now: time) }
    }
    let figures = ledger.figures(now: at(302))
    #expect(figures?.sent == 20 && figures?.answered == 10)
    #expect(figures?.leastRoundTripMicroseconds == 51 && figures?.roundTripMicroseconds == 60)
  }

  @Test func `are answered once, and only if they were sent`() {
    var ledger = EchoLedger()
    ledger.send(1, now: at(0))
    for sequence: UInt16 in [9, 1, 1] { ledger.answer(sequence, roundTrip: nil, now: at(0)) }
    let figures = ledger.figures(now: at(5))
    #expect(figures?.sent == 1 && figures?.answered == 1 && figures?.roundTripMicroseconds == nil)
    #expect(figures?.answeredAgeMilliseconds == 5000)
  }
}

@Suite struct `What was counted of late` {
  private let start = ContinuousClock.now

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

  private func evidence(_ tooBig: UInt64, _ flood: UInt64 = 0, notLearned: UInt64 = 0) -> DataplaneEvidence {
    var connection = DataplaneEvidence.PerConnection()
    connection.drops = [("too_big", tooBig), ("flood", flood)].filter { $0.1 > 0 }.map {
      DropCount(direction: .toRemote, reason: $0.0, frames: $0.1)
    }
    connection.toLocal.notLearned = notLearned
    return DataplaneEvidence(connections: [ConnectionNumber(1): connection])
  }

  private func recent(_ tooBig: UInt64, _ flood: UInt64 = 0, notLearned: UInt64 = 0) -> LookFacts.Recent {
    let counted = evidence(tooBig, flood, notLearned: notLearned).connections[ConnectionNumber(1)]
    return LookFacts.Recent(drops: counted?.drops ?? [], notLearned: notLearned)
  }

  private let one = ConnectionNumber(1)

  @Test func `is not known before there are two looks`() {
    var counts = RecentCounts()
    #expect(counts.counts(of: evidence(5), now: at(0)) == nil)
    #expect(counts.counts(of: evidence(5), now: at(1)) == [:])
  }

  @Test func `is the difference over the last while, and ends with it`() {
    var counts = RecentCounts()
    _ = counts.counts(of: evidence(5), now: at(0))
    #expect(
      counts.counts(of: evidence(7, 4, notLearned: 3), now: at(1)) == [one: recent(2, 4, notLearned: 3)])
    for second in 2...15 { _ = counts.counts(of: evidence(7, 4, notLearned: 3), now: at(Double(second))) }
    #expect(counts.counts(of: evidence(8, 4, notLearned: 3), now: at(16)) == [one: recent(1)])
    for second in 17...31 { _ = counts.counts(of: evidence(8, 4, notLearned: 3), now: at(Double(second))) }
    #expect(counts.counts(of: evidence(8, 4, notLearned: 3), now: at(32)) == [:])
  }

  @Test func `is all of a path that was made anew`() {
    var counts = RecentCounts()
    _ = counts.counts(of: evidence(50, 9), now: at(0))
    #expect(counts.counts(of: evidence(3, 9), now: at(1)) == [one: recent(3, 9)])
    #expect(counts.counts(of: evidence(3), now: at(2)) == [one: recent(3)])
  }

  @Test func `is not known after a pause`() {
    var counts = RecentCounts()
    _ = counts.counts(of: evidence(5), now: at(0))
    #expect(counts.counts(of: evidence(500), now: at(60)) == nil)
  }
}
