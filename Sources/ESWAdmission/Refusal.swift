package import ESWModel

/// A request that was understood and is declined; nothing is written.
///
/// What belongs to another project is named nowhere in it: a foreign id is refused as an unknown one,
/// and what another project holds is only called taken.
package enum Refusal: Error, Hashable, Sendable {
  case unknownVPC(VPCID)
  /// Also a subnet of another VPC than the one that the request names.
  case unknownSubnet(SubnetID)
  case unknownAttachment(AttachmentID)
  case unknownInstance(InstanceID)
  /// Also a connection of another switch than the one that the request names, if it names one.
  case unknownConnection(ConnectionID, of: InstanceID?)
  case unknownPort(PortID)
  case unknownFlavor(String)
  case unknownZone(String)
  /// No such node has reported to this control plane.
  case unknownNode(NodeName)
  case unknownInterface(InterfaceName, on: NodeName)

  /// Not of unicast addresses, or a prefix outside `VPCAdmission.prefixRange`.
  case vpcNetworkUnusable(IPv4Network)
  /// The VPC's new network does not hold a subnet that the VPC has.
  case vpcNetworkExcludes(IPv4Network)
  case vpcHasSubnets(VPCID)
  /// The prefix is longer than `SubnetAdmission.longestPrefix`.
  case subnetTooSmall(IPv4Network)
  case subnetOutsideVPC(IPv4Network, vpc: IPv4Network)
  case subnetOverlaps(IPv4Network, with: SubnetID)
  case gatewayOutsideSubnet(IPv4Address, subnet: IPv4Network)
  /// A subnet that is used cannot be deleted, nor be used for something else.
  case subnetInUse(SubnetID, by: SubnetUse)

  /// The subnet has an attachment on the node.
  case alreadyAttached(SubnetID, on: NodeName)
  case interfaceUnfit(InterfaceName, on: NodeName, Unfitness)
  case attachmentInUse(AttachmentID, by: SubnetUse)

  /// The project has as many instances as it may (`quota`).
  case instanceQuotaReached(quota: Int)
  /// Taken, not a host of the tunnel subnet, or its gateway.
  case tunnelAddressUnavailable(IPv4Address)
  case noTunnelAddressLeft(SubnetID)
  /// The tunnel subnet is the layer-2 subnet of connections.
  case tunnelSubnetIsLayer2(SubnetID, of: [ConnectionID])
  /// Not `active`: nothing can be connected to it.
  case instanceNotActive(InstanceID)
  /// `build`: it cannot be deleted yet.
  case instanceBeingBuilt(InstanceID)
  case instanceHasConnections(InstanceID)

  /// The connection names a VPC that is not its switch's.
  case vpcNotOfInstance(VPCID, InstanceID)
  /// The switch has as many connections as its flavor allows (`limit`).
  case connectionLimitReached(InstanceID, limit: Int)
  /// Not one or two.
  case remoteCount(Int)
  /// No host can have it.
  case remoteAddressUnusable(IPv4Address)
  /// The pair of VNI and remote address stands twice in the request or is another connection's.
  case remoteTaken(VNI, IPv4Address)
  /// Not exactly two that differ.
  case fixedAddressesNotTwo([IPv4Address])
  /// Not a host of the subnet, or its gateway.
  case fixedAddressUnavailable(IPv4Address)
  case noFixedAddressesLeft(SubnetID)
  /// `pending`: it cannot be deleted yet.
  case connectionBeingBuilt(ConnectionID)
  /// Rules of the profile `custom` that were not given.
  case forwardingRulesIncomplete([FrameClass])
  /// Outer checksums are made only for remotes at 4789, and this one is at another port.
  case checksumNeedsUsualPort(IPv4Address, port: UInt16)
  /// All numbers of the data path have been handed out, one for each of 2^32 connections.
  case connectionNumbersUsedUp

  /// The project has as many ports as it may (`quota`).
  case portQuotaReached(quota: Int)
  /// Taken, the system's, or not a host of the subnet.
  case portAddressUnavailable(IPv4Address)
  case noPortAddressLeft(SubnetID)
  /// A connection speaks for it: it can be neither deleted nor bound to another.
  case portBound(PortID, to: ConnectionID)
  /// Only a virtual address can be bound.
  case portNotVirtual(PortID)
  /// The port is not in the layer-2 subnet of the connection.
  case portOfOtherSubnet(PortID, SubnetID)
  case boundPortLimitReached(ConnectionID, limit: Int)
}

/// What a subnet is used for.
package enum SubnetUse: Hashable, Sendable {
  case attachment(AttachmentID)
  /// As its tunnel subnet.
  case instance(InstanceID)
  /// As its layer-2 subnet.
  case connection(ConnectionID)
  /// As the subnet of its address.
  case port(PortID)
}

/// Why an interface cannot be attached in the role asked for.
package enum Unfitness: Hashable, Sendable {
  case loopback
  /// It carries a default route: as a segment of its own it would cut its owner off.
  case defaultRoute
  /// It is a port of that bridge or bond, which gets its frames.
  case port(of: InterfaceName)
  case madeByUs
  /// It is a layer-2 attachment without a tag, of any project.
  case layer2Segment
  /// It is an attachment of this VLAN, of any project.
  case vlanTaken(VLAN)
  /// It is an underlay, of any project.
  case underlay
  /// It was called a bridge and is none.
  case notBridge
  /// It is a bridge, and was called a plain interface.
  case isBridge
  /// A tunnel subnet is attached to an interface, not to a bridge.
  case bridgeAsUnderlay
  /// A tunnel subnet is attached to an interface, not to a VLAN on it.
  case vlanAsUnderlay
  /// A switch of the subnet has a tunnel address that another switch has on this node.
  case tunnelAddressTaken(IPv4Address)
}
