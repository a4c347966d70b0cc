import ESWClient
import ESWModel
import ESWWire
import Foundation
import Logging
import ServiceLifecycle
import Simulation
import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(3))) struct `A data folder` {
  private let path = NSTemporaryDirectory() + "esw-folder-\(UUID().uuidString)"

  private func withFolder(_ body: (DataFolder) async throws -> Void) async throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(try DataFolder(path))
  }

  private func permissions(_ file: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
  }

  @Test func `an empty agent token is made anew, and one that is there stays`() async throws {
    try await withFolder { folder in
      try Data().write(to: URL(fileURLWithPath: path + "/agent-token"))
      let token = try folder.agentToken()
      #expect(!token.isEmpty)
      #expect(try folder.agentToken() == token)
      #expect(try permissions(path + "/agent-token") == 0o600)
      #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["agent-token"])
    }
  }

  @Test func `only the endpoint's line of the credentials changes`() async throws {
    try await withFolder { folder in
      let text = "# mine\nexport ESW_ENDPOINT=http://127.0.0.1:0\nexport HUAWEICLOUD_SDK_AK=A\n"
      try SecretFile.write(text, to: folder.credentials)
      try folder.updateCredentials(endpoint: "http://127.0.0.1:8470")
      #expect(
        try String(contentsOfFile: folder.credentials, encoding: .utf8)
          == text.replacingOccurrences(of: ":0\n", with: ":8470\n"))
      #expect(try permissions(folder.credentials) == 0o600)
    }
  }

  @Test func `a port in use on the first start loses no key pair`() async throws {
    let first = try await ServeProcess(["--no-agent"])
    try await withFolder { folder in
      let port = first.endpoint.split(separator: ":").last ?? ""
      let refused = try ESWProcess(["serve", "--no-agent", "--listen", "127.0.0.1:\(port)", "--data", path])
      #expect(try await refused.waitForExit() != 0)
      #expect(folder.hasCredentials, "\(refused.text)")

      let second = try await ServeProcess(["--no-agent"], folder: path)
      _ = try await second.client().rows(second.client().networkPath("/vpcs"), key: "vpcs")
      let text = try String(contentsOfFile: folder.credentials, encoding: .utf8)
      #expect(text.contains("export ESW_ENDPOINT=\(second.endpoint)\n"), "\(text)")
    }
  }

  @Test func `when all keys are lost the administrator gets another`() async throws {
    try await withFolder { folder in
      let first = try await ServeProcess(["--no-agent"], folder: path)
      try await first.stop()
      let old = try String(contentsOfFile: folder.credentials, encoding: .utf8)
      try FileManager.default.removeItem(atPath: folder.credentials)

      let second = try await ServeProcess(["--no-agent", "--new-admin-key"], folder: path)
      #expect(second.process.text.contains("A key pair of the administrator was made; this is shown once"))
      #expect(second.process.text.contains("other keys, the password and the tokens are void."))
      let new = try String(contentsOfFile: folder.credentials, encoding: .utf8)
      #expect(try permissions(folder.credentials) == 0o600)
      let secrets = new.split(separator: "\n").filter { $0.contains("_AK=") || $0.contains("_SK=") }
      #expect(secrets.count == 2 && secrets.allSatisfy { !old.contains($0) })
      #expect(new.contains("export ESW_ENDPOINT=\(second.endpoint)\n"))
      let client = try second.client()
      let records = try await client.rows(client.path(of: .listDomainAudit), key: "records", limit: 1)
      #expect(records.map { $0["operation"] } == [.string("NewAdminKey")])
      withExtendedLifetime(first) {}
    }
  }

  @Test(arguments: [
    (nil, "the key that opens them is not there"), ("not a key", "is no master key"),
    (Data(repeating: 7, count: 32).base64EncodedString(), "another master key"),
  ])
  func `without its master key a store is not opened, and nothing is changed`(
    _ key: String?, _ words: String
  ) async throws {
    try await withFolder { folder in
      let first = try await ServeProcess(["--no-agent"], folder: path)
      let done = try await trail(first)
      try await first.stop()
      let file = path + "/master-key"
      let right = try String(contentsOfFile: file, encoding: .utf8)
      try FileManager.default.removeItem(atPath: file)
      if let key { try SecretFile.write(key + "\n", to: file) }
      let before = try contents()

      let refused = try ESWProcess([
        "serve", "--no-agent", "--listen", "127.0.0.1:0", "--data", path, "--new-admin-key",
      ])
      #expect(try await refused.waitForExit() == CommandStatus.failed.rawValue)
      #expect(refused.text.contains("Error: ") && refused.text.contains(words), "\(refused.text)")
      #expect(try contents() == before)

      try? FileManager.default.removeItem(atPath: file)
      try SecretFile.write(right, to: file)
      let second = try await ServeProcess(["--no-agent"], folder: path)
      #expect(try await trail(second) == done && !done.isEmpty)
      withExtendedLifetime(first) {}
    }
  }

  /// The files of the folder but the database, in which SQLite counts how often it was opened.
  private func contents() throws -> [String: Data] {
    try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.contains(".sqlite") }
      .reduce(into: [:]) { $0[$1] = try Data(contentsOf: URL(fileURLWithPath: path + "/" + $1)) }
  }

  /// Everything that was ever done to the store.
  private func trail(_ server: ServeProcess) async throws -> [JSON] {
    let client = try server.client()
    return try await client.rows(client.path(of: .listDomainAudit), key: "records")
  }

  @Test func `an agent whose configuration on disk is damaged does not take the API down`() async throws {
    try await withFolder { folder in
      let node = NodeName("node-1")!
      try FileManager.default.createDirectory(atPath: folder.agent(node), withIntermediateDirectories: true)
      let file = folder.agent(node) + "/configuration.json"
      try Data("{".utf8).write(to: URL(fileURLWithPath: file))
      let server = try await SwitchServer(
        .init(
          dataFolder: path, listen: ListenAddress(host: "127.0.0.1", port: 0), region: Region(), node: node,
          logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
          dataplane: .open(SimulatedDataplane())))
      let key = try #require(try await server.firstKey())
      let endpoints = AsyncStream<String>.makeStream()
      let services = try server.services(signals: []) { endpoints.continuation.yield($0) }
      let serving = Task { try await services.run() }
      let endpoint = try #require(await endpoints.stream.first { _ in true })
      let client = try ESWClient(
        endpoint: endpoint, credentials: .init(keyID: key.id, secret: key.secret, project: key.project))
      for _ in 0..<5 {
        _ = try await client.rows(client.networkPath("/vpcs"), key: "vpcs")
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(FileManager.default.fileExists(atPath: file))
      await services.triggerGracefulShutdown()
      try await serving.value
    }
  }

  @Test(arguments: [
    (nil, "host"), ("/run/netns/host", "ns-host"), ("/run/netns/demo", "ns-demo"),
    ("/run/netns/a.b", "ns-a%2eb"), ("/run/netns/a%2eb", "ns-a%252eb"),
    ("/run/netns/x/../edge_1", "ns-edge_1"),
  ])
  func `a namespace has pins of its own`(_ namespace: String?, _ folder: String) {
    #expect(NodePins.folder(ofNamespace: namespace) == NodePins.root + "/" + folder)
  }

  @Test func `namespaces outside of the usual folder do not share pins`() {
    let folders = ["/proc/1/ns/net", "/proc/2/ns/net", "/run/netns/net"].map(NodePins.folder(ofNamespace:))
    #expect(Set(folders).count == 3)
    #expect(folders.allSatisfy { !$0.contains(".") })
  }

  @Test(arguments: ["nonsense", "http://", "ftp://h:1", "http://h:1/path", "http://h:99999"])
  func `an agent refuses an endpoint that is none`(_ endpoint: String) async throws {
    try await withFolder { folder in
      try SecretFile.write("token\n", to: path + "/token")
      let agent = try ESWProcess([
        "agent", "--endpoint", endpoint, "--token-file", path + "/token", "--data", path, "--node", "node-1",
      ])
      #expect(try await agent.waitForExit() != 0)
      #expect(agent.text.contains("is not an endpoint"), "\(agent.text)")
    }
  }
}
