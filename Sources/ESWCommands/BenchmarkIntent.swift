import ESWAdmission
import ESWModel
import ESWSeams
import SQLiteStore

/// A store of its own with many connections of one node, as users would have left it.
struct BenchmarkIntent {
  static let store = StoreID(high: 1, low: 1)

  /// Empty at first.
  let folder: String

  func open() throws -> SQLiteIntentStore {
    try SQLiteIntentStore(path: "\(folder)/scale.sqlite", newStore: Self.store) { _ in
      Sealing(seal: { secret, _ in secret }, open: { sealed, _ in sealed })
    }
  }

  /// - Parameter trunk: Whose VLANs the layer-2 subnets are; nil: each has an interface of its own.
  func fill(
    _ connections: Int, on node: NodeName, trunk: InterfaceName?, forwarding: ForwardingSettings = .usual
  ) async throws {
    guard let project = ProjectID(String(repeating: "0", count: 32)) else { return }
    let store = try open()
    let now = Timestamp(milliseconds: 1)
    _ = try await store.commit { _ in
      IntentChange(
        edits: [.putProject(Project(id: project, name: "benchmark", description: .empty, createdAt: now))],
        outcome: ())
    }
    var world = try BenchmarkWorld(
      project: project, node: node, trunk: trunk, forwarding: forwarding,
      minting: Minting(above: store.snapshot, randomness: SystemRandomNumberGenerator()))
    world.addConnections(0..<connections, reported: connections, after: store.snapshot)
    let edits = world.takeEdits()
    _ = try await store.commit { _ in IntentChange(edits: edits, outcome: ()) }
    try await store.close()
  }
}
