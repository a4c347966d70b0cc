/// What of ours is in the kernel: wanted (`desired`) or read back (`observed`), in the same words, so
/// that planning is a comparison.
///
/// Everything is named by the names of interfaces. The kernel's rows hold interface indices; who reads
/// them back translates, and says `.gone` for an index that no interface has any more. So a device that
/// was deleted and made again under its name shows as a difference.
package struct DataplaneState: Hashable, Sendable {
  /// The eBPF programs and maps, if they are pinned.
  package var datapath: Datapath?
  /// The `external` VXLAN device.
  package var slowPath: SlowPathDevice?
  /// Tunnel addresses that the data path takes VXLAN for.
  package var tunnels: Set<IPv4Address>
  /// Tunnel addresses on interfaces that carry our mark.
  package var ownedAddresses: Set<OwnedAddress>
  package var bridgePorts: [InterfaceName: BridgePort]
  /// What we changed of interfaces that are not ours, to be put back.
  package var adjustments: [InterfaceName: InterfaceAdjustment]
  package var programs: Set<ProgramAttachment>
  package var connections: [ConnectionNumber: ConnectionRow]
  package var ports: [PortReference: ConnectionNumber]
  package var sources: [SourceKey: SourceRow]
  /// Bound virtual addresses, for whose holders the data path speaks.
  package var virtualAddresses: Set<VirtualAddress>
  /// What instances may carry, by their tunnel address, of which a node has no two.
  package var meters: [IPv4Address: TrafficLimit]
  /// Underlay interfaces at which XDP takes frames, and the MAC address to which those are.
  package var xdpUnderlays: [InterfaceReference: MACAddress]
  /// Interfaces by which XDP may send.
  package var xdpExits: Set<InterfaceReference>

  package init(
    datapath: Datapath? = nil, slowPath: SlowPathDevice? = nil, tunnels: Set<IPv4Address> = [],
    ownedAddresses: Set<OwnedAddress> = [], bridgePorts: [InterfaceName: BridgePort] = [:],
    adjustments: [InterfaceName: InterfaceAdjustment] = [:], programs: Set<ProgramAttachment> = [],
    connections: [ConnectionNumber: ConnectionRow] = [:], ports: [PortReference: ConnectionNumber] = [:],
    sources: [SourceKey: SourceRow] = [:], virtualAddresses: Set<VirtualAddress> = [],
    meters: [IPv4Address: TrafficLimit] = [:], xdpUnderlays: [InterfaceReference: MACAddress] = [:],
    xdpExits: Set<InterfaceReference> = []
  ) {
    self.datapath = datapath
    self.slowPath = slowPath
    self.tunnels = tunnels
    self.ownedAddresses = ownedAddresses
    self.bridgePorts = bridgePorts
    self.adjustments = adjustments
    self.programs = programs
    self.connections = connections
    self.ports = ports
    self.sources = sources
    self.virtualAddresses = virtualAddresses
    self.meters = meters
    self.xdpUnderlays = xdpUnderlays
    self.xdpExits = xdpExits
  }
}

/// The pinned programs and maps.
package enum Datapath: Hashable, Sendable {
  /// As this binary carries them.
  case current
  /// Other programs on maps of the same layout: replaced in their links, no frame lost.
  case otherPrograms
  /// Maps of another layout: never read; removed and made anew.
  case otherLayout
}

/// An interface as a kernel row names it.
package enum InterfaceReference: Hashable, Sendable, Comparable, CustomStringConvertible {
  case name(InterfaceName)
  /// No interface has this index any more.
  case gone(index: UInt32)

  package var description: String {
    switch self {
    case .name(let name): name.description
    case .gone(let index): "#\(index) (gone)"
    }
  }
}

/// `ip link add NAME type vxlan external dstport PORT nolearning`.
package struct SlowPathDevice: Hashable, Sendable {
  package var name: InterfaceName
  package var port: UInt16
  package var isUp: Bool
  /// Whether the data path's rows name this device's index.
  package var isRegistered: Bool

  package init(name: InterfaceName, port: UInt16, isUp: Bool, isRegistered: Bool) {
    self.name = name
    self.port = port
    self.isUp = isUp
    self.isRegistered = isRegistered
  }
}

