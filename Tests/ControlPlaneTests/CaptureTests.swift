import ControlPlane
import ESWModel
import ESWWire
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

/// An agent that says by hand what a real one says by itself.
private struct PlayedAgent {
  let caller: Caller
  var node = "node-1"

  func orders(besides known: [CaptureID] = []) async throws -> [CaptureRequest] {
    let list = known.map(\.description).joined(separator: ",")
    let reply = try await caller.agent(.get, "\(node)/captures?wait=60&known=\(list)")
    #expect(reply.status == 200, "\(reply.text)")
    return try AgentLinkMessages.captures(from: Data(reply.text.utf8))
  }

  func send(_ text: String, number: Int, isLast: Bool = false, of id: CaptureID) async throws -> Reply {
    try await caller.agent(
      .put, "\(node)/captures/\(id)?number=\(number)\(isLast ? "&last=true" : "")", body: Data(text.utf8))
  }

  func refuse(_ id: CaptureID, because reason: String) async throws {
    let reply = try await caller.agent(
      .put, "\(node)/captures/\(id)/refusal", body: AgentLinkMessages.encode(refusal: reason))
    #expect(reply.status == 204, "\(reply.text)")
  }
}

@Suite(.timeLimit(.minutes(1))) struct `Capturing a connection` {
  /// Against a socket, because an answer that breaks off is nothing else than that.
  private static func run(
    silence: Duration = .seconds(10), beginning: Duration = .seconds(30), lateness: Duration = .seconds(60),
    _ body: @escaping @Sendable (Lab, Caller, String) async throws -> Void
  ) async throws {
    let lab = Lab()
    try await lab.seed()
    var settings = Lab.settings
    settings.captures.silence = silence
    settings.captures.beginning = beginning
    settings.captures.lateness = lateness
    try await lab.service(settings: settings).application.test(.ahc(.http)) { client in
      let caller = Caller(client: client, lab: lab, host: nil)
      let network = try await caller.makeNetwork()
      let connection = try await caller.makeConnection(network, on: try await caller.makeInstance(network))
      try await body(lab, caller, "\(Lab.ours)/connections/\(connection)/capture")
    }
  }

  @Test func `is one answer, from the agent's first part to its last`() async throws {
    try await Self.run { _, caller, path in
      async let reply = caller.call(
        .get, path, query: [("seconds", "7"), ("bytes", "5000"), ("snap", "200")])
      let agent = PlayedAgent(caller: caller)
      let order = try #require(try await agent.orders().first)
      #expect(order.order.snapLength == 200)
      #expect(path.contains(order.order.connection?.description ?? "?"))
      #expect(order.limits == CaptureLimits(seconds: 7, bytes: 5000))
      #expect(try await agent.send("head ", number: 0, of: order.id).status == 204)
      #expect(try await agent.send("", number: 1, of: order.id).status == 204)
      #expect(try await agent.send("frame ", number: 2, of: order.id).status == 204)
      // It did not hear that it had arrived.
      #expect(try await agent.send("frame ", number: 2, of: order.id).status == 204)
      #expect(try await agent.send("end", number: 3, isLast: true, of: order.id).status == 204)
      let answer = try await reply
      #expect(answer.status == 200 && answer.text == "head frame end")
      #expect(answer.headers[.contentType] == "application/x-pcapng")
      #expect(try await agent.send("more", number: 4, of: order.id).status == 404)
    }
  }

  @Test func `may be whole with its first part`() async throws {
    try await Self.run { _, caller, path in
      async let reply = caller.call(.get, path)
      let agent = PlayedAgent(caller: caller)
      let order = try #require(try await agent.orders().first)
      #expect(try await agent.send("all", number: 0, isLast: true, of: order.id).status == 204)
      #expect(try await reply.text == "all")
    }
  }

  @Test func `is in the audit, with who, what and how much`() async throws {
    try await Self.run { _, caller, path in
      async let reply = caller.call(.get, path)
      let agent = PlayedAgent(caller: caller)
      let order = try #require(try await agent.orders().first)
      _ = try await agent.send("all", number: 0, isLast: true, of: order.id)
      let request = try await reply.headers[HTTPField.Name("X-Request-Id")!]
      let connection = order.order.connection?.description ?? ""
      let audit = try await caller.call(
        .get, "\(Lab.ours)/audit", query: [("operation", "CaptureConnection"), ("resource_id", connection)])
      #expect(audit.count("records") == 2)
      for record in ["records.0", "records.1"] {
        #expect(audit["\(record).user_name"] == "admin" && audit["\(record).resource_type"] == "capture")
        #expect(audit["\(record).request_id"] == request)
      }
      #expect(audit["records.0.after.node"] == "node-1")
      #expect(audit.value("records.0.after.sent_bytes") == .integer(3))
      #expect(audit.value("records.0.after.whole") == .boolean(true))
      #expect(audit.value("records.1.after.bytes") == .integer(64 << 20))
      #expect(audit.value("records.1.after.sent_bytes") == nil)
    }
  }

  @Test func `tells the user why the agent does not begin`() async throws {
    try await Self.run { _, caller, path in
      async let reply = caller.call(.get, path)
      let agent = PlayedAgent(caller: caller)
      let order = try #require(try await agent.orders().first)
      try await agent.refuse(order.id, because: "the node has no data path yet")
      let answer = try await reply
      #expect(answer.status == 409 && answer.code == "l2cg.8033")
      #expect(answer["error_msg"] == "Node node-1 cannot capture now: the node has no data path yet.")
    }
  }

  @Test func `of a node whose agent never asks says so`() async throws {
    try await Self.run(beginning: .milliseconds(50)) { _, caller, path in
      let answer = try await caller.call(.get, path)
      #expect(answer.status == 409 && answer.code == "l2cg.8032")
      #expect(answer["error_msg"]?.contains("does not ask") == true)
    }
  }

  @Test func `of a node whose agent was told and does not begin says so`() async throws {
    try await Self.run(beginning: .seconds(1)) { _, caller, path in
      async let reply = caller.call(.get, path)
      _ = try await PlayedAgent(caller: caller).orders()
      let answer = try await reply
      #expect(answer.status == 409 && answer.code == "l2cg.8032")
      #expect(answer["error_msg"]?.contains("has not begun") == true)
    }
  }

  @Test func `of a silent node, and of one that never reported, is refused at once`() async throws {
    try await Self.run { lab, caller, path in
      lab.pass(11)
      let answer = try await caller.call(.get, path)
      #expect(answer.status == 409 && answer.code == "l2cg.8030")
      #expect(answer["error_msg"]?.contains("silent for 11 s") == true)
    }
  }

  @Test func `breaks off when the agent falls silent`() async throws {
    try await Self.run(silence: .milliseconds(200)) { _, caller, path in
      let reply = Task { try await caller.call(.get, path) }
      let agent = PlayedAgent(caller: caller)
      let order = try #require(try await agent.orders().first)
      _ = try await agent.send("head", number: 0, of: order.id)
      await #expect(throws: (any Error).self) { try await reply.value }
      #expect(try await agent.send("late", number: 1, of: order.id).status == 404)
      let audit = try await caller.call(
        .get, "\(Lab.ours)/audit", query: [("operation", "CaptureConnection")])
      #expect(audit["records.0.after.broken"] == "the agent fell silent")
    }
  }

  @Test func `breaks off when the right is taken away`() async throws {
    try await Self.run { _, caller, path in
      let user = try await caller.makeUser("anna", policy: Policy.switchUser.id)
      let key = try await caller.makeKey(of: user)
      let reply = Task { try await caller.call(.get, path, key: key) }
      let agent = PlayedAgent(caller: caller)
      let order = try #require(try await agent.orders().first)
      _ = try await agent.send("head", number: 0, of: order.id)
      #expect(try await caller.call(.delete, "/v3/users/\(user)").status == 204)
      await #expect(throws: (any Error).self) { try await reply.value }
      #expect(try await Self.reasonOfEnd(caller) == "the user may not any more")
    }
  }

  /// The client hears of the end before it is written down.
  private static func reasonOfEnd(_ caller: Caller) async throws -> String {
    while true {
      let audit = try await caller.call(
        .get, "\(Lab.ours)/audit", query: [("operation", "CaptureConnection")])
      if let reason = audit["records.0.after.broken"] { return reason }
    }
  }

  @Test func `breaks off when its time is over and its end does not come`() async throws {
    try await Self.run(silence: .seconds(2), lateness: .zero) { _, caller, path in
      let reply = Task { try await caller.call(.get, path, query: [("seconds", "1")]) }
      let agent = PlayedAgent(caller: caller)
      let order = try #require(try await agent.orders().first)
      // It is never silent, and never done.
      var number = 0
      while try await agent.send("part", number: number, of: order.id).status != 404 { number += 1 }
      await #expect(throws: (any Error).self) { try await reply.value }
      #expect(try await Self.reasonOfEnd(caller).hasPrefix("its time was over"))
    }
  }

  @Test func `is not for readers`() async throws {
    try await Self.run { _, caller, path in
      let reader = try await caller.makeKey(
        of: try await caller.makeUser("anna", policy: Policy.switchReader.id))
      let answer = try await caller.call(.get, path, key: reader)
      #expect(answer.status == 403 && answer.code == "APIGW.0302")
      #expect(answer["error_msg"]?.contains("openesw:connection:capture") == true)
    }
  }

  @Test(arguments: ["seconds=0", "bytes=1", "snap=1", "seconds=x"])
  func `out of range is refused`(query: String) async throws {
    try await Self.run { _, caller, path in
      let words = query.split(separator: "=").map(String.init)
      let answer = try await caller.call(.get, path, query: [(words[0], words[1])])
      #expect(answer.status == 400 && answer.code == "l2cg.8001")
    }
  }

  @Test func `goes on four times on a node, and no fifth time`() async throws {
    try await Self.run { _, caller, path in
      let agent = PlayedAgent(caller: caller)
      let replies = (1...4).map { _ in Task { try await caller.call(.get, path) } }
      var known: [CaptureID] = []
      while known.count < 4 { known += try await agent.orders(besides: known).map(\.id) }
      let fifth = try await caller.call(.get, path)
      #expect(fifth.status == 409 && fifth.code == "l2cg.8031")
      #expect(fifth["error_msg"]?.contains("node-1") == true)
      for id in known { _ = try await agent.send("all", number: 0, isLast: true, of: id) }
      for reply in replies { #expect(try await reply.value.text == "all") }
    }
  }

  @Test func `is for the agent of its node alone`() async throws {
    try await Self.run { _, caller, path in
      async let reply = caller.call(.get, path)
      let agent = PlayedAgent(caller: caller)
      let order = try #require(try await agent.orders().first)
      let stranger = PlayedAgent(caller: caller, node: "node-2")
      #expect(try await stranger.send("theirs", number: 0, of: order.id).status == 404)
      try await stranger.refuse(order.id, because: "x")
      _ = try await agent.send("ours", number: 0, isLast: true, of: order.id)
      #expect(try await reply.text == "ours")
    }
  }

  @Test func `of an agent that sends a part that is too large, or malformed, is refused`() async throws {
    try await Self.run { _, caller, _ in
      let agent = PlayedAgent(caller: caller)
      let id = CaptureID(high: 1, low: 1)
      let large = String(repeating: "a", count: CaptureQuery.mostPartBytes + 1)
      let tooLarge = try await agent.send(large, number: 0, of: id)
      #expect(tooLarge.status == 413)
      #expect(try await agent.send("", number: -1, of: id).status == 400)
      #expect(try await caller.agent(.get, "node-1/captures?known=x").status == 400)
      #expect(try await caller.agent(.put, "node-1/captures/x?number=0").status == 404)
      #expect(try await caller.agent(.put, "node-1/captures/\(id)/refusal").status == 400)
      #expect(try await caller.agent(.get, "node-1/captures?wait=0").status == 204)
    }
  }
}
