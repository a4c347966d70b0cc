import HashTreeCollections

/// What agents told: the newest report of each node, and how jobs ended. Written by agents only.
package struct ReportSnapshot: Sendable {
  package struct Received: Hashable, Sendable {
    package let report: GatewayReport
    package let at: Timestamp
    /// Where each connection stands in the report: a list of connections asks for each of them.
    private let places: [ConnectionID: Int]
    /// The first problem of each subject, for the same reason.
    private let problems: [Problem.Subject: Problem]

    package init(report: GatewayReport, at: Timestamp) {
      self.report = report
      self.at = at
      places = Dictionary(
        zip(report.connections.lazy.map(\.id), report.connections.indices),
        uniquingKeysWith: { first, _ in first })
      problems = Dictionary(
        report.problems.map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What the report says of it. O(1).
    package func connection(_ id: ConnectionID) -> ConnectionReport? {
      places[id].map { report.connections[$0] }
    }

    /// What stands in the way of an instance. O(1).
    package func problem(of instance: InstanceID) -> Problem? {
      problems[.node] ?? problems[.instance(instance)] ?? problems[.configuration]
    }

    /// What stands in the way of a connection. O(1).
    package func problem(of connection: Connection) -> Problem? {
      problems[.connection(connection.id)] ?? problem(of: connection.instance)
    }

    /// Why the newest configuration is not in force. O(1).
    package var configurationProblem: Problem? { problems[.configuration] }
  }

  /// Counts changes: of one store's reports, two of the same number are the same.
  package private(set) var revision: UInt64 = 0

  private var nodes: TreeDictionary<NodeName, Received> = [:]
  private var jobOutcomes: TreeDictionary<JobID, JobOutcome> = [:]

  package init() {}

  package func received(from node: NodeName) -> Received? { nodes[node] }

  /// By node name.
  package var all: [Received] { nodes.values.sorted { $0.report.node < $1.report.node } }

  package func outcome(of job: JobID) -> JobOutcome? { jobOutcomes[job] }

  /// An agent that has lost its configuration, and will soon have it again, does not undo what is known of
  /// the node: only the interfaces are taken over, and the rest ages. One that cannot work at all says why,
  /// and knows nothing else.
  package mutating func put(_ received: Received) {
    revision += 1
    let node = received.report.node
    if received.report.isUnfit, let known = nodes[node] {
      nodes[node] = Received(report: received.report.completed(by: known.report), at: received.at)
    } else if received.report.store == nil, let known = nodes[node], known.report.store != nil {
      nodes[node] = Received(report: known.report.with(interfaces: received.report.interfaces), at: known.at)
    } else {
      nodes[node] = received
    }
  }

  /// The first outcome of a job stays.
  package mutating func put(_ outcome: JobOutcome) {
    guard jobOutcomes[outcome.job] == nil else { return }
    revision += 1
    jobOutcomes[outcome.job] = outcome
  }

  /// For a job that is no more.
  package mutating func removeOutcome(of job: JobID) {
    revision += 1
    jobOutcomes[job] = nil
  }
}

extension ReportSnapshot {
  /// How long a problem may last before the job that it stands in the way of has failed: agents try again
  /// every second, and what passes by itself is no failure.
  package static let patience = Duration.seconds(10)

  /// The jobs that a report ends: those that wait for its node and a generation that it has reached,
  /// completed when nothing stands in their way, failed when something has for too long.
  ///
  /// - Complexity: O(jobs) when the report's generation is a new one or has problems, else O(1).
  package func outcomes(
    settledBy report: GatewayReport, in snapshot: IntentSnapshot, receivedAt: Timestamp
  ) -> [JobOutcome] {
    guard let reached = report.generation, report.store == snapshot.store else { return [] }
    if let before = nodes[report.node]?.report, before.generation == reached, before.problems.isEmpty,
      report.problems.isEmpty
    {
      return []
    }
    let received = Received(report: report, at: receivedAt)
    return snapshot.jobs.values.compactMap { job in
      guard job.node == report.node, jobOutcomes[job.id] == nil else { return nil }
      let problem = received.problem(of: job.instance)
      if problem == nil, job.createdIn <= reached {
        return JobOutcome(job: job.id, endedAt: receivedAt, failReason: nil)
      }
      guard let problem, receivedAt.since(job.begunAt) > Self.patience else { return nil }
      return JobOutcome(job: job.id, endedAt: receivedAt, failReason: problem.text)
    }
  }
}

/// How a job ended.
package struct JobOutcome: Hashable, Sendable {
  package let job: JobID
  package let endedAt: Timestamp
  /// Nil: completed.
  package let failReason: String?

  package init(job: JobID, endedAt: Timestamp, failReason: String?) {
    self.job = job
    self.endedAt = endedAt
    self.failReason = failReason
  }
}
