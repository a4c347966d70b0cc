import ESWModel
import ESWPlanning
import ESWWire
import HTTPTypes
import Testing

@Suite(.timeLimit(.minutes(1))) struct `Holding a node` {
  private static let path = "/openesw/v1/nodes/\(Lab.node)/permission"

  @Test func `is decided by an operator, reaches the node and its connections, and is answered for`()
    async throws
  {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let id = try await caller.makeConnection(network, on: instance)
      let before = try await caller.call(.get, Self.path)
      #expect(before.status == 200 && before.value("permission.epoch") == .integer(0), "\(before.text)")
      #expect(GatewayConfiguration(for: Lab.node, from: lab.snapshot).permission == nil)

      let body = #"{"hold":{"reason":"moved to gw-2"}}"#
      let held = try await caller.call(.put, Self.path + "/hold", body: body)
      #expect(held.status == 200 && held["permission.reason"] == "moved to gw-2", "\(held.text)")
      #expect(held.value("permission.held") == .boolean(true))
      #expect(
        GatewayConfiguration(for: Lab.node, from: lab.snapshot).permission
          == ForwardingPermission(epoch: 1, isHeld: true))
      // The same again changes nothing.
      let revision = lab.snapshot.revision
      _ = try await caller.call(.put, Self.path + "/hold", body: body)
      #expect(lab.snapshot.revision == revision)

      let released = try await caller.call(.delete, Self.path + "/hold")
      #expect(released.status == 200 && released.value("permission.held") == .boolean(false))
      #expect(released.value("permission.epoch") == .integer(2))
      #expect(
        GatewayConfiguration(for: Lab.node, from: lab.snapshot).permission
          == ForwardingPermission(epoch: 2, isHeld: false))
      _ = id
      let audit = try await caller.call(
        .get, "/openesw/v1/audit", query: [("resource_id", "\(Lab.node)")])
      let operations = (0..<(audit.count("records") ?? 0)).map { audit["records.\($0).operation"] }
      #expect(operations == ["ReleaseNode", "HoldNode"], "\(audit.text)")
      #expect(audit["records.1.after.reason"] == "moved to gw-2")
    }
  }

  @Test func `of a node that nobody knows is refused, and of none that is named badly there is a path`()
    async throws
  {
    try await Lab.run { lab, caller in
      let revision = lab.snapshot.revision
      for (method, path) in [
        (HTTPRequest.Method.get, "/openesw/v1/nodes/nowhere/permission"),
        (.put, "/openesw/v1/nodes/nowhere/permission/hold"),
        (.delete, "/openesw/v1/nodes/nowhere/permission/hold"),
      ] {
        let answer = try await caller.call(method, path, body: method == .put ? #"{"hold":{}}"# : "")
        #expect((400..<500).contains(answer.status), "\(answer.text)")
      }
      let bad = try await caller.call(.put, Self.path + "/hold", body: #"{"hold":{"reason":"<"}}"#)
      #expect(bad.status == 400)
      #expect(lab.snapshot.revision == revision)
    }
  }
}
