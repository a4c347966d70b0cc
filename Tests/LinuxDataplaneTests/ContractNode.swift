import ESWModel
import ESWSeams
import KernelTesting
import Simulation

@testable import LinuxDataplane

/// A node with `segment0`, `underlay0` and the bridge `cloud0`, and one far host behind `Stretch.remote`: the
/// same for each implementation of `Dataplane`.
enum ContractNode: Sendable {
  case simulated(SimulatedDataplane)
  case kernel(LinuxDataplane, Stretch)

  enum Implementation: String, CaseIterable, Sendable {
    case simulated, kernel

    /// Those that this process may use.
    static let here: [Self] = canMakeNamespaces ? allCases : [.simulated]
  }

  static let segment = interface("segment0")
  static let underlay = interface("underlay0")
  static let bridge = interface("cloud0")
  static let absent = interface("absent0")

  private static func interface(_ name: String) -> InterfaceName { InterfaceName(name)! }

  var dataplane: any Dataplane {
    switch self {
    case .simulated(let dataplane): dataplane
    case .kernel(let dataplane, _): dataplane
    }
  }

  /// `ip link delete segment0`
  func deleteSegment() async throws {
    switch self {
    case .simulated(let dataplane): await dataplane.take(Self.segment)
    case .kernel(_, let stretch): try stretch.ip(stretch.node, "link delete \(Self.segment)")
    }
  }

  /// Another interface of the same name.
  func makeSegmentAnew() async throws {
    switch self {
    case .simulated(let dataplane): await dataplane.place(Self.segment)
    case .kernel(_, let stretch): try stretch.makeSegment()
    }
  }
}

/// Runs `body` with a node of an implementation.
func withNode(
  _ implementation: ContractNode.Implementation, _ body: (ContractNode) async throws -> Void
) async throws {
  switch implementation {
  case .simulated:
    let dataplane = SimulatedDataplane()
    await dataplane.place(ContractNode.segment)
    await dataplane.place(ContractNode.underlay)
    await dataplane.place(ContractNode.bridge, kind: "bridge")
    let mac = MACAddress(locallyAdministered: 20)
    await dataplane.placeFarHost(Stretch.farHost, mac, behind: Stretch.remote)
    await dataplane.placeNearHost(
      Stretch.localHost, MACAddress(locallyAdministered: 10), on: ContractNode.segment)
    try await body(.simulated(dataplane))
  case .kernel:
    try await withStretch { stretch in
      try stretch.ip(stretch.node, "link add \(ContractNode.bridge) type bridge")
      try stretch.ip(stretch.node, "link set \(ContractNode.bridge) up")
      try await body(.kernel(stretch.dataplane(), stretch))
    }
  }
}
