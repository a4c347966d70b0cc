package import HashTreeCollections

/// What agents told: the newest report of each node, and how jobs ended. Written by agents only.
package struct ReportSnapshot: Sendable {
  package struct Received: Hashable, Sendable {
    package let report: GatewayReport
    package let at: Timestamp

    package init(report: GatewayReport, at: Timestamp) {
      self.report = report
      self.at = at
    }
  }

  package private(set) var nodes: TreeDictionary<NodeName, Received> = [:]
  package private(set) var jobOutcomes: TreeDictionary<JobID, JobOutcome> = [:]

  package init() {}

  package mutating func put(_ received: Received) { nodes[received.report.node] = received }

  /// The first outcome of a job stays.
  package mutating func put(_ outcome: JobOutcome) {
    if jobOutcomes[outcome.job] == nil { jobOutcomes[outcome.job] = outcome }
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
