/// Whether a node may forward, as operators decided: a row of intent that is of no project.
package struct NodePermission: Hashable, Sendable {
  /// An operator wants nothing to be forwarded by the node.
  package struct Hold: Hashable, Sendable {
    package let reason: ResourceDescription
    package let since: Timestamp

    package init(reason: ResourceDescription, since: Timestamp) {
      self.reason = reason
      self.since = since
    }
  }

  package let node: NodeName
  /// Counts the decisions about the node, 1 and up: of two the higher is the newer.
  package let epoch: UInt32
  /// Nil: it may forward.
  package let hold: Hold?

  package init(node: NodeName, epoch: UInt32, hold: Hold?) {
    self.node = node
    self.epoch = epoch
    self.hold = hold
  }
}

/// The same as a node gets it. Alone, its permission does not end by itself.
package struct ForwardingPermission: Hashable, Sendable, Codable {
  package let epoch: UInt32
  package let isHeld: Bool

  package init(epoch: UInt32, isHeld: Bool) {
    self.epoch = epoch
    self.isHeld = isHeld
  }
}

/// The row of the data path that says whether frames may cross at all, whatever our processes do.
package struct PermissionRow: Hashable, Sendable {
  package enum End: Hashable, Sendable {
    case never
    /// It has ended: the node is held.
    case past
    /// For a node of a pair, which has to renew it.
    case at(DataplaneMoment)
  }

  package let epoch: UInt64
  package let end: End

  package init(epoch: UInt64 = 0, end: End = .never) {
    self.epoch = epoch
    self.end = end
  }

  package init(_ permission: ForwardingPermission?) {
    self.init(epoch: UInt64(permission?.epoch ?? 0), end: permission?.isHeld == true ? .past : .never)
  }
}

/// What a report tells of it.
package struct PermissionFact: Hashable, Sendable, Codable {
  package let epoch: UInt64
  /// Whether frames may cross now.
  package let isGranted: Bool
  /// What is left of it; nil: it does not end by itself, or has ended.
  package let leftMilliseconds: Int64?

  package init(epoch: UInt64, isGranted: Bool, leftMilliseconds: Int64?) {
    self.epoch = epoch
    self.isGranted = isGranted
    self.leftMilliseconds = leftMilliseconds
  }

  package init(_ row: PermissionRow, now: DataplaneMoment) {
    switch row.end {
    case .never: self.init(epoch: row.epoch, isGranted: true, leftMilliseconds: nil)
    case .past: self.init(epoch: row.epoch, isGranted: false, leftMilliseconds: nil)
    case .at(let end):
      let left = end.nanoseconds(since: now)
      self.init(
        epoch: row.epoch, isGranted: left > 0,
        leftMilliseconds: left > 0 ? Int64(clamping: left / 1_000_000) : nil)
    }
  }
}
