package import ESWModel

// What is wrong, and what to do.
extension JSONWriter {
  /// `cause`, null where nothing is known to be wrong, and `findings`: what is to be said beside it.
  mutating func members(of findings: Findings) {
    name("cause")
    if let cause = findings.cause { finding(cause) } else { null() }
    array("findings", findings.others) { $0.finding($1) }
  }

  private mutating func finding(_ finding: Finding) {
    object {
      $0.member("topic", finding.topic.rawValue)
      $0.member("weight", finding.weight.rawValue)
      $0.name("subject")
      if let subject = finding.subject { $0.string(subject) } else { $0.null() }
      $0.member("what", finding.what)
      $0.member("evidence", strings: finding.evidence)
      $0.member("advice", finding.advice)
      $0.member("commands", strings: finding.commands)
    }
  }

  /// A connection in trouble, in one line.
  package mutating func trouble(
    of connection: Connection, instance: Instance?, status: ConnectionStatus, cause: Finding
  ) {
    object {
      $0.member("id", connection.id)
      $0.member("name", connection.name.description)
      $0.member("instance_id", connection.instance)
      $0.member("instance_name", instance?.name.description ?? "")
      $0.member("status", status.word.rawValue)
      $0.name("reason")
      if let reason = status.reason { $0.string(reason) } else { $0.null() }
      $0.member("topic", cause.topic.rawValue)
      $0.name("subject")
      if let subject = cause.subject { $0.string(subject) } else { $0.null() }
      $0.member("what", cause.what)
    }
  }
}
