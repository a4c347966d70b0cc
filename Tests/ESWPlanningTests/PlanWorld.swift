import ESWModel

@testable import ESWPlanning

/// A sample region whose node has reported, and changes of it.
struct PlanWorld {
  var sample: Sample
  var interfaces = [
    Sample.interface(Sample.underlay), Sample.interface(Sample.segment),
    Sample.interface(Sample.bridge, kind: "bridge"),
  ]
  var underlays: [UnderlayFact] = []
  var strangers: [StrangerReport] = []
  var connections: [ConnectionReport] = []
  var silence = Duration.zero
  var hasReport = true
  var planning: PlanningFacts? = PlanningFacts(
    of: DataplaneObservation(state: DataplaneState(), interfaces: []))

  init(_ sample: Sample = .full()) { self.sample = sample }

  var reports: ReportSnapshot {
    var reports = ReportSnapshot()
    guard hasReport else { return reports }
    let report = GatewayReport(
      node: Sample.node, store: sample.snapshot.store, generation: sample.snapshot.revision,
      dataplane: .kernel, kernelRelease: "6.18", interfaces: interfaces, problems: [],
      connections: connections, strangers: strangers, underlays: underlays, planning: planning)
    let age = silence.components.seconds * 1000
    reports.put(.init(report: report, at: Timestamp(milliseconds: Sample.now.milliseconds - age)))
    return reports
  }

  func plan(_ edits: IntentEdit...) -> ChangePlan {
    ChangePlan(of: edits, in: sample.snapshot, reports: reports, region: Region(), now: Sample.now)
  }

  /// The edit that makes the sample's connection, with other remotes if they are said.
  static func connection(remotes: [RemoteEndpoint] = [Sample.remote(7)]) -> IntentEdit {
    var full = Sample()
    full.addInstance()
    full.addConnection(remotes: remotes)
    return .putConnection(full.connection)
  }

  /// A world with a switch, to which nothing is connected.
  static var idle: PlanWorld {
    var sample = Sample()
    sample.addInstance()
    return PlanWorld(sample)
  }

  func results(_ edits: IntentEdit...) -> [PlanCheck.Topic: PlanCheck.Result] {
    let plan = ChangePlan(of: edits, in: sample.snapshot, reports: reports, region: Region(), now: Sample.now)
    return Dictionary(plan.checks.map { ($0.topic, $0.result) }) { first, second in
      first == .pass ? second : first
    }
  }
}

extension Sample {
  static func wide(_ name: InterfaceName, mtu: UInt32, addresses: [InterfaceAddress] = []) -> InterfaceFact {
    InterfaceFact(
      name: name, index: 9, kind: nil, isUp: true, isPromiscuous: false, isLoopback: false, mtu: mtu,
      master: nil, hasDefaultRoute: false, addresses: addresses, isOurs: false)
  }
}
