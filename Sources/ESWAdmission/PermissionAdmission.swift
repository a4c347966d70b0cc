package import ESWModel

/// What operators may decide about nodes.
package enum PermissionAdmission {
  /// Held again for another reason is held anew; for the same nothing changes.
  package static func hold(
    _ node: NodeName, reason: ResourceDescription, in snapshot: IntentSnapshot, reports: ReportSnapshot,
    now: Timestamp
  ) throws(Refusal) -> IntentChange<NodePermission> {
    let before = try permission(of: node, in: snapshot, reports: reports)
    if let hold = before.hold, hold.reason == reason { return IntentChange(edits: [], outcome: before) }
    let since = before.hold?.since ?? now
    return decided(
      NodePermission(node: node, epoch: before.epoch &+ 1, hold: .init(reason: reason, since: since)))
  }

  package static func release(
    _ node: NodeName, in snapshot: IntentSnapshot, reports: ReportSnapshot
  ) throws(Refusal) -> IntentChange<NodePermission> {
    let before = try permission(of: node, in: snapshot, reports: reports)
    guard before.hold != nil else { return IntentChange(edits: [], outcome: before) }
    return decided(NodePermission(node: node, epoch: before.epoch &+ 1, hold: nil))
  }

  /// Of a node that has reported, has something attached, or was decided about before; epoch 0 where nobody
  /// has decided yet.
  package static func permission(
    of node: NodeName, in snapshot: IntentSnapshot, reports: ReportSnapshot
  ) throws(Refusal) -> NodePermission {
    if let permission = snapshot.permission(of: node) { return permission }
    guard reports.received(from: node) != nil || !snapshot.attachments(on: node).isEmpty else {
      throw .unknownNode(node)
    }
    return NodePermission(node: node, epoch: 0, hold: nil)
  }

  private static func decided(_ permission: NodePermission) -> IntentChange<NodePermission> {
    IntentChange(edits: [.putPermission(permission)], outcome: permission)
  }
}
