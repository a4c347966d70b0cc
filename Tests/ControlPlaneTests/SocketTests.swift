import ESWModel
import ESWWire
import Foundation
import ServiceLifecycle
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A server among clients that do not behave` {
  /// - Parameter heads: Told when the server has read the head of a user's request.
  private func run(
    heads: AsyncStream<Void>.Continuation,
    _ body: (Int, ServiceGroup) async throws -> Void
  ) async throws {
    let tell: @Sendable () -> Void = { heads.yield() }
    try await SocketLab.run(onClock: tell) { lab in try await body(lab.port, lab.group) }
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
