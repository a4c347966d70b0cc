import ESWModel
import ESWWire
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Testing

@testable import ControlPlane

@Suite struct `Metrics over the API` {
  private static func scrape(_ caller: Caller, accept: String? = nil) async throws -> Reply {
    var fields: HTTPFields = [.authorization: "Bearer \(Lab.metricsToken)"]
    fields[.accept] = accept
    return try await caller.send(.get, "/metrics", fields)
  }

  /// The value of the sample, as it stands there.
  private static func value(_ sample: String, in page: Reply) -> String? {
    page.text.split(separator: "\n").first { $0.hasPrefix(sample + " ") }
      .map { String($0.dropFirst(sample.utf8.count + 1)) }
  }

  @Test(arguments: [nil, "Bearer wrong", "Bearer \(Lab.token)", "Bearer ", "Basic bTp0"])
  func `are for who has their credential, and nobody else`(authorization: String?) async throws {
    try await Lab.run { _, caller in
      var fields = HTTPFields()
      fields[.authorization] = authorization
      let reply = try await caller.send(.get, "/metrics", fields)
      #expect(reply.status == 401)
      #expect(reply.code == "APIGW.0301")
    }
  }

  @Test func `are for no user`() async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.call(.get, "/metrics")
      #expect(reply.status == 401)
    }
  }

  @Test func `have a credential that opens nothing else`() async throws {
    try await Lab.run { _, caller in
      let fields: HTTPFields = [.authorization: "Bearer \(Lab.metricsToken)"]
      for path in ["\(Lab.v3)/instances", "\(Lab.ours)/nodes", "/openesw/v1/agent/node-1/configuration"] {
        let reply = try await caller.send(.get, path, fields)
        #expect(reply.status == 401, "\(path)")
      }
    }
  }

  @Test func `are for nobody on a server without that credential`() async throws {
    let lab = Lab()
    try await lab.seed()
    let service = lab.service(settings: .init(agentToken: Lab.token))
    try await service.application.test(.router) { client in
      let caller = Caller(client: client, lab: lab)
      for token in ["", Lab.metricsToken] {
        let reply = try await caller.send(.get, "/metrics", [.authorization: "Bearer \(token)"])
        #expect(reply.status == 401)
      }
    }
  }

  @Test func `are in the format that the scraper asks for`() async throws {
    try await Lab.run { _, caller in
      let text = try await Self.scrape(caller)
      #expect(text.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(!text.text.contains("# EOF"))
      let open = try await Self.scrape(caller, accept: "application/openmetrics-text;version=1.0.0,*/*;q=0.1")
      #expect(open.headers[.contentType] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
      #expect(open.text.hasSuffix("# EOF\n"))
    }
  }

  @Test func `tell of a connection what its node has told`() async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let id = try await caller.makeConnection(network, on: instance)
      try await caller.report(connections: [Self.connection(id)])
      lab.pass(2)
      let page = try await Self.scrape(caller)
      let labels = #"id="\#(id)",name="c-01""#
      let remote = #"\#(labels),remote="192.0.2.1",vni="5000""#
      for (sample, value) in [
        (#"openesw_connection_status{\#(labels),status="connected"}"#, "1"),
        (#"openesw_connection_frames_total{\#(labels),direction="to_remote"}"#, "7"),
        (#"openesw_connection_bytes_total{\#(labels),direction="to_local"}"#, "900"),
        (
          #"openesw_connection_dropped_frames_total{\#(labels),direction="to_local",reason="too_big"}"#, "4"
        ),
        (#"openesw_connection_hosts{\#(labels),side="remote"}"#, "1"),
        (#"openesw_connection_hosts_learned_total{\#(labels)}"#, "6"),
        (#"openesw_remote_received_age_seconds{\#(remote)}"#, "2.500"),
        (#"openesw_remote_probe_loss_ratio{\#(remote)}"#, "0.250"),
        (#"openesw_remote_probe_round_trip_seconds{\#(remote)}"#, "0.000450"),
        (#"openesw_remote_largest_frame_bytes{\#(remote),direction="to_remote"}"#, "1514"),
        (#"openesw_instance_connections{id="\#(instance)",name="edge-01"}"#, "1"),
        (#"openesw_node_report_age_seconds{node="node-1"}"#, "2.000"),
        (#"openesw_node_dropped_frames_total{node="node-1",reason="unknown_source"}"#, "21"),
        (#"openesw_store_rows{kind="connection"}"#, "1"),
        (#"openesw_store_revision"#, "\(lab.snapshot.revision.value)"),
      ] {
        #expect(Self.value(sample, in: page) == value, "\(sample)")
      }
      // What was not told is not there.
      #expect(!page.text.contains("openesw_connection_flooded_frames_total"))
      #expect(!page.text.contains(#"side="local"} 1"#))
    }
  }

  @Test func `count requests by operation and code, with their times`() async throws {
    try await Lab.run { _, caller in
      for _ in 0..<3 { _ = try await caller.call(.get, "\(Lab.v3)/flavors") }
      _ = try await caller.call(.get, "\(Lab.v3)/instances/x")
      _ = try await caller.send(.get, "/nothing")
      let page = try await Self.scrape(caller)
      for (sample, value) in [
        (#"openesw_api_requests_total{operation="ListFlavors",code="200"}"#, "3"),
        (#"openesw_api_requests_total{operation="ShowInstance",code="404"}"#, "1"),
        (#"openesw_api_requests_total{operation="none",code="401"}"#, "1"),
        (#"openesw_api_request_seconds_count{operation="ListFlavors"}"#, "3"),
        (#"openesw_api_request_seconds_bucket{operation="ListFlavors",le="+Inf"}"#, "3"),
      ] {
        #expect(Self.value(sample, in: page) == value, "\(sample)")
      }
    }
  }

  @Test func `tell the vendor's six metrics of a switch, once a minute begins to be known`() async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let id = try await caller.makeConnection(network, on: instance)
      lab.pass(10)
      try await caller.report(connections: [Self.connection(id)])
      lab.pass(10)
      try await caller.report(connections: [Self.connection(id, more: 10)])
      let page = try await Self.scrape(caller)
      let labels = #"{instance_id="\#(instance)"}"#
      for (name, value) in [
        ("outbound_bandwidth", "800.0"), ("inbound_bandwidth", "80.0"), ("outbound_traffic", "6000.0"),
        ("inbound_traffic", "600.0"), ("outbound_pps", "1.0"), ("inbound_pps", "0.0"),
      ] {
        #expect(Self.value("esw_\(name)\(labels)", in: page) == value, "\(name)")
      }
    }
  }

  @Test func `count what of commits became`() async throws {
    try await Lab.run { _, caller in
      _ = try await caller.makeNetwork()
      let before = try await Self.scrape(caller)
      _ = try await caller.call(.delete, "\(Lab.v1)/vpcs/00000000-0000-0000-0000-000000000001")
      let after = try await Self.scrape(caller)
      #expect(
        Self.value(#"openesw_store_commits_total{outcome="committed"}"#, in: before)
          == Self.value(#"openesw_store_commits_total{outcome="committed"}"#, in: after))
      #expect(Self.value(#"openesw_store_commits_total{outcome="declined"}"#, in: before) == "0")
      #expect(Self.value(#"openesw_store_commits_total{outcome="declined"}"#, in: after) == "1")
    }
  }

  private static func connection(_ id: String, more: UInt64 = 0) -> ConnectionReport {
    let remote = RemoteEndpoint(vni: VNI(5000)!, address: IPv4Address("192.0.2.1")!)
    return ConnectionReport(
      id: ConnectionID(id)!,
      remotes: [
        RemoteEvidence(
          remote: remote, receivedAgeMilliseconds: 500, sentAgeMilliseconds: nil,
          probing: RemoteProbing(
            reflector: .dataPath,
            figures: ProbeFigures(
              sent: 4, answered: 3, roundTripMicroseconds: 450, leastRoundTripMicroseconds: 400,
              answeredAgeMilliseconds: 500), largestToRemote: 1514))
      ],
      toRemote: TrafficCount(frames: 7 + more, bytes: 700 + 100 * more),
      toLocal: TrafficCount(frames: 9, bytes: 900 + 10 * more),
      drops: [DropCount(direction: .toLocal, reason: "too_big", frames: 4)],
      hosts: [
        HostFact(
          mac: MACAddress(locallyAdministered: 3), address: nil, side: .remote(0), seenAgeMilliseconds: 1)
      ], learned: 6, moved: 0)
  }
}

@Suite struct `What the server counts of itself` {
  @Test func `is who was cut off, by reason, and who is connected`() {
    let edge = EdgeTally()
    let ledger = ConnectionLedger(mostPerAddress: 1, logger: Logger(label: "test"), tally: edge)
    let address = ClientAddress.ipv4(1)
    let first = ledger.open(address)
    let second = ledger.open(address)
    ledger.close(address, second)
    edge.refuse(.slowBody)
    let tally = ServerTally()
    #expect(tally.served.openConnections == 0)
    #expect(first == .admitted)
    var served = MetricsView.Served()
    edge.read(into: &served)
    #expect(served.openConnections == 1 && served.acceptedConnections == 1)
    #expect(
      served.refused.filter { $0.count > 0 }.map(\.reason) == ["connections_of_address", "slow_body"])
    ledger.close(address, first)
    edge.read(into: &served)
    #expect(served.openConnections == 0)
  }
}
