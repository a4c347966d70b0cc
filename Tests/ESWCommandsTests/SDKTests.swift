import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(3))) struct `The vendor's Python SDK` {
  @Test(.enabled(if: vendorPython != nil, "ESW_PYTHON is not set; make test sets it"))
  func `walks the whole flow against a running server`() async throws {
    try await SimulatedServer.run { endpoint, key in
      let walk = try await SimulatedServer.script("walk.py", [], at: endpoint, as: key)
      #expect(walk.status == 0, "\(walk.output)\n\(walk.errors)")
      #expect(walk.output.contains("the walk is complete"), "\(walk.output)\n\(walk.errors)")
    }
  }
}