/// An address that we added: `ip addr add ADDRESS/PREFIX dev INTERFACE proto 0xe5`.
package struct OwnedAddress: Hashable, Sendable, Comparable {
  package let interface: InterfaceName
  package let address: IPv4Address
  package let prefixLength: UInt8

  package init(interface: InterfaceName, address: IPv4Address, prefixLength: UInt8) {
    self.interface = interface
    self.address = address
    self.prefixLength = prefixLength
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.address, left.interface, left.prefixLength) < (right.address, right.interface, right.prefixLength)
  }
}

/// A veth pair of ours: `outer` is a port of somebody's bridge, frames enter the data path at `inner`.
package struct BridgePort: Hashable, Sendable {
  /// Where the program is attached; the key of the pair.
  package var inner: InterfaceName
  package var outer: InterfaceName
  /// Nil: not plugged in (observed only).
  package var bridge: InterfaceName?
  package var areUp: Bool

  package init(inner: InterfaceName, outer: InterfaceName, bridge: InterfaceName?, areUp: Bool) {
    self.inner = inner
    self.outer = outer
    self.bridge = bridge
    self.areUp = areUp
  }
}

/// What we set on an interface that is not ours because it was not set: put back when we leave it.
///
/// GRO is off by default on veth, and a node without it carries half of the bulk TCP of one with it.
package struct InterfaceAdjustment: Hashable, Sendable, Codable {
  /// `ip link set NAME promisc on`
  package var promiscuous: Bool
  /// `ip link set NAME up`
  package var raised: Bool
  /// `ethtool -K NAME gro on`
  package var aggregates: Bool

  package init(promiscuous: Bool, raised: Bool, aggregates: Bool = false) {
    self.promiscuous = promiscuous
    self.raised = raised
    self.aggregates = aggregates
  }

  package var isNothing: Bool { !promiscuous && !raised && !aggregates }
}

/// A program where frames come in by an interface, its link pinned: at the tcx ingress, or before it as XDP.
package struct ProgramAttachment: Hashable, Sendable, Comparable {
  package enum Program: String, Hashable, Sendable, CaseIterable {
    /// Frames of the local segment.
    case local
    /// VXLAN from the underlay.
    case underlay
    /// What the slow-path device has decapsulated.
    case slow
    /// Of frames of the local segment, those that need no more than a look; the rest goes on to `local`.
    case xdpLocal = "xdp_local"
    /// The same of VXLAN from the underlay.
    case xdpUnderlay = "xdp_underlay"

    package var isXDP: Bool { self == .xdpLocal || self == .xdpUnderlay }
  }

  package let program: Program
  package let interface: InterfaceReference

  package init(program: Program, interface: InterfaceReference) {
    self.program = program
    self.interface = interface
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.program.rawValue, left.interface) < (right.program.rawValue, right.interface)
  }
}

/// A connection as the data path has it.
package struct ConnectionRow: Hashable, Sendable {
  package var id: ConnectionID
  package var number: ConnectionNumber
  package var port: PortReference
  package var tunnelAddress: IPv4Address
  package var fixedAddress: IPv4Address
  package var fixedMAC: MACAddress
  package var remotes: [RemoteEndpoint]
  package var learningLimit: UInt32
  package var ageingSeconds: UInt32
  package var forwarding: ForwardingConfiguration
  /// The only interface that frames of remotes may come by; nil: any.
  package var underlay: InterfaceReference?
  /// Whether its instance's meter holds for it.
  package var isMetered: Bool
  /// Frames may be handed to the far end of the port at once; see `DataplaneObservation.portsToElsewhere`.
  package var handsOver: Bool

  package init(
    id: ConnectionID, number: ConnectionNumber, port: PortReference, tunnelAddress: IPv4Address,
    fixedAddress: IPv4Address, fixedMAC: MACAddress, remotes: [RemoteEndpoint], learningLimit: UInt32,
    ageingSeconds: UInt32, forwarding: ForwardingConfiguration = .usual, underlay: InterfaceReference? = nil,
    isMetered: Bool = false, handsOver: Bool = false
  ) {
    self.id = id
    self.number = number
    self.port = port
    self.tunnelAddress = tunnelAddress
    self.fixedAddress = fixedAddress
    self.fixedMAC = fixedMAC
    self.remotes = remotes
    self.learningLimit = learningLimit
    self.ageingSeconds = ageingSeconds
    self.forwarding = forwarding
    self.underlay = underlay
    self.isMetered = isMetered
    self.handsOver = handsOver
  }
}

