/// What an agent tells: which configuration its kernel has, and what it sees. Ages, not moments,
/// because the node's clock need not be ours.
package struct GatewayReport: Hashable, Sendable, Codable {
  package let node: NodeName
  /// The store whose configuration the node has; nil before the first.
  package let store: StoreID?
  /// The newest configuration that was carried out (or found carried out); nil before the first.
  /// What could not be done of it stands in `problems`.
  package let generation: Revision?
  /// Whether frames are forwarded by a kernel or the data plane is simulated.
  package let dataplane: DataplaneKind
  package let kernelRelease: String
  /// Every interface of the node, for admission of attachments.
  package let interfaces: [InterfaceFact]
  package let problems: [Problem]
  package let connections: [ConnectionReport]
  /// Frames that belong to no connection.
  package let strangers: [StrangerReport]
  /// What was counted before it was known whose it is; nil from an agent that does not tell.
  package let unclaimed: UnclaimedCount?
  /// The ways to the remotes, each once; nil from an agent that does not look at them.
  package let underlays: [UnderlayFact]?
  /// What of others stands on the way of our frames; nil from an agent that does not look.
  package let interferences: [InterferenceFact]?
  /// What else decides about the node's steps; nil from an agent that does not tell.
  package let planning: PlanningFacts?

  package init(
    node: NodeName, store: StoreID?, generation: Revision?, dataplane: DataplaneKind, kernelRelease: String,
    interfaces: [InterfaceFact], problems: [Problem], connections: [ConnectionReport],
    strangers: [StrangerReport], unclaimed: UnclaimedCount? = nil, underlays: [UnderlayFact]? = nil,
    interferences: [InterferenceFact]? = nil, planning: PlanningFacts? = nil
  ) {
    self.node = node
    self.store = store
    self.generation = generation
    self.dataplane = dataplane
    self.kernelRelease = kernelRelease
    self.interfaces = interfaces
    self.problems = problems
    self.connections = connections
    self.strangers = strangers
    self.unclaimed = unclaimed
    self.underlays = underlays
    self.interferences = interferences
    self.planning = planning
  }
}

extension GatewayReport {
  /// The word of an agent that cannot open its data plane: why, and nothing else.
  package static func unfit(
    _ node: NodeName, having configuration: GatewayConfiguration?, kernelRelease: String,
    because reason: String
  ) -> GatewayReport {
    GatewayReport(
      node: node, store: configuration?.store, generation: configuration?.generation, dataplane: .kernel,
      kernelRelease: kernelRelease, interfaces: [], problems: [Problem(.node, reason, topic: .nodeUnfit)],
      connections: [], strangers: [])
  }

  /// Why the node cannot forward at all; nil: it can, as far as this report says.
  package var unfitness: String? {
    problems.first { $0.subject == .node && $0.topic == .nodeUnfit }?.text
  }

  package var isUnfit: Bool { unfitness != nil && interfaces.isEmpty }

  /// With what an earlier report knows of things that do not age.
  func completed(by known: GatewayReport) -> GatewayReport {
    let hasConfiguration = store != nil
    return GatewayReport(
      node: node, store: hasConfiguration ? store : known.store,
      generation: hasConfiguration ? generation : known.generation, dataplane: dataplane,
      kernelRelease: kernelRelease, interfaces: known.interfaces, problems: problems,
      connections: connections, strangers: strangers)
  }

  package func with(interfaces: [InterfaceFact]) -> GatewayReport {
    GatewayReport(
      node: node, store: store, generation: generation, dataplane: dataplane, kernelRelease: kernelRelease,
      interfaces: interfaces, problems: problems, connections: connections, strangers: strangers,
      unclaimed: unclaimed, underlays: underlays, interferences: interferences,
      planning: planning)
  }
}

package enum DataplaneKind: String, Hashable, Sendable, Codable, CaseIterable {
  case kernel, simulated
}

