/// What the audit keeps: one changed row, or one refusal for lack of rights.
package struct AuditEntry: Hashable, Sendable {
  /// On whose behalf, and how the call came in.
  package struct Author: Hashable, Sendable {
    /// The user's id; nil for the program itself, as when it makes the first project.
    package let user: String?
    /// The user's name at that time.
    package let userName: String?
    /// The access key that signed; nil for a token and for the program itself.
    package let accessKey: String?
    /// The caller's network address; empty for the program itself.
    package let source: String
    /// The operation's name, such as `CreateConnection`.
    package let operation: String
    /// The request's id, as the log has it; empty for the program itself.
    package let request: String

    package init(
      user: String?, userName: String?, accessKey: String?, source: String, operation: String,
      request: String
    ) {
      self.user = user
      self.userName = userName
      self.accessKey = accessKey
      self.source = source
      self.operation = operation
      self.request = request
    }
  }

  package enum Outcome: Hashable, Sendable {
    /// JSON objects of the row without what is derived and without secrets; nil where there was or is none.
    case changed(kind: String, id: String, before: String?, after: String?)
    /// Refused for lack of rights, with the error code that the caller got.
    case denied(code: String, path: String)
  }

  package let at: Timestamp
  package let author: Author
  /// Whose record it is; nil for what belongs to no project.
  package let project: ProjectID?
  package let outcome: Outcome

  package init(at: Timestamp, author: Author, project: ProjectID?, outcome: Outcome) {
    self.at = at
    self.author = author
    self.project = project
    self.outcome = outcome
  }
}

/// An entry in its place in the trail.
package struct AuditRecord: Hashable, Sendable {
  /// 1 and up, in the order of commits; numbers are never used again.
  package let number: Int64
  package let entry: AuditEntry

  package init(number: Int64, entry: AuditEntry) {
    self.number = number
    self.entry = entry
  }
}

/// Which records are wanted. Nil asks for nothing of that field.
package struct AuditQuery: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    case changed, denied
  }

  /// Nil: of all projects and of none.
  package var project: ProjectID?
  package var user: String?
  package var operation: String?
  /// The id of the row that was changed.
  package var resource: String?
  package var kind: Kind?
  /// Only records before this one: the trail is read from its end.
  package var before: Int64?
  /// How many at most.
  package var limit: Int

  package init(
    project: ProjectID? = nil, user: String? = nil, operation: String? = nil, resource: String? = nil,
    kind: Kind? = nil, before: Int64? = nil, limit: Int
  ) {
    self.project = project
    self.user = user
    self.operation = operation
    self.resource = resource
    self.kind = kind
    self.before = before
    self.limit = limit
  }

  package func matches(_ record: AuditRecord) -> Bool {
    let entry = record.entry
    return before.map { record.number < $0 } ?? true
      && project.map { entry.project == $0 } ?? true
      && user.map { entry.author.user == $0 } ?? true
      && operation.map { entry.author.operation == $0 } ?? true
      && matches(entry.outcome)
  }

  private func matches(_ outcome: AuditEntry.Outcome) -> Bool {
    switch outcome {
    case .changed(_, let id, _, _): kind != .denied && resource.map { $0 == id } ?? true
    case .denied: kind != .changed && resource == nil
    }
  }
}
