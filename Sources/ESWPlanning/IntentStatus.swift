package import ESWModel

// Status is derived when it is read: intent, the newest report of the node concerned, and now.

extension InstanceStatus {
  /// - Complexity: O(attachments of the tunnel subnet + problems of the node).
  package init(
    of instance: Instance, in snapshot: IntentSnapshot, reports: ReportSnapshot, region: Region,
    now: Timestamp
  ) {
    guard let node = snapshot.tunnelNode(of: instance) else {
      self.init(.active, reason: "its tunnel subnet is not attached on any node yet: nothing is forwarded")
      return
    }
    let view = NodeView(node, of: snapshot.store, in: reports, region: region, now: now)
    switch view {
    case .silent(let reason): self.init(.abnormal, reason: reason)
    case .unknown: self.init(.build, reason: "node \(node) has not reported yet")
    case .reporting(let report):
      guard let generation = report.generation, generation >= instance.createdIn else {
        self.init(.build, reason: "node \(node) has not applied it yet")
        return
      }
      guard let problem = report.problem(of: instance.id) else {
        self.init(.active)
        return
      }
      let failed = snapshot.jobIDs(of: instance.id).contains { reports.outcome(of: $0)?.failReason != nil }
      self.init(failed ? .failed : .abnormal, reason: problem.text)
    }
  }
}

extension ConnectionStatus {
  /// - Complexity: O(attachments of its subnet + problems of the node).
  package init(
    of connection: Connection, in snapshot: IntentSnapshot, reports: ReportSnapshot, region: Region,
    now: Timestamp
  ) {
    guard let instance = snapshot.instances[connection.instance],
      let node = snapshot.tunnelNode(of: instance)
    else {
      self.init(.disconnect, reason: "the switch's tunnel subnet is not attached on any node")
      return
    }
    guard snapshot.layer2Attachment(of: connection, on: node) != nil else {
      self.init(.disconnect, reason: "its layer-2 subnet is not attached on node \(node)")
      return
    }
    switch NodeView(node, of: snapshot.store, in: reports, region: region, now: now) {
    case .silent(let reason): self.init(.abnormal, reason: reason)
    case .unknown: self.init(.pending, reason: "node \(node) has not reported yet")
    case .reporting(let report):
      guard let generation = report.generation, generation >= connection.createdIn else {
        self.init(.pending, reason: "node \(node) has not applied it yet")
        return
      }
      if let problem = report.problem(of: connection) {
        self.init(.abnormal, reason: problem.text)
        return
      }
      self.init(
        evidence: reports.received(from: node)?.connection(connection.id), heard: now, region: region,
        reports: reports, node: node)
    }
  }

  /// Connected only by evidence that frames come through the tunnel, and only while it is fresh.
  private init(
    evidence: ConnectionReport?, heard now: Timestamp, region: Region, reports: ReportSnapshot, node: NodeName
  ) {
    let ages = evidence?.remotes.compactMap(\.receivedAgeMilliseconds) ?? []
    guard let age = ages.min(), let received = reports.received(from: node)?.at else {
      self.init(.disconnect, reason: "no frame has come through the tunnel yet")
      return
    }
    let total = Duration.milliseconds(age) + now.since(received)
    if total <= region.evidenceLifetime {
      self.init(.connected)
    } else {
      self.init(.disconnect, reason: "no frame has come through the tunnel for \(total.components.seconds) s")
    }
  }
}

extension JobStatus {
  package init(of job: Job, reports: ReportSnapshot) {
    if let outcome = reports.outcome(of: job.id) {
      self =
        outcome.failReason.map { .failed(endedAt: outcome.endedAt, reason: $0) }
        ?? .completed(endedAt: outcome.endedAt)
    } else if job.node == nil {
      self = .completed(endedAt: job.begunAt)
    } else {
      self = .running
    }
  }
}

/// A node as its newest report shows it now.
private enum NodeView {
  case unknown
  case silent(String)
  case reporting(GatewayReport)

  init(_ node: NodeName, of store: StoreID, in reports: ReportSnapshot, region: Region, now: Timestamp) {
    guard let received = reports.received(from: node), received.report.store == store else {
      self = .unknown
      return
    }
    let silence = now.since(received.at)
    self =
      silence > region.nodeSilence
      ? .silent("node \(node) has been silent for \(silence.components.seconds) s")
      : .reporting(received.report)
  }
}

extension GatewayReport {
  func problem(of instance: InstanceID) -> Problem? {
    problems.first { $0.subject == .node || $0.subject == .instance(instance) }
  }

  func problem(of connection: Connection) -> Problem? {
    problems.first {
      $0.subject == .connection(connection.id) || $0.subject == .node
        || $0.subject == .instance(connection.instance)
    }
  }
}