/// Why something of the configuration could not be done, in words for the operator.
package struct Problem: Hashable, Sendable, Codable {
  package enum Subject: Hashable, Sendable, Codable {
    /// Everything on the node.
    case node
    /// The newest configuration could not be taken: what the node has goes on, what is new does not come.
    case configuration
    /// What no status depends on: something that should be gone and is not, which is nobody's any more, or a
    /// virtual address that the node could not take on, without which its connection forwards as it should.
    case leftovers
    case instance(InstanceID)
    case connection(ConnectionID)
  }

  /// For those who judge by it; the words may change, these do not.
  package enum Topic: String, Hashable, Sendable, Codable, CaseIterable {
    case attachmentMissing, attachmentUnfit, underlayMissing, underlayDown, tunnelAddressElsewhere
    /// The kernel, or what this process may do, is not enough to forward.
    case nodeUnfit
    /// The kernel refused a step, or it has to be tried again.
    case stepFailed
  }

  package let subject: Subject
  package let text: String
  /// Nil from an agent that does not tell, and for what no one judges by.
  package let topic: Topic?

  package init(_ subject: Subject, _ text: String, topic: Topic? = nil) {
    self.subject = subject
    self.text = text
    self.topic = topic
  }
}

package struct ConnectionReport: Hashable, Sendable, Codable {
  package let id: ConnectionID
  package let remotes: [RemoteEvidence]
  package let toRemote: TrafficCount
  package let toLocal: TrafficCount
  /// Not listed: not dropped.
  package let drops: [DropCount]
  /// At most `mostHosts`, and of all connections at most `mostHostsOfAll`; the last seen first.
  package let hosts: [HostFact]
  /// The bound ones; nil from an agent that knows of none.
  package let virtualAddresses: [VirtualAddressFact]?
  /// Of the drops, those by the rule of their class; nil from an agent that knows of none.
  package let classDrops: [ClassDropCount]?
  /// Of the drops, those of the last `recent`; nil from an agent that does not tell.
  package let recentDrops: [DropCount]?
  /// Frames that were not learned in the last `recent`, both directions; nil as above.
  package let recentlyNotLearned: UInt64?
  /// Where its frames enter; nil as above.
  package let port: PortFact?

  /// What counts as now, for what is only of interest while it goes on.
  package static let recent = Duration.seconds(15)

  /// How many hosts of one connection a report names.
  package static let mostHosts = 256
  /// How many hosts all connections of a report name together: a report comes every second, and must stay
  /// far below what the link carries.
  package static let mostHostsOfAll = 20_000

  package init(
    id: ConnectionID, remotes: [RemoteEvidence], toRemote: TrafficCount, toLocal: TrafficCount,
    drops: [DropCount], hosts: [HostFact], virtualAddresses: [VirtualAddressFact]? = nil,
    classDrops: [ClassDropCount]? = nil, recentDrops: [DropCount]? = nil,
    recentlyNotLearned: UInt64? = nil, port: PortFact? = nil
  ) {
    self.id = id
    self.remotes = remotes
    self.toRemote = toRemote
    self.toLocal = toLocal
    self.drops = drops
    self.hosts = hosts
    self.virtualAddresses = virtualAddresses
    self.classDrops = classDrops
    self.recentDrops = recentDrops
    self.recentlyNotLearned = recentlyNotLearned
    self.port = port
  }
}

/// When frames last crossed, by remote.
package struct RemoteEvidence: Hashable, Sendable, Codable {
  package let remote: RemoteEndpoint
  /// Milliseconds since a frame came through the tunnel from it; nil: never.
  package let receivedAgeMilliseconds: Int64?
  /// Milliseconds since a frame was sent to it; nil: never.
  package let sentAgeMilliseconds: Int64?
  /// Nil from an agent that does not probe.
  package let probing: RemoteProbing?

  package init(
    remote: RemoteEndpoint, receivedAgeMilliseconds: Int64?, sentAgeMilliseconds: Int64?,
    probing: RemoteProbing? = nil
  ) {
    self.remote = remote
    self.receivedAgeMilliseconds = receivedAgeMilliseconds
    self.sentAgeMilliseconds = sentAgeMilliseconds
    self.probing = probing
  }
}

package enum Direction: String, Hashable, Sendable, Codable, CaseIterable {
  case toRemote, toLocal
}

package struct DropCount: Hashable, Sendable, Codable {
  package let direction: Direction
  /// The data path's own name of the reason, such as `too_big`.
  package let reason: String
  package let frames: UInt64

  package init(direction: Direction, reason: String, frames: UInt64) {
    self.direction = direction
    self.reason = reason
    self.frames = frames
  }
}

