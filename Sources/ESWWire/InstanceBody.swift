package import ESWModel

extension JSONWriter {
  /// An instance with its thirteen fields (contract section 3.1).
  package mutating func instance(_ instance: Instance, status: InstanceStatus.Word, region: Region) {
    beginObject()
    member("id", instance.id)
    member("name", instance.name.description)
    member("project_id", instance.project.description)
    member("region", region.name)
    member("flavor_ref", instance.flavor.rawValue)
    member("ha_mode", "ha")
    member("status", status.rawValue)
    member("description", instance.description.description)
    member("created_at", instance.createdAt)
    member("updated_at", instance.updatedAt)
    object("tunnel_info") {
      $0.member("vpc_id", instance.vpc)
      $0.member("virsubnet_id", instance.tunnelSubnet)
      $0.member("tunnel_ip", instance.tunnelAddress.description)
      $0.member("tunnel_port", integer: RemoteEndpoint.defaultPort)
      $0.member("tunnel_type", "vxlan")
    }
    object("charge_infos") { $0.member("charge_mode", "postPaid") }
    object("availability_zones") {
      $0.member("primary", instance.primaryZone)
      $0.member("standby", instance.standbyZone)
    }
    endObject()
  }

  /// A job; what does not apply to its status is left out (contract section 3.3).
  package mutating func job(_ job: Job, status: JobStatus) {
    beginObject()
    member("id", job.id)
    member("name", job.kind.rawValue)
    switch status {
    case .running:
      member("status", "RUNNING")
      member("begin_time", job.begunAt)
      // Either a node has applied the revision or it has not: there is nothing between to measure.
      member("process", "0%")
    case .completed(let endedAt):
      member("status", "COMPLETED")
      member("begin_time", job.begunAt)
      member("end_time", endedAt)
    case .failed(let endedAt, let reason):
      member("status", "FAILED")
      member("begin_time", job.begunAt)
      member("end_time", endedAt)
      member("fail_reason", reason)
    }
    member("resource_id", job.instance)
    member("resource_name", job.instanceName.description)
    member("resource_type", "instance")
    member("project_id", job.project.description)
    endObject()
  }
}
