import ESWModel
import ESWSeams
import ESWWire
import HTTPTypes
import HummingbirdTesting
import Testing

@Suite struct `A list of connections` {
  /// Six connections of one switch.
  private static func run(_ body: @Sendable (Lab, Caller, String, [String]) async throws -> Void) async throws
  {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork(layer2: 6)
      let instance = try await caller.makeInstance(network)
      var ids: [String] = []
      for number in 0..<6 {
        ids.append(
          try await caller.makeConnection(network, on: instance, subnet: number, name: "c-\(number % 2)"))
      }
      try await body(lab, caller, instance, ids)
    }
  }

  @Test func `is in the order of creation`() async throws {
    try await Self.run { _, caller, instance, ids in
      let reply = try await caller.call(.get, "\(Lab.v3)/instances/\(instance)/connections")
      #expect(reply.ids("connections") == ids)
    }
  }

  @Test(arguments: 1...7)
  func `is walked page by page without a loss or a repeat`(limit: Int) async throws {
    try await Self.run { _, caller, _, ids in
      var seen: [String] = []
      var marker: [(String, String)] = []
      for _ in 0..<10 {
        let reply = try await caller.call(
          .get, "\(Lab.v3)/connections", query: [("limit", "\(limit)")] + marker)
        let page = reply.ids("connections")
        #expect(reply.value("page_info.current_count") == .integer(Int64(page.count)))
        #expect(reply["page_info.previous_marker"] == page.first ?? "")
        guard let last = page.last else { break }
        seen += page
        #expect(reply["page_info.next_marker"] == (seen.count < ids.count ? last : nil))
        marker = [("marker", last)]
      }
      #expect(seen == ids)
    }
  }

  @Test func `goes on behind a row that was deleted meanwhile`() async throws {
    try await Self.run { _, caller, instance, ids in
      let path = "\(Lab.v3)/instances/\(instance)/connections"
      #expect(try await caller.call(.delete, "\(path)/\(ids[2])").status == 204)
      let reply = try await caller.call(.get, path, query: [("marker", ids[2]), ("limit", "2")])
      #expect(reply.ids("connections") == [ids[3], ids[4]])
    }
  }

  @Test func `is empty behind the last row`() async throws {
    try await Self.run { _, caller, _, ids in
      let reply = try await caller.call(.get, "\(Lab.v3)/connections", query: [("marker", ids[5])])
      #expect(reply.status == 200)
      #expect(reply.text.contains(#""page_info":{"previous_marker":"","current_count":0},"connections":[]"#))
    }
  }

  @Test func `counts pages behind its filters`() async throws {
    try await Self.run { _, caller, _, ids in
      let reply = try await caller.call(
        .get, "\(Lab.v3)/connections", query: [("name", "c-1"), ("limit", "2")])
      #expect(reply.ids("connections") == [ids[1], ids[3]])
      #expect(reply["page_info.next_marker"] == ids[3])
    }
  }

  @Test(
    arguments: ["id", "instance_id", "vpc_id", "virsubnet_id"], ["x", "0f6f3a58-8f0e-4a57-9a44-52e6f1f5affe"])
  func `is empty where no row has what was asked for`(filter: String, value: String) async throws {
    try await Self.run { _, caller, _, _ in
      let reply = try await caller.call(.get, "\(Lab.v3)/connections", query: [(filter, value)])
      #expect(reply.status == 200)
      #expect(reply.count("connections") == 0)
    }
  }

  @Test func `takes its filters together`() async throws {
    try await Self.run { _, caller, instance, ids in
      let query = [("instance_id", instance), ("id", ids[1]), ("name", "c-1")]
      let reply = try await caller.call(.get, "\(Lab.v3)/connections", query: query)
      #expect(reply.ids("connections") == [ids[1]])
      let none = [("instance_id", instance), ("id", ids[1]), ("name", "c-0")]
      let other = try await caller.call(.get, "\(Lab.v3)/connections", query: none)
      #expect(other.ids("connections") == [])
    }
  }

  @Test(arguments: [
    ("limit", "0"), ("limit", ""), ("marker", ""), ("name", ""), ("page_reverse", "true"), ("x", "y"),
    ("limit", "2147483647"),
  ])
  func `is whole with a parameter that says nothing`(name: String, value: String) async throws {
    try await Self.run { _, caller, _, _ in
      let reply = try await caller.call(.get, "\(Lab.v3)/connections", query: [(name, value)])
      #expect(reply.count("connections") == 6)
    }
  }

  @Test(arguments: [
    ("limit", "-1"), ("limit", "x"), ("limit", "1.5"), ("limit", "2147483648"), ("limit", " 1"),
    ("limit", "99999999999999999999"), ("limit", "１"), ("limit", "+1"), ("marker", "x"), ("marker", "0"),
    ("marker", "中"),
  ])
  func `is refused with a malformed page`(name: String, value: String) async throws {
    try await Lab.run { _, caller in
      for path in [
        "\(Lab.v3)/connections", "\(Lab.v3)/instances", "\(Lab.v1)/vpcs", "\(Lab.v1)/subnets",
        "\(Lab.ours)/attachments", "\(Lab.v1)/ports",
      ] {
        let reply = try await caller.call(.get, path, query: [(name, value)])
        #expect(reply.status == 400)
        #expect(reply.code == "l2cg.8001")
      }
    }
  }

  @Test func `is a 404 under an unknown switch`() async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.call(
        .get, "\(Lab.v3)/instances/0f6f3a58-8f0e-4a57-9a44-52e6f1f5affe/connections")
      #expect(reply.status == 404 && reply.code == "l2cg.9923")
    }
  }

  @Test func `shows nothing of another project`() async throws {
    try await Self.run { _, caller, _, _ in
      let foreign = Lab.v3.replacing(Lab.project.description, with: Lab.foreignProject.description)
      let reply = try await caller.call(.get, "\(foreign)/connections", key: Lab.foreignKey)
      #expect(reply.count("connections") == 0)
    }
  }
}

