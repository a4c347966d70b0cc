import ESWModel
import Testing

@testable import ESWPlanning

@Suite struct `Why a connection is down` {
  @Test(arguments: Trouble.all) func `one thing that is wrong is named, and nothing else`(_ trouble: Trouble)
  {
    var situation = Situation()
    trouble.happen(&situation)
    let findings = situation.findings
    #expect(findings.cause?.topic == trouble.topic, "\(findings.all)")
    let faults = findings.all.filter { $0.weight == .fault }
    #expect(faults.count == 1, "\(faults)")
    for finding in findings.all {
      #expect(!finding.what.isEmpty && !finding.advice.isEmpty)
      #expect(!finding.evidence.isEmpty && finding.evidence.allSatisfy { !$0.isEmpty && !$0.contains("\n") })
    }
  }

  @Test(arguments: Trouble.nearMisses.indices) func `what is not wrong is not named`(_ index: Int) {
    let (name, happen) = Trouble.nearMisses[index]
    var situation = Situation()
    happen(&situation)
    #expect(situation.findings.cause == nil, "\(name): \(situation.findings.all)")
    #expect(situation.status == .connected, "\(name)")
  }

  @Test func `every topic of a connection has a case, but for the client's own`() {
    let named = Set(Trouble.all.map(\.topic))
    let others = Finding.Topic.ofNodes.subtracting([.bridgeNetfilter, .underlayTooNarrow])
    #expect(
      Set(Finding.Topic.allCases).subtracting(others).subtracting(named) == [.clockWrong])
  }

  @Test(arguments: Trouble.ordered.indices)
  func `of two that are wrong, the one that the table has first is the cause`(_ first: Int) {
    for second in Trouble.ordered.indices where second > first {
      var situation = Situation()
      // What comes later in the table may not undo what is before it.
      Trouble.ordered[second].happen(&situation)
      Trouble.ordered[first].happen(&situation)
      let cause = situation.findings.cause?.topic
      guard !Trouble.excluding(first, second) else { continue }
      #expect(
        cause == Trouble.ordered[first].topic,
        "\(Trouble.ordered[first].name) and \(Trouble.ordered[second].name)")
    }
  }

  @Test func `whatever is wrong, what is not connected has a cause`() {
    var generator = SeededGenerator(seed: 27)
    for _ in 0..<3000 {
      var situation = Situation()
      let count = Int.random(in: 1...5, using: &generator)
      var names: [String] = []
      for _ in 0..<count {
        let trouble = Trouble.all.randomElement(using: &generator)!
        trouble.happen(&situation)
        names.append(trouble.name)
      }
      if situation.status != .connected {
        #expect(situation.findings.cause != nil, "seed 27: \(names)")
      }
    }
  }

  @Test func `numbers stand in what is said of a narrow underlay`() throws {
    var situation = Situation()
    situation.route = .by(Sample.underlay, gateway: nil, mtu: 1500)
    situation.drop("too_big", .toRemote, 31)
    let cause = try #require(situation.findings.cause)
    #expect(cause.evidence.contains { $0.contains("carries 1500 bytes, the tunnel needs 1550") })
    #expect(cause.evidence.contains("31 frames dropped as too big in the last 15 s"))
    #expect(cause.commands == ["ip link set dev eth0 mtu 1550"])
    #expect(cause.what.contains("over 1450 bytes of IP"))
  }

  @Test func `the other VNI and the other source are named`() throws {
    var situation = Situation()
    situation.silenceTunnel()
    situation.strangers = [Situation.stranger("192.168.1.7", vni: 101)]
    #expect(
      try #require(situation.findings.cause).what
        == "the remote sends with VNI 101, and VNI 100 is configured")
    situation.strangers = [Situation.stranger("192.168.1.99", vni: 100)]
    #expect(
      try #require(situation.findings.cause).what
        == "frames with VNI 100 come from 192.168.1.99, and 192.168.1.7 is configured")
  }

  @Test func `both hosts of an address are named, with their sides`() throws {
    var situation = Situation()
    Trouble.hosts[2].happen(&situation)
    #expect(
      try #require(situation.findings.cause).what
        == "two hosts have the address 192.168.0.11: 02:00:00:00:00:01 on the local side, 02:00:00:00:00:0c "
        + "behind 192.168.1.7")
  }

  @Test func `a route is told by the tunnel subnet's gateway`() throws {
    var situation = Situation()
    situation.silence()
    situation.route = .unreachable("Network is unreachable")
    #expect(
      try #require(situation.findings.cause).commands == ["ip route add 192.168.1.7/32 via 10.9.0.1 dev eth0"]
    )
  }

  @Test func `of two remotes each has its own cause`() {
    var situation = Situation()
    situation.sample = Sample()
    situation.sample.addInstance()
    situation.sample.addConnection(remotes: [Sample.remote(7), Sample.remote(8)])
    situation.silenceTunnel()
    situation.strangers = [Situation.stranger("192.168.1.8", vni: 55)]
    let faults = situation.findings.all.filter { $0.weight == .fault }
    #expect(faults.map(\.topic) == [.nothingComesBack, .otherVNI])
    #expect(faults.map(\.subject) == ["192.168.1.7 VNI 100", "192.168.1.8 VNI 100"])
  }

  @Test func `where nothing is wrong, the evidence says how well it is`() {
    let findings = Situation().findings
    #expect(findings.all.isEmpty)
    #expect(
      findings.evidence == [
        "192.168.1.7 VNI 100: last frame in 0.3 s ago, last frame out 0.2 s ago",
        "ICMP echo to 192.168.1.7: 20 of 20 answered, round trip 0.141 ms",
        "192.168.1.7 VNI 100: probes through the tunnel: 20 of 20 answered, round trip 0.141 ms by another "
          + "OpenESW's data path; largest frame 1514 bytes to it, 1514 bytes back",
      ])
  }

  @Test func `an agent that tells none of it is understood`() {
    var situation = Situation()
    situation.port = nil
    situation.route = nil
    situation.nextHop = nil
    situation.echo = nil
    situation.probing = nil
    #expect(situation.findings.cause == nil)
    situation.received = 40_000
    #expect(situation.findings.cause?.topic == .nothingComesBack)
    situation.sent = nil
    #expect(situation.findings.cause?.topic == .nothingSent)
  }

  @Test func `evidence that is old because the report is, is the agent's silence`() {
    var situation = Situation()
    situation.secondsLater = 9
    situation.received = 7_000
    #expect(situation.status == .disconnect)
    #expect(situation.findings.cause?.topic == .agentSilent)
  }

  @Test func `an agent that cannot even start has said why`() {
    let situation = Situation()
    var reports = ReportSnapshot()
    let report = GatewayReport.unfit(
      Sample.node, having: nil, kernelRelease: "5.10", because: "Linux 6.6 is needed")
    reports.put(.init(report: report, at: Sample.now))
    let findings = Findings(
      of: situation.sample.connection, in: situation.sample.snapshot, reports: reports, region: Region(),
      now: Sample.now)
    #expect(findings.cause?.topic == .nodeUnfit)
    #expect(findings.cause?.evidence == ["Linux 6.6 is needed"])
  }

  @Test func `a thousand connections of one node are judged in well under a second`() {
    var sample = Sample()
    sample.addInstance()
    for number in 1...1000 { sample.addConnection(number: UInt32(number)) }
    var evidence = DataplaneEvidence()
    for number in 1...1000 {
      evidence.connections[ConnectionNumber(UInt32(number))] = DataplaneEvidence.PerConnection()
    }
    let report = GatewayReport(
      node: Sample.node, configuration: sample.configuration, dataplane: .simulated, kernelRelease: "test",
      interfaces: [], problems: [], evidence: evidence)
    var reports = ReportSnapshot()
    reports.put(.init(report: report, at: Sample.now))
    let started = ContinuousClock.now
    var diagnosis = Diagnosis(sample.snapshot, reports, region: Region(), now: Sample.now)
    let causes = sample.snapshot.connections.values.compactMap { diagnosis.findings(of: $0).cause }
    let spent = ContinuousClock.now - started
    #expect(causes.count == 1000)
    #expect(spent < .seconds(1), "\(spent)")
    print("1,000 connections judged in \(spent)")
  }

  @Test func `a switch has the causes that all its connections share`() {
    var situation = Situation()
    var diagnosis = Diagnosis(
      situation.sample.snapshot, situation.reports, region: Region(), now: situation.now)
    #expect(diagnosis.findings(of: situation.sample.instance).all == [])
    situation.problems = [Problem(.instance(Sample.id(10)), "eth0 is down", topic: .underlayDown)]
    diagnosis = Diagnosis(situation.sample.snapshot, situation.reports, region: Region(), now: situation.now)
    #expect(diagnosis.findings(of: situation.sample.instance).all.map(\.topic) == [.underlayDown])
  }
}

/// SplitMix64: the same numbers on every machine.
private struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