/// Frames that the rule of their class did not let cross.
package struct ClassDropCount: Hashable, Sendable, Codable {
  package let direction: Direction
  package let frameClass: FrameClass
  package let frames: UInt64

  package init(direction: Direction, frameClass: FrameClass, frames: UInt64) {
    self.direction = direction
    self.frameClass = frameClass
    self.frames = frames
  }
}

/// A learned address.
package struct HostFact: Hashable, Sendable, Codable {
  package enum Side: Hashable, Sendable, Codable {
    case local
    /// The index of the remote in the connection's list.
    case remote(Int)
  }

  package let mac: MACAddress
  /// The last IPv4 address that it used, if any was seen.
  package let address: IPv4Address?
  package let side: Side
  package let seenAgeMilliseconds: Int64
  /// How long it has been on this side. Nil in the report of an agent that does not tell.
  package let sinceAgeMilliseconds: Int64?
  /// Times that it changed sides. Nil as above.
  package let moves: UInt32?
  /// How long it is still held on this side as a duplicate (RFC 7432 section 15.1); nil: it is not.
  package let heldMilliseconds: Int64?

  package init(
    mac: MACAddress, address: IPv4Address?, side: Side, seenAgeMilliseconds: Int64,
    sinceAgeMilliseconds: Int64? = nil, moves: UInt32? = nil, heldMilliseconds: Int64? = nil
  ) {
    self.mac = mac
    self.address = address
    self.side = side
    self.seenAgeMilliseconds = seenAgeMilliseconds
    self.sinceAgeMilliseconds = sinceAgeMilliseconds
    self.moves = moves
    self.heldMilliseconds = heldMilliseconds
  }
}

/// Frames that arrived for a tunnel address of ours and belong to no connection.
package struct StrangerReport: Hashable, Sendable, Codable {
  package let reason: String
  package let frames: UInt64
  /// The last one.
  package let source: IPv4Address?
  package let vni: UInt32?
  package let ageMilliseconds: Int64?

  package init(
    reason: String, frames: UInt64, source: IPv4Address?, vni: UInt32?, ageMilliseconds: Int64?
  ) {
    self.reason = reason
    self.frames = frames
    self.source = source
    self.vni = vni
    self.ageMilliseconds = ageMilliseconds
  }
}

/// An interface of the node, whoever made it.
package struct InterfaceFact: Hashable, Sendable, Codable {
  package let name: InterfaceName
  package let index: UInt32
  /// The kernel's `IFLA_INFO_KIND` such as `bridge` or `veth`; nil for a plain device.
  package let kind: String?
  package let isUp: Bool
  package let isPromiscuous: Bool
  package let isLoopback: Bool
  package let mtu: UInt32
  /// The bridge or bond that it is a port of.
  package let master: InterfaceName?
  package let hasDefaultRoute: Bool
  package let addresses: [InterfaceAddress]
  /// Made by us, by its ownership mark.
  package let isOurs: Bool

  package init(
    name: InterfaceName, index: UInt32, kind: String?, isUp: Bool, isPromiscuous: Bool, isLoopback: Bool,
    mtu: UInt32, master: InterfaceName?, hasDefaultRoute: Bool, addresses: [InterfaceAddress], isOurs: Bool
  ) {
    self.name = name
    self.index = index
    self.kind = kind
    self.isUp = isUp
    self.isPromiscuous = isPromiscuous
    self.isLoopback = isLoopback
    self.mtu = mtu
    self.master = master
    self.hasDefaultRoute = hasDefaultRoute
    self.addresses = addresses
    self.isOurs = isOurs
  }
}

/// An IPv4 address on an interface.
package struct InterfaceAddress: Hashable, Sendable, Codable {
  package let address: IPv4Address
  /// 0 to 32.
  package let prefixLength: UInt8
  /// It has our mark: we added it, and only then do we remove it.
  package let isOurs: Bool

  package init(address: IPv4Address, prefixLength: UInt8, isOurs: Bool) {
    self.address = address
    self.prefixLength = prefixLength
    self.isOurs = isOurs
  }
}
