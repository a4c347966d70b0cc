import ControlPlane
import ESWModel
import ESWSeams
import ESWWire
import Foundation
import Hummingbird
import Logging
import ServiceLifecycle
import Testing

/// A client that writes bytes, whether they are HTTP or not.
private struct RawClient: ~Copyable {
  private let descriptor: Int32

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0)
  }

  deinit { close(descriptor) }

  func write(_ text: String) {
    let bytes = Array(text.utf8)
    // The server may hang up first, which is no signal to die of.
    _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// Until the server closes.
  func readAll() -> String {
    var all: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &part, part.count)
      guard count > 0 else { return String(decoding: all, as: UTF8.self) }
      all += part[..<count]
    }
  }
}

@Suite(.timeLimit(.minutes(1))) struct `A server among clients that do not behave` {
  /// - Parameter heads: Told when the server has read the head of a user's request.
  private func run(
    heads: AsyncStream<Void>.Continuation,
    _ body: (Int, ServiceGroup) async throws -> Void
  ) async throws {
    let lab = Lab()
    try await lab.seed()
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let service = ControlPlaneService(
      store: lab.store, region: Region(), settings: .init(agentToken: Lab.token), logger: logger,
      now: {
        heads.yield()
        return lab.now
      }, onBound: { port.yield($0) })
    let group = ServiceGroup(configuration: .init(services: [service], logger: logger))
    async let running: Void = group.run()
    try await body(try #require(await ports.first { _ in true }), group)
    await group.triggerGracefulShutdown()
    try await running
  }

  @Test func `stops at once though half a body is still to come`() async throws {
    let (heads, head) = AsyncStream.makeStream(of: Void.self)
    let path = "\(Lab.v3)/instances"
    let signed = RequestSignature.sign(
      SignableRequest(
        method: "POST", path: path, query: "",
        headers: [HeaderField("content-type", "application/json"), HeaderField("host", "localhost")]),
      body: "".utf8, keyID: Lab.key.id, secret: Lab.key.secret, at: Lab.start)
    let fields = signed.map { "\($0.name): \($0.value)\r\n" }.joined()
    let clock = ContinuousClock()
    var start = clock.now
    try await run(heads: head) { port, group in
      let client = try RawClient(port: port)
      client.write(
        "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(fields)"
          + "Content-Length: 100\r\n\r\n{\"instance\":")
      // Until the server waits for the body, stopping would find nothing to end.
      _ = await heads.first { _ in true }
      start = clock.now
      await group.triggerGracefulShutdown()
      let answer = client.readAll()
      #expect(answer.hasPrefix("HTTP/1.1 503 "))
      #expect(answer.contains("APIGW.0201"))
    }
    // The client's minute would be the alternative.
    #expect(clock.now - start < .seconds(30))
  }

  @Test(arguments: [
    "FOO BAR BAZ\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 90_000))\r\n\r\n",
  ])
  func `answers what is no HTTP in the contract's shape`(_ text: String) async throws {
    try await run(heads: AsyncStream.makeStream(of: Void.self).1) { port, _ in
      let client = try RawClient(port: port)
      client.write(text)
      let answer = client.readAll()
      #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
      #expect(answer.contains("\"error_code\":\"APIGW.0201\""), "\(answer)")
      let header = try #require(answer.firstMatch(of: /X-Request-Id: ([0-9a-f]{32})/.ignoresCase()))
      #expect(answer.contains("\"request_id\":\"\(header.1)\""))
    }
  }
}
