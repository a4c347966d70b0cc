package import ESWModel

// Bodies of requests into the model's types (contract section 4). Rules that need the snapshot are for
// admission.

extension NewInstance {
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let instance = try BodyField(body: body).member("instance")
    let name = try instance.member("name").resourceName()
    let description = try instance.optional("description")?.resourceDescription()
    let flavor = try instance.member("flavor_ref").text(length: 1...64)
    try instance.member("ha_mode").word("ha")
    let zones = try instance.member("availability_zones")
    let primary = try zones.member("primary").text(length: 1...128)
    let standby = try zones.member("standby").text(length: 1...128)
    try instance.member("charge_infos").member("charge_mode").word("postPaid")
    let tunnel = try instance.member("tunnel_info")
    self.init(
      name: name, description: description ?? .empty, flavor: flavor, primaryZone: primary,
      standbyZone: standby, vpc: try tunnel.member("vpc_id").identifier(),
      tunnelSubnet: try tunnel.member("virsubnet_id").identifier(),
      tunnelAddress: try tunnel.optional("tunnel_ip")?.address())
  }
}

/// The body of UpdateInstance (contract section 4.3); nil stays as it is.
package struct InstanceUpdate: Hashable, Sendable {
  package let name: ResourceName?
  package let description: ResourceDescription?

  package init(name: ResourceName?, description: ResourceDescription?) {
    self.name = name
    self.description = description
  }

  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let instance = try BodyField(body: body).member("instance")
    name = try instance.optional("name")?.resourceName()
    description = try instance.optional("description")?.resourceDescription()
  }
}

extension NewConnection {
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let connection = try BodyField(body: body).member("connection")
    let name = try connection.member("name").resourceName()
    let vpc: VPCID = try connection.member("vpc_id").identifier()
    let subnet: SubnetID = try connection.member("virsubnet_id").identifier()
    let range = Connection.remoteCountRange
    var remotes: [RemoteEndpoint] = []
    for remote in try connection.member("remote_infos").elements(range, of: "objects") {
      remotes.append(try remote.remoteEndpoint())
    }
    self.init(
      name: name, vpc: vpc, subnet: subnet, remotes: remotes,
      fixedAddresses: try connection.optional("fixed_ips")?.twoAddresses())
  }
}

/// The body of UpdateConnection (contract section 4.5): a name and nothing else.
package struct ConnectionUpdate: Hashable, Sendable {
  package let name: ResourceName

  package init(name: ResourceName) { self.name = name }

  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    name = try BodyField(body: body).member("connection").member("name").resourceName()
  }
}

extension NewVPC {
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let vpc = try BodyField(body: body).member("vpc")
    self.init(
      name: try vpc.member("name").resourceName(),
      description: try vpc.optional("description")?.resourceDescription() ?? .empty,
      network: try vpc.member("cidr").network())
  }
}

extension NewSubnet {
  /// How many name servers a subnet may name; our own choice.
  static let mostNameServers = 5

  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let subnet = try BodyField(body: body).member("subnet")
    if let wantsIPv6 = try subnet.optional("ipv6_enable"), try wantsIPv6.boolean() {
      throw wantsIPv6.must("false: subnets are IPv4 here")
    }
    let zone = try subnet.optional("availability_zone")?.text(length: 0...128)
    self.init(
      vpc: try subnet.member("vpc_id").identifier(), name: try subnet.member("name").resourceName(),
      description: try subnet.optional("description")?.resourceDescription() ?? .empty,
      network: try subnet.member("cidr").network(), gateway: try subnet.member("gateway_ip").address(),
      isDHCPEnabled: try subnet.optional("dhcp_enable")?.boolean() ?? true,
      nameServers: try subnet.nameServers(), availabilityZone: zone == "" ? nil : zone)
  }
}

