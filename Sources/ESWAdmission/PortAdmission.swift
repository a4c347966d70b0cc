package import ESWModel

/// What may become of ports, which are private IPs too (decision 0014).
package enum PortAdmission {
  /// How many ports a project may have: our own choice, to bound what a snapshot holds. The addresses
  /// that may talk over a switch are as many (contract section 6).
  package static let mostOfProject = 10_000

  package static func create(
    _ request: NewPort, of project: ProjectID, in snapshot: IntentSnapshot, minting: Minting, now: Timestamp
  ) throws(Refusal) -> IntentChange<Port> {
    let port = try make(request, of: project, in: snapshot, minting: minting, now: now)
    return IntentChange(edits: [.putPort(port)], outcome: port)
  }

  /// All or none.
  package static func create(
    _ requests: [NewPort], of project: ProjectID, in snapshot: IntentSnapshot, minting: Minting,
    now: Timestamp
  ) throws(Refusal) -> IntentChange<[Port]> {
    var snapshot = snapshot
    var ports: [Port] = []
    for request in requests {
      let port = try make(request, of: project, in: snapshot, minting: minting, now: now)
      snapshot.load([.putPort(port)])
      ports.append(port)
    }
    return IntentChange(edits: ports.map { .putPort($0) }, outcome: ports)
  }

  /// Nil changes nothing.
  package static func update(
    _ id: PortID, name: PortName?, of project: ProjectID, in snapshot: IntentSnapshot
  ) throws(Refusal) -> IntentChange<Port> {
    guard var port = snapshot.ports[id, of: project] else { throw .unknownPort(id) }
    guard let name, name != port.name else { return IntentChange(edits: [], outcome: port) }
    port.name = name
    return IntentChange(edits: [.putPort(port)], outcome: port)
  }

  /// A bound port stays: whoever takes an address away that a stretch speaks for shall say so first.
  package static func delete(
    _ id: PortID, of project: ProjectID, in snapshot: IntentSnapshot
  ) throws(Refusal) -> IntentChange<Void> {
    guard let port = snapshot.ports[id, of: project] else { throw .unknownPort(id) }
    if let connection = port.connection { throw .portBound(id, to: connection) }
    return IntentChange(edits: [.removePort(id)], outcome: ())
  }

  private static func make(
    _ request: NewPort, of project: ProjectID, in snapshot: IntentSnapshot, minting: Minting, now: Timestamp
  ) throws(Refusal) -> Port {
    guard let subnet = snapshot.subnets[request.subnet, of: project] else {
      throw .unknownSubnet(request.subnet)
    }
    guard snapshot.ports.ids(of: project).count < mostOfProject else {
      throw .portQuotaReached(quota: mostOfProject)
    }
    let address = try address(request.address, in: subnet, snapshot)
    let minted = minting.next(Port.self, now: now)
    return Port(
      id: minted.id, project: project, subnet: subnet.id, name: request.name, owner: request.owner,
      address: address, createdAt: minted.at)
  }

  /// The one asked for if it is free; else the next free one behind the newest port's, so that an address
  /// that was given back rests for a while, and a long search is rare. O(ports of the subnet) at worst.
  private static func address(
    _ wanted: IPv4Address?, in subnet: Subnet, _ snapshot: IntentSnapshot
  ) throws(Refusal) -> IPv4Address {
    let hosts = subnet.network.hosts
    let open = hosts.lowerBound...hosts.upperBound - Subnet.systemAddressCount
    func isFree(_ value: UInt32) -> Bool { !snapshot.isTaken(IPv4Address(value), in: subnet) }
    if let wanted {
      guard open.contains(wanted.value), isFree(wanted.value) else { throw .portAddressUnavailable(wanted) }
      return wanted
    }
    let newest = snapshot.portIDs(of: subnet.id).last.flatMap { snapshot.ports[$0]?.address.value }
    let start = newest ?? open.lowerBound
    guard let free = (start...open.upperBound).first(where: isFree) ?? open.first(where: isFree) else {
      throw .noPortAddressLeft(subnet.id)
    }
    return IPv4Address(free)
  }
}

extension Subnet {
  /// The highest hosts of a subnet are the system's: the vendor has its own interface and its DHCP server
  /// there, and we the two addresses of a connection that asks for none.
  static let systemAddressCount: UInt32 = 2
}

extension IntentSnapshot {
  /// Whether the address is the gateway, a switch's, a connection's or a port's in the subnet.
  func isTaken(_ address: IPv4Address, in subnet: Subnet) -> Bool {
    address == subnet.gateway || port(at: address, in: subnet.id) != nil
      || instances(tunnelSubnet: subnet.id).contains { $0.tunnelAddress == address }
      || connection(on: subnet.id)?.fixedAddresses.contains(address) == true
  }
}