/// The source allow-list: which VXLAN packets are a connection's.
package struct SourceKey: Hashable, Sendable, Comparable {
  package let vni: VNI
  package let remote: IPv4Address
  package let local: IPv4Address

  package init(vni: VNI, remote: IPv4Address, local: IPv4Address) {
    self.vni = vni
    self.remote = remote
    self.local = local
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.local, left.remote, left.vni) < (right.local, right.remote, right.vni)
  }
}

package struct SourceRow: Hashable, Sendable {
  package let connection: ConnectionNumber
  package let remoteIndex: UInt8

  package init(connection: ConnectionNumber, remoteIndex: UInt8) {
    self.connection = connection
    self.remoteIndex = remoteIndex
  }
}

/// What was read of a node in one look.
package struct DataplaneObservation: Hashable, Sendable {
  package let state: DataplaneState
  /// All interfaces, ours and others'.
  package let interfaces: [InterfaceFact]
  /// Ends of veth pairs whose other end is in another network namespace, with nothing at their way out that a
  /// frame should meet. Only to such a one does the kernel let a frame be handed directly
  /// (`bpf_redirect_peer`, linux/bpf.h).
  package let portsToElsewhere: Set<InterfaceName>
  /// Interfaces that have GRO off, or on because we set it; none on a node that is told to leave it as it is.
  package let withoutAggregation: Set<InterfaceName>
  /// What XDP may do at interfaces; empty on a node that does without.
  package let xdp: [InterfaceName: XDPInterface]
  /// Why the kernel could not be asked about XDP; nil: it could, or need not.
  package let xdpFailure: String?

  package init(
    state: DataplaneState, interfaces: [InterfaceFact], portsToElsewhere: Set<InterfaceName> = [],
    withoutAggregation: Set<InterfaceName> = [], xdp: [InterfaceName: XDPInterface] = [:],
    xdpFailure: String? = nil
  ) {
    self.state = state
    self.interfaces = interfaces
    self.portsToElsewhere = portsToElsewhere
    self.withoutAggregation = withoutAggregation
    self.xdp = xdp
    self.xdpFailure = xdpFailure
  }
}

/// What XDP may do at an interface of a node.
package struct XDPInterface: Hashable, Sendable, Codable {
  /// Whether programs of ours may take the frames that come in.
  package enum Entrance: Hashable, Sendable, Codable {
    case open
    /// `reason`: for people, where somebody expects it to be open.
    case closed(reason: String?)
  }

  package let entrance: Entrance
  /// Whether its driver sends frames of XDP (`NETDEV_XDP_ACT_NDO_XMIT`, linux/netdev.h).
  package let isExit: Bool
  package let hardwareAddress: MACAddress

  package init(entrance: Entrance, isExit: Bool, hardwareAddress: MACAddress) {
    self.entrance = entrance
    self.isExit = isExit
    self.hardwareAddress = hardwareAddress
  }
}

/// What the data path has counted and learned.
package struct DataplaneEvidence: Hashable, Sendable {
  package struct PerConnection: Hashable, Sendable {
    package var toRemote = TrafficCount()
    package var toLocal = TrafficCount()
    package var drops: [DropCount] = []
    package var classDrops: [ClassDropCount] = []
    /// By remote index.
    package var receivedAgeMilliseconds: [Int: Int64] = [:]
    package var sentAgeMilliseconds: [Int: Int64] = [:]
    package var hosts: [HostFact] = []
    /// Sorted by address.
    package var virtualAddresses: [VirtualAddressFact] = []

    package init() {}
  }

  package var connections: [ConnectionNumber: PerConnection]
  package var strangers: [StrangerReport]
  package var unclaimed: UnclaimedCount

  package init(
    connections: [ConnectionNumber: PerConnection] = [:], strangers: [StrangerReport] = [],
    unclaimed: UnclaimedCount = UnclaimedCount()
  ) {
    self.connections = connections
    self.strangers = strangers
    self.unclaimed = unclaimed
  }
}

/// An ARP request through the tunnel, from the connection's fixed address: who answers is reached.
package struct Probe: Hashable, Sendable {
  package let remote: RemoteEndpoint
  package let tunnelAddress: IPv4Address
  package let senderMAC: MACAddress
  package let sender: IPv4Address
  package let target: IPv4Address

  package init(
    remote: RemoteEndpoint, tunnelAddress: IPv4Address, senderMAC: MACAddress, sender: IPv4Address,
    target: IPv4Address
  ) {
    self.remote = remote
    self.tunnelAddress = tunnelAddress
    self.senderMAC = senderMAC
    self.sender = sender
    self.target = target
  }
}
