import ESWModel
import Testing

@testable import GatewayAgent

/// A schedule with time, and a far side that answers as the test says.
private struct Bench {
  var schedule = ProbeSchedule(transactions: 0)
  var configuration = Stretch.configuration(1)
  var now = ContinuousClock.now
  var moment: UInt64 = 1_000_000_000
  /// What has been seen but for answers.
  var seen = DataplaneEvidence.PerConnection()
  var answers = ProbeAnswers()
  var largest: UInt32?
  /// What answers, and after how long.
  var reflects = false
  var hosts: Set<IPv4Address> = []
  var roundTrip: UInt64 = 100_000
  /// What carries more does not pass.
  var carries: UInt32 = 9_000

  static let number = ConnectionNumber(1)

  /// One pass, a second after the one before; what it asked.
  mutating func pass(after: Duration = .seconds(1)) -> [Probe] {
    now += after
    moment +=
      UInt64(after.components.seconds) * 1_000_000_000 + UInt64(after.components.attoseconds / 1_000_000_000)
    var evidence = evidence
    schedule.take(&evidence)
    let largest = largest
    let due = schedule.probes(for: configuration, evidence: evidence, now: now) { _ in largest }
    schedule.note(due, sent: due.map { _ in DataplaneMoment(nanoseconds: moment) })
    for probe in due.map(\.probe) { answer(probe) }
    return due.map(\.probe)
  }

  var evidence: DataplaneEvidence {
    var seen = seen
    seen.answers = [0: answers]
    return DataplaneEvidence(connections: [Self.number: seen], now: DataplaneMoment(nanoseconds: moment))
  }

  var probing: RemoteProbing? {
    mutating get {
      var evidence = evidence
      schedule.take(&evidence)
      return evidence.connections[Self.number]?.probing[0]
    }
  }

  private mutating func answer(_ probe: Probe) {
    let arrived = DataplaneMoment(nanoseconds: moment + roundTrip)
    switch probe.question {
    case .arp(let target, _): if hosts.contains(target) { answers.hosts[target] = arrived }
    case .loopback(let asked):
      guard reflects, asked.bytes <= carries else { return }
      answers.answers[asked.transaction] = .init(
        bytes: asked.isAnsweredShort ? Probe.leastBytes : asked.bytes, askedBytes: asked.bytes,
        arrived: arrived)
    case .echo(let transaction, let bytes, let target, _):
      guard hosts.contains(target), bytes <= carries else { return }
      answers.answers[transaction] = .init(bytes: bytes, askedBytes: nil, arrived: arrived)
    }
  }

  mutating func place(
    _ address: String, mac: UInt64 = 5, side: HostFact.Side = .remote(0), answers: Bool = true
  ) {
    seen.hosts.append(
      HostFact(
        mac: MACAddress(locallyAdministered: mac), address: IPv4Address(address), side: side,
        seenAgeMilliseconds: Int64(mac)))
    if answers, let address = IPv4Address(address) { hosts.insert(address) }
  }
}

extension [Probe] {
  fileprivate var loopbacks: Int { count { if case .loopback = $0.question { true } else { false } } }

  fileprivate var arps: [(target: IPv4Address, host: MACAddress?)] {
    compactMap { if case .arp(let target, let host) = $0.question { (target, host) } else { nil } }
  }
}

@Suite struct `Choosing whom to probe` {
  @Test func `a data path that reflects is asked every five seconds, traffic or not, and nobody else is`() {
    var bench = Bench()
    bench.reflects = true
    bench.place("192.168.0.20")
    bench.seen.receivedAgeMilliseconds = [0: 10]
    _ = bench.pass()
    var asked = 0
    for _ in 0..<30 {
      let probes = bench.pass()
      #expect(probes.arps.isEmpty)
      asked += probes.loopbacks
    }
    #expect((6...7).contains(asked))
  }

