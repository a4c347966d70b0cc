import ESWModel
import Testing

@testable import ESWPlanning

@Suite struct `A node that cannot forward` {
  private static let reason = "Linux 6.6 or newer is needed (for tcx), this is 5.10.0"

  private static func unfit(_ configuration: GatewayConfiguration?) -> GatewayReport {
    .unfit(Sample.node, having: configuration, kernelRelease: "5.10.0", because: reason)
  }

  private static func later(_ seconds: Int64) -> Timestamp {
    Timestamp(milliseconds: Sample.now.milliseconds + 1000 * seconds)
  }

  private func status(
    _ sample: Sample, _ reports: ReportSnapshot, at now: Timestamp
  ) -> (connection: ConnectionStatus, finding: Finding?) {
    let region = Region()
    return (
      ConnectionStatus(
        of: sample.connection, in: sample.snapshot, reports: reports, region: region, now: now),
      Findings(of: sample.connection, in: sample.snapshot, reports: reports, region: region, now: now).cause
    )
  }

  @Test func `says why before it has had any configuration`() {
    let sample = Sample.full()
    var reports = ReportSnapshot()
    reports.put(.init(report: Self.unfit(nil), at: Sample.now))
    let (connection, finding) = status(sample, reports, at: Self.later(1))
    #expect(connection.word == .pending && connection.reason == Self.reason)
    #expect(finding?.topic == .nodeUnfit && finding?.evidence.contains(Self.reason) == true)
  }

  @Test(arguments: [true, false])
  func `keeps what was known of it, and says why, now and when it is silent`(hasConfiguration: Bool) {
    let sample = Sample.full()
    var reports = ReportSnapshot()
    let known = GatewayReport(
      node: Sample.node, configuration: sample.configuration, dataplane: .kernel, kernelRelease: "6.6.0",
      interfaces: [Sample.interface(Sample.underlay)], problems: [], evidence: DataplaneEvidence())
    reports.put(.init(report: known, at: Sample.now))
    let unfit = Self.unfit(hasConfiguration ? sample.configuration : nil)
    reports.put(.init(report: unfit, at: Self.later(1)))
    #expect(reports.received(from: Sample.node)?.report.interfaces == known.interfaces)

    let (connection, finding) = status(sample, reports, at: Self.later(2))
    #expect(connection.word == .abnormal && connection.reason == Self.reason)
    #expect(finding?.topic == .nodeUnfit)
    let silent = status(sample, reports, at: Self.later(60))
    #expect(silent.connection.reason?.hasSuffix("its last words: \(Self.reason)") == true)
    #expect(silent.finding?.topic == .agentSilent)
    #expect(silent.finding?.evidence.contains { $0.contains(Self.reason) } == true)
  }

  @Test func `is as before once it reports again`() {
    let sample = Sample.full()
    var reports = ReportSnapshot()
    reports.put(.init(report: Self.unfit(sample.configuration), at: Sample.now))
    let healthy = GatewayReport(
      node: Sample.node, configuration: sample.configuration, dataplane: .kernel, kernelRelease: "6.6.0",
      interfaces: [Sample.interface(Sample.underlay)], problems: [], evidence: DataplaneEvidence())
    reports.put(.init(report: healthy, at: Self.later(5)))
    #expect(reports.received(from: Sample.node)?.report == healthy)
  }
}

@Suite struct `A kernel that cannot be asked about XDP` {
  @Test func `is a problem that no status depends on, and all else is done`() {
    let sample = Sample.full()
    let whole = Sample.observation()
    let failure = "genl ctrl get name netdev: ENOENT: No such file or directory"
    let observation = DataplaneObservation(
      state: whole.state, interfaces: whole.interfaces, xdpFailure: failure)
    let desired = DesiredDataplane(for: sample.configuration, on: observation)
    #expect(desired.problems.map(\.subject) == [.leftovers])
    #expect(desired.problems.first?.text.hasSuffix(failure) == true)
    #expect(desired.state == DesiredDataplane(for: sample.configuration, on: whole).state)
  }
}

@Suite struct `A problem of the node's` {
  @Test func `says what it is about`() {
    func topics(_ observation: DataplaneObservation, _ point: AttachmentPoint? = nil) -> [Problem.Topic?] {
      let sample = point.map { Sample.full(point: $0) } ?? Sample.full()
      return DesiredDataplane(for: sample.configuration, on: observation).problems.map(\.topic)
    }
    let state = DataplaneState()
    let (underlay, segment) = (Sample.interface(Sample.underlay), Sample.interface(Sample.segment))
    #expect(topics(Sample.observation(state, [segment])) == [.underlayMissing])
    #expect(topics(Sample.observation(state, [underlay])) == [.attachmentMissing])
    let down = Sample.interface(Sample.underlay, isUp: false)
    #expect(topics(Sample.observation(state, [down, segment])) == [.underlayDown])
    let address = InterfaceAddress(address: IPv4Address("10.9.0.12")!, prefixLength: 24, isOurs: false)
    let holder = Sample.interface(Sample.segment, addresses: [address])
    #expect(topics(Sample.observation(state, [underlay, holder])) == [.tunnelAddressElsewhere])
    let ours = Sample.interface(Sample.segment, isOurs: true)
    #expect(topics(Sample.observation(state, [underlay, ours])) == [.attachmentUnfit])
    #expect(
      topics(Sample.observation(state, [underlay, segment]), .bridge(Sample.segment)) == [.attachmentUnfit])
    let taken = Sample.interface(DesiredDataplane.slowPathName)
    #expect(topics(Sample.observation(state, [underlay, segment, taken])) == [.stepFailed])
  }
}
