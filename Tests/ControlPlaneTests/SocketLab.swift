import ControlPlane
import ESWModel
import ESWWire
import Foundation
import Logging
import ServiceLifecycle
import Testing

/// A client that writes bytes, whether they are HTTP or not.
struct RawClient: ~Copyable {
  private let descriptor: Int32

  init(port: Int) throws { descriptor = try Self.connected(to: port) }

  deinit { close(descriptor) }

  func write(_ text: String) {
    let bytes = Array(text.utf8)
    // The server may hang up first, which is no signal to die of.
    _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// Writes until the server takes no more, without waiting for it.
  func writeUntilFull(_ text: String) {
    let bytes = Array(text.utf8)
    while send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) > 0 {}
  }

  /// Waits for the server to end the connection, reading nothing.
  func waitForEnd(seconds: Int32) -> Bool {
    var wanted = pollfd(fd: descriptor, events: 0, revents: 0)
    return poll(&wanted, 1, seconds * 1000) == 1
  }

  /// Until the server closes.
  func readAll() -> String { readPart(upTo: nil) }

  /// Until what has come ends in `end`, or the server closes.
  func readPart(upTo end: String?) -> String {
    var all: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &part, part.count)
      if count > 0 { all += part[..<count] }
      let text = String(decoding: all, as: UTF8.self)
      if count <= 0 || end.map(text.hasSuffix) ?? false { return text }
    }
  }

  static func connected(to port: Int) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
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
    return descriptor
  }
}

/// A control plane that listens on loopback, with the projects and keys of `Lab`.
struct SocketLab {
  let port: Int
  let group: ServiceGroup

  /// - Parameter onClock: Called when the server has read the head of a user's request.
  static func run(
    limits: ServerLimits = ServerLimits(), onClock: @escaping @Sendable () -> Void = {},
    _ body: (SocketLab) async throws -> Void
  ) async throws {
    let lab = Lab()
    try await lab.seed()
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let service = ControlPlaneService(
      store: lab.store, region: Region(), settings: .init(agentToken: Lab.token, limits: limits),
      logger: logger,
      now: {
        onClock()
        return lab.now
      }, onBound: { port.yield($0) })
    let group = ServiceGroup(configuration: .init(services: [service], logger: logger))
    async let running: Void = group.run()
    try await body(SocketLab(port: try #require(await ports.first { _ in true }), group: group))
    await group.triggerGracefulShutdown()
    try await running
  }

  /// The head of a signed request of a user.
  ///
  /// - Parameters:
  ///   - body: That is signed; what is sent is the caller's affair.
  ///   - length: Of the body that is announced; nil: no body.
  static func head(
    _ method: String, _ path: String, body: String = "", length: Int? = nil, more: String = ""
  ) -> String {
    let fields = [HeaderField("content-type", "application/json"), HeaderField("host", "localhost")]
    let signed = RequestSignature.sign(
      SignableRequest(method: method, path: path, query: "", headers: fields), body: body.utf8,
      keyID: Lab.key.id, secret: Lab.key.secret, at: Lab.start)
    let lines = (fields + signed).map { "\($0.name): \($0.value)\r\n" }.joined()
    return "\(method) \(path) HTTP/1.1\r\n\(lines)" + (length.map { "Content-Length: \($0)\r\n" } ?? "")
      + more + "\r\n"
  }

  /// On a thread of its own: what waits on sockets would take those of tasks, which the global queues share,
  /// from the server.
  static func aside<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result
  {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue(label: "openesw.test.socket").async { continuation.resume(with: .init(catching: work)) }
    }
  }
}
