import ESWModel
import ESWSeams
import ESWWire
import Foundation
import Hummingbird
import HummingbirdTesting
import Testing

@testable import ControlPlane

/// A control plane that watches, with a connection on its node.
private struct WatchLab {
  let lab: Lab
  let caller: Caller
  let timeline: EventTimeline
  let connection: String

  static func run(_ body: @Sendable (WatchLab) async throws -> Void) async throws {
    let lab = Lab()
    try await lab.seed()
    let service = lab.service()
    try await service.core.timeline.begin()
    try await service.application.test(.router) { client in
      let caller = Caller(client: client, lab: lab)
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let connection = try await caller.makeConnection(network, on: instance)
      let timeline = service.core.timeline
      try await body(WatchLab(lab: lab, caller: caller, timeline: timeline, connection: connection))
    }
  }

  func report(hosts: [HostFact] = [], age: Int64? = 100) async throws {
    lab.pass(1)
    let remote = RemoteEndpoint(vni: VNI(5000)!, address: IPv4Address("192.0.2.1")!)
    try await caller.report(connections: [
      ConnectionReport(
        id: ConnectionID(connection)!,
        remotes: [RemoteEvidence(remote: remote, receivedAgeMilliseconds: age, sentAgeMilliseconds: nil)],
        toRemote: TrafficCount(), toLocal: TrafficCount(), drops: [], hosts: hosts)
    ])
    timeline.look()
    try await timeline.write()
  }

  static func host(_ number: UInt64, _ side: HostFact.Side = .local, moves: UInt32 = 0, held: Int64? = nil)
    -> HostFact
  {
    HostFact(
      mac: MACAddress(locallyAdministered: number), address: IPv4Address(0xC0A8_0000 + UInt32(number)),
      side: side, seenAgeMilliseconds: 10, sinceAgeMilliseconds: 20, moves: moves, heldMilliseconds: held)
  }

  func events(_ query: (String, String)..., key: AccessKey = Lab.key) async throws -> Reply {
    let path = "/openesw/v1/\(key.project)/events"
    return try await caller.call(.get, path, query: query, key: key)
  }

  func hosts(_ query: (String, String)...) async throws -> [String] {
    let reply = try await caller.call(.get, "\(Lab.ours)/hosts", query: query)
    #expect(reply.status == 200)
    return (0..<(reply.count("hosts") ?? 0)).compactMap { reply["hosts.\($0).mac"] }
  }
}

@Suite(.timeLimit(.minutes(1))) struct `Events over the API` {
  @Test func `tell what happened to a connection, the last first`() async throws {
    try await WatchLab.run { lab in
      try await lab.report()
      try await lab.report(hosts: [WatchLab.host(1, .remote(0))])
      let reply = try await lab.events(("connection_id", lab.connection))
      #expect(reply.status == 200)
      #expect(reply.count("events") == 2)
      #expect(reply["events.0.kind"] == "host_learned")
      #expect(reply["events.0.host.mac"] == "02:00:00:00:00:01")
      #expect(reply["events.0.host.tunnel_ip"] == "192.0.2.1")
      #expect(reply["events.0.node"] == "node-1")
      #expect(reply["events.1.kind"] == "status_changed")
      #expect(reply["events.1.status.to"] == "connected")
      #expect(reply["events.1.connection_id"] == lab.connection)
    }
  }

  @Test func `of connections are their project's alone, those of nodes are for all`() async throws {
    try await WatchLab.run { lab in
      try await lab.report(hosts: [WatchLab.host(1)])
      let foreign = try await lab.events(key: Lab.foreignKey)
      #expect(foreign.status == 200)
      let kinds = Set((0..<(foreign.count("events") ?? 0)).compactMap { foreign["events.\($0).kind"] })
      #expect(kinds == ["source_refused"])
      let asked = try await lab.events(("connection_id", lab.connection), key: Lab.foreignKey)
      #expect(asked.count("events") == 0)
      #expect(try await lab.caller.call(.get, "\(Lab.ours)/events", key: Lab.foreignKey).status == 403)
    }
  }

  @Test func `are those that are asked for`() async throws {
    try await WatchLab.run { lab in
      try await lab.report()
      try await lab.report(hosts: [WatchLab.host(1)])
      let learned = try await lab.events(("kind", "host_learned"))
      #expect(learned.count("events") == 1)
      let time = try #require(learned["events.0.time"])
      let earlier = try await lab.events(("before", time)).ids("events")
      let later = try await lab.events(("since", time)).ids("events")
      let all = try await lab.events().ids("events")
      #expect(later.contains(learned["events.0.id"] ?? "") && !earlier.isEmpty)
      #expect(Set(earlier).isDisjoint(with: later) && earlier.count + later.count == all.count)
      #expect(try await lab.events(("since", "2027-01-01T00:00:00Z")).count("events") == 0)
      #expect(try await lab.events(("connection_id", "x")).count("events") == 0)
    }
  }

  @Test(arguments: [
    ("kind", "nothing"), ("since", "yesterday"), ("before", "2026-13-01T00:00:00Z"), ("marker", "x"),
    ("limit", "-1"),
  ])
  func `are not for who asks senselessly`(name: String, value: String) async throws {
    try await WatchLab.run { lab in
      let reply = try await lab.events((name, value))
      #expect(reply.status == 400)
      #expect(reply["error_msg"]?.contains(name) == true)
    }
  }

  @Test func `come page by page, and none twice`() async throws {
    try await WatchLab.run { lab in
      try await lab.report()
      try await lab.report(hosts: (1...5).map { WatchLab.host($0) })
      var ids: [String] = []
      var marker: String?
      repeat {
        let page = try await lab.caller.call(
          .get, "\(Lab.ours)/events", query: [("limit", "2")] + (marker.map { [("marker", $0)] } ?? []))
        ids += page.ids("events")
        marker = page["page_info.next_marker"]
      } while marker != nil
      let whole = try await lab.events().ids("events")
      #expect(ids == whole)
      #expect(Set(ids).count == ids.count && ids.count >= 6)
    }
  }

  @Test func `are told again to nobody after a restart of the server`() async throws {
    try await WatchLab.run { lab in
      try await lab.report(hosts: [WatchLab.host(1)])
      let before = try await lab.events().ids("events")
      let again = lab.lab.service()
      try await again.core.timeline.begin()
      try await again.application.test(.router) { client in
        let second = WatchLab(
          lab: lab.lab, caller: Caller(client: client, lab: lab.lab), timeline: again.core.timeline,
          connection: lab.connection)
        let host = HostFact(
          mac: MACAddress(locallyAdministered: 1), address: nil, side: .local, seenAgeMilliseconds: 10,
          sinceAgeMilliseconds: 1_020, moves: 0)
        try await second.report(hosts: [host])
        #expect(try await second.events().ids("events") == before)
      }
    }
  }
}

