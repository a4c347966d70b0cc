import ControlPlane
import ESWWire
import Foundation
import Synchronization
import Testing

/// Clients that send a byte a second, all on one thread.
private final class SlowCrowd: Sendable {
  struct Outcome: Sendable {
    /// What each was answered before it was cut off; nil: it was not cut off.
    var answers: [String?]
    var duration: Duration
  }

  private let descriptors: [Int32]
  private let isOver = Mutex(false)

  /// - Parameter openings: What each client says at once.
  init(port: Int, openings: [String]) throws {
    descriptors = try openings.map { opening in
      let descriptor = try RawClient.connected(to: port)
      let bytes = Array(opening.utf8)
      _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      return descriptor
    }
  }

  deinit { for descriptor in descriptors { close(descriptor) } }

  var isCutOff: Bool { isOver.withLock { $0 } }

  /// Until all are cut off, or for so long.
  func trickle(atMost limit: Duration) -> Outcome {
    defer { isOver.withLock { $0 = true } }
    let start = ContinuousClock.now
    var texts = [[UInt8]](repeating: [], count: descriptors.count)
    var open = Set(descriptors.indices)
    var nextByte = start + .seconds(1)
    while !open.isEmpty, .now - start < limit {
      let order = open.sorted()
      var waiting = order.map { pollfd(fd: descriptors[$0], events: Int16(POLLIN), revents: 0) }
      let pause = max(0, Int32((nextByte - .now) / .milliseconds(1)))
      _ = poll(&waiting, nfds_t(waiting.count), pause)
      for (place, client) in order.enumerated() where waiting[place].revents != 0 {
        var part = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptors[client], &part, part.count)
        if count > 0 { texts[client] += part[..<count] } else { open.remove(client) }
      }
      guard nextByte <= .now else { continue }
      nextByte += .seconds(1)
      for client in open { _ = send(descriptors[client], "a", 1, Int32(MSG_NOSIGNAL)) }
    }
    return Outcome(
      answers: descriptors.indices.map {
        open.contains($0) ? nil : String(decoding: texts[$0], as: UTF8.self)
      },
      duration: .now - start)
  }
}

