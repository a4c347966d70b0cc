package import ESWModel

/// What may become of subnets.
package enum SubnetAdmission {
  /// The vendor's bound; such a subnet has room for the gateway and both addresses of a connection.
  package static let longestPrefix: UInt8 = 28

  package static func create(
    _ request: NewSubnet, of project: ProjectID, in snapshot: IntentSnapshot, region: Region,
    minting: Minting, now: Timestamp
  ) throws(Refusal) -> IntentChange<Subnet> {
    guard let vpc = snapshot.vpcs[request.vpc, of: project] else { throw .unknownVPC(request.vpc) }
    try check(request.network, in: vpc, snapshot)
    guard request.network.isHost(request.gateway) else {
      throw .gatewayOutsideSubnet(request.gateway, subnet: request.network)
    }
    if let zone = request.availabilityZone, !region.zones.contains(zone) { throw .unknownZone(zone) }
    let minted = minting.next(Subnet.self, now: now)
    let subnet = Subnet(
      id: minted.id, project: project, vpc: vpc.id, name: request.name, description: request.description,
      network: request.network, gateway: request.gateway, isDHCPEnabled: request.isDHCPEnabled,
      nameServers: request.nameServers,
      availabilityZone: request.availabilityZone ?? region.zones.first ?? region.name,
      createdAt: minted.at, updatedAt: minted.at)
    return IntentChange(edits: [.putSubnet(subnet)], outcome: subnet)
  }

  /// Nil leaves a field as it is; nothing but nil changes nothing.
  package static func update(
    _ id: SubnetID, vpc: VPCID, name: ResourceName? = nil, description: ResourceDescription? = nil,
    isDHCPEnabled: Bool? = nil, nameServers: [IPv4Address]? = nil, of project: ProjectID,
    in snapshot: IntentSnapshot, now: Timestamp
  ) throws(Refusal) -> IntentChange<Subnet> {
    var subnet = try find(id, vpc: vpc, of: project, in: snapshot)
    guard name != nil || description != nil || isDHCPEnabled != nil || nameServers != nil else {
      return IntentChange(edits: [], outcome: subnet)
    }
    if let name { subnet.name = name }
    if let description { subnet.description = description }
    if let isDHCPEnabled { subnet.isDHCPEnabled = isDHCPEnabled }
    if let nameServers { subnet.nameServers = nameServers }
    subnet.updatedAt = max(now, subnet.updatedAt)
    return IntentChange(edits: [.putSubnet(subnet)], outcome: subnet)
  }

  package static func delete(
    _ id: SubnetID, vpc: VPCID, of project: ProjectID, in snapshot: IntentSnapshot
  ) throws(Refusal) -> IntentChange<Void> {
    _ = try find(id, vpc: vpc, of: project, in: snapshot)
    if let use = snapshot.use(of: id) { throw .subnetInUse(id, by: use) }
    return IntentChange(edits: [.removeSubnet(id)], outcome: ())
  }

  /// The subnet, if it is the project's and in that VPC.
  static func find(
    _ id: SubnetID, vpc: VPCID, of project: ProjectID, in snapshot: IntentSnapshot
  ) throws(Refusal) -> Subnet {
    guard let subnet = snapshot.subnets[id, of: project], subnet.vpc == vpc else { throw .unknownSubnet(id) }
    return subnet
  }

  private static func check(
    _ network: IPv4Network, in vpc: VPC, _ snapshot: IntentSnapshot
  ) throws(Refusal) {
    guard network.prefixLength <= longestPrefix else { throw .subnetTooSmall(network) }
    guard vpc.network.contains(network) else { throw .subnetOutsideVPC(network, vpc: vpc.network) }
    if let other = snapshot.subnets(in: vpc.id).first(where: { $0.network.overlaps(network) }) {
      throw .subnetOverlaps(network, with: other.id)
    }
  }
}

extension IntentSnapshot {
  /// Something that needs the subnet, if anything does.
  fileprivate func use(of subnet: SubnetID) -> SubnetUse? {
    if let instance = instances(tunnelSubnet: subnet).first { return .instance(instance.id) }
    if let connection = connection(on: subnet) { return .connection(connection.id) }
    if let attachment = attachments(of: subnet).first { return .attachment(attachment.id) }
    return portIDs(of: subnet).first.map { .port($0) }
  }
}
