import ControlPlane
import ESWModel
import ESWWire
import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import NIOCore
import Synchronization
import Testing

@Suite struct `What the server writes` {
  private func read<Body: Decodable>(_ type: Body.Type, _ reply: Reply) throws -> Body {
    try JSONDecoder().decode(type, from: Data(reply.text.utf8))
  }

  @Test func `is read by the client's types`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let created = try read(
        Answer.InstanceCreated.self,
        try await caller.call(.post, "\(Lab.v3)/instances", body: Caller.instanceBody(network)))
      try await caller.report()
      let path = "\(Lab.v3)/instances/\(created.instance.id)"
      let connection = try read(
        Answer.OneConnection.self,
        try await caller.call(.post, "\(path)/connections", body: Caller.connectionBody(network))
      ).connection
      try await caller.report()
      let jobs = try read(
        Answer.Jobs.self, try await caller.call(.get, "\(Lab.v3)/resources/\(created.instance.id)/jobs"))
      #expect(jobs.jobs.map(\.id) == [created.job])
      let instances = try read(Answer.Instances.self, try await caller.call(.get, "\(Lab.v3)/instances"))
      #expect(instances.instances.map(\.status) == ["active"])
      let connections = try read(Answer.Connections.self, try await caller.call(.get, "\(path)/connections"))
      #expect(connections.connections.map(\.id) == [connection.id])
      #expect(connections.page.currentCount == 1)
      let shown = try read(Answer.OneInstance.self, try await caller.call(.get, path))
      #expect(shown.instance.tunnel.address == created.instance.tunnel.address)
    }
  }

  @Test func `of catalogues and networks is read by the client's types`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let flavors = try read(Answer.Flavors.self, try await caller.call(.get, "\(Lab.v3)/flavors"))
      #expect(flavors.flavors.map(\.connections) == [1, 3, 6])
      let zones = try read(Answer.Zones.self, try await caller.call(.get, "\(Lab.v3)/availability-zones"))
      #expect(zones.zones == ["az1", "az2"])
      let quotas = try read(Answer.Quotas.self, try await caller.call(.get, "\(Lab.v3)/quotas"))
      #expect(quotas.resources.map(\.used) == [0])
      let vpcs = try read(Answer.VPCs.self, try await caller.call(.get, "\(Lab.v1)/vpcs"))
      #expect(vpcs.vpcs.map(\.id.description) == [network.vpc])
      let subnets = try read(Answer.Subnets.self, try await caller.call(.get, "\(Lab.v1)/subnets"))
      #expect(subnets.subnets.count == 2)
      let attachments = try read(
        Answer.Attachments.self, try await caller.call(.get, "\(Lab.ours)/attachments"))
      #expect(attachments.attachments.compactMap(\.interface).map(\.description) == ["eth0", "eth1"])
    }
  }

  @Test func `of our own additions is read by the client's types`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let connection = try await caller.makeConnection(network, on: instance)
      let nodes = try read(Answer.Nodes.self, try await caller.call(.get, "\(Lab.ours)/nodes"))
      #expect(nodes.nodes.first?.strangers.first?.vni == 9)
      #expect(nodes.nodes.first?.unclaimed.passedToSlow == 17)
      let switched = try read(
        Answer.OneInstanceDiagnosis.self, try await caller.call(.get, "\(Lab.ours)/instances/\(instance)"))
      #expect(switched.instance.node == Lab.node)
      let diagnosis = try read(
        Answer.OneConnectionDiagnosis.self,
        try await caller.call(.get, "\(Lab.ours)/connections/\(connection)")
      ).connection
      #expect(diagnosis.status == "disconnect")
      #expect(diagnosis.reason == "no frame has come through the tunnel yet")
      #expect(diagnosis.counters == nil)
    }
  }

  @Test func `of what a node counted is read by the client's types, count by count`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let connection = try await caller.makeConnection(network, on: try await caller.makeInstance(network))
      let told = TrafficCount(
        frames: 1, bytes: 2, flooded: 3, slow: 4, answered: 5, forNode: 6, notLearned: 7, clamped: 8,
        toldTooBig: 9)
      try await caller.report(connections: [
        ConnectionReport(
          id: ConnectionID(connection)!, remotes: [], toRemote: TrafficCount(), toLocal: told, drops: [],
          hosts: [])
      ])
      let reply = try await caller.call(.get, "\(Lab.ours)/connections/\(connection)")
      let counters = try #require(try read(Answer.OneConnectionDiagnosis.self, reply).connection.counters)
      let read = counters.toLocal
      #expect(
        TrafficCount(
          frames: read.frames, bytes: read.bytes, flooded: read.flooded, slow: read.slow,
          answered: read.answered, forNode: read.forNode, notLearned: read.notLearned, clamped: read.clamped,
          toldTooBig: read.toldTooBig) == told)
      #expect(counters.toRemote.clamped == 0)
    }
  }

  @Test func `as an error is read by the client's type`() async throws {
    try await Lab.run { _, caller in
      let body = try read(ErrorBody.self, try await caller.call(.get, "\(Lab.v3)/instances/x"))
      #expect(body.code == "l2cg.9923")
    }
  }
}

