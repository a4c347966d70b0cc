package import ESWModel

// The same bodies as our own client writes them.

extension JSONWriter {
  package mutating func body(_ request: NewInstance) {
    wrapped("instance") {
      $0.member("name", request.name.description)
      if request.description != .empty { $0.member("description", request.description.description) }
      $0.member("flavor_ref", request.flavor)
      $0.member("ha_mode", "ha")
      $0.object("availability_zones") {
        $0.member("primary", request.primaryZone)
        $0.member("standby", request.standbyZone)
      }
      $0.object("charge_infos") { $0.member("charge_mode", "postPaid") }
      $0.object("tunnel_info") {
        $0.member("vpc_id", request.vpc)
        $0.member("virsubnet_id", request.tunnelSubnet)
        if let address = request.tunnelAddress { $0.member("tunnel_ip", address.description) }
      }
    }
  }

  package mutating func body(_ request: InstanceUpdate) {
    wrapped("instance") {
      if let name = request.name { $0.member("name", name.description) }
      if let description = request.description { $0.member("description", description.description) }
    }
  }

  package mutating func body(_ request: NewConnection) {
    wrapped("connection") {
      $0.member("name", request.name.description)
      $0.member("vpc_id", request.vpc)
      $0.member("virsubnet_id", request.subnet)
      $0.array("remote_infos", request.remotes) { $0.remote($1) }
      if let addresses = request.fixedAddresses {
        $0.member("fixed_ips", strings: addresses.lazy.map(\.description))
      }
    }
  }

  package mutating func body(_ request: ConnectionUpdate) {
    wrapped("connection") { $0.member("name", request.name.description) }
  }

  package mutating func body(_ request: NewVPC) {
    wrapped("vpc") {
      $0.member("name", request.name.description)
      $0.member("description", request.description.description)
      $0.member("cidr", request.network.description)
    }
  }

  package mutating func body(_ request: NewSubnet) {
    wrapped("subnet") {
      $0.member("name", request.name.description)
      $0.member("description", request.description.description)
      $0.member("cidr", request.network.description)
      $0.member("vpc_id", request.vpc)
      $0.member("gateway_ip", request.gateway.description)
      $0.member("dhcp_enable", request.isDHCPEnabled)
      $0.member("dnsList", strings: request.nameServers.lazy.map(\.description))
      if let zone = request.availabilityZone { $0.member("availability_zone", zone) }
    }
  }

  package mutating func body(_ request: NewAttachment) {
    wrapped("attachment") {
      $0.member("subnet_id", request.subnet)
      $0.member("node", request.node.description)
      $0.member("role", request.role.rawValue)
      switch request.point {
      case .interface(let name): $0.member("interface", name.description)
      case .bridge(let name): $0.member("bridge", name.description)
      }
    }
  }

  private mutating func wrapped(_ name: StaticString, _ members: (inout JSONWriter) -> Void) {
    object { $0.object(name, members) }
  }
}
