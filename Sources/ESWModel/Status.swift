/// The status of an instance in the API's words (contract section 3.4), with why.
package struct InstanceStatus: Hashable, Sendable {
  package enum Word: String, Hashable, Sendable, CaseIterable {
    case build, active, failed, abnormal
  }

  package let word: Word
  /// For the operator; nil when there is nothing to explain.
  package let reason: String?

  package init(_ word: Word, reason: String? = nil) {
    self.word = word
    self.reason = reason
  }
}

/// The status of a connection in the API's words (contract section 3.4), with why.
package struct ConnectionStatus: Hashable, Sendable {
  package enum Word: String, Hashable, Sendable, Codable, CaseIterable {
    case pending, connected, disconnect, failed, abnormal
  }

  package let word: Word
  package let reason: String?

  package init(_ word: Word, reason: String? = nil) {
    self.word = word
    self.reason = reason
  }
}

/// How far a job is (contract section 3.3).
package enum JobStatus: Hashable, Sendable {
  case running
  case completed(endedAt: Timestamp)
  case failed(endedAt: Timestamp, reason: String)
}
