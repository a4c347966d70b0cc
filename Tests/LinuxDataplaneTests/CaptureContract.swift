import ESWModel
import ESWSeams
import KernelTesting
import Testing

/// What every implementation of `Dataplane` does with captures, as far as it shows without traffic.
@Suite(.timeLimit(.minutes(1))) struct `Capturing on a data path` {
  typealias Implementation = ContractNode.Implementation

  /// Those that capture.
  private static let here = Implementation.here

  private static func order(_ dataplane: any Dataplane) async throws -> CaptureOrder {
    let row = try #require(try await dataplane.observe().state.connections.values.first)
    return try #require(CaptureOrder(connection: row.id))
  }

  /// With a connection that is up.
  private static func run(
    _ implementation: Implementation, _ body: (any Dataplane, CaptureOrder) async throws -> Void
  ) async throws {
    try await withNode(implementation) { node in
      try await Stretch.converge(node.dataplane, to: Stretch.configuration())
      try await body(node.dataplane, try await order(node.dataplane))
    }
  }

  @Test(arguments: here)
  func `of a connection that the node does not have is an error`(on implementation: Implementation)
    async throws
  {
    try await Self.run(implementation) { dataplane, _ in
      let unknown = try #require(CaptureOrder(connection: ConnectionID(high: 7, low: 7)))
      await #expect(throws: (any Error).self) { _ = try await dataplane.capture(unknown) }
    }
  }

  @Test(arguments: here)
  func `on a node without a data path is an error`(on implementation: Implementation) async throws {
    try await withNode(implementation) { node in
      let order = try #require(CaptureOrder(connection: nil))
      await #expect(throws: (any Error).self) { _ = try await node.dataplane.capture(order) }
    }
  }

  @Test(arguments: here)
  func `brings batches also when no frame comes`(on implementation: Implementation) async throws {
    try await Self.run(implementation) { dataplane, order in
      let capture = try await dataplane.capture(order)
      #expect(capture.source.connection == order.connection)
      #expect(capture.source.port?.contains("segment0") == true)
      let start = ContinuousClock.now
      var count = 0
      for await batch in capture.batches {
        #expect(batch.lost == 0)
        count += 1
        if count == 3 { break }
      }
      #expect(count == 3)
      #expect(ContinuousClock.now - start < .seconds(30))
    }
  }

  @Test(arguments: here)
  func `is refused a fifth time, and granted again when a reader is cancelled or goes`(
    on implementation: Implementation
  ) async throws {
    try await Self.run(implementation) { dataplane, order in
      var readers: [Task<Void, Never>] = []
      for _ in 1..<CaptureOrder.mostAtOnce {
        let capture = try await dataplane.capture(order)
        readers.append(Task { for await _ in capture.batches {} })
      }
      do {
        let unread = try await dataplane.capture(order)
        await #expect(throws: (any Error).self) { _ = try await dataplane.capture(order) }
        _ = unread
      }
      var kept = [try await eventually { try? await dataplane.capture(order) }]
      for reader in readers {
        await #expect(throws: (any Error).self) { _ = try await dataplane.capture(order) }
        reader.cancel()
        await reader.value
        // A place is free a moment after its reader has gone.
        kept.append(try await eventually { try? await dataplane.capture(order) })
      }
      #expect(kept.count == CaptureOrder.mostAtOnce)
    }
  }
}
