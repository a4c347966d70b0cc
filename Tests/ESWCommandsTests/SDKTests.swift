import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(3))) struct `The vendor's Python SDK` {
  @Test(
    .enabled(if: vendorPython != nil, "ESW_PYTHON is not set; make test sets it"), arguments: [false, true])
  func `walks the whole flow against a running server`(isSecure: Bool) async throws {
    let certificate = try SecureServer()
    defer { certificate.remove() }
    try await certificate.makeCertificate("sdk", names: "DNS:localhost")
    try await SimulatedServer.run(tls: isSecure ? certificate.files : nil) { endpoint, key in
      #expect(endpoint.hasPrefix(isSecure ? "https://" : "http://"))
      let walk = try await SimulatedServer.script(
        "walk.py", [], at: endpoint, as: key, trusting: certificate.files.certificate)
      #expect(walk.status == 0, "\(walk.output)\n\(walk.errors)")
      #expect(walk.output.contains("the walk is complete"), "\(walk.output)\n\(walk.errors)")
    }
  }
}
