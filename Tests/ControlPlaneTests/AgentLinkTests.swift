import ControlPlane
import ESWModel
import ESWSeams
import ESWWire
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import ServiceLifecycle
import Testing

@Suite struct `The link of agents` {
  private static func query(after revision: Revision, of store: StoreID, wait: Int) -> String {
    "node-1/configuration?store=\(store)&after=\(revision)&wait=\(wait)"
  }

  @Test(arguments: [
    "", "?wait=60", "?after=1", "?store=x&after=1", "?store=00000000-0000-0000-0000-000000000001&after=99",
  ])
  func `gives at once to an agent that has nothing of this store`(query: String) async throws {
    try await Lab.run { lab, caller in
      let reply = try await caller.agent(.get, "node-1/configuration\(query)")
      let configuration = try AgentLinkMessages.configuration(from: Data(reply.text.utf8))
      #expect(configuration.generation == lab.snapshot.revision)
      #expect(configuration.store == lab.snapshot.store)
    }
  }

  @Test func `gives at once to an agent that is ahead of a restored store`() async throws {
    try await Lab.run { lab, caller in
      let snapshot = lab.snapshot
      let ahead = Revision(snapshot.revision.value + 5)
      let reply = try await caller.agent(.get, Self.query(after: ahead, of: snapshot.store, wait: 0))
      let configuration = try AgentLinkMessages.configuration(from: Data(reply.text.utf8))
      #expect(configuration.generation == snapshot.revision)
    }
  }

  @Test func `gives what the node forwards`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let connection = try await caller.makeConnection(network, on: instance)
      let reply = try await caller.agent(.get, "node-1/configuration")
      let configuration = try AgentLinkMessages.configuration(from: Data(reply.text.utf8))
      #expect(configuration.tunnels.map(\.instance.description) == [instance])
      #expect(configuration.connections.map(\.id.description) == [connection])
    }
  }

  @Test func `answers 204 without a body when there is nothing new`() async throws {
    try await Lab.run { lab, caller in
      let snapshot = lab.snapshot
      let reply = try await caller.agent(
        .get, Self.query(after: snapshot.revision, of: snapshot.store, wait: 0))
      #expect(reply.status == 204)
      #expect(reply.text.isEmpty)
      #expect(reply.headers[HTTPField.Name("X-Request-Id")!]?.count == 32)
    }
  }

  @Test func `wakes an agent that waits for the next change`() async throws {
    try await Lab.run { lab, caller in
      let snapshot = lab.snapshot
      async let waiting = caller.agent(
        .get, Self.query(after: snapshot.revision, of: snapshot.store, wait: 60))
      _ = try await caller.call(.post, "\(Lab.v1)/vpcs", body: #"{"vpc":{"name":"v","cidr":"10.0.0.0/8"}}"#)
      let configuration = try AgentLinkMessages.configuration(from: Data(try await waiting.text.utf8))
      #expect(configuration.generation > snapshot.revision)
    }
  }

  @Test(arguments: ["wait=61", "wait=-1", "wait=x", "after=x", "after=-1", "after=99999999999999999999"])
  func `refuses malformed questions`(query: String) async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.agent(.get, "node-1/configuration?\(query)")
      #expect(reply.status == 400)
    }
  }

  @Test func `refuses a report of another node`() async throws {
    try await Lab.run { lab, caller in
      try await caller.report()
      let report = try #require(lab.reports.received(from: Lab.node)?.report)
      let reply = try await caller.agent(.put, "node-2/report", body: AgentLinkMessages.encode(report))
      #expect(reply.status == 400)
      #expect(lab.reports.received(from: NodeName("node-2")!) == nil)
    }
  }

  @Test(arguments: ["", "{}", "[]", #"{"version":2,"report":{}}"#, #"{"version":1,"report":{"node":7}}"#])
  func `refuses what is no report`(body: String) async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.agent(.put, "node-1/report", body: Data(body.utf8))
      #expect(reply.status == 400)
      #expect(reply.code == "l2cg.8001")
    }
  }

  @Test func `survives a report of absurd ages`() async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let id = try await caller.makeConnection(network, on: instance)
      let remote = RemoteEndpoint(vni: VNI(5000)!, address: IPv4Address("192.0.2.1")!)
      for age in [Int64.max, .min] {
        try await caller.report(connections: [
          ConnectionReport(
            id: ConnectionID(id)!,
            remotes: [RemoteEvidence(remote: remote, receivedAgeMilliseconds: age, sentAgeMilliseconds: age)],
            toRemote: TrafficCount(frames: .max, bytes: .max), toLocal: TrafficCount(), drops: [],
            hosts: [
              HostFact(mac: MACAddress(1)!, address: nil, side: .remote(Int(age)), seenAgeMilliseconds: age)
            ])
        ])
        lab.pass(1)
        #expect(try await caller.call(.get, "\(Lab.ours)/connections/\(id)").status == 200)
        #expect(try await caller.call(.get, "\(Lab.v3)/connections").status == 200)
      }
    }
  }
}

