package import ESWModel

/// What may become of attachments.
///
/// An interface is judged by the newest report of its node, however old: what has changed since, the
/// node finds and reports as a problem.
package enum AttachmentAdmission {
  package static func create(
    _ request: NewAttachment, of project: ProjectID, in snapshot: IntentSnapshot, reports: ReportSnapshot,
    minting: Minting, now: Timestamp
  ) throws(Refusal) -> IntentChange<Attachment> {
    guard snapshot.subnets[request.subnet, of: project] != nil else { throw .unknownSubnet(request.subnet) }
    guard let report = reports.received(from: request.node)?.report, report.store == snapshot.store else {
      throw .unknownNode(request.node)
    }
    guard let interface = report.interfaces.first(where: { $0.name == request.point.name }) else {
      throw .unknownInterface(request.point.name, on: request.node)
    }
    let others = snapshot.attachments(on: request.node)
    if others.contains(where: { $0.subnet == request.subnet }) {
      throw .alreadyAttached(request.subnet, on: request.node)
    }
    if let use = snapshot.use(of: request.subnet, against: request.role) {
      throw .subnetInUse(request.subnet, by: use)
    }
    if let reason = unfitness(of: interface, for: request, besides: others)
      ?? snapshot.addressConflict(of: request)
    {
      throw .interfaceUnfit(interface.name, on: request.node, reason)
    }
    let minted = minting.next(Attachment.self, now: now)
    let attachment = Attachment(
      id: minted.id, project: project, subnet: request.subnet, node: request.node, role: request.role,
      point: request.point, createdAt: minted.at)
    return IntentChange(edits: [.putAttachment(attachment)], outcome: attachment)
  }

  /// A second attachment of a tunnel subnet, which no switch uses, may go at any time; so may a layer-2
  /// attachment on a node that does not hold the tunnel of the subnet's connection.
  package static func delete(
    _ id: AttachmentID, of project: ProjectID, in snapshot: IntentSnapshot
  ) throws(Refusal) -> IntentChange<Void> {
    guard let attachment = snapshot.attachments[id, of: project] else { throw .unknownAttachment(id) }
    if let use = snapshot.use(of: attachment) { throw .attachmentInUse(id, by: use) }
    return IntentChange(edits: [.removeAttachment(id)], outcome: ())
  }

  private static func unfitness(
    of interface: InterfaceFact, for request: NewAttachment, besides others: [Attachment]
  ) -> Unfitness? {
    if interface.isLoopback { return .loopback }
    if interface.isOurs { return .madeByUs }
    if let master = interface.master { return .port(of: master) }
    let neighbours = others.filter { $0.point.name == interface.name }
    // Frames without a tag are one segment; those of a VLAN are another, and share the interface.
    if let vlan = request.point.vlan {
      if neighbours.contains(where: { $0.point.vlan == vlan }) { return .vlanTaken(vlan) }
    } else if neighbours.contains(where: { $0.role == .layer2 && $0.point.vlan == nil }) {
      return .layer2Segment
    }
    switch (request.role, request.point) {
    case (.tunnel, .interface): return nil
    case (.tunnel, .bridge): return .bridgeAsUnderlay
    case (.tunnel, .trunk): return .vlanAsUnderlay
    case (.layer2, .interface) where interface.isBridge: return .isBridge
    // A bridge gives its own interface only what is for the node.
    case (.layer2, .trunk): return interface.isBridge ? .isBridge : nil
    case (.layer2, .bridge) where !interface.isBridge: return .notBridge
    case (.layer2, .interface), (.layer2, .bridge):
      if neighbours.contains(where: { $0.role == .tunnel }) { return .underlay }
      return interface.hasDefaultRoute ? .defaultRoute : nil
    }
  }
}

extension InterfaceFact {
  /// `IFLA_INFO_KIND` of a Linux bridge (`linux/if_link.h`).
  fileprivate var isBridge: Bool { kind == "bridge" }
}

extension IntentSnapshot {
  /// What uses the subnet so that it cannot be attached in this role.
  fileprivate func use(of subnet: SubnetID, against role: Attachment.Role) -> SubnetUse? {
    switch role {
    case .tunnel: connection(on: subnet).map { .connection($0.id) }
    case .layer2: instances(tunnelSubnet: subnet).first.map { .instance($0.id) }
    }
  }

  /// What forwards over the attachment.
  fileprivate func use(of attachment: Attachment) -> SubnetUse? {
    switch attachment.role {
    case .tunnel:
      guard tunnelAttachment(of: attachment.subnet)?.id == attachment.id else { return nil }
      return instances(tunnelSubnet: attachment.subnet).first.map { .instance($0.id) }
    case .layer2:
      guard let connection = connection(on: attachment.subnet), let instance = instances[connection.instance],
        tunnelNode(of: instance) == attachment.node
      else { return nil }
      return .connection(connection.id)
    }
  }

  /// Switches of a subnet can be made before it is attached: only then do their addresses meet those
  /// that the node holds for other subnets.
  fileprivate func addressConflict(of request: NewAttachment) -> Unfitness? {
    guard request.role == .tunnel, tunnelAttachment(of: request.subnet) == nil else { return nil }
    let taken = tunnelAddresses(on: request.node)
    let clash = instances(tunnelSubnet: request.subnet).first { taken.contains($0.tunnelAddress) }
    return clash.map { .tunnelAddressTaken($0.tunnelAddress) }
  }

  /// The tunnel addresses that the node holds, of all projects.
  func tunnelAddresses(on node: NodeName) -> Set<IPv4Address> {
    var result: Set<IPv4Address> = []
    for attachment in attachments(on: node)
    where attachment.role == .tunnel && tunnelAttachment(of: attachment.subnet)?.id == attachment.id {
      result.formUnion(instances(tunnelSubnet: attachment.subnet).lazy.map(\.tunnelAddress))
    }
    return result
  }
}
