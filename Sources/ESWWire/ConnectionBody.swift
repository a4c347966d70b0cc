package import ESWModel

extension JSONWriter {
  /// A connection with its eleven fields (contract section 3.2).
  package mutating func connection(_ connection: Connection, status: ConnectionStatus.Word) {
    beginObject()
    member("fixed_ips", strings: connection.fixedAddresses.lazy.map(\.description))
    member("id", connection.id)
    member("instance_id", connection.instance)
    member("name", connection.name.description)
    member("project_id", connection.project.description)
    array("remote_infos", connection.remotes) { $0.remote($1) }
    member("status", status.rawValue)
    member("virsubnet_id", connection.subnet)
    member("vpc_id", connection.vpc)
    member("created_at", connection.createdAt)
    member("updated_at", connection.updatedAt)
    endObject()
  }

  mutating func remote(_ remote: RemoteEndpoint) {
    object { $0.remoteMembers(remote) }
  }

  mutating func remoteMembers(_ remote: RemoteEndpoint) {
    member("segmentation_id", integer: remote.vni.value)
    member("tunnel_ip", remote.address.description)
    member("tunnel_port", integer: remote.port)
    member("tunnel_type", "vxlan")
  }
}
