package import ESWModel

// Status is derived when it is read: intent, the newest report of the node concerned, and now. Each says
// too for how long its word stays as it is, should intent and reports not change: only what is asked of a
// clock narrows that span, where it is asked.

extension InstanceStatus {
  /// - Complexity: O(attachments of the tunnel subnet).
  package init(
    of instance: Instance, in snapshot: IntentSnapshot, reports: ReportSnapshot, region: Region,
    now: Timestamp
  ) {
    var span = MomentSpan.always
    self.init(of: instance, in: snapshot, reports: reports, region: region, now: now, holding: &span)
  }

  /// - Parameter span: Narrowed to the moments, `now` among them, for which the word holds.
  package init(
    of instance: Instance, in snapshot: IntentSnapshot, reports: ReportSnapshot, region: Region,
    now: Timestamp, holding span: inout MomentSpan
  ) {
    guard let node = snapshot.tunnelNode(of: instance) else {
      self.init(.active, reason: "its tunnel subnet is not attached on any node yet: nothing is forwarded")
      return
    }
    switch NodeView(node, of: snapshot.store, in: reports, region: region, now: now, holding: &span) {
    case .silent(let reason): self.init(.abnormal, reason: reason)
    case .unknown(let reason): self.init(.build, reason: reason)
    case .reporting(let received):
      let problem = received.problem(of: instance.id)
      let outcomes = snapshot.jobIDs(of: instance.id).compactMap { reports.outcome(of: $0) }
      guard let generation = received.report.generation, generation >= instance.createdIn else {
        self.init(
          received.configurationProblem == nil ? .build : .failed,
          reason: problem?.text ?? "node \(node) has not applied it yet")
        return
      }
      guard let problem else {
        self.init(.active)
        return
      }
      if outcomes.contains(where: { $0.failReason != nil }) {
        self.init(.failed, reason: problem.text)
      } else {
        // While the job is undecided the agent is still trying.
        self.init(outcomes.isEmpty ? .build : .abnormal, reason: problem.text)
      }
    }
  }
}

extension ConnectionStatus {
  /// - Complexity: O(attachments of its subnet).
  package init(
    of connection: Connection, in snapshot: IntentSnapshot, reports: ReportSnapshot, region: Region,
    now: Timestamp
  ) {
    var span = MomentSpan.always
    self.init(of: connection, in: snapshot, reports: reports, region: region, now: now, holding: &span)
  }

  /// - Parameter span: Narrowed to the moments, `now` among them, for which the word holds.
  package init(
    of connection: Connection, in snapshot: IntentSnapshot, reports: ReportSnapshot, region: Region,
    now: Timestamp, holding span: inout MomentSpan
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
    switch NodeView(node, of: snapshot.store, in: reports, region: region, now: now, holding: &span) {
    case .silent(let reason): self.init(.abnormal, reason: reason)
    case .unknown(let reason): self.init(.pending, reason: reason)
    case .reporting(let received):
      guard let generation = received.report.generation, generation >= connection.createdIn else {
        let problem = received.configurationProblem
        self.init(
          problem == nil ? .pending : .failed,
          reason: problem?.text ?? received.report.unfitness ?? "node \(node) has not applied it yet")
        return
      }
      if let reason = snapshot.holdReason(of: node, reported: received.report.permission) {
        self.init(.abnormal, reason: reason)
        return
      }
      if let problem = received.problem(of: connection) {
        self.init(.abnormal, reason: problem.text)
        return
      }
      self.init(
        evidence: received.connection(connection.id), heardAt: received.at, now: now, region: region,
        holding: &span)
    }
  }

