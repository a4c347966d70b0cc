/// Intent compiled for one node. Its order is part of its value: sorted by address and by number.
package struct GatewayConfiguration: Hashable, Sendable, Codable {
  /// Which store it was made from; generations of two stores cannot be compared.
  package let store: StoreID
  /// The revision it was made from. A node refuses one that is older than the last it has seen.
  package let generation: Revision
  package let node: NodeName
  package let tunnels: [TunnelConfiguration]
  package let connections: [ConnectionConfiguration]
  /// Nil: nobody has decided about the node, and it may forward.
  package let permission: ForwardingPermission?

  package init(
    store: StoreID, generation: Revision, node: NodeName, tunnels: [TunnelConfiguration],
    connections: [ConnectionConfiguration], permission: ForwardingPermission? = nil
  ) {
    self.permission = permission
    self.store = store
    self.generation = generation
    self.node = node
    self.tunnels = tunnels
    self.connections = connections
  }
}

/// A tunnel address of an instance on this node.
package struct TunnelConfiguration: Hashable, Sendable, Codable {
  package let instance: InstanceID
  package let address: IPv4Address
  /// Of the tunnel subnet: 0 to 32.
  package let prefixLength: UInt8
  /// The underlay.
  package let interface: InterfaceName
  /// What the instance's connections may carry; nil: anything.
  package let limit: TrafficLimit?

  package init(
    instance: InstanceID, address: IPv4Address, prefixLength: UInt8, interface: InterfaceName,
    limit: TrafficLimit? = nil
  ) {
    self.instance = instance
    self.address = address
    self.prefixLength = prefixLength
    self.interface = interface
    self.limit = limit
  }
}

/// A connection that this node forwards.
package struct ConnectionConfiguration: Hashable, Sendable, Codable {
  package let id: ConnectionID
  package let number: ConnectionNumber
  package let instance: InstanceID
  /// Where the layer-2 subnet is on this node.
  package let attachment: AttachmentID
  package let point: AttachmentPoint
  package let tunnelAddress: IPv4Address
  package let network: IPv4Network
  package let gateway: IPv4Address
  /// Answered for (ARP, ICMP echo) by the node that forwards.
  package let fixedAddress: IPv4Address
  package let fixedMAC: MACAddress
  package let remotes: [RemoteEndpoint]
  /// How many addresses the connection may learn.
  package let learningLimit: UInt32
  /// How long an address is known after its last frame.
  package let ageingSeconds: UInt32
  /// Of bound vports: answered for and announced by the node while a host of its side holds them. Sorted,
  /// each once, in `network`. What was written before there were any reads as none.
  package let virtualAddresses: [IPv4Address]
  /// What was written before there were settings reads as that of settings that nobody has set.
  package let forwarding: ForwardingConfiguration
  /// Whether frames of the remotes may come only by the interface of the tunnel address; likewise
  /// true.
  package let pinsUnderlay: Bool

  package init(
    id: ConnectionID, number: ConnectionNumber, instance: InstanceID, attachment: AttachmentID,
    point: AttachmentPoint, tunnelAddress: IPv4Address, network: IPv4Network, gateway: IPv4Address,
    fixedAddress: IPv4Address, fixedMAC: MACAddress, remotes: [RemoteEndpoint], learningLimit: UInt32,
    ageingSeconds: UInt32, virtualAddresses: [IPv4Address] = [],
    forwarding: ForwardingConfiguration = .usual, pinsUnderlay: Bool = true
  ) {
    self.id = id
    self.number = number
    self.instance = instance
    self.attachment = attachment
    self.point = point
    self.tunnelAddress = tunnelAddress
    self.network = network
    self.gateway = gateway
    self.fixedAddress = fixedAddress
    self.fixedMAC = fixedMAC
    self.remotes = remotes
    self.learningLimit = learningLimit
    self.ageingSeconds = ageingSeconds
    self.virtualAddresses = virtualAddresses
    self.forwarding = forwarding
    self.pinsUnderlay = pinsUnderlay
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    id = try values.decode(ConnectionID.self, forKey: .id)
    number = try values.decode(ConnectionNumber.self, forKey: .number)
    instance = try values.decode(InstanceID.self, forKey: .instance)
    attachment = try values.decode(AttachmentID.self, forKey: .attachment)
    point = try values.decode(AttachmentPoint.self, forKey: .point)
    tunnelAddress = try values.decode(IPv4Address.self, forKey: .tunnelAddress)
    network = try values.decode(IPv4Network.self, forKey: .network)
    gateway = try values.decode(IPv4Address.self, forKey: .gateway)
    fixedAddress = try values.decode(IPv4Address.self, forKey: .fixedAddress)
    fixedMAC = try values.decode(MACAddress.self, forKey: .fixedMAC)
    remotes = try values.decode([RemoteEndpoint].self, forKey: .remotes)
    learningLimit = try values.decode(UInt32.self, forKey: .learningLimit)
    ageingSeconds = try values.decode(UInt32.self, forKey: .ageingSeconds)
    virtualAddresses = try values.decodeIfPresent([IPv4Address].self, forKey: .virtualAddresses) ?? []
    forwarding =
      try values.decodeIfPresent(ForwardingConfiguration.self, forKey: .forwarding) ?? .usual
    pinsUnderlay = try values.decodeIfPresent(Bool.self, forKey: .pinsUnderlay) ?? true
  }
}
