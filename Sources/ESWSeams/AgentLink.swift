package import ESWModel

/// The agent's way to its control plane: the agent asks, the control plane answers.
package protocol AgentLink: Sendable {
  /// Waits (a long poll) for a configuration that is not `generation` of `store`; nil when none came
  /// within the control plane's patience.
  ///
  /// - Throws: When the control plane cannot be reached or refuses; the caller waits and asks again.
  func configuration(after generation: Revision?, of store: StoreID?) async throws -> GatewayConfiguration?

  func send(_ report: GatewayReport) async throws
}
