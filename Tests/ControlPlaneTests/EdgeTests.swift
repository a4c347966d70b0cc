import Foundation
import NIOCore
import Testing

@testable import ControlPlane

@Suite struct `The pace of requests` {
  @Test func `a head is awaited from the start, then a body, then nothing`() {
    var pace = RequestPace()
    #expect(pace.awaited == .head)
    #expect(!pace.hasBegun)
    pace.bytesCame()
    #expect(pace.awaited == .head && pace.hasBegun)
    pace.headEnded()
    #expect(pace.awaited == .body)
    pace.requestEnded()
    #expect(pace.awaited == .nothing)
    pace.answerEnded()
    #expect(pace.awaited == .nothing && !pace.hasBegun)
    pace.bytesCame()
    #expect(pace.awaited == .head)
  }

  @Test func `a request that waits behind another is not late`() {
    var pace = RequestPace()
    pace.bytesCame()
    pace.headEnded()
    pace.requestEnded()
    pace.bytesCame()
    #expect(pace.awaited == .nothing)
    pace.headEnded()
    #expect(pace.awaited == .nothing)
    pace.answerEnded()
    #expect(pace.awaited == .body)
  }

  @Test func `a body is awaited also when its request was answered before`() {
    var pace = RequestPace()
    pace.bytesCame()
    pace.headEnded()
    pace.answerEnded()
    #expect(pace.awaited == .body)
    pace.requestEnded()
    #expect(pace.awaited == .nothing)
  }

  @Test func `an answer that is not taken comes before all`() {
    var pace = RequestPace()
    pace.writability(is: false)
    #expect(pace.awaited == .taking)
    pace.writability(is: true)
    #expect(pace.awaited == .head)
  }
}

@Suite struct `The count of connections` {
  @Test func `is of each client, and what closes makes room`() {
    var count = ConnectionCount(mostPerAddress: 1)
    let (one, other) = (ClientAddress.ipv4(1), ClientAddress.ipv4(2))
    #expect(count.open(one) == .admitted)
    #expect(count.open(one) == .told)
    #expect(count.open(other) == .admitted)
    count.close(one, .told)
    #expect(count.open(one) == .told)
    count.close(one, .admitted)
    #expect(count.open(one) == .admitted)
  }

  @Test func `tells only so many at a time that they are too many`() {
    var count = ConnectionCount(mostPerAddress: 1)
    _ = count.open(.ipv4(1))
    for _ in 0..<ConnectionCount.mostTold { #expect(count.open(.ipv4(1)) == .told) }
    #expect(count.open(.ipv4(1)) == .closed)
    count.close(.ipv4(1), .closed)
    #expect(count.open(.ipv4(1)) == .closed)
    count.close(.ipv4(1), .told)
    #expect(count.open(.ipv4(1)) == .told)
  }

  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::", "2001:db8:1:2::/64"),
    ("::1", "0:0:0:0::/64"),
  ])
  func `takes an IPv6 network for one client`(_ address: String, _ client: String) throws {
    let found = ClientAddress(try SocketAddress(ipAddress: address, port: 1))
    #expect(found?.description == client)
  }

  @Test func `leaves out sockets of the file system`() throws {
    #expect(ClientAddress(try SocketAddress(unixDomainSocketPath: "/a")) == nil)
  }
}

@Suite struct `Memory for bodies` {
  @Test func `is taken beyond the free bytes, and given back with the request`() throws {
    let budget = BodyBudget(most: 100)
    do {
      let share = BodyShare(of: budget)
      try share.grow(by: BodyShare.freeBytes)
      #expect(budget.take(100))
      budget.giveBack(100)
      try share.grow(by: 60)
      #expect(!budget.take(41))
      #expect(throws: CallError.tooManyBodies) { try share.grow(by: 41) }
      try share.grow(by: 40)
    }
    #expect(budget.take(100))
  }
}
