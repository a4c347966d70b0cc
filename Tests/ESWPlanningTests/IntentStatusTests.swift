import ESWModel
import Testing

@testable import ESWPlanning

@Suite struct `Deriving status` {
  static let region = Region()

  static func report(
    _ sample: Sample, generation: Revision?, problems: [Problem] = [], age: Int64? = nil, lost: UInt32 = 0
  ) -> GatewayReport {
    var evidence = DataplaneEvidence()
    var counted = DataplaneEvidence.PerConnection()
    if let age { counted.receivedAgeMilliseconds = [0: age] }
    counted.probing = [0: .probed(by: .dataPath, sent: 20, lost: lost)]
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

  @Test func `a node that is held connects nothing, whatever it last saw, and says why`() {
    var sample = Sample.full()
    let hold = NodePermission.Hold(reason: ResourceDescription("moved")!, since: Sample.now)
    let report = Self.report(sample, generation: sample.snapshot.revision, age: 0)
    sample.snapshot = sample.snapshot.applying([
      .putPermission(NodePermission(node: Sample.node, epoch: 1, hold: hold))
    ])
    #expect(Self.status(sample, report) == (.active, .abnormal))
    var reports = ReportSnapshot()
    reports.put(.init(report: report, at: Sample.now))
    let status = ConnectionStatus(
      of: sample.connection, in: sample.snapshot, reports: reports, region: Self.region, now: Sample.now)
    #expect(status.reason?.hasSuffix("is held by an operator and forwards nothing: moved") == true)
    sample.snapshot = sample.snapshot.applying([
      .putPermission(NodePermission(node: Sample.node, epoch: 2, hold: nil))
    ])
    #expect(Self.status(sample, report) == (.active, .connected))
  }

  @Test(arguments: [true, false]) func `a node that says it may not forward connects nothing`(
    _ isGranted: Bool
  ) {
    let sample = Sample.full()
    let told = Self.report(sample, generation: sample.snapshot.revision, age: 0)
    let report = GatewayReport(
      node: told.node, store: told.store, generation: told.generation, dataplane: told.dataplane,
      kernelRelease: told.kernelRelease, interfaces: [], problems: [], connections: told.connections,
      strangers: [], permission: PermissionFact(epoch: 7, isGranted: isGranted, leftMilliseconds: nil))
    #expect(Self.status(sample, report).1 == (isGranted ? .connected : .abnormal))
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

  /// What the store makes of reports with these problems, at so many seconds after the job was begun.
  private func told(
    _ sample: Sample, _ reports: [(seconds: Int64, problems: [Problem])]
  ) -> (job: JobStatus, instance: InstanceStatus.Word) {
    var snapshot = ReportSnapshot()
    var now = Sample.now
    for (seconds, problems) in reports {
      now = Timestamp(milliseconds: Sample.now.milliseconds + seconds * 1000)
      let report = Self.report(sample, generation: sample.snapshot.revision, problems: problems)
      for outcome in snapshot.outcomes(settledBy: report, in: sample.snapshot, receivedAt: now) {
        snapshot.put(outcome)
      }
      snapshot.put(.init(report: report, at: now))
    }
    let status = InstanceStatus(
      of: sample.instance, in: sample.snapshot, reports: snapshot, region: Self.region, now: now)
    return (JobStatus(of: sample.snapshot.jobs[Sample.id(11)]!, reports: snapshot), status.word)
  }

  private let refused = [Problem(.instance(Sample.id(10)), "refused")]

  @Test func `a creation that meets a problem is tried again before it fails`() {
    let (job, instance) = told(Sample.full(), [(0, refused), (5, refused)])
    #expect(job == .running && instance == .build)
  }

  @Test func `a problem that passes by itself is no failure`() {
    let (job, instance) = told(Sample.full(), [(0, refused), (1, [])])
    #expect(instance == .active)
    #expect(job == .completed(endedAt: Timestamp(milliseconds: Sample.now.milliseconds + 1000)))
  }

  @Test func `a creation whose problem lasts has failed and its job says why`() {
    let (job, instance) = told(Sample.full(), [(0, refused), (11, refused)])
    #expect(instance == .failed)
    #expect(
      job == .failed(endedAt: Timestamp(milliseconds: Sample.now.milliseconds + 11_000), reason: "refused"))
  }

  @Test func `a problem after the creation makes it abnormal, and job and past stay`() {
    let (job, instance) = told(Sample.full(), [(0, []), (20, refused)])
    #expect(instance == .abnormal && job == .completed(endedAt: Sample.now))
  }

  @Test func `what could not be taken away touches no status`() {
    let sample = Sample.full()
    let report = Self.report(
      sample, generation: sample.snapshot.revision, problems: [Problem(.leftovers, "EBUSY")], age: 0)
    #expect(Self.status(sample, report) == (.active, .connected))
  }

  @Test func `a configuration that the node refuses fails what is new, and does not leave it pending`() {
    let sample = Sample.full()
    let report = Self.report(
      sample, generation: Revision(1), problems: [Problem(.configuration, "of another store")])
    #expect(Self.status(sample, report) == (.failed, .failed))
  }

  @Test func `an agent that has lost its configuration does not undo what is known`() {
    let sample = Sample.full()
    var reports = ReportSnapshot()
    let known = Self.report(sample, generation: sample.snapshot.revision, age: 0)
    reports.put(.init(report: known, at: Sample.now))
    let later = Timestamp(milliseconds: Sample.now.milliseconds + 1000)
    reports.put(.init(report: Self.report(sample, generation: nil), at: later))
    let status = ConnectionStatus(
      of: sample.connection, in: sample.snapshot, reports: reports, region: Self.region, now: later)
    #expect(status.word == .connected)
  }

  @Test func `a clock that was set back does not keep a dead node alive`() {
    let sample = Sample.full()
    let report = Self.report(sample, generation: sample.snapshot.revision, age: 0)
    #expect(Self.status(sample, report, secondsLater: -3600) == (.abnormal, .abnormal))
  }

  @Test func `a connection whose subnet is attached nowhere is disconnected, not pending for ever`() {
    var sample = Sample.full()
    sample.snapshot = sample.snapshot.applying([.removeAttachment(Sample.id(2))])
    let report = Self.report(sample, generation: sample.snapshot.revision)
    #expect(Self.status(sample, report) == (.active, .disconnect))
  }
}
