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
      case .trunk(let name, let vlan):
        $0.member("interface", name.description)
        $0.member(vlan)
      }
    }
  }

  package mutating func body(_ request: VPCUpdate) {
    wrapped("vpc") {
      if let name = request.name { $0.member("name", name.description) }
      if let description = request.description { $0.member("description", description.description) }
      if let network = request.network { $0.member("cidr", network.description) }
    }
  }

  package mutating func body(_ request: SubnetUpdate) {
    wrapped("subnet") {
      if let name = request.name { $0.member("name", name.description) }
      if let description = request.description { $0.member("description", description.description) }
      if let isDHCPEnabled = request.isDHCPEnabled { $0.member("dhcp_enable", isDHCPEnabled) }
      if let servers = request.nameServers.all {
        $0.member("dnsList", strings: servers.lazy.map(\.description))
      }
    }
  }

  package mutating func body(_ request: NewPort) {
    wrapped("port") {
      $0.member("network_id", request.subnet)
      $0.member("name", request.name.description)
      $0.member("device_owner", request.owner.rawValue)
      if let address = request.address {
        $0.array("fixed_ips", [address]) { writer, address in
          writer.object { $0.member("ip_address", address.description) }
        }
      }
    }
  }

  package mutating func body(_ request: PortUpdate) {
    wrapped("port") {
      if let name = request.name { $0.member("name", name.description) }
    }
  }

  package mutating func body(_ request: NewPrivateIPs) {
    object {
      $0.array("privateips", request.ports) { writer, port in
        writer.object {
          $0.member("subnet_id", port.subnet)
          $0.member("device_owner", port.owner.rawValue)
          if let address = port.address { $0.member("ip_address", address.description) }
        }
      }
    }
  }

  package mutating func body(_ request: VportChoice) {
    wrapped("vport") { $0.member("id", request.port) }
  }

  private mutating func wrapped(_ name: StaticString, _ members: (inout JSONWriter) -> Void) {
    object { $0.object(name, members) }
  }
}
