package import ESWModel

/// What may become of connections (contract sections 4.4, 4.5 and 8.2).
package enum ConnectionAdmission {
  /// - Parameter status: The instance's status in this snapshot.
  package static func create(
    _ request: NewConnection, on instance: InstanceID, of project: ProjectID, in snapshot: IntentSnapshot,
    minting: Minting, now: Timestamp, status: (Instance) -> InstanceStatus.Word
  ) throws(Refusal) -> IntentChange<Connection> {
    guard let owner = snapshot.instances[instance, of: project] else { throw .unknownInstance(instance) }
    switch status(owner) {
    case .active: break
    case .build, .failed, .abnormal: throw .instanceNotActive(instance)
    }
    guard snapshot.vpcs[request.vpc, of: project] != nil else { throw .unknownVPC(request.vpc) }
    guard request.vpc == owner.vpc else { throw .vpcNotOfInstance(request.vpc, instance) }
    let subnet = try SubnetAdmission.find(request.subnet, vpc: request.vpc, of: project, in: snapshot)
    try checkUnused(subnet.id, in: snapshot)
    try check(request.remotes, of: owner, in: snapshot)
    let limit = Flavor.named(owner.flavor).connections
    guard snapshot.connectionIDs(of: instance).count < limit else {
      throw .connectionLimitReached(instance, limit: limit)
    }
    let addresses = try fixedAddresses(request.fixedAddresses, in: subnet, snapshot)
    guard snapshot.nextConnectionNumber < .max else { throw .connectionNumbersUsedUp }
    let minted = minting.next(Connection.self, now: now)
    let connection = Connection(
      id: minted.id, number: ConnectionNumber(snapshot.nextConnectionNumber), project: project,
      instance: instance, name: request.name, vpc: request.vpc, subnet: subnet.id,
      remotes: request.remotes, fixedAddresses: addresses, createdAt: minted.at, updatedAt: minted.at,
      createdIn: snapshot.revision.next)
    return IntentChange(edits: [.putConnection(connection)], outcome: connection)
  }

  package static func update(
    _ id: ConnectionID, on instance: InstanceID, name: ResourceName, of project: ProjectID,
    in snapshot: IntentSnapshot, now: Timestamp
  ) throws(Refusal) -> IntentChange<Connection> {
    var connection = try find(id, on: instance, of: project, in: snapshot)
    connection.name = name
    connection.updatedAt = max(now, connection.updatedAt)
    return IntentChange(edits: [.putConnection(connection)], outcome: connection)
  }

  /// The ports that are bound to it stay, bound to nothing.
  ///
  /// - Parameter status: The connection's status in this snapshot.
  package static func delete(
    _ id: ConnectionID, on instance: InstanceID, of project: ProjectID, in snapshot: IntentSnapshot,
    status: (Connection) -> ConnectionStatus.Word
  ) throws(Refusal) -> IntentChange<Void> {
    let connection = try find(id, on: instance, of: project, in: snapshot)
    switch status(connection) {
    case .pending: throw .connectionBeingBuilt(id)
    case .connected, .disconnect, .failed, .abnormal: break
    }
    let unbound = snapshot.ports(boundTo: id).map { IntentEdit.putPort($0.unbound) }
    return IntentChange(edits: unbound + [.removeConnection(id)], outcome: ())
  }

  /// The switch is looked for first: an unknown one is refused as such, whatever the connection.
  private static func find(
    _ id: ConnectionID, on instance: InstanceID, of project: ProjectID, in snapshot: IntentSnapshot
  ) throws(Refusal) -> Connection {
    guard snapshot.instances[instance, of: project] != nil else { throw .unknownInstance(instance) }
    guard let connection = snapshot.connections[id, of: project], connection.instance == instance else {
      throw .unknownConnection(id, of: instance)
    }
    return connection
  }

  private static func checkUnused(_ subnet: SubnetID, in snapshot: IntentSnapshot) throws(Refusal) {
    if let other = snapshot.connection(on: subnet) {
      throw .subnetInUse(subnet, by: .connection(other.id))
    }
    if let other = snapshot.instances(tunnelSubnet: subnet).first {
      throw .subnetInUse(subnet, by: .instance(other.id))
    }
  }

  /// A frame from outside is told by its VNI, its sender and the tunnel address it came to. Switches
  /// never share a tunnel address on a node, so the first two need only be unique within one.
  private static func check(
    _ remotes: [RemoteEndpoint], of instance: Instance, in snapshot: IntentSnapshot
  ) throws(Refusal) {
    guard Connection.remoteCountRange.contains(remotes.count) else { throw .remoteCount(remotes.count) }
    var taken = Set(snapshot.connections(of: instance.id).flatMap(\.remotes).map(Pair.init))
    for remote in remotes {
      guard remote.address.isUnicast else { throw .remoteAddressUnusable(remote.address) }
      guard taken.insert(Pair(remote)).inserted else { throw .remoteTaken(remote.vni, remote.address) }
    }
  }

  /// What of a remote must be unique: the port is not part of it, it is only where we send to.
  private struct Pair: Hashable {
    let vni: VNI
    let address: IPv4Address

    init(_ remote: RemoteEndpoint) {
      vni = remote.vni
      address = remote.address
    }
  }

  /// The two asked for; else the two highest free hosts of the subnet, the higher one first: servers and
  /// their DHCP ranges tend to begin at the lower end.
  private static func fixedAddresses(
    _ wanted: [IPv4Address]?, in subnet: Subnet, _ snapshot: IntentSnapshot
  ) throws(Refusal) -> [IPv4Address] {
    guard let wanted else {
      let free = subnet.network.hosts.reversed().lazy.map { IPv4Address($0) }
        .filter { !snapshot.isTaken($0, in: subnet) }
      let chosen = Array(free.prefix(2))
      guard chosen.count == 2 else { throw .noFixedAddressesLeft(subnet.id) }
      return chosen
    }
    guard wanted.count == 2, wanted[0] != wanted[1] else { throw .fixedAddressesNotTwo(wanted) }
    for address in wanted
    where !subnet.network.isHost(address) || snapshot.isTaken(address, in: subnet) {
      throw .fixedAddressUnavailable(address)
    }
    return wanted
  }
}
