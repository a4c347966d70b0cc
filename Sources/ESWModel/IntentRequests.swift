/// What a caller asks for, after parsing: every field is of a type that cannot hold nonsense, and only
/// rules that need the snapshot are left for admission.

package struct NewVPC: Hashable, Sendable {
  package let name: ResourceName
  package let description: ResourceDescription
  package let network: IPv4Network

  package init(name: ResourceName, description: ResourceDescription, network: IPv4Network) {
    self.name = name
    self.description = description
    self.network = network
  }
}

package struct NewSubnet: Hashable, Sendable {
  package let vpc: VPCID
  package let name: ResourceName
  package let description: ResourceDescription
  package let network: IPv4Network
  package let gateway: IPv4Address
  package let isDHCPEnabled: Bool
  package let nameServers: [IPv4Address]
  /// Nil: the region's first.
  package let availabilityZone: String?

  package init(
    vpc: VPCID, name: ResourceName, description: ResourceDescription, network: IPv4Network,
    gateway: IPv4Address, isDHCPEnabled: Bool, nameServers: [IPv4Address], availabilityZone: String?
  ) {
    self.vpc = vpc
    self.name = name
    self.description = description
    self.network = network
    self.gateway = gateway
    self.isDHCPEnabled = isDHCPEnabled
    self.nameServers = nameServers
    self.availabilityZone = availabilityZone
  }
}

package struct NewPort: Hashable, Sendable {
  package let subnet: SubnetID
  package let name: PortName
  package let owner: Port.Owner
  /// Nil: one is chosen.
  package let address: IPv4Address?

  package init(subnet: SubnetID, name: PortName, owner: Port.Owner, address: IPv4Address?) {
    self.subnet = subnet
    self.name = name
    self.owner = owner
    self.address = address
  }
}

package struct NewAttachment: Hashable, Sendable {
  package let subnet: SubnetID
  package let node: NodeName
  package let role: Attachment.Role
  package let point: AttachmentPoint

  package init(subnet: SubnetID, node: NodeName, role: Attachment.Role, point: AttachmentPoint) {
    self.subnet = subnet
    self.node = node
    self.role = role
    self.point = point
  }
}

package struct NewInstance: Hashable, Sendable {
  package let name: ResourceName
  package let description: ResourceDescription
  /// As the caller wrote it: whether there is such a flavor is for admission to say (`l2cg.9941`).
  package let flavor: String
  package let primaryZone: String
  package let standbyZone: String
  package let vpc: VPCID
  package let tunnelSubnet: SubnetID
  /// Nil: one is chosen.
  package let tunnelAddress: IPv4Address?

  package init(
    name: ResourceName, description: ResourceDescription, flavor: String, primaryZone: String,
    standbyZone: String, vpc: VPCID, tunnelSubnet: SubnetID, tunnelAddress: IPv4Address?
  ) {
    self.name = name
    self.description = description
    self.flavor = flavor
    self.primaryZone = primaryZone
    self.standbyZone = standbyZone
    self.vpc = vpc
    self.tunnelSubnet = tunnelSubnet
    self.tunnelAddress = tunnelAddress
  }
}

package struct NewConnection: Hashable, Sendable {
  package let name: ResourceName
  package let vpc: VPCID
  package let subnet: SubnetID
  /// One or two.
  package let remotes: [RemoteEndpoint]
  /// Nil: two are chosen; else exactly two, distinct.
  package let fixedAddresses: [IPv4Address]?

  package init(
    name: ResourceName, vpc: VPCID, subnet: SubnetID, remotes: [RemoteEndpoint],
    fixedAddresses: [IPv4Address]?
  ) {
    self.name = name
    self.vpc = vpc
    self.subnet = subnet
    self.remotes = remotes
    self.fixedAddresses = fixedAddresses
  }
}