extension NewAttachment {
  package init(body: some Collection<UInt8>) throws(RequestBodyError) {
    let attachment = try BodyField(body: body).member("attachment")
    let subnet: SubnetID = try attachment.member("subnet_id").identifier()
    let node: NodeName = try attachment.member("node").parsed("the name of a node")
    let roleRule = "\"tunnel\" or \"layer2\""
    guard let role = Attachment.Role(rawValue: try attachment.member("role").text(roleRule)) else {
      throw try attachment.member("role").must(roleRule)
    }
    let point: AttachmentPoint
    let vlan = try attachment.optional("vlan")
    switch (try attachment.optional("interface"), try attachment.optional("bridge")) {
    case (let interface?, nil):
      let name = try interface.interfaceName()
      point =
        try vlan.map { field throws(RequestBodyError) in .trunk(name, vlan: try field.vlan()) }
        ?? .interface(name)
    case (nil, _?) where vlan != nil: throw attachment.must("with an interface when it has a vlan")
    case (nil, let bridge?): point = .bridge(try bridge.interfaceName())
    case (_?, _?), (nil, nil): throw attachment.must("with either interface or bridge")
    }
    self.init(subnet: subnet, node: node, role: role, point: point)
  }
}

extension BodyField {
  func resourceName() throws(RequestBodyError) -> ResourceName {
    try parsed("1 to 64 letters, digits, Chinese characters, '_', '-' or '.'")
  }

  func resourceDescription() throws(RequestBodyError) -> ResourceDescription {
    try parsed("a string of at most 255 characters without '<' and '>'")
  }

  func identifier<Subject>() throws(RequestBodyError) -> Identifier<Subject> {
    try parsed("a UUID")
  }

  func address() throws(RequestBodyError) -> IPv4Address { try parsed("an IPv4 address") }

  func network() throws(RequestBodyError) -> IPv4Network {
    try parsed("an IPv4 network such as 192.168.0.0/16, with no host bits")
  }

  fileprivate func interfaceName() throws(RequestBodyError) -> InterfaceName {
    try parsed("the name of a network interface, 1 to 15 bytes")
  }

  /// An object of a tag's number, and of another tag before it.
  fileprivate func vlan() throws(RequestBodyError) -> VLAN {
    let outer = try optional("outer").map { field throws(RequestBodyError) in try field.outerTag() }
    let number = try member("id")
    guard let vlan = VLAN(try number.vlanNumber(), outer: outer) else { throw number.must("a VLAN") }
    return vlan
  }

  private func outerTag() throws(RequestBodyError) -> VLAN.Outer {
    let number = try member("id")
    var tagProtocol = VLAN.TagProtocol.customer
    if let field = try optional("protocol") {
      let rule = "\"802.1q\" or \"802.1ad\""
      guard let named = VLAN.TagProtocol(rawValue: try field.text(rule)) else { throw field.must(rule) }
      tagProtocol = named
    }
    guard let outer = VLAN.Outer(try number.vlanNumber(), tagProtocol) else { throw number.must("a VLAN") }
    return outer
  }

  private func vlanNumber() throws(RequestBodyError) -> UInt16 {
    let range = Int64(VLAN.range.lowerBound)...Int64(VLAN.range.upperBound)
    return UInt16(truncatingIfNeeded: try integer(in: range))
  }

  fileprivate func remoteEndpoint() throws(RequestBodyError) -> RemoteEndpoint {
    let vniField = try member("segmentation_id")
    let vniRange = Int64(VNI.range.lowerBound)...Int64(VNI.range.upperBound)
    guard let vni = VNI(UInt32(try vniField.integer(in: vniRange))) else { throw vniField.must("a VNI") }
    let address = try member("tunnel_ip").address()
    try optional("tunnel_type")?.word("vxlan")
    let port = try optional("tunnel_port")?.integer(in: 1...65_535)
    return RemoteEndpoint(
      vni: vni, address: address, port: port.map { UInt16($0) } ?? RemoteEndpoint.defaultPort)
  }

  fileprivate func twoAddresses() throws(RequestBodyError) -> [IPv4Address] {
    var addresses: [IPv4Address] = []
    for element in try elements(2...2, of: "IPv4 addresses") { addresses.append(try element.address()) }
    guard Set(addresses).count == 2 else { throw must("two different IPv4 addresses") }
    return addresses
  }

  /// Of three members the vendor has for the same: the first, the second, and all.
  fileprivate func nameServers() throws(RequestBodyError) -> [IPv4Address] {
    var servers: [IPv4Address] = []
    for name in ["primary_dns", "secondary_dns"] {
      if let field = try optional(name), try field.text("an IPv4 address") != "" {
        servers.append(try field.address())
      }
    }
    for field in try optional("dnsList")?.elements(0...NewSubnet.mostNameServers, of: "IPv4 addresses") ?? []
    {
      let server = try field.address()
      if !servers.contains(server) { servers.append(server) }
    }
    return servers
  }
}
