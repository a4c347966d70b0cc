// What operators decide about nodes, which are of no project.
extension Operation {
  static let nodes = [showPermission, holdNode, releaseNode]

  private static let permission = "/openesw/v1/nodes/{node}/permission"

  package static let showPermission = Operation(
    "ShowNodePermission", .get, permission, .domain, "openesw:node:get")
  package static let holdNode = Operation(
    "HoldNode", .put, permission + "/hold", .domain, "openesw:node:hold")
  package static let releaseNode = Operation(
    "ReleaseNode", .delete, permission + "/hold", .domain, "openesw:node:release")
}
