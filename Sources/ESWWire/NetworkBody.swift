package import ESWModel

extension JSONWriter {
  /// A VPC as version 1 of the vendor's VPC API shows it.
  package mutating func vpc(_ vpc: VPC) {
    beginObject()
    member("id", vpc.id)
    member("name", vpc.name.description)
    member("description", vpc.description.description)
    member("cidr", vpc.network.description)
    member("status", "OK")
    member("enterprise_project_id", "0")
    member("routes", strings: EmptyCollection())
    member("tenant_id", vpc.project.description)
    member("created_at", vpc.createdAt)
    member("updated_at", vpc.updatedAt)
    endObject()
  }

  /// A subnet as version 1 of the vendor's VPC API shows it. Ours has one id, so the ids of its network
  /// and of its IPv4 subnet, which Neutron tells apart, are that id.
  package mutating func subnet(_ subnet: Subnet) {
    beginObject()
    member("id", subnet.id)
    member("name", subnet.name.description)
    member("description", subnet.description.description)
    member("cidr", subnet.network.description)
    member("gateway_ip", subnet.gateway.description)
    member("ipv6_enable", false)
    member("dhcp_enable", subnet.isDHCPEnabled)
    member("primary_dns", subnet.nameServers.first?.description ?? "")
    member("secondary_dns", subnet.nameServers.dropFirst().first?.description ?? "")
    member("dnsList", strings: subnet.nameServers.lazy.map(\.description))
    member("availability_zone", subnet.availabilityZone)
    member("vpc_id", subnet.vpc)
    member("status", "ACTIVE")
    member("neutron_network_id", subnet.id)
    member("neutron_subnet_id", subnet.id)
    member("extra_dhcp_opts", strings: EmptyCollection())
    member("scope", "center")
    member("tenant_id", subnet.project.description)
    member("created_at", subnet.createdAt)
    member("updated_at", subnet.updatedAt)
    endObject()
  }

  /// The members of what UpdateSubnet answers with.
  package mutating func subnetResult(_ subnet: Subnet) {
    member("id", subnet.id)
    member("status", "ACTIVE")
  }

  /// The member `vlan` of an attachment.
  mutating func member(_ vlan: VLAN) {
    name("vlan")
    beginObject()
    member("id", integer: vlan.id)
    if let outer = vlan.outer {
      name("outer")
      beginObject()
      member("id", integer: outer.id)
      member("protocol", outer.tagProtocol.rawValue)
      endObject()
    }
    endObject()
  }

  /// An attachment, of our own additions.
  package mutating func attachment(_ attachment: Attachment) {
    beginObject()
    member("id", attachment.id)
    member("project_id", attachment.project.description)
    member("subnet_id", attachment.subnet)
    member("node", attachment.node.description)
    member("role", attachment.role.rawValue)
    switch attachment.point {
    case .interface(let name): member("interface", name.description)
    case .bridge(let name): member("bridge", name.description)
    case .trunk(let name, let vlan):
      member("interface", name.description)
      member(vlan)
    }
    member("created_at", attachment.createdAt)
    endObject()
  }
}
