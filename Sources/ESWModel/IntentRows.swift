/// What users asked for, one type a kind of row. Reports never write here.

/// A row of intent that is listed in its project in the order of its id.
package protocol IntentRow: Sendable, Hashable {
  var id: Identifier<Self> { get }
  var project: ProjectID { get }
}

/// The name of a resource: 1 to 64 characters, letters, digits, `_`, `-`, `.` and Chinese characters
/// (contract section 4.1).
package struct ResourceName: Hashable, Sendable, LosslessStringConvertible {
  package static let lengthRange = 1...64
  package let description: String

  package init?(_ description: String) {
    // More bytes than 64 scalars can have: refused before they are counted.
    guard description.utf8.count <= 256 else { return nil }
    let scalars = description.unicodeScalars
    guard Self.lengthRange.contains(scalars.count), scalars.allSatisfy(Self.isAllowed) else { return nil }
    self.description = description
  }

  static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "A"..."Z", "a"..."z", "0"..."9", "_", "-", ".", "\u{3400}"..."\u{4DBF}", "\u{4E00}"..."\u{9FFF}":
      true
    default: false
    }
  }
}

/// Free text about a resource: at most 255 characters without `<` and `>` (contract section 4.1).
package struct ResourceDescription: Hashable, Sendable, LosslessStringConvertible {
  package static let longest = 255
  package static let empty = ResourceDescription(unchecked: "")
  package let description: String

  package init?(_ description: String) {
    guard description.utf8.count <= 4 * Self.longest, description.unicodeScalars.count <= Self.longest,
      !description.utf8.contains(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: ">") })
    else { return nil }
    self.description = description
  }

  private init(unchecked: String) { description = unchecked }
}

package struct Project: Hashable, Sendable {
  package let id: ProjectID
  /// No other project's.
  package let name: String
  package let description: ResourceDescription
  package let createdAt: Timestamp

  package init(id: ProjectID, name: String, description: ResourceDescription = .empty, createdAt: Timestamp) {
    self.id = id
    self.name = name
    self.description = description
    self.createdAt = createdAt
  }
}

