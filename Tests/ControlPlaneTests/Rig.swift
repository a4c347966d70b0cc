import ControlPlane
import ESWModel
import ESWSeams
import Foundation
import Hummingbird
import HummingbirdTesting
import Logging
import SQLiteStore
import Simulation
import Testing

/// Which store a control plane stands on.
enum StoreKind: CaseIterable, Sendable {
  case sqlite, memory
}

extension Lab {
  /// Runs `body` against a control plane on a real socket, on a store of that kind.
  ///
  /// - Parameter quota: How many instances a project may have.
  static func serve(
    on kind: StoreKind, quota: Int = 5, _ body: @escaping @Sendable (Lab, Caller) async throws -> Void
  ) async throws {
    let folder = URL(filePath: NSTemporaryDirectory()).appending(path: "esw-lab-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let store: any IntentStore
    switch kind {
    case .memory: store = MemoryIntentStore(store: storeID)
    case .sqlite:
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      store = try SQLiteIntentStore(path: folder.appending(path: "esw.sqlite").path, newStore: storeID) { _ in
        MasterKey(Array(repeating: 7, count: MasterKey.byteCount))!.sealing
      }
    }
    let lab = Lab(store: store, region: Region(instanceQuota: quota))
    try await lab.seed()
    try await lab.service().application.test(.ahc(.http)) { client in
      try await body(lab, Caller(client: client, lab: lab, host: nil))
    }
  }
}

/// Starts all calls at once, and returns what came back in no order.
func together(
  _ count: Int, _ call: @escaping @Sendable (Int) async throws -> Reply
) async throws -> [Reply] {
  try await withThrowingTaskGroup(of: Reply.self) { group in
    for number in 0..<count { group.addTask { try await call(number) } }
    return try await group.reduce(into: []) { $0.append($1) }
  }
}

struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }
}