/// Tells when somebody begins to wait.
private struct WatchedStore: IntentStore {
  let base: any IntentStore
  let waits: AsyncStream<Void>.Continuation

  var snapshot: IntentSnapshot { base.snapshot }
  var reports: ReportSnapshot { base.reports }

  func commit<Outcome: Sendable>(
    _ decide: @escaping @Sendable (IntentSnapshot) throws -> IntentChange<Outcome>
  ) async throws -> (outcome: Outcome, snapshot: IntentSnapshot) { try await base.commit(decide) }

  func snapshot(after revision: Revision, within limit: Duration) async -> IntentSnapshot? {
    waits.yield()
    return await base.snapshot(after: revision, within: limit)
  }

  func keep(_ batch: EventBatch) async throws { try await base.keep(batch) }
  func events(_ query: EventQuery) async throws -> [EventRecord] { try await base.events(query) }
  func eventMarks() async throws -> [EventMark: String] { try await base.eventMarks() }
  func sizes() async throws -> StoreSizes { try await base.sizes() }

  func audit(_ query: AuditQuery) async throws -> [AuditRecord] { try await base.audit(query) }

  func record(_ report: GatewayReport, receivedAt: Timestamp) async throws {
    try await base.record(report, receivedAt: receivedAt)
  }
}

@Suite(.timeLimit(.minutes(1))) struct `A server on a socket` {
  @Test func `answers signed requests`() async throws {
    let lab = Lab()
    try await lab.seed()
    try await lab.service().application.test(.live) { client in
      let caller = Caller(client: client, lab: lab)
      let reply = try await caller.send(.get, "\(Lab.v3)/flavors")
      #expect(reply.status == 401)
    }
  }

  @Test func `tells its port and ends a long poll when it is told to stop`() async throws {
    let lab = Lab()
    try await lab.seed()
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let (waits, wait) = AsyncStream.makeStream(of: Void.self)
    let service = ControlPlaneService(
      store: WatchedStore(base: lab.store, waits: wait), region: Region(),
      settings: .init(agentToken: Lab.token), logger: logger,
      now: { lab.now }, onBound: { port.yield($0) })
    let group = ServiceGroup(configuration: .init(services: [service], logger: logger))
    async let running: Void = group.run()
    let bound = try #require(await ports.first { _ in true })
    #expect(bound > 0)
    let client = TestClient(host: "127.0.0.1", port: bound, configuration: .init(timeout: .seconds(70)))
    client.connect()
    let snapshot = lab.snapshot
    let start = ContinuousClock.now
    async let waiting = client.execute(
      .init(
        "/openesw/v1/agent/node-1/configuration?store=\(snapshot.store)&after=\(snapshot.revision)&wait=60",
        method: .get, authority: "127.0.0.1", headers: [.authorization: "Bearer \(Lab.token)"]))
    // Until the poll waits, stopping would find nothing to end.
    _ = await waits.first { _ in true }
    await group.triggerGracefulShutdown()
    #expect(try await waiting.status == .noContent)
    try await running
    #expect(ContinuousClock.now - start < .seconds(20))
    try await client.shutdown()
  }
}