@Suite struct `A list of nodes` {
  /// Nodes a, b and c have reported.
  private static func run(_ body: @Sendable (Caller) async throws -> Void) async throws {
    try await Lab.run { lab, caller in
      for name in ["b", "c", "a"] {
        let report = GatewayReport(
          node: NodeName(name)!, store: lab.snapshot.store, generation: nil, dataplane: .simulated,
          kernelRelease: "6.18.0", interfaces: [], problems: [], connections: [], strangers: [])
        try await lab.store.record(report, receivedAt: lab.now)
      }
      try await body(caller)
    }
  }

  @Test(arguments: 1...4)
  func `is walked page by page without a loss or a repeat`(limit: Int) async throws {
    try await Self.run { caller in
      var seen: [String] = []
      var marker: [(String, String)] = []
      for _ in 0..<5 {
        let reply = try await caller.call(
          .get, "\(Lab.ours)/nodes", query: [("limit", "\(limit)")] + marker)
        let page = (0..<(reply.count("nodes") ?? 0)).compactMap { reply["nodes.\($0).name"] }
        #expect(reply.value("page_info.current_count") == .integer(Int64(page.count)))
        #expect(reply["page_info.previous_marker"] == page.first ?? "")
        guard let last = page.last else { break }
        seen += page
        #expect(reply["page_info.next_marker"] == (seen.count < 3 ? last : nil))
        marker = [("marker", last)]
      }
      #expect(seen == ["a", "b", "c"])
    }
  }

  @Test(arguments: [
    ("name", "b", ["b"]), ("name", "x", []), ("name", "-", []), ("marker", "aa", ["b", "c"]),
  ])
  func `is filtered by name, and goes on behind a node that is no more`(
    parameter: String, value: String, names: [String]
  ) async throws {
    try await Self.run { caller in
      let reply = try await caller.call(.get, "\(Lab.ours)/nodes", query: [(parameter, value)])
      #expect(reply.status == 200)
      #expect((0..<(reply.count("nodes") ?? 0)).compactMap { reply["nodes.\($0).name"] } == names)
    }
  }

  @Test(arguments: [("limit", "-1"), ("limit", "x"), ("marker", "-"), ("marker", "中")])
  func `is refused with a malformed page`(parameter: String, value: String) async throws {
    try await Self.run { caller in
      let reply = try await caller.call(.get, "\(Lab.ours)/nodes", query: [(parameter, value)])
      #expect(reply.status == 400 && reply.code == "l2cg.8001")
    }
  }
}

@Suite struct `Status on the wire` {
  @Test func `of a switch is build until its node has it`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let created = try await caller.call(.post, "\(Lab.v3)/instances", body: Caller.instanceBody(network))
      let path = "\(Lab.v3)/instances/\(created["instance.id"]!)"
      #expect(try await caller.call(.get, path)["instance.status"] == "build")
      try await caller.report()
      #expect(try await caller.call(.get, path)["instance.status"] == "active")
    }
  }

  @Test func `of a job moves with its switch`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let created = try await caller.call(.post, "\(Lab.v3)/instances", body: Caller.instanceBody(network))
      let path = "\(Lab.v3)/resources/\(created["instance.id"]!)/jobs"
      let running = try await caller.call(.get, path)
      #expect(running["jobs.0.id"] == created["job_id"])
      #expect(running["jobs.0.status"] == "RUNNING" && running["jobs.0.process"] == "0%")
      #expect(running["jobs.0.end_time"] == nil)
      try await caller.report()
      let done = try await caller.call(.get, path)
      #expect(done["jobs.0.status"] == "COMPLETED" && done["jobs.0.process"] == nil)
      #expect(done["jobs.0.end_time"] == "2026-01-05T09:00:00Z")
    }
  }

  @Test func `of a deleted switch's jobs can still be read`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      _ = try await caller.call(.delete, "\(Lab.v3)/instances/\(instance)")
      let jobs = try await caller.call(.get, "\(Lab.v3)/resources/\(instance)/jobs")
      #expect(jobs["jobs.1.name"] == "deleteInstance")
    }
  }

  @Test func `of a connection is abnormal when its node falls silent`() async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let connection = try await caller.makeConnection(network, on: instance)
      lab.pass(60)
      let path = "\(Lab.v3)/instances/\(instance)/connections/\(connection)"
      #expect(try await caller.call(.get, path)["connection.status"] == "abnormal")
      let why = try await caller.call(.get, "\(Lab.ours)/connections/\(connection)")
      #expect(why["connection.reason"] == "node node-1 has been silent for 60 s")
    }
  }

  @Test func `shows a problem to its own project only`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      try await caller.report(problems: [Problem(.instance(InstanceID(instance)!), "no such interface")])
      #expect(
        try await caller.call(.get, "\(Lab.ours)/nodes")["nodes.0.problems.0.text"] == "no such interface")
      let foreign = Lab.ours.replacing(Lab.project.description, with: Lab.foreignProject.description)
      let reply = try await caller.call(.get, "\(foreign)/nodes", key: Lab.foreignKey)
      #expect(reply.count("nodes.0.problems") == 0)
    }
  }
}
