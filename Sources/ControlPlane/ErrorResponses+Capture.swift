import ESWModel
import HTTPTypes

extension ErrorAnswer {
  /// What stands against a capture, and what to do about it. Our own codes.
  init(_ obstacle: CaptureObstacle) {
    switch obstacle {
    case .noNode:
      self.init(
        .conflict, "l2cg.8030",
        "The connection is on no node: attach the tunnel subnet of its switch to one, then capture.")
    case .unheard(let node):
      self.init(
        .conflict, "l2cg.8030", "Node \(node) has not reported to this control plane: start its agent.")
    case .silent(let node, let seconds):
      self.init(
        .conflict, "l2cg.8030",
        "Node \(node) has been silent for \(seconds) s: its agent has to run and to reach this control plane."
      )
    case .nodeFull(let node):
      self.init(
        .conflict, "l2cg.8031",
        "\(CaptureOrder.mostAtOnce) captures go on on node \(node), and no more do at a time: end one first.")
    case .allTaken:
      self.init(
        .conflict, "l2cg.8031",
        "\(CaptureBoard.mostAtOnce) captures go on, and no more do at a time: end one first.")
    case .notAsked(let node):
      self.init(
        .conflict, "l2cg.8032",
        "The agent of node \(node) does not ask what to capture: an older one cannot, so update it. "
          + "After an update of the control plane it may take a minute: try again then.")
    case .notBegun(let node):
      self.init(
        .conflict, "l2cg.8032",
        "The agent of node \(node) was told, and has not begun: try again; its log says what it does.")
    case .refused(let node, let reason):
      self.init(.conflict, "l2cg.8033", "Node \(node) cannot capture now: \(reason).")
    }
  }
}
