import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(3))) struct `The vendor's Python SDK` {
  @Test(
    .enabled(if: vendorPython != nil, "ESW_PYTHON is not set; make test sets it"),
    arguments: ["walk.py", "vpc.py", "failures.py"], ["sync", "async"])
  func `walks a whole flow against a running server`(script: String, manner: String) async throws {
    try await SimulatedServer.runInFolder { endpoint, key, folder in
      let walk = try await SimulatedServer.script(script, [manner, folder.database], at: endpoint, as: key)
      #expect(walk.status == 0, "\(walk.output)\n\(walk.errors)")
      #expect(walk.output.contains("the walk is complete"), "\(walk.output)\n\(walk.errors)")
    }
  }

  @Test(.enabled(if: vendorPython != nil, "ESW_PYTHON is not set; make test sets it"))
  func `walks the same over TLS`() async throws {
    let certificate = try SecureServer()
    defer { certificate.remove() }
    try await certificate.makeCertificate("sdk", names: "DNS:localhost")
    try await SimulatedServer.run(tls: certificate.files) { endpoint, key in
      #expect(endpoint.hasPrefix("https://localhost:"))
      let walk = try await SimulatedServer.script(
        "walk.py", ["sync"], at: endpoint, as: key, caFile: certificate.files.certificate)
      #expect(walk.status == 0, "\(walk.output)\n\(walk.errors)")
      #expect(walk.output.contains("the walk is complete"), "\(walk.output)\n\(walk.errors)")
    }
  }

  @Test(.enabled(if: vendorPython != nil, "ESW_PYTHON is not set; make test sets it"))
  func `walks users, keys, policies and tokens against a running server`() async throws {
    try await SimulatedServer.run { endpoint, key in
      let walk = try await SimulatedServer.script("iam.py", [], at: endpoint, as: key)
      #expect(walk.status == 0, "\(walk.output)\n\(walk.errors)")
      #expect(walk.output.contains("the walk is complete"), "\(walk.output)\n\(walk.errors)")
    }
  }
}