package struct VPC: IntentRow {
  package let id: VPCID
  package let project: ProjectID
  package var name: ResourceName
  package var description: ResourceDescription
  /// The range its subnets are cut from.
  package var network: IPv4Network
  package let createdAt: Timestamp
  package var updatedAt: Timestamp

  package init(
    id: VPCID, project: ProjectID, name: ResourceName, description: ResourceDescription,
    network: IPv4Network, createdAt: Timestamp, updatedAt: Timestamp
  ) {
    self.id = id
    self.project = project
    self.name = name
    self.description = description
    self.network = network
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

package struct Subnet: IntentRow {
  package let id: SubnetID
  package let project: ProjectID
  package let vpc: VPCID
  package var name: ResourceName
  package var description: ResourceDescription
  package let network: IPv4Network
  /// The router of the subnet; never handed out.
  package let gateway: IPv4Address
  package var isDHCPEnabled: Bool
  package var nameServers: [IPv4Address]
  package var availabilityZone: String
  package let createdAt: Timestamp
  package var updatedAt: Timestamp

  package init(
    id: SubnetID, project: ProjectID, vpc: VPCID, name: ResourceName, description: ResourceDescription,
    network: IPv4Network, gateway: IPv4Address, isDHCPEnabled: Bool, nameServers: [IPv4Address],
    availabilityZone: String, createdAt: Timestamp, updatedAt: Timestamp
  ) {
    self.id = id
    self.project = project
    self.vpc = vpc
    self.name = name
    self.description = description
    self.network = network
    self.gateway = gateway
    self.isDHCPEnabled = isDHCPEnabled
    self.nameServers = nameServers
    self.availabilityZone = availabilityZone
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

/// Where a subnet is on a node.
package struct Attachment: IntentRow {
  /// What the subnet is for on this node.
  package enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    /// The underlay: the node holds tunnel addresses on the interface, which keeps its own traffic.
    case tunnel
    /// The stretched segment: frames of the interface, all or those of a VLAN, belong to the connection.
    case layer2
  }

  package let id: AttachmentID
  package let project: ProjectID
  package let subnet: SubnetID
  package let node: NodeName
  package let role: Role
  package let point: AttachmentPoint
  package let createdAt: Timestamp

  package init(
    id: AttachmentID, project: ProjectID, subnet: SubnetID, node: NodeName, role: Role,
    point: AttachmentPoint, createdAt: Timestamp
  ) {
    self.id = id
    self.project = project
    self.subnet = subnet
    self.node = node
    self.role = role
    self.point = point
    self.createdAt = createdAt
  }
}

/// The thing on the node that an attachment names.
package enum AttachmentPoint: Hashable, Sendable, Codable {
  /// An interface of its own: a NIC, a tap, a veth.
  case interface(InterfaceName)
  /// An existing Linux bridge, into which we plug a port of ours.
  case bridge(InterfaceName)
  /// A VLAN on an interface that others share: other attachments, an underlay, the node's own traffic.
  case trunk(InterfaceName, vlan: VLAN)

  package var name: InterfaceName {
    switch self {
    case .interface(let name), .bridge(let name), .trunk(let name, _): name
    }
  }

  /// Nil: frames have no tag there.
  package var vlan: VLAN? {
    switch self {
    case .interface, .bridge: nil
    case .trunk(_, let vlan): vlan
    }
  }
}

/// The switch: `instances` of the API (contract section 3.1).
package struct Instance: IntentRow {
  package let id: InstanceID
  package let project: ProjectID
  package var name: ResourceName
  package var description: ResourceDescription
  package let flavor: Flavor.Name
  package let primaryZone: String
  package let standbyZone: String
  package let vpc: VPCID
  package let tunnelSubnet: SubnetID
  package let tunnelAddress: IPv4Address
  package let createdAt: Timestamp
  package var updatedAt: Timestamp
  /// The revision that created it; a node has it once it has applied a configuration as new.
  package let createdIn: Revision

  package init(
    id: InstanceID, project: ProjectID, name: ResourceName, description: ResourceDescription,
    flavor: Flavor.Name, primaryZone: String, standbyZone: String, vpc: VPCID, tunnelSubnet: SubnetID,
    tunnelAddress: IPv4Address, createdAt: Timestamp, updatedAt: Timestamp, createdIn: Revision
  ) {
    self.id = id
    self.project = project
    self.name = name
    self.description = description
    self.flavor = flavor
    self.primaryZone = primaryZone
    self.standbyZone = standbyZone
    self.vpc = vpc
    self.tunnelSubnet = tunnelSubnet
    self.tunnelAddress = tunnelAddress
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.createdIn = createdIn
  }
}

/// The far end of a tunnel: `remote_infos` of the API (contract section 3.2).
package struct RemoteEndpoint: Hashable, Sendable, Codable {
  /// The VXLAN port of RFC 7348 section 5.
  package static let defaultPort: UInt16 = 4789

  package let vni: VNI
  package let address: IPv4Address
  /// UDP destination port, 1 to 65535.
  package let port: UInt16

  package init(vni: VNI, address: IPv4Address, port: UInt16 = Self.defaultPort) {
    self.vni = vni
    self.address = address
    self.port = port
  }
}

/// A subnet stretched to one or two remotes: `connections` of the API (contract section 3.2).
package struct Connection: IntentRow {
  /// How many remotes one connection has (contract section 4.4).
  package static let remoteCountRange = 1...2

  package let id: ConnectionID
  /// Short name in the data path; unique for ever.
  package let number: ConnectionNumber
  package let project: ProjectID
  package let instance: InstanceID
  package var name: ResourceName
  package let vpc: VPCID
  package let subnet: SubnetID
  package let remotes: [RemoteEndpoint]
  /// Two: the switch's addresses inside the layer-2 subnet, active first.
  package let fixedAddresses: [IPv4Address]
  package let createdAt: Timestamp
  package var updatedAt: Timestamp
  /// The revision that created it.
  package let createdIn: Revision
  package var forwarding: ForwardingSettings

  package init(
    id: ConnectionID, number: ConnectionNumber, project: ProjectID, instance: InstanceID,
    name: ResourceName, vpc: VPCID, subnet: SubnetID, remotes: [RemoteEndpoint],
    fixedAddresses: [IPv4Address], createdAt: Timestamp, updatedAt: Timestamp, createdIn: Revision,
    forwarding: ForwardingSettings = .usual
  ) {
    self.id = id
    self.number = number
    self.project = project
    self.instance = instance
    self.name = name
    self.vpc = vpc
    self.subnet = subnet
    self.remotes = remotes
    self.fixedAddresses = fixedAddresses
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.createdIn = createdIn
    self.forwarding = forwarding
  }
}

/// A connection's key in the kernel's maps: 1 and up, handed out by the store, never used again.
package struct ConnectionNumber: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  package let value: UInt32

  package init(_ value: UInt32) { self.value = value }

  package var description: String { "\(value)" }

  package static func < (left: Self, right: Self) -> Bool { left.value < right.value }

  package init(from decoder: any Decoder) throws {
    value = try decoder.singleValueContainer().decode(UInt32.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}

/// A question about a generation: is what this revision asked for done? (contract section 3.3)
package struct Job: IntentRow {
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    case createInstance, deleteInstance
  }

  package let id: JobID
  package let project: ProjectID
  package let kind: Kind
  package let instance: InstanceID
  package let instanceName: ResourceName
  package let begunAt: Timestamp
  package let createdIn: Revision
  /// The node that has to apply the revision; nil when no node is concerned, and the job is done at once.
  package let node: NodeName?

  package init(
    id: JobID, project: ProjectID, kind: Kind, instance: InstanceID, instanceName: ResourceName,
    begunAt: Timestamp, createdIn: Revision, node: NodeName?
  ) {
    self.id = id
    self.project = project
    self.kind = kind
    self.instance = instance
    self.instanceName = instanceName
    self.begunAt = begunAt
    self.createdIn = createdIn
    self.node = node
  }
}

/// Counts committed changes of intent; a configuration's generation is the revision it was made from.
package struct Revision: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  package let value: UInt64

  package init(_ value: UInt64) { self.value = value }

  /// Saturates: 2^64 changes do not happen.
  package var next: Revision { Revision(value == .max ? value : value + 1) }

  package var description: String { "\(value)" }

  package static func < (left: Self, right: Self) -> Bool { left.value < right.value }

  package init(from decoder: any Decoder) throws {
    value = try decoder.singleValueContainer().decode(UInt64.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}
