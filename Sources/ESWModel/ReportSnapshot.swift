import HashTreeCollections

/// What agents told: the newest report of each node, and how jobs ended. Written by agents only.
package struct ReportSnapshot: Sendable {
  package struct Received: Hashable, Sendable {
    package let report: GatewayReport
    package let at: Timestamp
    /// Where each connection stands in the report: a list of connections asks for each of them.
    private let places: [ConnectionID: Int]

    package init(report: GatewayReport, at: Timestamp) {
      self.report = report
      self.at = at
      places = Dictionary(
        zip(report.connections.lazy.map(\.id), report.connections.indices),
        uniquingKeysWith: { first, _ in first })
    }

    /// What the report says of it. O(1).
    package func connection(_ id: ConnectionID) -> ConnectionReport? {
      places[id].map { report.connections[$0] }
    }
  }

  private var nodes: TreeDictionary<NodeName, Received> = [:]
  private var jobOutcomes: TreeDictionary<JobID, JobOutcome> = [:]

  package init() {}

  package func received(from node: NodeName) -> Received? { nodes[node] }

  /// By node name.
  package var all: [Received] { nodes.values.sorted { $0.report.node < $1.report.node } }

  package func outcome(of job: JobID) -> JobOutcome? { jobOutcomes[job] }

  package mutating func put(_ received: Received) { nodes[received.report.node] = received }

  /// The first outcome of a job stays.
  package mutating func put(_ outcome: JobOutcome) {
    if jobOutcomes[outcome.job] == nil { jobOutcomes[outcome.job] = outcome }
  }

  /// For a job that is no more.
  package mutating func removeOutcome(of job: JobID) { jobOutcomes[job] = nil }
}

extension ReportSnapshot {
  /// The jobs that a report ends: those that wait for its node and a generation that it has reached.
  /// O(jobs) when the report's generation is a new one, else O(1).
  package func outcomes(
    settledBy report: GatewayReport, in snapshot: IntentSnapshot, receivedAt: Timestamp
  ) -> [JobOutcome] {
    guard let reached = report.generation, report.store == snapshot.store else { return [] }
    let before = nodes[report.node]?.report.generation ?? Revision(0)
    guard reached > before else { return [] }
    return snapshot.jobs.values.filter { job in
      job.node == report.node && job.createdIn > before && job.createdIn <= reached
        && jobOutcomes[job.id] == nil
    }.map { job in
      let problem = report.problems.first { problem in
        switch problem.subject {
        case .node: true
        case .instance(let id): id == job.instance
        case .connection: false
        }
      }
      return JobOutcome(job: job.id, endedAt: receivedAt, failReason: problem?.text)
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
