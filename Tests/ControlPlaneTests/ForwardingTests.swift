import ESWModel
import ESWPlanning
import ESWWire
import HTTPTypes
import HummingbirdTesting
import Testing

@Suite(.timeLimit(.minutes(1))) struct `How a connection forwards` {
  private func withConnection(
    _ body: @Sendable @escaping (Lab, Caller, _ path: String, ConnectionID) async throws -> Void
  ) async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let id = try await caller.makeConnection(network, on: instance)
      let connection = try #require(ConnectionID(id))
      try await body(lab, caller, "\(Lab.ours)/connections/\(id)/forwarding", connection)
    }
  }

  @Test func `is as a LAN when nobody has said anything`() async throws {
    try await withConnection { _, caller, path, id in
      let shown = try await caller.call(.get, path)
      #expect(shown.status == 200 && shown["forwarding.profile"] == "lan")
      #expect(shown["forwarding.connection_id"] == id.description)
      #expect(shown["forwarding.effective_rules.configuration.to_local"] == "drop")
      #expect(shown["forwarding.effective_rules.known_unicast.to_remote"] == "forward")
      #expect(shown.value("forwarding.effective_rules.broadcast.to_remote") == .integer(5000))
      #expect(shown.value("forwarding.rules") == .object([:]))
      #expect(shown.value("forwarding.clamp_mss") == .boolean(true))
      #expect(shown.value("forwarding.answer_known") == .boolean(false))
      #expect(shown.value("forwarding.pin_underlay") == .boolean(true))
      #expect(shown.value("forwarding.ttl") == .integer(64) && shown.value("forwarding.dscp") == .integer(0))
    }
  }

  @Test func `changes in what is named, reaches the node and is answered for`() async throws {
    try await withConnection { lab, caller, path, id in
      let body = #"""
        {"forwarding":{"profile":"esw","rules":{"broadcast":{"to_remote":70},"vrrp":{"to_remote":"forward"}},
         "ttl":9,"dscp":"copy","udp_checksum":true,"clamp_mss":false,"learning_limit":7,"ageing_seconds":60}}
        """#
      let changed = try await caller.call(.put, path, body: body)
      #expect(changed.status == 200 && changed["forwarding.dscp"] == "copy", "\(changed.text)")
      #expect(changed.value("forwarding.answer_known") == .boolean(true))
      let again = try await caller.call(
        .put, path,
        body: #"{"forwarding":{"rules":{"broadcast":{"to_remote":"default"}},"pin_underlay":false}}"#)
      #expect(again["forwarding.effective_rules.broadcast.to_remote"] == "drop")
      #expect(again["forwarding.rules.vrrp.to_remote"] == "forward")
      // What it answers is what it takes.
      let revision = lab.snapshot.revision
      let repeated = try await caller.call(.put, path, body: again.text)
      #expect(repeated.value("forwarding") == again.value("forwarding"))
      let compiled = try #require(
        GatewayConfiguration(for: Lab.node, from: lab.snapshot).connections.first { $0.id == id })
      #expect(lab.snapshot.revision <= revision.next)
      #expect(compiled.forwarding.timeToLive == 9 && compiled.forwarding.differentiation == .copied)
      #expect(compiled.forwarding.hasUDPChecksum && !compiled.forwarding.clampsMSS)
      #expect(compiled.forwarding.answersKnown && !compiled.pinsUnderlay)
      #expect(compiled.forwarding.rules[.vrrp, .toRemote] == .forward)
      #expect(compiled.forwarding.rules[.multicast, .toLocal] == .drop)
      #expect(compiled.learningLimit == 7 && compiled.ageingSeconds == 60)

      let audit = try await caller.call(.get, "\(Lab.ours)/audit", query: [("resource_id", id.description)])
      let operations = (0..<(audit.count("records") ?? 0)).map { audit["records.\($0).operation"] }
      #expect(operations.last == "CreateConnection" && operations.contains("UpdateForwarding"))
      let first = operations.count - 2
      #expect(audit["records.\(first).after.forwarding.profile"] == "esw")
      #expect(audit.value("records.\(first).before.forwarding") == nil)
    }
  }

  @Test func `begins without rules of its own with another profile`() async throws {
    try await withConnection { _, caller, path, _ in
      _ = try await caller.call(.put, path, body: #"{"forwarding":{"rules":{"vrrp":{"to_local":"drop"}}}}"#)
      let changed = try await caller.call(.put, path, body: #"{"forwarding":{"profile":"esw"}}"#)
      #expect(changed.value("forwarding.rules") == .object([:]))
    }
  }

  @Test(arguments: [
    (#"{"forwarding":{"profile":"wan"}}"#, #"forwarding.profile must be one of "lan", "esw", "custom""#),
    (#"{"forwarding":{"profile":"custom"}}"#, "missing: neighbour, configuration, vrrp"),
    (
      #"{"forwarding":{"rules":{"arp":{"to_local":"drop"}}}}"#,
      "forwarding.rules must be an object of neighbour"
    ),
    (#"{"forwarding":{"rules":{"vrrp":{"to_local":0}}}}"#, "forwarding.rules.vrrp.to_local must be"),
    (#"{"forwarding":{"rules":{"vrrp":{"to_local":4294967295}}}}"#, "forwarding.rules.vrrp.to_local must be"),
    (#"{"forwarding":{"rules":{"vrrp":{"to_local":1.5}}}}"#, "forwarding.rules.vrrp.to_local must be"),
    (#"{"forwarding":{"rules":{"vrrp":{"to_local":"100"}}}}"#, "forwarding.rules.vrrp.to_local must be"),
    (#"{"forwarding":{"rules":{"vrrp":"drop"}}}"#, "forwarding.rules.vrrp must be an object"),
    (#"{"forwarding":{"rules":[]}}"#, "forwarding.rules must be an object"),
    (#"{"forwarding":{"ttl":0}}"#, "forwarding.ttl must be an integer from 1 to 255"),
    (#"{"forwarding":{"dscp":64}}"#, "forwarding.dscp must be"),
    (#"{"forwarding":{"dscp":"46"}}"#, "forwarding.dscp must be"),
    (#"{"forwarding":{"udp_checksum":"yes"}}"#, "forwarding.udp_checksum must be true or false"),
    (
      #"{"forwarding":{"learning_limit":65537}}"#,
      "forwarding.learning_limit must be an integer from 0 to 65536"
    ),
    (
      #"{"forwarding":{"ageing_seconds":9}}"#, "forwarding.ageing_seconds must be an integer from 10 to 86400"
    ),
    (#"{}"#, "forwarding is required"),
  ])
  func `is refused where it makes no sense, and stays`(body: String, says: String) async throws {
    try await withConnection { lab, caller, path, id in
      let before = lab.snapshot.revision
      let reply = try await caller.call(.put, path, body: body)
      #expect(reply.status == 400 && reply.text.replacing("\\\"", with: "\"").contains(says), "\(reply.text)")
      #expect(lab.snapshot.revision == before && lab.snapshot.connections[id]?.forwarding == .usual)
    }
  }

  @Test func `has no checksums for a remote at another port`() async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let body = Caller.connectionBody(network).replacing(
        #""tunnel_ip":"#, with: #""tunnel_port":8472,"tunnel_ip":"#)
      let made = try await caller.call(.post, "\(Lab.v3)/instances/\(instance)/connections", body: body)
      let id = try #require(made["connection.id"], "\(made.text)")
      let reply = try await caller.call(
        .put, "\(Lab.ours)/connections/\(id)/forwarding", body: #"{"forwarding":{"udp_checksum":true}}"#)
      #expect(reply.status == 409 && reply.code == "l2cg.8024")
    }
  }

  @Test func `is unknown of what is not there`() async throws {
    try await Lab.run { _, caller in
      let path = "\(Lab.ours)/connections/6e3d6a4e-0000-4000-8000-000000000001/forwarding"
      let shown = try await caller.call(.get, path)
      let changed = try await caller.call(.put, path, body: #"{"forwarding":{"ttl":9}}"#)
      #expect(shown.status == 404 && changed.status == 404)
    }
  }
}
