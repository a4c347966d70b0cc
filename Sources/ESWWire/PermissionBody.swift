package import ESWModel

// Whether a node may forward: our own addition.

extension JSONWriter {
  package mutating func permission(_ permission: NodePermission) {
    object {
      $0.member("node", permission.node.description)
      $0.member("epoch", integer: permission.epoch)
      $0.member("held", permission.hold != nil)
      $0.optional("reason", permission.hold?.reason.description)
      if let hold = permission.hold { $0.member("since", hold.since) }
    }
  }

  package mutating func body(_ request: HoldRequest) {
    object { $0.object("hold") { $0.member("reason", request.reason.description) } }
  }

  /// What the node itself tells; null where it does not.
  mutating func reported(_ permission: PermissionFact?) {
    name("permission")
    guard let permission else { return null() }
    object {
      $0.member("epoch", integer: permission.epoch)
      $0.member("granted", permission.isGranted)
      $0.name("left_ms")
      if let left = permission.leftMilliseconds { $0.integer(left) } else { $0.null() }
    }
  }
}

/// The body of HoldNode.
package struct HoldRequest: Hashable, Sendable {
  package let reason: ResourceDescription

  package init(reason: ResourceDescription) { self.reason = reason }

  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let hold = try BodyField(body: body).member("hold")
    reason = try hold.optional("reason")?.resourceDescription() ?? .empty
  }
}
