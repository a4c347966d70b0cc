// The seventeen operations of the Enterprise Switch (contract section 1).
extension Operation {
  static let switches = [
    createInstance, listInstances, showInstance, updateInstance, deleteInstance, createConnection,
    listConnections, showConnection, updateConnection, deleteConnection, listConnectionsAllInstances,
    bindVport, unbindVport, listFlavors, listAvailabilityZones, listQuotas, listResourceJobs,
  ]

  private static let root = "/v3/{project_id}/l2cg"
  private static let ofInstance = root + "/instances/{instance_id}"
  private static let ofConnection = ofInstance + "/connections/{connection_id}"

  package static let createInstance = Operation(
    "CreateInstance", .post, root + "/instances", .project, "esw:instance:create")
  package static let listInstances = Operation(
    "ListInstances", .get, root + "/instances", .project, "esw:instance:list")
  package static let showInstance = Operation(
    "ShowInstance", .get, ofInstance, .project, "esw:instance:get")
  package static let updateInstance = Operation(
    "UpdateInstance", .put, ofInstance, .project, "esw:instance:update")
  package static let deleteInstance = Operation(
    "DeleteInstance", .delete, ofInstance, .project, "esw:instance:delete")
  package static let createConnection = Operation(
    "CreateConnection", .post, ofInstance + "/connections", .project, "esw:connection:create")
  package static let listConnections = Operation(
    "ListConnections", .get, ofInstance + "/connections", .project, "esw:connection:list")
  package static let showConnection = Operation(
    "ShowConnection", .get, ofConnection, .project, "esw:connection:get")
  package static let updateConnection = Operation(
    "UpdateConnection", .put, ofConnection, .project, "esw:connection:update")
  package static let deleteConnection = Operation(
    "DeleteConnection", .delete, ofConnection, .project, "esw:connection:delete")
  package static let listConnectionsAllInstances = Operation(
    "ListConnectionsAllInstances", .get, root + "/connections", .project, "esw:connection:list")
  package static let bindVport = Operation(
    "BindVport", .post, root + "/connections/{connection_id}/vports/bind", .project,
    "esw:connection:bindVport")
  package static let unbindVport = Operation(
    "UnbindVport", .post, root + "/connections/{connection_id}/vports/unbind", .project,
    "esw:connection:unbindVport")
  package static let listFlavors = Operation(
    "ListFlavors", .get, root + "/flavors", .project, "esw:flavor:list")
  package static let listAvailabilityZones = Operation(
    "ListAvailabilityZones", .get, root + "/availability-zones", .project, "esw:availabilityZone:list")
  package static let listQuotas = Operation(
    "ListQuotas", .get, root + "/quotas", .project, "esw:quota:list")
  package static let listResourceJobs = Operation(
    "ListResourceJobs", .get, root + "/resources/{resource_id}/jobs", .project,
    "esw:job:listResourceRelatedJobs")
}
