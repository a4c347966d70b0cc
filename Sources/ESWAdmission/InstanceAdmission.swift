package import ESWModel

/// What may become of instances, the switches (contract sections 4.2, 4.3 and 8.2).
package enum InstanceAdmission {
  package struct Created: Hashable, Sendable {
    package let instance: Instance
    package let job: Job
  }

  package static func create(
    _ request: NewInstance, of project: ProjectID, in snapshot: IntentSnapshot, region: Region,
    minting: Minting, now: Timestamp
  ) throws(Refusal) -> IntentChange<Created> {
    guard let flavor = Flavor.Name(rawValue: request.flavor) else { throw .unknownFlavor(request.flavor) }
    for zone in [request.primaryZone, request.standbyZone] where !region.zones.contains(zone) {
      throw .unknownZone(zone)
    }
    guard snapshot.vpcs[request.vpc, of: project] != nil else { throw .unknownVPC(request.vpc) }
    let subnet = try SubnetAdmission.find(
      request.tunnelSubnet, vpc: request.vpc, of: project, in: snapshot)
    if let connection = snapshot.connection(on: subnet.id) {
      throw .tunnelSubnetIsLayer2(subnet.id, of: [connection.id])
    }
    guard snapshot.instances.ids(of: project).count < region.instanceQuota else {
      throw .instanceQuotaReached(quota: region.instanceQuota)
    }
    let address = try tunnelAddress(request.tunnelAddress, in: subnet, snapshot)
    let minted = minting.next(Instance.self, now: now)
    let instance = Instance(
      id: minted.id, project: project, name: request.name, description: request.description,
      flavor: flavor, primaryZone: request.primaryZone, standbyZone: request.standbyZone,
      vpc: request.vpc, tunnelSubnet: subnet.id, tunnelAddress: address, createdAt: minted.at,
      updatedAt: minted.at, createdIn: snapshot.revision.next)
    let job = job(.createInstance, on: instance, in: snapshot, minting: minting, now: now)
    return IntentChange(
      edits: [.putInstance(instance), .putJob(job)], outcome: Created(instance: instance, job: job))
  }

  /// Nil leaves a field as it is; nothing but nil changes nothing.
  package static func update(
    _ id: InstanceID, name: ResourceName? = nil, description: ResourceDescription? = nil,
    of project: ProjectID, in snapshot: IntentSnapshot, now: Timestamp
  ) throws(Refusal) -> IntentChange<Instance> {
    guard var instance = snapshot.instances[id, of: project] else { throw .unknownInstance(id) }
    guard name != nil || description != nil else { return IntentChange(edits: [], outcome: instance) }
    if let name { instance.name = name }
    if let description { instance.description = description }
    instance.updatedAt = max(now, instance.updatedAt)
    return IntentChange(edits: [.putInstance(instance)], outcome: instance)
  }

  /// - Parameter status: The instance's status in this snapshot.
  /// - Returns: The job.
  package static func delete(
    _ id: InstanceID, of project: ProjectID, in snapshot: IntentSnapshot, minting: Minting, now: Timestamp,
    status: (Instance) -> InstanceStatus.Word
  ) throws(Refusal) -> IntentChange<Job> {
    guard let instance = snapshot.instances[id, of: project] else { throw .unknownInstance(id) }
    guard snapshot.connectionIDs(of: id).isEmpty else { throw .instanceHasConnections(id) }
    switch status(instance) {
    case .build: throw .instanceBeingBuilt(id)
    case .active, .failed, .abnormal: break
    }
    let job = job(.deleteInstance, on: instance, in: snapshot, minting: minting, now: now)
    let surplus = JobRetention.surplus(of: project, in: snapshot, deleting: id)
    return IntentChange(
      edits: [.removeInstance(id), .putJob(job)] + surplus.map { .removeJob($0) }, outcome: job)
  }

  private static func job(
    _ kind: Job.Kind, on instance: Instance, in snapshot: IntentSnapshot, minting: Minting, now: Timestamp
  ) -> Job {
    let minted = minting.next(Job.self, now: now)
    return Job(
      id: minted.id, project: instance.project, kind: kind, instance: instance.id,
      instanceName: instance.name, begunAt: minted.at, createdIn: snapshot.revision.next,
      node: snapshot.tunnelNode(of: instance))
  }

  /// The address asked for if it is free; else the lowest free one above the gateway, and failing that
  /// the lowest of all. Free also means: not held by the same node for another subnet, because the node
  /// knows tunnels by their address alone.
  private static func tunnelAddress(
    _ wanted: IPv4Address?, in subnet: Subnet, _ snapshot: IntentSnapshot
  ) throws(Refusal) -> IPv4Address {
    let ofNode = snapshot.tunnelAttachment(of: subnet.id).map { snapshot.tunnelAddresses(on: $0.node) } ?? []
    func isFree(_ address: IPv4Address) -> Bool {
      !ofNode.contains(address) && !snapshot.isTaken(address, in: subnet)
    }
    if let wanted {
      guard subnet.network.isHost(wanted), isFree(wanted) else { throw .tunnelAddressUnavailable(wanted) }
      return wanted
    }
    let hosts = subnet.network.hosts.lazy.map { IPv4Address($0) }
    guard let free = hosts.first(where: { $0 > subnet.gateway && isFree($0) }) ?? hosts.first(where: isFree)
    else { throw .noTunnelAddressLeft(subnet.id) }
    return free
  }
}

extension IPv4Network {
  /// The addresses for which `isHost` holds, of a network of prefix 30 and shorter, as numbers.
  var hosts: ClosedRange<UInt32> { first.value + 1...last.value - 1 }
}
