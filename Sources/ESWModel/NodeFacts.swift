/// What a look at a machine found that decides whether it can be a node, and how well. Nil: it could not be
/// read, and nothing is said about it.
package struct NodeFacts: Hashable, Sendable {
  package var kernelRelease: String
  /// The effective ones, a bit for each number of linux/capability.h.
  package var capabilities: UInt64?
  /// Whether the kernel has a bpf file system (`/proc/filesystems`).
  package var knowsBPFFileSystem: Bool?
  /// Whether one is mounted where everybody expects it.
  package var hasBPFFileSystem: Bool?
  /// `net.core.bpf_jit_enable`: 0 for a kernel that interprets programs.
  package var compilesPrograms: Bool?
  /// Numbers of the CPUs that are online, rising.
  package var processors: [Int]
  /// The interfaces that the node uses, or would use.
  package var interfaces: [Interface]
  package var bridges: [Bridge]
  /// VXLAN devices of others.
  package var foreignTunnels: [ForeignTunnel]
  package var remains: Remains

  package init(
    kernelRelease: String, capabilities: UInt64? = nil, knowsBPFFileSystem: Bool? = nil,
    hasBPFFileSystem: Bool? = nil, compilesPrograms: Bool? = nil, processors: [Int] = [],
    interfaces: [Interface] = [], bridges: [Bridge] = [], foreignTunnels: [ForeignTunnel] = [],
    remains: Remains = Remains()
  ) {
    self.kernelRelease = kernelRelease
    self.capabilities = capabilities
    self.knowsBPFFileSystem = knowsBPFFileSystem
    self.hasBPFFileSystem = hasBPFFileSystem
    self.compilesPrograms = compilesPrograms
    self.processors = processors
    self.interfaces = interfaces
    self.bridges = bridges
    self.foreignTunnels = foreignTunnels
    self.remains = remains
  }

  package enum Role: String, Hashable, Sendable, CaseIterable {
    /// VXLAN comes and goes by it.
    case underlay
    /// Frames of an attachment come and go by it.
    case port
  }

  package struct Interface: Hashable, Sendable {
    package var name: InterfaceName
    package var role: Role
    /// As in `InterfaceFact`; nil for a plain device.
    package var kind: String?
    package var mtu: UInt32
    /// GRO, LRO and TSO, as `ethtool -k` shows them.
    package var receiveAggregation: Bool?
    package var largeReceive: Bool?
    package var segmentation: Bool?
    /// Of each receive queue, the CPUs to which RPS spreads its packets (`rps_cpus`); none: it does not.
    package var queues: [[Int]]
    /// Receive queues that the device could have (`ethtool -l`).
    package var mostQueues: Int?
    /// Whether they are of both directions, as `ethtool -L` has to name them: `combined` or `rx`.
    package var combinesQueues: Bool
    /// Whether it spreads UDP over IPv4 by ports too (`ethtool -n DEV rx-flow-hash udp4`).
    package var hashesPorts: Bool?

    package init(
      name: InterfaceName, role: Role, kind: String? = nil, mtu: UInt32 = 1500,
      receiveAggregation: Bool? = nil, largeReceive: Bool? = nil, segmentation: Bool? = nil,
      queues: [[Int]] = [], mostQueues: Int? = nil, combinesQueues: Bool = true, hashesPorts: Bool? = nil
    ) {
      self.name = name
      self.role = role
      self.kind = kind
      self.mtu = mtu
      self.receiveAggregation = receiveAggregation
      self.largeReceive = largeReceive
      self.segmentation = segmentation
      self.queues = queues
      self.mostQueues = mostQueues
      self.combinesQueues = combinesQueues
      self.hashesPorts = hashesPorts
    }
  }

  /// A bridge that we plug into, or would, and what of its frames goes through the firewall.
  package struct Bridge: Hashable, Sendable {
    package var name: InterfaceName
    /// Settings that are on, as sysctl names them (`net.bridge.bridge-nf-call-...`).
    package var filteredBySystem: [String]
    /// Options of this bridge that are on, as `ip link set type bridge` names them.
    package var filteredByBridge: [String]

    package init(name: InterfaceName, filteredBySystem: [String] = [], filteredByBridge: [String] = []) {
      self.name = name
      self.filteredBySystem = filteredBySystem
      self.filteredByBridge = filteredByBridge
    }
  }

  package struct ForeignTunnel: Hashable, Sendable {
    package var name: InterfaceName
    package var port: UInt16

    package init(name: InterfaceName, port: UInt16) {
      self.name = name
      self.port = port
    }
  }

  /// What of ours is in the kernel, and who works with it.
  package struct Remains: Hashable, Sendable {
    /// The process that works on the namespace; nil: none, or one of whom that is not known.
    package var worker: Int32?
    package var isAttended: Bool
    /// Our devices in the namespace.
    package var devices: [InterfaceName]
    /// Tunnel addresses in it that have our mark, as `ADDRESS/PREFIX dev INTERFACE`.
    package var addresses: [String]
    /// The node's own pin folder, if it is there.
    package var pins: String?
    /// Pin folders of other nodes of this machine with which nobody works.
    package var unattendedPins: [String]

    package init(
      worker: Int32? = nil, isAttended: Bool = false, devices: [InterfaceName] = [], addresses: [String] = [],
      pins: String? = nil, unattendedPins: [String] = []
    ) {
      self.worker = worker
      self.isAttended = isAttended
      self.devices = devices
      self.addresses = addresses
      self.pins = pins
      self.unattendedPins = unattendedPins
    }
  }
}
