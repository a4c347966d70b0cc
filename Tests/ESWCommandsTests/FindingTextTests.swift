import ESWClient
import ESWModel
import Foundation
import Testing

@testable import ESWCommands

@Suite struct `What is wrong with a connection` {
  private static func json(_ text: String) throws -> JSON {
    try JSONDecoder().decode(JSON.self, from: Data(text.utf8))
  }

  @Test func `is one cause, what it is seen by, and what to type`() throws {
    let row = try Self.json(
      """
      {"name":"l2","status":"disconnect","reason":"no frame has come","evidence":[],"cause":{"weight":"fault",
       "topic":"no_route","subject":"192.0.2.9 VNI 7","what":"node n has no route","evidence":["a","b"],
       "advice":"add one","commands":["ip route add"]},"findings":[{"weight":"advice","topic":"underlay_mtu",
       "subject":null,"what":"narrow","evidence":["c"],"advice":"widen","commands":[]}]}
      """)
    #expect(
      FindingText.page(of: row) == """
        l2: disconnect, no frame has come

        cause no_route 192.0.2.9 VNI 7: node n has no route
          seen: a
                b
          do: add one
              ip route add

        advice underlay_mtu: narrow
          seen: c
          do: widen
        """)
  }

  @Test func `is said to be nothing, with the evidence`() throws {
    let row = try Self.json(
      """
      {"name":"l2","status":"connected","reason":null,"cause":null,"findings":[],
       "evidence":["last frame in 0.3 s ago","20 of 20 answered"]}
      """)
    #expect(
      FindingText.page(of: row) == """
        l2: connected

        nothing is known to be wrong
          seen: last frame in 0.3 s ago
          seen: 20 of 20 answered
        """)
  }

  @Test func `cannot steer the terminal`() throws {
    let row = try Self.json(
      #"{"name":"l2","status":"x","cause":null,"findings":[],"evidence":["a\u001b[2Jb"]}"#)
    #expect(!FindingText.page(of: row).contains("\u{1B}"))
  }

  @Test func `of a server that says nothing of causes, is its status`() throws {
    let row = try Self.json(#"{"name":"l2","status":"connected","reason":null}"#)
    #expect(FindingText.page(of: row) == "l2: connected")
  }
}

@Suite struct `A clock that is wrong` {
  private static let now = Date(timeIntervalSince1970: 1_790_000_000)

  @Test func `is told by the server's own words, whatever stands between`() throws {
    let message = """
      Incorrect IAM authentication information: signature expired: it was signed at 2026-09-21T14:13:20Z, and the \
      server's time is 2026-09-21T13:13:20Z
      """
    let clock = try #require(
      ClockFinding(message: message, serverDate: "Mon, 21 Sep 2026 14:13:20 GMT", now: Self.now))
    #expect(clock.finding.topic == .clockWrong)
    #expect(clock.finding.what.contains("3600 s ahead of the server's"))
    #expect(
      clock.finding.evidence.prefix(2) == [
        "this machine: 2026-09-21T14:13:20Z", "the server: 2026-09-21T13:13:20Z",
      ])
  }

  @Test func `is no cause of other refusals`() {
    let error = ClientError.refused(status: 403, code: "x", message: "signature expired", requestID: nil)
    #expect(ClockFinding(of: error, nil, now: Self.now) == nil)
    #expect(ClockFinding(message: "verify aksk signature fail", serverDate: nil, now: Self.now) == nil)
  }
}
