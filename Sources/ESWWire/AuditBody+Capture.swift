package import ESWModel

/// How a capture ended.
package struct CaptureOutcome: Hashable, Sendable {
  /// That the user got.
  package let bytes: Int
  package let duration: Duration
  /// Why it is not whole; nil: it is.
  package let broken: String?

  package init(bytes: Int, duration: Duration, broken: String?) {
    self.bytes = bytes
    self.duration = duration
    self.broken = broken
  }
}

extension CaptureRequest {
  /// A JSON object, as the audit keeps it.
  ///
  /// - Parameter outcome: Nil: it has begun.
  package func auditText(on node: NodeName, outcome: CaptureOutcome?) -> String {
    var writer = JSONWriter()
    writer.object {
      $0.member("id", id)
      $0.member("node", node.description)
      $0.member("seconds", integer: limits.seconds)
      $0.member("bytes", integer: limits.bytes)
      $0.member("snap", integer: order.snapLength)
      guard let outcome else { return }
      $0.member("sent_bytes", integer: outcome.bytes)
      $0.member("duration_ms", integer: Int64(outcome.duration / .milliseconds(1)))
      $0.member("whole", outcome.broken == nil)
      $0.optional("broken", outcome.broken)
    }
    return String(decoding: writer.finish(), as: UTF8.self)
  }
}
