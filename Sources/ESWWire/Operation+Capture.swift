// Frames of one connection, and the part of agents in it.
extension Operation {
  static let captures = [captureConnection]
  static let agentCaptures = [listCaptureOrders, sendCapture, refuseCapture]

  private static let agent = "/openesw/v1/agent/{node}/captures"

  /// Frames are other people's letters: a right of its own, and no reader has it.
  package static let captureConnection = Operation(
    "CaptureConnection", .get, "/openesw/v1/{project_id}/connections/{connection_id}/capture", .project,
    "openesw:connection:capture")

  package static let listCaptureOrders = Operation("ListCaptureOrders", .get, agent, .agent, nil)
  package static let sendCapture = Operation("SendCapture", .put, agent + "/{capture_id}", .agent, nil)
  package static let refuseCapture = Operation(
    "RefuseCapture", .put, agent + "/{capture_id}/refusal", .agent, nil)
}