  /// Connected only by evidence that frames come through the tunnel, and only while it is fresh; abnormal
  /// when they come, and those of ours do not get there or not back.
  ///
  /// - Parameters:
  ///   - evidence: What the node's report says of the connection; nil: nothing.
  ///   - heardAt: When that report came.
  package init(
    evidence: ConnectionReport?, heardAt: Timestamp, now: Timestamp, region: Region,
    holding span: inout MomentSpan
  ) {
    let remotes = (evidence?.remotes ?? []).compactMap { remote in
      remote.receivedAgeMilliseconds.map { (remote: remote, age: $0) }
    }.sorted { $0.age < $1.age }
    guard let latest = remotes.first else {
      self.init(.disconnect, reason: "no frame has come through the tunnel yet")
      return
    }
    func lastFresh(_ age: Int64) -> Timestamp {
      heardAt.last(within: region.evidenceLifetime - .milliseconds(age))
    }
    func total(_ age: Int64) -> Duration { .milliseconds(age) + now.since(heardAt) }
    guard total(latest.age) <= region.evidenceLifetime else {
      span.narrow(from: lastFresh(latest.age).next)
      let seconds = total(latest.age).components.seconds
      self.init(.disconnect, reason: "no frame has come through the tunnel for \(seconds) s")
      return
    }
    span.narrow(to: lastFresh(latest.age))
    let fresh = remotes.filter { total($0.age) <= region.evidenceLifetime }
    guard let lossy = fresh.first(where: { $0.remote.isLossy }) else {
      self.init(.connected)
      return
    }
    // Of two remotes the better one counts, for as long as it is heard.
    for one in fresh { span.narrow(to: lastFresh(one.age)) }
    guard fresh.allSatisfy({ $0.remote.isLossy }), let figures = lossy.remote.probing?.figures else {
      self.init(.connected)
      return
    }
    self.init(
      .abnormal,
      reason:
        "frames come from \(lossy.remote.remote.address), but of the last \(figures.sent) probes to it and "
        + "back \(figures.sent - min(figures.answered, figures.sent)) were lost")
  }
}

extension IntentSnapshot {
  /// Why a node may not forward; nil: it may.
  func holdReason(of node: NodeName, reported: PermissionFact?) -> String? {
    if let hold = permission(of: node)?.hold {
      let why = hold.reason.description.isEmpty ? "" : ": \(hold.reason)"
      return "node \(node) is held by an operator and forwards nothing\(why)"
    }
    guard let reported, !reported.isGranted else { return nil }
    return "node \(node) may not forward: its permission of epoch \(reported.epoch) has ended"
  }
}

extension RemoteEvidence {
  /// Fewer probes say nothing.
  private static let leastProbes = 10

  /// Half of the probes or more are lost between two data paths of ours. A host that answers none may be
  /// switched off, so those to hosts do not count.
  fileprivate var isLossy: Bool {
    guard let probing, probing.reflector == .dataPath, probing.figures.sent >= Self.leastProbes,
      let loss = probing.figures.lossPerMille
    else { return false }
    return loss >= 500
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
enum NodeView {
  case unknown(String)
  case silent(String)
  case reporting(ReportSnapshot.Received)

  init(
    _ node: NodeName, of store: StoreID, in reports: ReportSnapshot, region: Region, now: Timestamp,
    holding span: inout MomentSpan
  ) {
    let received = reports.received(from: node)
    guard let received, received.report.store == store else {
      // An agent that cannot even start has no store yet.
      let unfitness = received?.report.store == nil ? received?.report.unfitness : nil
      self = .unknown(unfitness ?? "node \(node) has not reported yet")
      return
    }
    let silence = now.since(received.at)
    let lastHeard = received.at.last(within: region.nodeSilence)
    let firstHeard = received.at.first(within: region.nodeSilence)
    if silence > region.nodeSilence {
      span.narrow(from: lastHeard.next)
      let lastWords = received.report.unfitness.map { "; its last words: \($0)" } ?? ""
      self = .silent("node \(node) has been silent for \(silence.components.seconds) s\(lastWords)")
    } else if silence < .zero - region.nodeSilence {
      span.narrow(to: firstHeard.previous)
      // A node that lives is heard again within a second of the new time.
      self = .silent("node \(node) has not been heard since the clock was set back")
    } else {
      span.narrow(from: firstHeard)
      span.narrow(to: lastHeard)
      self = .reporting(received)
    }
  }
}
