import ESWClient
import ESWModel
import Foundation
import Logging
import ServiceLifecycle
import Testing

@testable import ESWCommands

/// One `esw serve` in this process, from its first start to its end, whatever becomes of what is done with
/// it.
struct ServedSwitch {
  let server: SwitchServer
  let endpoint: String
  /// Of the first start.
  let key: IssuedKey

  static let silence = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  static let anyPort = ListenAddress(host: "127.0.0.1", port: 0)

  static func run(
    _ options: SwitchServer.Options, _ body: (ServedSwitch) async throws -> Void
  ) async throws {
    let server = try await SwitchServer(options)
    let key = try #require(try await server.firstKey())
    try await server.settle()
    let endpoints = AsyncStream<String>.makeStream()
    let services = try server.services(signals: []) { endpoints.continuation.yield($0) }
    let serving = Task {
      defer { endpoints.continuation.finish() }
      try await services.run()
    }
    let outcome: Result<Void, any Error>
    do {
      let endpoint = try #require(await endpoints.stream.first { _ in true })
      try await body(ServedSwitch(server: server, endpoint: endpoint, key: key))
      outcome = .success(())
    } catch {
      outcome = .failure(error)
    }
    await services.triggerGracefulShutdown()
    _ = await serving.result
    try? await server.close()
    try outcome.get()
  }

  func client() throws -> ESWClient {
    try ESWClient(
      endpoint: endpoint, credentials: .init(keyID: key.id, secret: key.secret, project: key.project))
  }
}
