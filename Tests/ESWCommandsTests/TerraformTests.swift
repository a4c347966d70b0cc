import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(3))) struct `A client with the habits of Terraform` {
  /// The provider polls every ten seconds; here it is a tenth of one.
  @Test(.enabled(if: vendorPython != nil, "ESW_PYTHON is not set; make test sets it"))
  func `lives the life of the provider's resources`() async throws {
    try await SimulatedServer.run { endpoint, key in
      let life = try await SimulatedServer.script("terraform.py", ["0.1"], at: endpoint, as: key)
      #expect(life.status == 0, "\(life.output)\n\(life.errors)")
      #expect(life.output.contains("terraform's life is complete"), "\(life.output)\n\(life.errors)")
    }
  }
}
