/// How much a store keeps beside intent.
package struct StoreSizes: Hashable, Sendable {
  /// Records of changes, and of refusals.
  package var auditedChanges: UInt64
  package var auditedDenials: UInt64
  package var events: UInt64

  package init(auditedChanges: UInt64 = 0, auditedDenials: UInt64 = 0, events: UInt64 = 0) {
    self.auditedChanges = auditedChanges
    self.auditedDenials = auditedDenials
    self.events = events
  }
}
