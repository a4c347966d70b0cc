import ESWModel
import ESWWire
import Foundation
import Testing

@Suite struct `A question for a capture` {
  private static let connection = ConnectionID(high: 0, low: 1)

  @Test func `that says nothing is of a minute, 64 MiB and whole frames`() throws {
    let (order, limits) = try CaptureQuery.order(QueryParameters("seconds=&bytes="), of: Self.connection)
    #expect(order == CaptureOrder(connection: Self.connection, snapLength: 16_384))
    #expect(limits == CaptureLimits(seconds: 60, bytes: 64 << 20))
  }

  @Test func `gets what it says`() throws {
    let query = QueryParameters("seconds=3600&bytes=1073741824&snap=128")
    let (order, limits) = try CaptureQuery.order(query, of: Self.connection)
    #expect(order.snapLength == 128)
    #expect(limits == CaptureLimits(seconds: 3600, bytes: 1 << 30))
  }

  @Test(arguments: [
    "seconds=0", "seconds=3601", "seconds=-1", "seconds=1.5", "seconds=99999999999999999999", "bytes=4095",
    "bytes=1073741825", "snap=127", "snap=65536", "snap=x",
  ])
  func `out of range is refused`(query: String) {
    #expect(throws: RequestBodyError.self) {
      try CaptureQuery.order(QueryParameters(query), of: Self.connection)
    }
  }

  @Test func `of an agent names what it knows`() throws {
    let (one, two) = (CaptureID(high: 0, low: 1), CaptureID(high: 0, low: 2))
    #expect(try CaptureQuery.known(QueryParameters("known=\(one),\(two)")) == [one, two])
    #expect(try CaptureQuery.known(QueryParameters("known=")) == [])
    #expect(throws: RequestBodyError.self) { try CaptureQuery.known(QueryParameters("known=\(one),")) }
  }

  @Test func `and a part have a number`() throws {
    #expect(try CaptureQuery.part(QueryParameters("number=7")) == (7, false))
    #expect(try CaptureQuery.part(QueryParameters("number=0&last=true")) == (0, true))
    for query in ["", "number=-1", "number=1&last=yes"] {
      #expect(throws: RequestBodyError.self) { try CaptureQuery.part(QueryParameters(query)) }
    }
  }

  @Test func `crosses the link as it was ordered`() throws {
    let request = CaptureRequest(
      id: CaptureID(high: 1, low: 2), order: CaptureOrder(connection: Self.connection, snapLength: 200)!,
      limits: CaptureLimits(seconds: 5, bytes: 5000)!)
    let data = try AgentLinkMessages.encode([request])
    #expect(try AgentLinkMessages.captures(from: data) == [request])
    let spoiled = String(decoding: data, as: UTF8.self).replacing(#""seconds":5"#, with: #""seconds":0"#)
    #expect(throws: AgentLinkError.self) { try AgentLinkMessages.captures(from: Data(spoiled.utf8)) }
  }

  @Test func `is refused in a few sentences`() throws {
    let long = String(repeating: "long ", count: 1000)
    let read = try AgentLinkMessages.refusal(from: AgentLinkMessages.encode(refusal: long))
    #expect(read.count == 500)
  }
}
