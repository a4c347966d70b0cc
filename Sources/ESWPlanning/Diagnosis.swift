package import ESWModel

extension Findings {
  /// Why frames of a connection do not pass, and what else is to be said of it: intent, the newest report of
  /// its node and now in, findings out. For many, a `Diagnosis` looks through each report only once.
  ///
  /// What is named, when, and what outranks what stands as a table in docs/decisions/0027.
  package init(
    of connection: Connection, in snapshot: IntentSnapshot, reports: ReportSnapshot, region: Region,
    now: Timestamp
  ) {
    var diagnosis = Diagnosis(snapshot, reports, region: region, now: now)
    self = diagnosis.findings(of: connection)
  }

  /// The same of a switch: what all its connections suffer from.
  package init(
    of instance: Instance, in snapshot: IntentSnapshot, reports: ReportSnapshot, region: Region,
    now: Timestamp
  ) {
    var diagnosis = Diagnosis(snapshot, reports, region: region, now: now)
    self = diagnosis.findings(of: instance)
  }
}

/// Judges connections by the same intent, reports and moment.
package struct Diagnosis: Sendable {
  private let snapshot: IntentSnapshot
  private let reports: ReportSnapshot
  private let region: Region
  private let now: Timestamp
  private var nodes: [NodeName: HeardNode] = [:]

  package init(_ snapshot: IntentSnapshot, _ reports: ReportSnapshot, region: Region, now: Timestamp) {
    self.snapshot = snapshot
    self.reports = reports
    self.region = region
    self.now = now
  }

  /// - Complexity: O(what the report says of the connection), once O(report) for each node.
  package mutating func findings(of connection: Connection) -> Findings {
    guard let instance = snapshot.instances[connection.instance],
      let tunnel = snapshot.tunnelAttachment(of: instance)
    else { return Findings([Self.tunnelNotAttached(snapshot.instances[connection.instance])]) }
    guard let attachment = snapshot.layer2Attachment(of: connection, on: tunnel.node) else {
      return Findings([Self.subnetNotAttached(connection, on: tunnel.node)])
    }
    let node: HeardNode
    switch hear(tunnel.node) {
    case .silent(let finding): return Findings([finding])
    case .heard(let heard): node = heard
    }
    if let finding = node.fault(
      of: "connection \(connection.name)", createdIn: connection.createdIn, instance: instance.id)
    {
      return Findings([finding])
    }
    if let finding = held(node) { return Findings([finding]) }
    let place = ConnectionCase(
      connection: connection, instance: instance, tunnel: tunnel, attachment: attachment,
      subnet: snapshot.subnets[connection.subnet], tunnelSubnet: snapshot.subnets[instance.tunnelSubnet],
      isMetered: snapshot.enforcesFlavors, node: node)
    return Findings(place.findings, evidence: place.remoteLines)
  }

  /// What all connections of a switch suffer from.
  package mutating func findings(of instance: Instance) -> Findings {
    guard let tunnel = snapshot.tunnelAttachment(of: instance) else {
      return Findings([Self.tunnelNotAttached(instance)])
    }
    switch hear(tunnel.node) {
    case .silent(let finding): return Findings([finding])
    case .heard(let node):
      let fault = node.fault(
        of: "switch \(instance.name)", createdIn: instance.createdIn, instance: instance.id)
      return Findings(
        (fault ?? held(node)).map { [$0] } ?? node.underlayFaults(of: instance.id, at: tunnel.point.name))
    }
  }

  private func held(_ node: HeardNode) -> Finding? {
    snapshot.holdReason(of: node.name, reported: node.report.permission).map { reason in
      Finding(
        .fault, .forwardingNotAllowed, of: node.name.description,
        "node \(node.name) may not forward now: nothing crosses it", evidence: reason,
        advice: "if what it was held for is done, release it", commands: ["esw node release \(node.name)"])
    }
  }

  // MARK: Nodes

  private enum Hearing {
    case silent(Finding)
    case heard(HeardNode)
  }

  private mutating func hear(_ name: NodeName) -> Hearing {
    if let node = nodes[name] { return .heard(node) }
    var span = MomentSpan.always
    switch NodeView(name, of: snapshot.store, in: reports, region: region, now: now, holding: &span) {
    case .unknown(let reason):
      // An agent that cannot even start says why.
      if let report = reports.received(from: name)?.report, report.unfitness != nil {
        let node = HeardNode(
          .init(report: report, at: now), evidenceLifetime: region.evidenceLifetime, now: now)
        if let fault = node.faults(of: .node).first { return .silent(fault) }
      }
      return .silent(Self.agentUnknown(name, reason))
    case .silent(let reason): return .silent(Self.agentSilent(name, reason))
    case .reporting(let received):
      let node = HeardNode(received, evidenceLifetime: region.evidenceLifetime, now: now)
      nodes[name] = node
      return .heard(node)
    }
  }

  // MARK: What nobody's report is needed for

  private static func tunnelNotAttached(_ instance: Instance?) -> Finding {
    Finding(
      .fault, .tunnelNotAttached, of: instance?.name.description,
      "the switch's tunnel subnet is attached on no node, so nobody forwards",
      evidence: "subnet \(instance?.tunnelSubnet.description ?? "unknown"): no attachment with role tunnel",
      advice: "attach it on a node, to the interface that leads to the remotes",
      commands: instance.map { ["esw attachment create \($0.tunnelSubnet) --node NODE --tunnel INTERFACE"] }
        ?? [])
  }

  private static func subnetNotAttached(_ connection: Connection, on node: NodeName) -> Finding {
    Finding(
      .fault, .subnetNotAttached, of: connection.name.description,
      "its layer-2 subnet is not attached on node \(node), which holds the tunnel",
      evidence: "subnet \(connection.subnet): no attachment with role layer2 on \(node)",
      advice: "attach it there, to the interface or the bridge of the hosts",
      commands: ["esw attachment create \(connection.subnet) --node \(node) --interface INTERFACE"])
  }

  private static func agentUnknown(_ node: NodeName, _ reason: String) -> Finding {
    Finding(
      .fault, .agentUnknown, of: node.description, "node \(node) has not reported yet",
      evidence: reason,
      advice: "start its agent, with this server's address and agent token; its log says what it waits for",
      commands: ["esw doctor", "esw agent --help"])
  }

  static func agentSilent(_ node: NodeName, _ reason: String) -> Finding {
    Finding(
      .fault, .agentSilent, of: node.description,
      "the agent of node \(node) is silent: what the kernel has goes on forwarding, changes do not arrive",
      evidence: reason,
      advice: "look whether it runs on \(node) and reaches this server; start it again, its log says more",
      commands: ["esw doctor"])
  }
}
