/// An address of a subnet that is kept for somebody: a port of the vendor's VPC API, and what the same
/// API shows as a private IP.
package struct Port: IntentRow {
  /// What the address is for; the vendor's `device_owner`.
  package enum Owner: String, Sendable, Hashable, CaseIterable {
    /// Nobody yet.
    case none = ""
    /// A virtual address that hosts share, and that a connection can be bound to: a vport.
    case virtualAddress = "neutron:VIP_PORT"
  }

  package let id: PortID
  package let project: ProjectID
  package let subnet: SubnetID
  package var name: PortName
  package let owner: Owner
  package let address: IPv4Address
  /// The connection that the port is bound to: the connection of its subnet.
  package var connection: ConnectionID?
  package let createdAt: Timestamp

  package init(
    id: PortID, project: ProjectID, subnet: SubnetID, name: PortName, owner: Owner, address: IPv4Address,
    connection: ConnectionID? = nil, createdAt: Timestamp
  ) {
    self.id = id
    self.project = project
    self.subnet = subnet
    self.name = name
    self.owner = owner
    self.address = address
    self.connection = connection
    self.createdAt = createdAt
  }

  /// Made of the random bits of its id, so that it needs no place of its own. Hosts speak for a virtual
  /// address with their own MAC; this one stands in the API only.
  package var mac: MACAddress { MACAddress(locallyAdministered: id.low) }
}

/// The name of a port: at most 255 letters, digits, `_`, `-`, `.` and Chinese characters; often empty.
package struct PortName: Hashable, Sendable, LosslessStringConvertible {
  package static let longest = 255
  package static let empty = PortName(unchecked: "")
  package let description: String

  package init?(_ description: String) {
    guard description.utf8.count <= 4 * Self.longest, description.unicodeScalars.count <= Self.longest,
      description.unicodeScalars.allSatisfy(ResourceName.isAllowed)
    else { return nil }
    self.description = description
  }

  private init(unchecked: String) { description = unchecked }
}

/// An address in a subnet, of which there is one port at most.
struct PortPlace: Hashable, Sendable {
  let subnet: SubnetID
  let address: IPv4Address
}
