package import ESWModel

/// The agent's way to its control plane: the agent asks, the control plane answers.
package protocol AgentLink: Sendable {
  /// Waits (a long poll) for a configuration that is not `generation` of `store`; nil when none came
  /// within the control plane's patience.
  ///
  /// - Throws: When the control plane cannot be reached or refuses; the caller waits and asks again.
  func configuration(after generation: Revision?, of store: StoreID?) async throws -> GatewayConfiguration?

  func send(_ report: GatewayReport) async throws

  /// Waits (a long poll) for orders of captures.
  ///
  /// - Parameter known: Those that the agent works on already.
  /// - Returns: All others that are ordered of this node; none when none came within the control plane's
  ///   patience.
  /// - Throws: `CapturesUnknown` when the control plane is too old to order any.
  func captures(besides known: [CaptureID]) async throws -> [CaptureRequest]

  /// Sends what was captured. The answer comes when there is room for more, so that what nobody takes piles
  /// up nowhere: the caller goes on capturing meanwhile, and loses what it has no room for.
  ///
  /// - Parameter number: 0 and up. One that did not arrive for certain is sent again under its number.
  /// - Returns: Whether more is wanted; false after the last, and when nobody wants it any more.
  func send(_ parcel: CaptureParcel, number: Int, of capture: CaptureID) async throws -> Bool
}

/// The control plane is older than captures.
package struct CapturesUnknown: Error {
  package init() {}
}
