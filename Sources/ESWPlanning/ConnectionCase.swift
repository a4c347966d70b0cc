import ESWModel

/// A connection that its node carries out, with all that is known of it. Each part of the judgement is an
/// extension: ends, remotes, frames, hosts.
struct ConnectionCase {
  let connection: Connection
  let instance: Instance
  let tunnel: Attachment
  let attachment: Attachment
  let subnet: Subnet?
  let tunnelSubnet: Subnet?
  /// Whether the switch is held to what its flavor carries.
  let isMetered: Bool
  let node: HeardNode
  /// What the node says of it; nil: nothing.
  let seen: ConnectionReport?

  init(
    connection: Connection, instance: Instance, tunnel: Attachment, attachment: Attachment, subnet: Subnet?,
    tunnelSubnet: Subnet?, isMetered: Bool, node: HeardNode
  ) {
    self.connection = connection
    self.instance = instance
    self.tunnel = tunnel
    self.attachment = attachment
    self.subnet = subnet
    self.tunnelSubnet = tunnelSubnet
    self.isMetered = isMetered
    self.node = node
    seen = node.evidence(of: connection.id)
  }

  /// The most fundamental first. Where the node's own ends are broken, what is seen of the remotes and of
  /// frames follows from that, and is not judged.
  var findings: [Finding] {
    let ends = underlayFaults + attachmentFaults
    if ends.contains(where: { Self.hidesRemotes.contains($0.topic) }) { return ends }
    return ends + remoteFindings + frameFindings + hostFindings
  }

  private static let hidesRemotes: Set<Finding.Topic> = [
    .underlayMissing, .underlayDown, .tunnelAddressElsewhere, .attachmentMissing, .attachmentUnfit,
    .stepFailed,
  ]

  var underlay: InterfaceName { tunnel.point.name }
  /// The interface or bridge that the subnet is attached to.
  var port: InterfaceName { attachment.point.name }
  /// Where frames of the port meet programs: into a bridge we plug a port of ours.
  var entrance: InterfaceName {
    switch attachment.point {
    case .interface, .trunk: port
    case .bridge: DesiredDataplane.bridgePortNames(of: attachment.id).inner
    }
  }

  /// Of the drops, those of late; 0 where nobody tells.
  func recentDrops(_ reason: String, _ direction: Direction? = nil) -> UInt64 {
    (seen?.recentDrops ?? []).filter { drop in
      drop.reason == reason && direction.map { $0 == drop.direction } ?? true
    }.reduce(0) { sum, drop in sum.addingReportingOverflow(drop.frames).overflow ? .max : sum + drop.frames }
  }

  var isLocalHostHeard: Bool {
    (seen?.hosts ?? []).contains { $0.side == .local && node.isFresh($0.seenAgeMilliseconds) }
  }

  static let recently = "the last \(ConnectionReport.recent.components.seconds) s"
}

// MARK: The node's own ends

extension ConnectionCase {
  var underlayFaults: [Finding] { node.underlayFaults(of: instance.id, at: underlay) }

  var attachmentFaults: [Finding] {
    let problems = node.faults(of: .connection(connection.id), at: port)
    if !problems.isEmpty { return problems }
    guard let fact = seen?.port else { return [] }
    func finding(_ topic: Finding.Topic, _ what: String, _ advice: String, _ commands: [String]) -> Finding {
      Finding(
        .fault, topic, of: fact.interface.description, what,
        evidence: "\(node.name): \(fact.interface) is \(Self.word(fact.state))", advice: advice,
        commands: commands)
    }
    switch fact.state {
    case .up: return []
    case .missing:
      return [
        finding(
          .attachmentMissing, "the attached interface \(fact.interface) does not exist on node \(node.name)",
          "make it again under that name, or attach the subnet to the one that there is",
          ["ip link show", "esw attachment list"])
      ]
    case .down:
      return [
        finding(
          .attachmentDown, "the attached interface \(fact.interface) is down: local hosts are cut off",
          "raise it", ["ip link set dev \(fact.interface) up"])
      ]
    case .noCarrier:
      return [
        finding(
          .attachmentDown, "nothing is plugged in at the attached interface \(fact.interface): no carrier",
          "look at the cable, or at the other end of it: the host, the guest or the switch must have it up",
          ["ip link show dev \(fact.interface)"])
      ]
    }
  }

  private static func word(_ state: PortFact.State) -> String {
    switch state {
    case .up: "up"
    case .noCarrier: "up without carrier"
    case .down: "down"
    case .missing: "missing"
    }
  }
}
