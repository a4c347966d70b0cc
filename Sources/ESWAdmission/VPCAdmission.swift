package import ESWModel

/// What may become of VPCs.
///
/// The vendor wants a VPC inside 10/8, 172.16/12 or 192.168/16. Whoever runs a switch of his own also
/// stretches networks with public or shared addresses, so any unicast network is taken.
package enum VPCAdmission {
  /// The vendor's bounds.
  package static let prefixRange: ClosedRange<UInt8> = 8...28

  package static func create(
    _ request: NewVPC, of project: ProjectID, in snapshot: IntentSnapshot, minting: Minting, now: Timestamp
  ) throws(Refusal) -> IntentChange<VPC> {
    try check(request.network)
    let minted = minting.next(VPC.self, now: now)
    let vpc = VPC(
      id: minted.id, project: project, name: request.name, description: request.description,
      network: request.network, createdAt: minted.at, updatedAt: minted.at)
    return IntentChange(edits: [.putVPC(vpc)], outcome: vpc)
  }

  /// Nil leaves a field as it is; nothing but nil changes nothing.
  package static func update(
    _ id: VPCID, name: ResourceName? = nil, description: ResourceDescription? = nil,
    network: IPv4Network? = nil, of project: ProjectID, in snapshot: IntentSnapshot, now: Timestamp
  ) throws(Refusal) -> IntentChange<VPC> {
    guard var vpc = snapshot.vpcs[id, of: project] else { throw .unknownVPC(id) }
    guard name != nil || description != nil || network != nil else {
      return IntentChange(edits: [], outcome: vpc)
    }
    if let network {
      try check(network)
      if let left = snapshot.subnets(in: id).first(where: { !network.contains($0.network) }) {
        throw .vpcNetworkExcludes(left.network)
      }
      vpc.network = network
    }
    if let name { vpc.name = name }
    if let description { vpc.description = description }
    vpc.updatedAt = max(now, vpc.updatedAt)
    return IntentChange(edits: [.putVPC(vpc)], outcome: vpc)
  }

  package static func delete(
    _ id: VPCID, of project: ProjectID, in snapshot: IntentSnapshot
  ) throws(Refusal) -> IntentChange<Void> {
    guard snapshot.vpcs[id, of: project] != nil else { throw .unknownVPC(id) }
    guard snapshot.subnets(in: id).isEmpty else { throw .vpcHasSubnets(id) }
    return IntentChange(edits: [.removeVPC(id)], outcome: ())
  }

  /// A network of at least 8 bits lies in one block of 256 first octets, so its ends tell of all of it.
  private static func check(_ network: IPv4Network) throws(Refusal) {
    guard prefixRange.contains(network.prefixLength), network.first.isUnicast, network.last.isUnicast
    else { throw .vpcNetworkUnusable(network) }
  }
}
