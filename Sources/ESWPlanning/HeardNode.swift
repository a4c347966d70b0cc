import ESWModel

/// A node's newest report as diagnoses ask it: looked through once, and ages told as of now.
struct HeardNode: Sendable {
  let name: NodeName
  let report: GatewayReport
  private let received: ReportSnapshot.Received
  private let reportAge: Int64
  /// How old evidence may be.
  let lifetime: Int64
  private let problems: [Problem.Subject: [Problem]]
  private let ways: [Way: UnderlayFact]
  /// When a VTEP last sent a frame of any connection.
  private let heardVTEPs: [IPv4Address: Int64]
  /// Those that are of now.
  private let strangersBySource: [IPv4Address: [StrangerReport]]
  private let strangersByVNI: [UInt32: [StrangerReport]]

  private struct Way: Hashable {
    let from: IPv4Address
    let to: IPv4Address
  }

  init(_ received: ReportSnapshot.Received, evidenceLifetime: Duration, now: Timestamp) {
    self.received = received
    report = received.report
    name = received.report.node
    let silence = now.since(received.at)
    let age = silence > .zero ? silence.inMilliseconds : 0
    reportAge = age
    let lifetime = evidenceLifetime.inMilliseconds
    self.lifetime = lifetime
    problems = Dictionary(grouping: report.problems, by: \.subject)
    ways = Dictionary(
      (report.underlays ?? []).map { (Way(from: $0.tunnelAddress, to: $0.remote), $0) },
      uniquingKeysWith: { first, _ in first })
    let heard = report.connections.flatMap(\.remotes).compactMap { evidence in
      evidence.receivedAgeMilliseconds.map { (evidence.remote.address, $0) }
    }
    heardVTEPs = Dictionary(heard, uniquingKeysWith: min)
    let strangers = report.strangers.filter { stranger in
      stranger.reason == "unknown_source"
        && stranger.ageMilliseconds.map { Self.sum($0, age) <= lifetime } ?? false
    }
    strangersBySource = Dictionary(grouping: strangers.filter { $0.source != nil }) {
      $0.source ?? IPv4Address(0)
    }
    strangersByVNI = Dictionary(grouping: strangers.filter { $0.vni != nil }) { $0.vni ?? 0 }
  }

  /// As of now. Saturates.
  func asOfNow(_ age: Int64) -> Int64 { Self.sum(age, reportAge) }

  func isFresh(_ age: Int64?) -> Bool { age.map { asOfNow($0) <= lifetime } ?? false }

  private static func sum(_ age: Int64, _ more: Int64) -> Int64 {
    let (sum, overflow) = max(age, 0).addingReportingOverflow(more)
    return overflow ? .max : sum
  }

  func evidence(of connection: ConnectionID) -> ConnectionReport? { received.connection(connection) }

  func problems(of subject: Problem.Subject) -> [Problem] { problems[subject] ?? [] }

  func way(from tunnel: IPv4Address, to remote: IPv4Address) -> UnderlayFact? {
    ways[Way(from: tunnel, to: remote)]
  }

  /// Whether any connection has had a frame of it of late.
  func isHeard(_ remote: IPv4Address) -> Bool { isFresh(heardVTEPs[remote]) }

  /// The last first.
  func strangers(from source: IPv4Address) -> [StrangerReport] { strangersBySource[source] ?? [] }

  func strangers(with vni: VNI) -> [StrangerReport] { strangersByVNI[vni.value] ?? [] }

  func interface(_ name: InterfaceName) -> InterfaceFact? {
    report.interfaces.first { $0.name == name }
  }
}

// MARK: What the whole node, or a switch on it, suffers from

