package import ESWModel

/// Decides whether a configuration that arrives may replace the one we have: a late message or a
/// second control plane must not move a gateway backwards.
package enum ConfigurationGate {
  package enum Verdict: Hashable, Sendable {
    case accept
    /// The one we have, word for word.
    case same
    case refuse(String)
  }

  package static func judge(
    _ incoming: GatewayConfiguration, for node: NodeName, after current: GatewayConfiguration?
  ) -> Verdict {
    guard incoming.node == node else {
      return .refuse("it is for node \(incoming.node), and this is \(node)")
    }
    guard let current else { return .accept }
    guard incoming.store == current.store else {
      return .refuse(
        "it comes from store \(incoming.store), and this node belongs to store \(current.store); "
          + "to give the node to the other one, stop the agent and delete its configuration file")
    }
    if incoming.generation < current.generation {
      return .refuse("generation \(incoming.generation) is older than \(current.generation), which we have")
    }
    if incoming.generation == current.generation {
      return incoming == current
        ? .same : .refuse("generation \(incoming.generation) has other contents than the one we have")
    }
    return .accept
  }
}
