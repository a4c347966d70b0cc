import ESWModel

extension OperationDocument {
  /// Contract sections 3 to 7.
  static let switches = Area(
    name: "Enterprise Switch", summary: "Version 3 of the vendor's ESW API",
    operations: instances + connections + catalogue)

  private static let instances = [
    OperationDocument(
      .createInstance, "Make a switch",
      body: .body(["instance": newInstance]),
      .created(.envelope(["job_id": .uuid, "instance": .instance])), mayConflict: true),
    OperationDocument(
      .listInstances, "List switches",
      query: Query.paging() + [.filter("id"), .filter("name"), .filter("description")],
      .ok(.page("instances", of: .instance))),
    OperationDocument(.showInstance, "Show a switch", .ok(.envelope(["instance": .instance]))),
    OperationDocument(
      .updateInstance, "Change name or description of a switch",
      body: .body([
        "instance": .body([:], optional: ["name": .resourceName, "description": .resourceDescription])
      ]), .ok(.envelope(["instance": .instance]))),
    OperationDocument(.deleteInstance, "Delete a switch without connections", .noContent, mayConflict: true),
    OperationDocument(
      .listResourceJobs, "List the jobs of a switch, also of a deleted one", query: Query.paging(),
      .ok(.page("jobs", of: job))),
  ]

  private static let connections = [
    OperationDocument(
      .createConnection, "Stretch a subnet to one or two remotes",
      body: .body(["connection": newConnection]), .created(.envelope(["connection": .connection])),
      mayConflict: true),
    OperationDocument(
      .listConnections, "List the connections of a switch",
      query: Query.paging() + [.filter("id"), .filter("name")], .ok(.page("connections", of: .connection))),
    OperationDocument(
      .listConnectionsAllInstances, "List the connections of all switches",
      query: Query.paging() + [
        .filter("id"), .filter("name"), .filter("instance_id"), .filter("vpc_id"), .filter("virsubnet_id"),
      ], .ok(.page("connections", of: .connection))),
    OperationDocument(.showConnection, "Show a connection", .ok(.envelope(["connection": .connection]))),
    OperationDocument(
      .updateConnection, "Rename a connection",
      body: .body(["connection": .body(["name": .resourceName])]),
      .ok(.envelope(["connection": .connection]))),
    OperationDocument(.deleteConnection, "Delete a connection", .noContent, mayConflict: true),
    OperationDocument(
      .bindVport, "Bind a virtual IP to a connection", body: vport, .noContent, mayConflict: true),
    OperationDocument(
      .unbindVport, "Take a virtual IP from a connection", body: vport, .noContent, mayConflict: true),
  ]

  private static let catalogue = [
    OperationDocument(
      .listFlavors, "List sizes of switches", .ok(.envelope(["flavors": .array(of: flavor)]))),
    OperationDocument(
      .listAvailabilityZones, "List availability zones",
      .ok(
        .envelope(["availability_zones": .array(of: .zone), "available_zones": .array(of: .zone)]))),
    OperationDocument(
      .listQuotas, "List quotas",
      .ok(.envelope(["quotas": .answer(["resources": .array(of: quota)])]))),
  ]

  // MARK: Requests

  private static let vport = Schema.body(["vport": .body(["id": .uuid])])

  private static let newInstance = Schema.body(
    [
      "name": .resourceName, "flavor_ref": .flavorName, "ha_mode": .words("ha"),
      "availability_zones": .body(["primary": .zone, "standby": .zone]),
      "charge_infos": .body(["charge_mode": .words("postPaid")]),
      "tunnel_info": .body(["vpc_id": .uuid, "virsubnet_id": .uuid], optional: ["tunnel_ip": .address]),
    ], optional: ["description": .resourceDescription]
  ).named("CreatePostpaidInstanceOption")

  private static let newConnection = Schema.body(
    [
      "name": .resourceName, "vpc_id": .uuid, "virsubnet_id": .uuid,
      "remote_infos": .array(of: .remoteBody, count: Connection.remoteCountRange),
    ], optional: ["fixed_ips": .array(of: .address, count: 2...2)]
  ).named("CreateConnectionOption")

  // MARK: Answers

  /// What does not apply to its status is left out (contract section 3.3).
  private static let job = Schema.answer(
    [
      "id": .uuid, "name": .words(of: Job.Kind.self), "status": .words("RUNNING", "COMPLETED", "FAILED"),
      "begin_time": .moment, "resource_id": .uuid, "resource_name": .resourceName,
      "resource_type": .words("instance"), "project_id": .projectID,
    ],
    optional: ["end_time": .moment, "process": .string(pattern: "^[0-9]{1,2}%$"), "fail_reason": .string()]
  ).named("Job")

  private static let flavor = Schema.answer([
    "id": .string(1...8), "name": .flavorName, "connections": .integer(from: 1),
    "bandwidth": .integer(from: 1),
    "pps": .integer(from: 1), "available_zones": .array(of: .zone),
  ]).named("Flavor")

  private static let quota = Schema.answer([
    "type": .words("instance"), "quota": .count, "used": .count, "min": .count, "max": .count,
  ]).named("Quota")
}

extension Schema {
  /// Contract section 3.1.
  fileprivate static let instance = answer([
    "id": uuid, "name": resourceName, "project_id": projectID, "region": string(1...64),
    "flavor_ref": flavorName, "ha_mode": words("ha"), "status": words(of: InstanceStatus.Word.self),
    "description": resourceDescription, "created_at": moment, "updated_at": moment,
    "tunnel_info": answer([
      "vpc_id": uuid, "virsubnet_id": uuid, "tunnel_ip": address, "tunnel_port": port,
      "tunnel_type": words("vxlan"),
    ]),
    "charge_infos": answer(["charge_mode": words("postPaid")]),
    "availability_zones": answer(["primary": zone, "standby": zone]),
  ]).named("Instance")

  /// Contract section 3.2.
  fileprivate static let connection = answer([
    "id": uuid, "name": resourceName, "project_id": projectID, "instance_id": uuid, "vpc_id": uuid,
    "virsubnet_id": uuid, "fixed_ips": array(of: address, count: 2...2),
    "remote_infos": array(of: remote, count: Connection.remoteCountRange),
    "status": words(of: ConnectionStatus.Word.self), "created_at": moment, "updated_at": moment,
  ]).named("Connection")
}
