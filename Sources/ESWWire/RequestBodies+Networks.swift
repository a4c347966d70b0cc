package import ESWModel

// Bodies of the vendor's VPC API of version 1 that change something or make ports. What we do not have
// (IPv6 apart) may stand in them and is ignored: clients send it with every change.

/// The body of UpdateVpc; nil stays as it is.
package struct VPCUpdate: Hashable, Sendable {
  package let name: ResourceName?
  package let description: ResourceDescription?
  package let network: IPv4Network?

  package init(
    name: ResourceName? = nil, description: ResourceDescription? = nil, network: IPv4Network? = nil
  ) {
    self.name = name
    self.description = description
    self.network = network
  }

  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let vpc = try BodyField(body: body).member("vpc")
    name = try vpc.optional("name")?.resourceName()
    description = try vpc.optional("description")?.resourceDescription()
    network = try vpc.optional("cidr")?.network()
  }
}

/// The body of UpdateSubnet; nil stays as it is.
package struct SubnetUpdate: Hashable, Sendable {
  package let name: ResourceName?
  package let description: ResourceDescription?
  package let isDHCPEnabled: Bool?
  package let nameServers: NameServerUpdate

  package init(
    name: ResourceName? = nil, description: ResourceDescription? = nil, isDHCPEnabled: Bool? = nil,
    nameServers: [IPv4Address]? = nil
  ) {
    self.name = name
    self.description = description
    self.isDHCPEnabled = isDHCPEnabled
    self.nameServers = NameServerUpdate(all: nameServers)
  }

  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let subnet = try BodyField(body: body).member("subnet")
    if let wantsIPv6 = try subnet.optional("ipv6_enable"), try wantsIPv6.boolean() {
      throw wantsIPv6.must("false: subnets are IPv4 here")
    }
    name = try subnet.optional("name")?.resourceName()
    description = try subnet.optional("description")?.resourceDescription()
    isDHCPEnabled = try subnet.optional("dhcp_enable")?.boolean()
    nameServers = try NameServerUpdate(subnet)
  }
}

/// A change of a subnet's name servers: of the whole list, or of its first and second place, which the
/// vendor has members of their own for.
package struct NameServerUpdate: Hashable, Sendable {
  private enum Place: Hashable, Sendable {
    case kept
    case emptied
    case set(IPv4Address)
  }

  private let first: Place
  private let second: Place
  /// Nil: the list stays, but for the two places.
  package let all: [IPv4Address]?

  init(all: [IPv4Address]?) {
    (first, second) = (.kept, .kept)
    self.all = all
  }

  fileprivate init(_ subnet: BodyField) throws(RequestBodyError) {
    first = try Self.place(subnet.optional("primary_dns"))
    second = try Self.place(subnet.optional("secondary_dns"))
    var all: [IPv4Address]?
    if let list = try subnet.optional("dnsList") {
      var servers: [IPv4Address] = []
      for field in try list.elements(0...NewSubnet.mostNameServers, of: "IPv4 addresses") {
        servers.append(try field.address())
      }
      all = servers
    }
    self.all = all
  }

  private static func place(_ field: BodyField?) throws(RequestBodyError) -> Place {
    guard let field else { return .kept }
    return try field.text("an IPv4 address") == "" ? .emptied : .set(try field.address())
  }

  /// The list after the change, each server once; nil if nothing was asked for.
  package func applied(to servers: [IPv4Address]) -> [IPv4Address]? {
    if all == nil, first == .kept, second == .kept { return nil }
    var result: [IPv4Address] = []
    for (place, old) in [(first, servers.first), (second, servers.dropFirst().first)] {
      switch place {
      case .kept: if all == nil, let old { result.append(old) }
      case .emptied: break
      case .set(let server): result.append(server)
      }
    }
    result += all ?? Array(servers.dropFirst(2))
    var seen: Set<IPv4Address> = []
    return Array(result.filter { seen.insert($0).inserted }.prefix(NewSubnet.mostNameServers))
  }
}

extension NewPort {
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let port = try BodyField(body: body).member("port")
    if let isUp = try port.optional("admin_state_up"), try !isUp.boolean() { throw isUp.must("true") }
    let network = try port.member("network_id")
    let subnet: SubnetID = try network.identifier()
    var address: IPv4Address?
    if let place = try port.optional("fixed_ips")?.elements(0...1, of: "addresses").first {
      // A subnet of ours is its network, so both members can only name the same.
      if let field = try place.filled("subnet_id") {
        let named: SubnetID = try field.identifier()
        guard named == subnet else { throw field.must("the subnet of network_id") }
      }
      address = try place.filled("ip_address")?.address()
    }
    self.init(
      subnet: subnet, name: try port.optional("name")?.portName() ?? .empty,
      owner: try port.optional("device_owner")?.portOwner() ?? .none, address: address)
  }
}

/// The body of UpdatePort; nil stays as it is.
package struct PortUpdate: Hashable, Sendable {
  package let name: PortName?

  package init(name: PortName?) { self.name = name }

  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    name = try BodyField(body: body).member("port").optional("name")?.portName()
  }
}

/// The body of CreatePrivateip.
package struct NewPrivateIPs: Hashable, Sendable {
  /// How many are made at once; our own choice.
  static let mostAtOnce = 100

  package let ports: [NewPort]

  package init(_ ports: [NewPort]) { self.ports = ports }

  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    var ports: [NewPort] = []
    let list = try BodyField(body: body).member("privateips").elements(1...Self.mostAtOnce, of: "objects")
    for element in list {
      ports.append(
        NewPort(
          subnet: try element.member("subnet_id").identifier(), name: .empty,
          owner: try element.optional("device_owner")?.portOwner() ?? .none,
          address: try element.filled("ip_address")?.address()))
    }
    self.ports = ports
  }
}

/// The body of BindVport and UnbindVport (contract section 4.6).
package struct VportChoice: Hashable, Sendable {
  package let port: PortID

  package init(port: PortID) { self.port = port }

  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    port = try BodyField(body: body).member("vport").member("id").identifier()
  }
}

extension BodyField {
  /// A member that is there and not an empty string, which some clients send for what they do not mean.
  fileprivate func filled(_ name: String) throws(RequestBodyError) -> BodyField? {
    guard let field = try optional(name), try field.text("a string") != "" else { return nil }
    return field
  }

  fileprivate func portName() throws(RequestBodyError) -> PortName {
    try parsed("at most 255 letters, digits, Chinese characters, '_', '-' or '.'")
  }

  fileprivate func portOwner() throws(RequestBodyError) -> Port.Owner {
    let rule = "\"\" or \"\(Port.Owner.virtualAddress.rawValue)\""
    guard let owner = Port.Owner(rawValue: try text(rule)) else { throw must(rule) }
    return owner
  }
}
