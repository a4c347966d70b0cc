// How connections forward: our own addition.
extension Operation {
  static let forwarding = [showForwarding, updateForwarding]

  private static let ofConnection = "/openesw/v1/{project_id}/connections/{connection_id}/forwarding"

  package static let showForwarding = Operation(
    "ShowForwarding", .get, ofConnection, .project, "openesw:forwarding:get")
  package static let updateForwarding = Operation(
    "UpdateForwarding", .put, ofConnection, .project, "openesw:forwarding:update")
}
