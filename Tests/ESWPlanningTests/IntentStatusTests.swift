import ESWModel
import Testing

@testable import ESWPlanning

@Suite struct `Deriving status` {
  static let region = Region()

  static func report(
    _ sample: Sample, generation: Revision?, problems: [Problem] = [], age: Int64? = nil
  ) -> GatewayReport {
    var evidence = DataplaneEvidence()
    var counted = DataplaneEvidence.PerConnection()
    if let age { counted.receivedAgeMilliseconds = [0: age] }
    evidence.connections[ConnectionNumber(1)] = counted
    let configuration = sample.configuration
    let applied = GatewayConfiguration(
      store: configuration.store, generation: generation ?? Revision(0), node: configuration.node,
      tunnels: configuration.tunnels, connections: configuration.connections)
    return GatewayReport(
      node: Sample.node, configuration: generation == nil ? nil : applied, dataplane: .simulated,
      kernelRelease: "test", interfaces: [], problems: problems, evidence: evidence)
  }

  static func status(
    _ sample: Sample, _ report: GatewayReport?, secondsLater: Int64 = 0
  ) -> (InstanceStatus.Word, ConnectionStatus.Word) {
    var reports = ReportSnapshot()
    if let report {
      for outcome in reports.outcomes(settledBy: report, in: sample.snapshot, receivedAt: Sample.now) {
        reports.put(outcome)
      }
      reports.put(.init(report: report, at: Sample.now))
    }
    let now = Timestamp(milliseconds: Sample.now.milliseconds + secondsLater * 1000)
    return (
      InstanceStatus(of: sample.instance, in: sample.snapshot, reports: reports, region: region, now: now)
        .word,
      ConnectionStatus(of: sample.connection, in: sample.snapshot, reports: reports, region: region, now: now)
        .word
    )
  }

  @Test func `before the node has spoken everything is being made`() {
    #expect(Self.status(Sample.full(), nil) == (.build, .pending))
  }

  @Test func `an older generation is not yet ours`() {
    let sample = Sample.full()
    #expect(Self.status(sample, Self.report(sample, generation: Revision(1))) == (.build, .pending))
  }

  @Test func `an applied connection without evidence is disconnected`() {
    let sample = Sample.full()
    let report = Self.report(sample, generation: sample.snapshot.revision)
    #expect(Self.status(sample, report) == (.active, .disconnect))
  }

  @Test(arguments: [(Int64(0), ConnectionStatus.Word.connected), (9_000, .connected), (15_001, .disconnect)])
  func `evidence counts until its age exceeds the setting`(_ age: Int64, _ expected: ConnectionStatus.Word) {
    let sample = Sample.full()
    let report = Self.report(sample, generation: sample.snapshot.revision, age: age)
    #expect(Self.status(sample, report).1 == expected)
  }

  @Test func `evidence goes on ageing after the report that told it`() {
    let sample = Sample.full()
    let report = Self.report(sample, generation: sample.snapshot.revision, age: 10_000)
    #expect(Self.status(sample, report, secondsLater: 4).1 == .connected)
    #expect(Self.status(sample, report, secondsLater: 6).1 == .disconnect)
  }

  @Test func `a silent node makes everything on it abnormal`() {
    let sample = Sample.full()
    let report = Self.report(sample, generation: sample.snapshot.revision, age: 0)
    #expect(Self.status(sample, report, secondsLater: 11) == (.abnormal, .abnormal))
  }

  @Test func `a problem of a connection is not one of its instance`() {
    let sample = Sample.full()
    let problem = Problem(.connection(Sample.id(21)), "no such interface")
    let report = Self.report(sample, generation: sample.snapshot.revision, problems: [problem], age: 0)
    #expect(Self.status(sample, report) == (.active, .abnormal))
  }

  @Test func `a creation that met a problem has failed and its job says why`() {
    let sample = Sample.full()
    let report = Self.report(
      sample, generation: sample.snapshot.revision, problems: [Problem(.instance(Sample.id(10)), "refused")])
    #expect(Self.status(sample, report).0 == .failed)
    var reports = ReportSnapshot()
    for outcome in reports.outcomes(settledBy: report, in: sample.snapshot, receivedAt: Sample.now) {
      reports.put(outcome)
    }
    let job = sample.snapshot.jobs[Sample.id(11)]!
    #expect(JobStatus(of: job, reports: reports) == .failed(endedAt: Sample.now, reason: "refused"))
  }

  @Test func `a connection whose subnet is attached nowhere is disconnected, not pending for ever`() {
    var sample = Sample.full()
    sample.snapshot = sample.snapshot.applying([.removeAttachment(Sample.id(2))])
    let report = Self.report(sample, generation: sample.snapshot.revision)
    #expect(Self.status(sample, report) == (.active, .disconnect))
  }
}