@Suite(.timeLimit(.minutes(1))) struct `Hosts over the API` {
  @Test func `are all that nodes name, with side and ages as of now`() async throws {
    try await WatchLab.run { lab in
      try await lab.report(hosts: [WatchLab.host(2, .remote(0), moves: 3, held: 30_000), WatchLab.host(1)])
      lab.lab.pass(2)
      let reply = try await lab.caller.call(.get, "\(Lab.ours)/hosts")
      #expect(reply.count("hosts") == 2)
      #expect(reply["hosts.0.mac"] == "02:00:00:00:00:01")
      #expect(reply["hosts.0.side"] == "local" && reply.value("hosts.0.tunnel_ip") == .null)
      #expect(reply["hosts.1.address"] == "192.168.0.2")
      #expect(reply["hosts.1.tunnel_ip"] == "192.0.2.1")
      #expect(reply.value("hosts.1.seen_age_ms")?.number == 2_010)
      #expect(reply.value("hosts.1.held_ms")?.number == 28_000)
      #expect(reply.value("hosts.1.moves")?.number == 3)
      #expect(reply["hosts.1.connection_id"] == lab.connection && reply["hosts.1.node"] == "node-1")
    }
  }

  @Test func `are found by address, by the beginning of a MAC address, by side and by what is held`()
    async throws
  {
    try await WatchLab.run { lab in
      try await lab.report(hosts: [
        WatchLab.host(0x0101), WatchLab.host(0x0102, .remote(0), held: 9_000), WatchLab.host(0x0201),
      ])
      #expect(try await lab.hosts(("address", "192.168.2.1")) == ["02:00:00:00:02:01"])
      #expect(
        try await lab.hosts(("mac", "02:00:00:00:01")) == ["02:00:00:00:01:01", "02:00:00:00:01:02"])
      #expect(try await lab.hosts(("side", "remote")) == ["02:00:00:00:01:02"])
      #expect(try await lab.hosts(("held", "true")) == ["02:00:00:00:01:02"])
      #expect(try await lab.hosts(("connection_id", lab.connection)).count == 3)
      #expect(try await lab.hosts(("connection_id", "00000000-0000-0000-0000-000000000001")) == [])
      #expect(try await lab.hosts(("address", "x")) == [])
    }
  }

  @Test func `come page by page, and none twice`() async throws {
    try await WatchLab.run { lab in
      try await lab.report(hosts: (1...7).map { WatchLab.host($0) })
      var found: [String] = []
      var marker: String?
      repeat {
        let page = try await lab.caller.call(
          .get, "\(Lab.ours)/hosts", query: [("limit", "3")] + (marker.map { [("marker", $0)] } ?? []))
        found += (0..<(page.count("hosts") ?? 0)).compactMap { page["hosts.\($0).mac"] }
        marker = page["page_info.next_marker"]
      } while marker != nil
      #expect(found == (1...7).map { "02:00:00:00:00:0\($0)" })
    }
  }

  @Test func `of others are nobody's to see`() async throws {
    try await WatchLab.run { lab in
      try await lab.report(hosts: [WatchLab.host(1)])
      let path = "/openesw/v1/\(Lab.foreignProject)/hosts"
      let reply = try await lab.caller.call(.get, path, key: Lab.foreignKey)
      #expect(reply.count("hosts") == 0)
      let asked = try await lab.caller.call(
        .get, path, query: [("connection_id", lab.connection)], key: Lab.foreignKey)
      #expect(asked.count("hosts") == 0)
    }
  }

  @Test(arguments: [
    ("mac", "zz"), ("side", "up"), ("held", "yes"), ("marker", "x"), ("mac", "02:00:00:00:00:01:"),
  ])
  func `are not for who asks senselessly`(name: String, value: String) async throws {
    try await WatchLab.run { lab in
      let reply = try await lab.caller.call(.get, "\(Lab.ours)/hosts", query: [(name, value)])
      #expect(reply.status == 400)
    }
  }
}