  @Test
  func `known hosts of a foreign remote are asked, three together, at their own address once they answer`() {
    var bench = Bench()
    for number in 1...5 { bench.place("192.168.0.2\(number)", mac: UInt64(number)) }
    bench.place("192.168.0.40", mac: 1, side: .local)
    let first = bench.pass().arps
    #expect(first.map(\.target) == (1...3).map { IPv4Address("192.168.0.2\($0)")! })
    #expect(first.allSatisfy { $0.host == nil })
    let next = (0..<6).map { _ in bench.pass().arps }.first { !$0.isEmpty } ?? []
    #expect(next.map(\.host) == (1...3).map { MACAddress(locallyAdministered: $0) })
  }

  @Test func `a foreign remote is asked by its hosts every five seconds, and loopback becomes rare`() {
    var bench = Bench()
    bench.place("192.168.0.20")
    for _ in 0..<30 { _ = bench.pass() }
    let later = (0..<60).map { _ in bench.pass() }
    #expect((12...13).contains(later.count { !$0.arps.isEmpty }))
    #expect((2...3).contains(later.reduce(0) { $0 + $1.loopbacks }))
  }

  @Test func `hosts of our own side are not asked through the tunnel`() {
    var bench = Bench()
    bench.place("192.168.0.20", side: .local)
    #expect(bench.pass().arps.first?.target == IPv4Address("192.168.0.1"))
  }

  @Test func `with no known host the whole subnet is walked, the gateway first, ourselves never`() {
    var bench = Bench()
    var asked: Set<IPv4Address> = []
    for round in 0..<8 {
      let probes = bench.pass().arps
      if round == 0 { #expect(probes.first?.target == IPv4Address("192.168.0.1")) }
      asked.formUnion(probes.map(\.target))
    }
    #expect(asked.count == 253)
    #expect(!asked.contains(IPv4Address("192.168.0.250")!))
    #expect(!asked.contains(IPv4Address("192.168.0.255")!))
  }

  @Test func `a remote that has just sent something is not walked`() {
    var bench = Bench()
    bench.seen.receivedAgeMilliseconds = [0: 100]
    #expect(bench.pass().arps.isEmpty)
  }

  @Test func `passes in quick succession do not multiply probes`() {
    var bench = Bench()
    #expect(!bench.pass().isEmpty)
    #expect(bench.pass(after: .milliseconds(10)).isEmpty)
  }

  @Test func `what the data path does not have yet is not asked`() {
    var schedule = ProbeSchedule()
    let due = schedule.probes(for: Stretch.configuration(1), evidence: DataplaneEvidence(), now: .now) { _ in
      1514
    }
    #expect(due.isEmpty)
  }

  @Test func `a thousand remotes are spread over the interval, and not too many are asked at once`() {
    let one = Stretch.configuration(1).connections[0]
    var evidence = DataplaneEvidence(now: DataplaneMoment(nanoseconds: 1))
    var connections: [ConnectionConfiguration] = []
    for number in 1...1000 {
      connections.append(one.numbered(UInt32(number)))
      evidence.connections[ConnectionNumber(UInt32(number))] = .init()
      // They speak by themselves: no walk.
      evidence.connections[ConnectionNumber(UInt32(number))]?.receivedAgeMilliseconds = [0: 10]
    }
    let configuration = GatewayConfiguration(
      store: StoreID(high: 0, low: 1), generation: Revision(1), node: Stretch.node, tunnels: [],
      connections: connections)
    var schedule = ProbeSchedule()
    let start = ContinuousClock.now
    var rounds: [Int] = []
    for second in 0..<20 {
      let due = schedule.probes(for: configuration, evidence: evidence, now: start + .seconds(second)) { _ in
        1514
      }
      rounds.append(due.count)
    }
    #expect(rounds[0] == 1000)
    #expect(rounds[7...].allSatisfy { (150...250).contains($0) }, "\(rounds)")
    #expect(rounds[10..<15].reduce(0, +) == 1000)
  }
}

extension ConnectionConfiguration {
  fileprivate func numbered(_ number: UInt32) -> ConnectionConfiguration {
    ConnectionConfiguration(
      id: ConnectionID(high: 0, low: UInt64(number)), number: ConnectionNumber(number), instance: instance,
      attachment: attachment, point: point, tunnelAddress: tunnelAddress, network: network, gateway: gateway,
      fixedAddress: fixedAddress, fixedMAC: fixedMAC, remotes: remotes, learningLimit: learningLimit,
      ageingSeconds: ageingSeconds)
  }
}

@Suite struct `Figures of probes` {
  @Test func `say who answers, how fast, and that nothing is lost`() {
    var bench = Bench()
    bench.reflects = true
    for _ in 0..<30 { _ = bench.pass() }
    let probing = bench.probing
    #expect(probing?.reflector == .dataPath)
    #expect(probing?.figures.lossPerMille == 0)
    #expect(probing?.figures.roundTripMicroseconds == 100)
    #expect(probing?.figures.answeredAgeMilliseconds ?? .max < 5_000)
  }

