package import ESWModel

extension GatewayConfiguration {
  /// Compiles intent for one node: what of it this node holds and forwards.
  ///
  /// A connection whose layer-2 subnet is not attached here is not in it; its status says so.
  package init(for node: NodeName, from snapshot: IntentSnapshot) {
    var tunnels: [TunnelConfiguration] = []
    var connections: [ConnectionConfiguration] = []
    for attachment in snapshot.attachments(on: node) where attachment.role == .tunnel {
      guard let subnet = snapshot.subnets[attachment.subnet] else { continue }
      for instance in snapshot.instances(tunnelSubnet: subnet.id)
      where snapshot.tunnelAttachment(of: instance)?.id == attachment.id {
        tunnels.append(
          TunnelConfiguration(
            instance: instance.id, address: instance.tunnelAddress,
            prefixLength: subnet.network.prefixLength, interface: attachment.point.name,
            limit: snapshot.enforcesFlavors ? TrafficLimit(.named(instance.flavor)) : nil))
        for connection in snapshot.connections(of: instance.id) {
          connections += Self.compile(connection, of: instance, on: node, from: snapshot)
        }
      }
    }
    self.init(
      store: snapshot.store, generation: snapshot.revision, node: node,
      tunnels: tunnels.sorted { $0.address < $1.address },
      connections: connections.sorted { $0.number < $1.number },
      permission: snapshot.permission(of: node).map {
        ForwardingPermission(epoch: $0.epoch, isHeld: $0.hold != nil)
      })
  }

  private static func compile(
    _ connection: Connection, of instance: Instance, on node: NodeName, from snapshot: IntentSnapshot
  ) -> [ConnectionConfiguration] {
    guard let attachment = snapshot.layer2Attachment(of: connection, on: node),
      let subnet = snapshot.subnets[connection.subnet], let fixed = connection.fixedAddresses.first
    else { return [] }
    return [
      ConnectionConfiguration(
        id: connection.id, number: connection.number, instance: instance.id, attachment: attachment.id,
        point: attachment.point, tunnelAddress: instance.tunnelAddress, network: subnet.network,
        gateway: subnet.gateway, fixedAddress: fixed, fixedMAC: fixedMAC(of: connection.id),
        remotes: connection.remotes, learningLimit: connection.forwarding.learningLimit,
        ageingSeconds: connection.forwarding.ageingSeconds,
        virtualAddresses: virtualAddresses(of: connection, in: snapshot),
        forwarding: ForwardingConfiguration(connection.forwarding),
        pinsUnderlay: connection.forwarding.pinsUnderlay)
    ]
  }

  /// The addresses of the vports that are bound to the connection, sorted, each once.
  private static func virtualAddresses(
    of connection: Connection, in snapshot: IntentSnapshot
  ) -> [IPv4Address] {
    snapshot.ports(boundTo: connection.id).map(\.address).sorted()
  }

  /// Stays with the connection
  /// wherever it is forwarded: made of the random bits of its id.
  static func fixedMAC(of connection: ConnectionID) -> MACAddress {
    MACAddress(locallyAdministered: connection.low)
  }
}
