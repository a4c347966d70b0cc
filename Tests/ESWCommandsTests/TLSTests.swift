import AsyncHTTPClient
import ESWClient
import ESWModel
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Simulation
import Synchronization
import Testing

@testable import ESWCommands

/// Keeps what is logged.
final class Journal: LogHandler, Sendable {
  let lines = Mutex<[String]>([])
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .info }
    set {}
  }

  subscript(metadataKey _: String) -> Logger.MetadataValue? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
  }

  var text: String { lines.withLock { $0.joined(separator: "\n") } }
}

/// `esw serve` in this process, with a certificate that `openssl` made, and a simulated kernel.
struct SecureServer {
  let folder: String
  let files: TLSFiles
  let journal = Journal()

  init() throws {
    folder = NSTemporaryDirectory() + "esw-tls-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    files = TLSFiles(certificate: folder + "/server.crt", key: folder + "/server.key")
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// A certificate that is its own authority.
  func makeCertificate(
    _ name: String, certificate: String? = nil, key: String? = nil, days: Int = 30,
    names: String = "DNS:esw.example,DNS:localhost"
  ) async throws {
    try await Program.check(
      "openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
        key ?? files.key, "-out", certificate ?? files.certificate, "-days", "\(days)", "-subj",
        "/CN=\(name)", "-addext", "subjectAltName=\(names)",
      ])
  }

  func run(_ body: (_ port: Int, _ key: IssuedKey) async throws -> Void) async throws {
    let server = try await SwitchServer(
      .init(
        dataFolder: folder + "/data", listen: ListenAddress(host: "127.0.0.1", port: 0), tls: files,
        region: Region(), node: NodeName("node-1")!, logger: Logger(label: "test") { _ in journal },
        dataplane: .open(SimulatedDataplane())))
    let key = try #require(try await server.firstKey())
    let endpoints = AsyncStream<String>.makeStream()
    let services = try server.services(signals: []) { endpoints.continuation.yield($0) }
    let serving = Task {
      defer { endpoints.continuation.finish() }
      try await services.run()
    }
    let endpoint = try #require(await endpoints.stream.first { _ in true })
    // The name that the certificate has, not where it listens.
    #expect(endpoint.hasPrefix("https://esw.example:"))
    let text = try String(contentsOfFile: server.folder.credentials, encoding: .utf8)
    #expect(text.contains("export ESW_ENDPOINT=\(endpoint)\n"))
    try await body(try #require(endpoint.split(separator: ":").last.flatMap { Int($0) }), key)
    await services.triggerGracefulShutdown()
    try await serving.value
  }

  /// A client of `https://localhost`, which trusts what is in the file now.
  func client(_ port: Int, _ key: IssuedKey, caFile: String? = nil) throws -> ESWClient {
    try ESWClient(
      endpoint: "https://localhost:\(port)",
      credentials: .init(keyID: key.id, secret: key.secret, project: key.project),
      http: try Trust.client(caFile: caFile ?? files.certificate))
  }

  /// The subject of the certificate that a new handshake shows.
  func subject(_ port: Int, _ options: [String] = []) async throws -> String {
    let result = try await Program.run(
      "openssl", ["s_client", "-connect", "127.0.0.1:\(port)"] + options, input: "")
    return result.output.split(separator: "\n").first { $0.hasPrefix("subject=") }.map(String.init)
      ?? result.errors
  }

  func wait(for what: String, within limit: Duration = .seconds(30), _ isSo: () async throws -> Bool)
    async throws
  {
    let deadline = ContinuousClock.now + limit
    while try await !isSo() {
      try #require(ContinuousClock.now < deadline, "\(what) did not come:\n\(journal.text)")
      try await Task.sleep(for: .milliseconds(100))
    }
  }
}

@Suite(.timeLimit(.minutes(2))) struct `A server with a certificate` {
  @Test func `is trusted by who has its authority, and by nobody else`() async throws {
    let server = try SecureServer()
    defer { server.remove() }
    try await server.makeCertificate("one")
    let stranger = server.folder + "/stranger.crt"
    try await server.makeCertificate("two", certificate: stranger, key: server.folder + "/stranger.key")
    try await server.run { port, key in
      let client = try server.client(port, key)
      #expect(try await client.rows(client.networkPath("/vpcs"), key: "vpcs").isEmpty)
      for caFile in [stranger, nil] {
        let wary = try ESWClient(
          endpoint: "https://localhost:\(port)",
          credentials: .init(keyID: key.id, secret: key.secret, project: key.project),
          http: try Trust.client(caFile: caFile))
        await #expect { try await wary.call(.GET, wary.networkPath("/vpcs")) } throws: {
          if case ClientError.untrusted = $0 { true } else { false }
        }
      }
      #expect(try await server.subject(port, ["-tls1_1"]).contains("protocol version"))
      #expect(try await server.subject(port, ["-tls1_2"]).contains("one"))
    }
  }

  @Test func `serves the agent beside it whatever its names are`() async throws {
    let server = try SecureServer()
    defer { server.remove() }
    try await server.makeCertificate("one")
    try await server.run { port, key in
      let client = try server.client(port, key)
      try await server.wait(for: "the node") {
        try await client.rows(client.ownPath("/nodes"), key: "nodes").count == 1
      }
    }
  }