@Suite(.serialized, .timeLimit(.minutes(2))) struct `Slow and greedy clients` {
  private static let list = "\(Lab.v3)/instances"

  /// Signed, so that it is a body that the server waits for.
  private static func slowBody(_ length: Int = 1000) -> String {
    SocketLab.head("POST", list, length: length) + "{"
  }

  private static func ask(_ port: Int) throws -> String {
    let client = try RawClient(port: port)
    client.write(SocketLab.head("GET", list, more: "Connection: close\r\n"))
    return client.readAll()
  }

  private static func post(_ port: Int, _ body: String) throws -> String {
    let client = try RawClient(port: port)
    client.write(
      SocketLab.head("POST", Self.list, body: body, length: body.utf8.count, more: "Connection: close\r\n"))
    client.write(body)
    return client.readAll()
  }

  /// 1,000 connections are twice as many descriptors here.
  private static func raiseFileLimit() -> Bool {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(kind, &limit) == 0, limit.rlim_max >= 4096 else { return false }
    limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 8192))
    return setrlimit(kind, &limit) == 0
  }

  @Test func `a thousand of them are cut off in time, and an honest one is served all the while`()
    async throws
  {
    try #require(Self.raiseFileLimit(), "4,096 open files are needed")
    var limits = ServerLimits()
    limits.headPatience = .seconds(3)
    limits.bodyPatience = .seconds(3)
    limits.mostConnectionsPerAddress = 2000
    try await SocketLab.run(limits: limits) { lab in
      let port = lab.port
      let openings = (0..<1000).map { $0 < 500 ? "GET \(Self.list) HTTP/1.1\r\nX-Slow: " : Self.slowBody() }
      let crowd = try await SocketLab.aside { try SlowCrowd(port: port, openings: openings) }
      async let outcome = SocketLab.aside { crowd.trickle(atMost: .seconds(60)) }
      let honest = try await SocketLab.aside {
        var answers: [String] = []
        while !crowd.isCutOff { answers.append(try Self.ask(port)) }
        return answers
      }
      let (answers, duration) = try await (outcome.answers, outcome.duration)
      #expect(!honest.isEmpty)
      #expect(honest.allSatisfy { $0.hasPrefix("HTTP/1.1 200 ") })
      #expect(answers.allSatisfy { $0 != nil }, "still open after \(duration)")
      for answer in answers.compactMap(\.self) where !answer.isEmpty {
        #expect(answer.hasPrefix("HTTP/1.1 408 "))
        #expect(answer.contains("\"error_code\":\"APIGW.0201\""))
      }
      // A byte that meets the end of the connection may take the answer with it, but not most of them.
      #expect(answers.count { $0?.isEmpty == false } > 900)
    }
  }

  @Test func `who says nothing is hung up on without a word`() async throws {
    var limits = ServerLimits()
    limits.headPatience = .milliseconds(100)
    try await SocketLab.run(limits: limits) { lab in
      let port = lab.port
      let text = try await SocketLab.aside { try RawClient(port: port).readAll() }
      #expect(text == "")
    }
  }

  @Test func `a second request has its own time`() async throws {
    var limits = ServerLimits()
    limits.headPatience = .milliseconds(500)
    limits.idleTimeout = .seconds(20)
    try await SocketLab.run(limits: limits) { lab in
      let port = lab.port
      let text = try await SocketLab.aside {
        let client = try RawClient(port: port)
        client.write(SocketLab.head("GET", Self.list))
        let first = client.readPart(upTo: "}")
        client.write("GET /")
        return first + client.readAll()
      }
      #expect(text.hasPrefix("HTTP/1.1 200 "), "\(text)")
      #expect(text.contains("HTTP/1.1 408 "), "\(text)")
    }
  }

  @Test func `a connection between two requests ends after the idle timeout`() async throws {
    var limits = ServerLimits()
    limits.idleTimeout = .milliseconds(200)
    try await SocketLab.run(limits: limits) { lab in
      let port = lab.port
      let text = try await SocketLab.aside {
        let client = try RawClient(port: port)
        client.write(SocketLab.head("GET", Self.list))
        return client.readAll()
      }
      #expect(text.hasPrefix("HTTP/1.1 200 "))
      #expect(text.matches(of: #/HTTP/1.1 /#).count == 1)
    }
  }

  @Test func `who takes no answers is hung up on`() async throws {
    var limits = ServerLimits()
    limits.answerPatience = .milliseconds(500)
    limits.idleTimeout = .seconds(100)
    try await SocketLab.run(limits: limits) { lab in
      let port = lab.port
      let hasEnded = try await SocketLab.aside {
        let client = try RawClient(port: port)
        let one = "GET \(Self.list) HTTP/1.1\r\nHost: a\r\n\r\n"
        client.writeUntilFull(String(repeating: one, count: 1000))
        return client.waitForEnd(seconds: 60)
      }
      #expect(hasEnded)
    }
  }

  @Test func `an address has so many connections and no more`() async throws {
    var limits = ServerLimits()
    limits.mostConnectionsPerAddress = 2
    try await SocketLab.run(limits: limits) { lab in
      let port = lab.port
      let (refused, later) = try await SocketLab.aside {
        let first = try RawClient(port: port)
        let refused: String
        do {
          let second = try RawClient(port: port)
          // Served, so that both are counted.
          for client in 0..<2 {
            if client == 0 { first.write("GET / ") } else { second.write("GET / ") }
          }
          refused = try Self.ask(port)
        }
        // The second is gone, which the server may see a little later.
        var later = ""
        for _ in 0..<1000 where !later.hasPrefix("HTTP/1.1 200") { later = try Self.ask(port) }
        return (refused, later)
      }
      #expect(refused.hasPrefix("HTTP/1.1 429 "), "\(refused)")
      #expect(refused.contains("\"error_code\":\"APIGW.0308\""), "\(refused)")
      let header = try #require(refused.firstMatch(of: /X-Request-Id: ([0-9a-f]{32})/))
      #expect(refused.contains("\"request_id\":\"\(header.1)\""))
      #expect(later.hasPrefix("HTTP/1.1 200 "), "\(later)")
    }
  }

  @Test func `large bodies have so much memory together, and small ones do not need it`() async throws {
    var limits = ServerLimits()
    limits.mostBodyBytes = 1 << 20
    let large = String(repeating: "a", count: 1_000_000)
    try await SocketLab.run(limits: limits) { lab in
      let port = lab.port
      let (alone, beside, small, after) = try await SocketLab.aside {
        let alone = try Self.post(port, large)
        var (beside, small) = ("", "")
        // The server reads both at a time, and whoever comes first to the last of the memory has it: then
        // the holder is the one that is refused, and another takes its place.
        for _ in 0..<100 where !beside.hasPrefix("HTTP/1.1 503") {
          // All but the last byte: it keeps what it has of the memory.
          let holder = try RawClient(port: port)
          holder.write(SocketLab.head("POST", Self.list, body: large, length: 1_000_000) + large.dropLast())
          for _ in 0..<10 where !beside.hasPrefix("HTTP/1.1 503") { beside = try Self.post(port, large) }
          small = try Self.post(port, "{}")
        }
        var after = ""
        for _ in 0..<1000 where !after.hasPrefix("HTTP/1.1 400") { after = try Self.post(port, large) }
        return (alone, beside, small, after)
      }
      // Read, and then found to be no JSON.
      #expect(alone.hasPrefix("HTTP/1.1 400 "), "\(alone)")
      #expect(beside.hasPrefix("HTTP/1.1 503 "), "\(beside)")
      #expect(beside.contains("APIGW.0201"), "\(beside)")
      #expect(small.hasPrefix("HTTP/1.1 400 "), "\(small)")
      #expect(after.hasPrefix("HTTP/1.1 400 "), "\(after)")
    }
  }
}