  @Test func `an answer that comes too late is lost, and the age of the last goes on`() {
    var bench = Bench()
    bench.reflects = true
    for _ in 0..<12 { _ = bench.pass() }
    bench.reflects = false
    for _ in 0..<110 { _ = bench.pass() }
    let probing = bench.probing
    #expect(probing?.reflector == .dataPath)
    #expect(probing?.figures.answered == 0)
    #expect(probing?.figures.sent == UInt32(ProbeFigures.window))
    #expect(probing?.figures.answeredAgeMilliseconds ?? 0 > 100_000)
    #expect(probing?.figures.roundTripMicroseconds == 100)
    #expect(probing?.figures.leastRoundTripMicroseconds == nil)
  }

  @Test func `of a foreign remote are those of its hosts, answered when one of them does`() {
    var bench = Bench()
    bench.place("192.168.0.20", mac: 1)
    bench.place("192.168.0.21", mac: 2, answers: false)
    for _ in 0..<40 { _ = bench.pass() }
    #expect(bench.probing?.reflector == .host)
    #expect(bench.probing?.figures.lossPerMille == 0)
    bench.hosts = []
    for _ in 0..<20 { _ = bench.pass() }
    #expect(bench.probing?.figures.lossPerMille ?? 0 > 200)
  }

  @Test func `of a remote where nobody answers are those of what was asked`() {
    var bench = Bench()
    for _ in 0..<20 { _ = bench.pass() }
    #expect(bench.probing?.reflector == nil)
    #expect(bench.probing?.figures.answered == 0 && bench.probing?.figures.sent ?? 0 > 2)
    #expect(bench.probing?.figures.answeredAgeMilliseconds == nil)
  }

  @Test func `tell the largest frame, and find a narrower way within a minute`() {
    var bench = Bench()
    bench.reflects = true
    bench.largest = 1514
    for _ in 0..<4 { _ = bench.pass() }
    #expect(bench.probing?.largestToRemote == 1514 && bench.probing?.largestToLocal == 1514)
    bench.carries = 1404
    for _ in 0..<60 { _ = bench.pass() }
    #expect(bench.probing?.largestToRemote == 1404 && bench.probing?.largestTried == 1514)
  }

  @Test func `by a host that answers ARP and echo tell that large frames vanish`() {
    var bench = Bench()
    bench.place("192.168.0.20")
    bench.largest = 1514
    bench.carries = 1404
    for _ in 0..<20 { _ = bench.pass() }
    #expect(bench.probing?.reflector == .host)
    #expect(bench.probing?.largestToRemote == 1404 && bench.probing?.largestToLocal == 1404)
    #expect(bench.probing?.largestTried == 1514)
  }

  @Test func `of a remote that fell silent tell no sizes, and find them at once when it is back`() {
    var bench = Bench()
    bench.reflects = true
    bench.largest = 1514
    for _ in 0..<10 { _ = bench.pass() }
    bench.reflects = false
    for _ in 0..<20 { _ = bench.pass() }
    #expect(bench.probing?.largestTried == nil && bench.probing?.largestToRemote == nil)
    bench.reflects = true
    for _ in 0..<8 { _ = bench.pass() }
    #expect(bench.probing?.largestToRemote == 1514)
  }

  @Test func `count what the remote's own probes have shown of the way here`() {
    var bench = Bench()
    bench.reflects = true
    bench.largest = 1514
    bench.carries = 1000
    bench.answers.heardBytes = 1514
    for _ in 0..<10 { _ = bench.pass() }
    #expect(bench.probing?.largestToRemote == 1000 && bench.probing?.largestToLocal == 1514)
  }
}