  @Test func `shows a new certificate without dropping a connection, and keeps it when the next is broken`()
    async throws
  {
    let server = try SecureServer()
    defer { server.remove() }
    try await server.makeCertificate("one")
    try await server.run { port, key in
      let client = try server.client(port, key)
      _ = try await client.rows(client.networkPath("/vpcs"), key: "vpcs")
      #expect(try await server.subject(port).contains("one"))

      try await server.makeCertificate("two")
      try await server.wait(for: "the new certificate") { try await server.subject(port).contains("two") }
      // Its authority is the first certificate: only the connection that it has serves it.
      _ = try await client.rows(client.networkPath("/vpcs"), key: "vpcs")

      try await server.makeCertificate("three", key: server.folder + "/other.key")
      try await server.wait(for: "the complaint") {
        server.journal.text.contains("the key does not belong to the certificate")
      }
      #expect(try await server.subject(port).contains("two"))
      try Data("nothing".utf8).write(to: URL(fileURLWithPath: server.files.certificate))
      try await server.wait(for: "the complaint") {
        server.journal.text.contains("holds no certificate in PEM")
      }
      #expect(try await server.subject(port).contains("two"))
      try await server.makeCertificate("four")
      try await server.wait(for: "the good one") { try await server.subject(port).contains("four") }
    }
  }

  @Test func `tells plain HTTP what is wrong`() async throws {
    let server = try SecureServer()
    defer { server.remove() }
    try await server.makeCertificate("one")
    try await server.run { port, _ in
      let answer = try await HTTPClient.shared.execute(
        HTTPClientRequest(url: "http://127.0.0.1:\(port)/"), timeout: .seconds(10))
      #expect(answer.status == .badRequest)
      #expect(String(buffer: try await answer.body.collect(upTo: 1000)).contains("use https://"))
    }
  }

  @Test func `says that others may read its key, and that its time ends soon`() async throws {
    let server = try SecureServer()
    defer { server.remove() }
    try await server.makeCertificate("one", days: 3)
    chmod(server.files.key, 0o644)
    try await server.run { _, _ in
      try await server.wait(for: "the warnings") {
        server.journal.text.contains("others may read the private key")
          && server.journal.text.contains("expires soon")
      }
    }
  }
}

@Suite(.timeLimit(.minutes(1))) struct `Starting a server` {
  private static func refusal(_ arguments: [String]) async throws -> String {
    let folder = NSTemporaryDirectory() + "esw-refused-\(UUID().uuidString)"
    let process = try ESWProcess(["serve", "--no-agent", "--data", folder] + arguments)
    #expect(try await process.waitForExit() != 0)
    #expect(!FileManager.default.fileExists(atPath: folder))
    return process.text
  }

  @Test(arguments: ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "esw.example:0"])
  func `without TLS where others reach it is refused`(_ address: String) async throws {
    let text = try await Self.refusal(["--listen", address])
    for part in ["--tls-certificate", "--insecure-http", "127.0.0.1"] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test func `without TLS where others reach it can be asked for`() async throws {
    let server = try await ServeProcess(["--no-agent", "--insecure-http"], listen: "0.0.0.0:0")
    #expect(server.endpoint.hasPrefix("http://127.0.0.1:"))
    _ = try await server.client().rows(server.client().networkPath("/vpcs"), key: "vpcs")
  }

  @Test func `with a certificate that cannot be used says why`() async throws {
    let server = try SecureServer()
    defer { server.remove() }
    try await server.makeCertificate("one")
    let other = server.folder + "/other.key"
    try await server.makeCertificate("two", certificate: server.folder + "/other.crt", key: other)
    let locked = server.folder + "/locked.key"
    try await Program.check(
      "openssl",
      ["pkey", "-in", server.files.key, "-aes256", "-passout", "pass:secret", "-out", locked])
    let (certificate, key) = (server.files.certificate, server.files.key)
    let cases: [(String, String, String)] = [
      (certificate, other, "the key does not belong to the certificate"),
      (certificate, locked, "openssl pkey"), (certificate, certificate, "holds no private key"),
      (key, key, "holds no certificate"), (server.folder + "/none", key, "No such file"),
    ]
    for (certificate, key, reason) in cases {
      let text = try await Self.refusal(["--tls-certificate", certificate, "--tls-key", key])
      #expect(text.contains(reason), "\(text)")
    }
    #expect(try await Self.refusal(["--tls-certificate", certificate]).contains("--tls-key"))
    #expect(try await Self.refusal(["--tls-key", key]).contains("--tls-certificate"))
  }

  @Test func `hears of a new certificate by SIGHUP`() async throws {
    let server = try SecureServer()
    defer { server.remove() }
    try await server.makeCertificate("one")
    let process = try await ServeProcess([
      "--no-agent", "--tls-certificate", server.files.certificate, "--tls-key", server.files.key,
    ])
    process.process.signal(SIGHUP)
    try await process.process.wait(for: "certificate loaded anew")
  }
}