/// Keeps what is logged.
private struct Memory: LogHandler {
  static let lines = Mutex<[String]>([])
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .trace

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    Self.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
  }
}

@Suite struct `The log` {
  @Test func `names the request and holds no secret and no body`() async throws {
    let lab = Lab()
    try await lab.seed()
    let token = "token of this test"
    let service = ControlPlaneService(
      store: lab.store, region: Region(), settings: .init(agentToken: token),
      logger: Logger(label: "test") { _ in Memory() }, now: { lab.now })
    let reply = try await service.application.test(.router) { client in
      let caller = Caller(client: client, lab: lab)
      _ = try await caller.agent(.get, "node-1/configuration", token: token)
      return try await caller.call(
        .post, "\(Lab.v3)/instances", body: #"{"instance":{"name":"to be kept quiet"}}"#)
    }
    let lines = Memory.lines.withLock { $0 }
    let line = try #require(lines.first { $0.contains(reply["request_id"] ?? "none") })
    for part in ["POST", "CreateInstance", "400", "l2cg.8001", "duration_ms", "AK"] {
      #expect(line.contains(part))
    }
    for secret in [token, "SK", "kept quiet", "Signature"] {
      #expect(!lines.contains { $0.contains(secret) })
    }
  }
}

extension `The log` {
  @Test func `tells from where a login failed and with which name, in one line, and no password`()
    async throws
  {
    let lab = Lab()
    try await lab.seed()
    let service = ControlPlaneService(
      store: lab.store, region: Region(), settings: Lab.settings,
      logger: Logger(label: "test") { _ in Memory() }, now: { lab.now })
    let name = #"mallory\n\u202e"# + String(repeating: "x", count: 500)
    let reply = try await service.application.test(.live) { client in
      try await client.execute(
        uri: "/v3/auth/tokens", method: .post,
        body: ByteBuffer(
          string: """
            {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"\(name)",
             "password":"typed in vain","domain":{"name":"default"}}}}}}
            """)
      ) { Reply(status: $0.status.code, headers: $0.headers, text: String(buffer: $0.body)) }
    }
    #expect(reply.status == 401)
    let lines = Memory.lines.withLock { $0 }
    let line = try #require(lines.first { $0.contains(reply["request_id"] ?? "none") })
    #expect(line.contains("127.0.0.1") || line.contains("::1"))
    #expect(line.contains("user name mallory??" + String(repeating: "x", count: 55)))
    #expect(!line.contains(String(repeating: "x", count: 56)) && !line.contains("\n"))
    #expect(!lines.contains { $0.contains("typed in vain") })
  }
}

@Suite struct `Mangled requests` {
  static let good = [
    (
      "\(Lab.v3)/instances",
      #"{"instance":{"name":"e","flavor_ref":"l2cg.small.ha","ha_mode":"ha","tunnel_info":{}}}"#
    ),
    ("\(Lab.v1)/vpcs", #"{"vpc":{"name":"v","cidr":"10.0.0.0/8","description":""}}"#),
    (
      "\(Lab.v1)/subnets",
      #"{"subnet":{"name":"s","cidr":"10.1.0.0/24","gateway_ip":"10.1.0.1","vpc_id":"x"}}"#
    ),
    (
      "\(Lab.ours)/attachments",
      #"{"attachment":{"subnet_id":"x","node":"n","role":"layer2","bridge":"br0"}}"#
    ),
  ]

  private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 33
    }
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func `never end in a fault of the server`(seed: UInt64) async throws {
    try await Lab.run { _, caller in
      var random = Seeded(state: seed)
      for (path, body) in Self.good {
        for _ in 0..<25 {
          var scalars = Array(body.unicodeScalars)
          for _ in 0..<Int.random(in: 1...5, using: &random) {
            let place = Int.random(in: 0..<scalars.count, using: &random)
            let odd = Unicode.Scalar(UInt32.random(in: 0...0x2FF, using: &random)) ?? "x"
            scalars[place] =
              scalars.randomElement(using: &random).map { Bool.random(using: &random) ? $0 : odd } ?? odd
          }
          var text = String.UnicodeScalarView()
          text.append(contentsOf: scalars)
          let reply = try await caller.call(.post, path, body: String(text))
          #expect(reply.status < 500, "seed \(seed): \(String(text))")
        }
      }
    }
  }
}
