import ESWModel

extension OperationDocument {
  static let nodes = [
    OperationDocument(
      .showPermission, "Whether operators let a node forward", .ok(.envelope(["permission": .permission]))),
    OperationDocument(
      .holdNode, "Hold a node: no frame of any connection crosses it, whatever its processes do",
      body: .body(["hold": .body([:], optional: ["reason": .resourceDescription]).named("HoldOption")]),
      .ok(.envelope(["permission": .permission]))),
    OperationDocument(
      .releaseNode, "Let a node forward again", .ok(.envelope(["permission": .permission]))),
  ]
}

extension Schema {
  fileprivate static let permission = answer(
    ["node": nodeName, "epoch": count, "held": boolean],
    optional: ["reason": string(), "since": moment]
  ).named("NodePermission")

  /// As the node tells it.
  static let reportedPermission = answer([
    "epoch": count, "granted": boolean, "left_ms": milliseconds.orNull,
  ]).named("ReportedPermission")
}
