package import ESWModel

extension JSONWriter {
  /// A port as version 1 of the vendor's VPC API shows it. A port that is bound to a connection has that as
  /// its device.
  package mutating func port(_ port: Port, zone: String) {
    beginObject()
    member("id", port.id)
    member("name", port.name.description)
    member("network_id", port.subnet)
    member("admin_state_up", true)
    member("mac_address", port.mac.description)
    array("fixed_ips", CollectionOfOne(port)) { writer, port in
      writer.object {
        $0.member("subnet_id", port.subnet)
        $0.member("ip_address", port.address.description)
      }
    }
    member("device_id", port.connection?.description ?? "")
    member("device_owner", port.owner.rawValue)
    member("tenant_id", port.project.description)
    member("status", Port.status)
    member("security_groups", strings: EmptyCollection())
    member("allowed_address_pairs", strings: EmptyCollection())
    member("extra_dhcp_opts", strings: EmptyCollection())
    member("binding:vnic_type", "normal")
    object("binding:vif_details") { _ in }
    object("binding:profile") { _ in }
    member("dns_assignment", strings: EmptyCollection())
    member("dns_name", "")
    member("instance_id", "")
    member("instance_type", "")
    member("port_security_enabled", false)
    member("zone_id", zone)
    member("enable_efi", false)
    member("created_at", port.createdAt)
    endObject()
  }

  /// A port as the private IP that it is.
  package mutating func privateIP(_ port: Port) {
    beginObject()
    member("status", Port.status)
    member("id", port.id)
    member("subnet_id", port.subnet)
    member("tenant_id", port.project.description)
    member("device_owner", port.owner.rawValue)
    member("ip_address", port.address.description)
    endObject()
  }

  /// A VPC as version 3 of the vendor's VPC API shows it.
  package mutating func vpcOfVersion3(_ vpc: VPC, subnetCount: Int) {
    beginObject()
    member("id", vpc.id)
    member("name", vpc.name.description)
    member("description", vpc.description.description)
    member("cidr", vpc.network.description)
    member("extend_cidrs", strings: EmptyCollection())
    member("status", "ACTIVE")
    member("project_id", vpc.project.description)
    member("enterprise_project_id", "0")
    array("cloud_resources", CollectionOfOne(subnetCount)) { writer, count in
      writer.object {
        $0.member("resource_type", "virsubnet")
        $0.member("resource_count", integer: count)
      }
    }
    member("tags", strings: EmptyCollection())
    member("created_at", vpc.createdAt)
    member("updated_at", vpc.updatedAt)
    endObject()
  }
}

extension Port {
  /// The vendor's word for a port that no interface stands behind, as none of ours does.
  package static let status = "DOWN"
}