extension HeardNode {
  /// What keeps the node from carrying out what it is asked for: nothing else needs to be looked at then.
  ///
  /// - Parameters:
  ///   - thing: That is asked about, in words.
  ///   - createdIn: The revision that it is part of from.
  func fault(of thing: String, createdIn: Revision, instance: InstanceID) -> Finding? {
    if let fault = faults(of: .node).first { return fault }
    if let problem = problems(of: .configuration).first {
      return Finding(
        .fault, .configurationRefused, of: name.description,
        "node \(name) could not take the newest configuration: it goes on with the one that it has",
        evidence: problem.text,
        advice: "the cause stands above; the agent's log on \(name) has every try",
        commands: ["esw node show \(name)"])
    }
    guard (report.generation ?? Revision(0)) >= createdIn else {
      return Finding(
        .fault, .configurationPending, of: name.description,
        "node \(name) has not carried out the \(thing) yet",
        evidence:
          "it has generation \(report.generation.map(\.description) ?? "none"), asked for in \(createdIn)",
        advice:
          "that takes less than a second; when it lasts, the agent's log on \(name) says what it waits for")
    }
    return nil
  }

  func underlayFaults(of instance: InstanceID, at interface: InterfaceName) -> [Finding] {
    faults(of: .instance(instance), at: interface)
  }

  /// The most fundamental first, in the order of topics.
  ///
  /// - Parameter interface: That the problems are about, if they are about one.
  func faults(of subject: Problem.Subject, at interface: InterfaceName? = nil) -> [Finding] {
    let faults = problems(of: subject).map { fault(of: $0, at: interface) }
    guard faults.count > 1 else { return faults }
    return Finding.Topic.allCases.flatMap { topic in faults.filter { $0.topic == topic } }
  }

  private func fault(of problem: Problem, at interface: InterfaceName? = nil) -> Finding {
    let subject = interface?.description ?? name.description
    func finding(
      _ topic: Finding.Topic, _ what: String, _ advice: String, _ commands: [String] = []
    ) -> Finding {
      Finding(.fault, topic, of: subject, what, evidence: problem.text, advice: advice, commands: commands)
    }
    switch problem.topic {
    case .underlayMissing:
      return finding(
        .underlayMissing, "the underlay interface \(subject) does not exist on node \(name)",
        "make it again under that name, or attach the tunnel subnet to the one that there is",
        ["ip link show", "esw attachment list"])
    case .underlayDown:
      return finding(
        .underlayDown, "the underlay interface \(subject) of node \(name) is down",
        "raise it; if it has no carrier then, look at the cable or the other end",
        ["ip link set dev \(subject) up"])
    case .tunnelAddressElsewhere:
      return finding(
        .tunnelAddressElsewhere, "the tunnel address is on another interface of node \(name) than \(subject)",
        "take it away there, and the agent puts it where the tunnel subnet is attached; or attach that there",
        ["ip address show"])
    case .attachmentMissing:
      return finding(
        .attachmentMissing, "the attached interface \(subject) does not exist on node \(name)",
        "make it again under that name, or attach the subnet to the one that there is",
        ["ip link show", "esw attachment list"])
    case .attachmentUnfit:
      return finding(
        .attachmentUnfit, "frames of the attached interface \(subject) may not be taken",
        "undo what changed at it, or attach the subnet to another",
        ["ip -d link show dev \(subject)", "ip address show dev \(subject)"])
    case .nodeUnfit:
      return finding(
        .nodeUnfit, "the kernel of node \(name), or what its agent may do, is not enough to forward",
        "`esw doctor` on \(name) says what is missing, and how to get it", ["esw doctor"])
    case .stepFailed, nil:
      return finding(
        .stepFailed, "node \(name) could not do all that the configuration asks for",
        "the kernel's own words are above; the agent tries again every second", ["esw doctor"])
    }
  }
}

extension Duration {
  /// Whole ones; saturates.
  var inMilliseconds: Int64 {
    let (seconds, fraction) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return seconds < 0 ? .min : .max }
    let (sum, isTooMuch) = whole.addingReportingOverflow(fraction / 1_000_000_000_000_000)
    return isTooMuch ? whole : sum
  }
}
