import ESWModel
import ESWSeams
import ESWWire
import HTTPTypes
import NIOCore
import Simulation
import Testing

@testable import ControlPlane

@Suite struct `The shelf of pages` {
  private static let now = Timestamp(milliseconds: 1000)
  private static let basis = PageShelf.Basis(intent: Revision(3), reports: 4)

  private func request(_ target: String, of project: ProjectID = Lab.project) -> PageShelf.Request {
    PageShelf.Request(project: project, target: target)
  }

  /// What the shelf gives, and whether it was made for this.
  private func page(
    _ shelf: PageShelf, _ request: PageShelf.Request, of basis: PageShelf.Basis = basis,
    at moment: Timestamp = now, until last: Timestamp = now, bytes: Int = 10
  ) async throws -> (size: Int, isNew: Bool) {
    var isNew = false
    let buffer = try await shelf.page(request, to: .listConnections, of: basis, at: moment) { span in
      isNew = true
      span.narrow(to: last)
      return ByteBuffer(repeating: 1, count: bytes)
    }
    return (buffer.readableBytes, isNew)
  }

  @Test func `gives what was made before`() async throws {
    let shelf = PageShelf()
    #expect(try await page(shelf, request("/a")).isNew)
    #expect(try await page(shelf, request("/a")).isNew == false)
  }

  @Test(arguments: [
    PageShelf.Basis(intent: Revision(4), reports: 4), PageShelf.Basis(intent: Revision(3), reports: 5),
  ])
  func `makes a page anew after a change`(basis: PageShelf.Basis) async throws {
    let shelf = PageShelf()
    _ = try await page(shelf, request("/a"))
    #expect(try await page(shelf, request("/a"), of: basis, bytes: 11) == (11, true))
    #expect(try await page(shelf, request("/a"), of: basis) == (11, false))
    // Who asked before the change may have what is newer.
    #expect(try await page(shelf, request("/a")) == (11, false))
  }

  @Test func `makes a page once for many who ask at once`() async throws {
    let shelf = PageShelf()
    let made = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<200 { group.addTask { try await page(shelf, request("/a")).isNew } }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(made == 1)
  }

  @Test func `lets the next one make a page that could not be made`() async throws {
    struct Broken: Error {}
    let shelf = PageShelf()
    await #expect(throws: Broken.self) {
      _ = try await shelf.page(request("/a"), to: .listConnections, of: Self.basis, at: Self.now) { _ in
        throw Broken()
      }
    }
    #expect(try await page(shelf, request("/a")).isNew)
  }

  @Test func `makes a page anew when its time is over`() async throws {
    let shelf = PageShelf()
    _ = try await page(shelf, request("/a"))
    #expect(try await page(shelf, request("/a"), at: Self.now.next, until: Self.now.next).isNew)
  }

  @Test func `tells apart who asks and what`() async throws {
    let shelf = PageShelf()
    _ = try await page(shelf, request("/a"))
    #expect(try await page(shelf, request("/b")).isNew)
    #expect(try await page(shelf, request("/a", of: Lab.foreignProject)).isNew)
  }

  @Test func `holds no more than its limit`() async throws {
    let shelf = PageShelf(mostBytes: 100_000)
    for number in 0..<1000 {
      _ = try await page(shelf, request("/\(number)"), bytes: 1000)
      #expect(shelf.bytes <= 100_000)
    }
    #expect(shelf.bytes > 25_000)
  }

  @Test func `keeps what is asked for among much that is asked once`() async throws {
    let shelf = PageShelf(mostBytes: 100_000)
    _ = try await page(shelf, request("/often"), bytes: 1000)
    var made = 0
    for number in 0..<1000 {
      _ = try await page(shelf, request("/\(number)"), bytes: 1000)
      if try await page(shelf, request("/often"), bytes: 1000).isNew { made += 1 }
    }
    #expect(made == 0)
  }

  @Test func `does not keep a page that would take the others' place`() async throws {
    let shelf = PageShelf(mostBytes: 100_000)
    _ = try await page(shelf, request("/a"), bytes: 30_000)
    #expect(try await page(shelf, request("/a"), bytes: 30_000).isNew)
  }
}

@Suite struct `A list that was asked for before` {
  private static func run(
    _ body: @Sendable (Lab, Caller, Caller.Network, String, String) async throws -> Void
  ) async throws {
    // Without a socket, and over one, where kept pages are given out before the tasks.
    for isLive in [false, true] {
      try await Lab.run(isLive: isLive) { lab, caller in
        let network = try await caller.makeNetwork(layer2: 2)
        let instance = try await caller.makeInstance(network)
        let connection = try await caller.makeConnection(network, on: instance)
        try await body(lab, caller, network, instance, connection)
      }
    }
  }

  private static let list = "\(Lab.v3)/connections"

  private static func statuses(_ caller: Caller) async throws -> [String?] {
    let reply = try await caller.call(.get, list)
    return (0..<(reply.count("connections") ?? 0)).map { reply["connections.\($0).status"] }
  }

  private static func evidence(_ lab: Lab, age: Int64) -> [ConnectionReport] {
    lab.snapshot.connections.values.map { connection in
      ConnectionReport(
        id: connection.id,
        remotes: connection.remotes.map {
          RemoteEvidence(remote: $0, receivedAgeMilliseconds: age, sentAgeMilliseconds: nil)
        }, toRemote: TrafficCount(), toLocal: TrafficCount(), drops: [], hosts: [])
    }
  }

  @Test func `is answered under a request id of its own`() async throws {
    try await Self.run { _, caller, _, _, _ in
      let first = try await caller.call(.get, Self.list)
      let second = try await caller.call(.get, Self.list)
      #expect(first["request_id"] != nil && first["request_id"] != second["request_id"])
      #expect(first["connections.0.id"] == second["connections.0.id"])
    }
  }

  @Test func `shows a change at once`() async throws {
    try await Self.run { _, caller, network, instance, connection in
      let path = "\(Lab.v3)/instances/\(instance)/connections"
      #expect(try await caller.call(.get, path).count("connections") == 1)
      #expect(try await caller.call(.get, Self.list).count("connections") == 1)
      _ = try await caller.makeConnection(network, on: instance, subnet: 1)
      #expect(try await caller.call(.get, path).count("connections") == 2)
      #expect(try await caller.call(.get, Self.list).count("connections") == 2)
      let body = #"{"connection":{"name":"renamed"}}"#
      #expect(try await caller.call(.put, "\(path)/\(connection)", body: body).status == 200)
      #expect(try await caller.call(.get, path)["connections.0.name"] == "renamed")
      #expect(try await caller.call(.delete, "\(path)/\(connection)").status == 204)
      #expect(try await caller.call(.get, Self.list).ids("connections").contains(connection) == false)
    }
  }

  @Test func `shows a report at once`() async throws {
    try await Self.run { lab, caller, _, _, _ in
      #expect(try await Self.statuses(caller) == ["disconnect"])
      try await caller.report(connections: Self.evidence(lab, age: 100))
      #expect(try await Self.statuses(caller) == ["connected"])
      try await caller.report(problems: [Problem(.node, "no more")])
      #expect(try await Self.statuses(caller) == ["abnormal"])
    }
  }

  /// The node is silent after ten seconds, and evidence too old after fifteen.
  @Test func `shows at once what time alone has changed`() async throws {
    try await Self.run { lab, caller, _, _, _ in
      try await caller.report(connections: Self.evidence(lab, age: 9_000))
      #expect(try await Self.statuses(caller) == ["connected"])
      lab.pass(6)
      #expect(try await Self.statuses(caller) == ["connected"])
      lab.pass(1)
      #expect(try await Self.statuses(caller) == ["disconnect"])
      lab.pass(4)
      #expect(try await Self.statuses(caller) == ["abnormal"])
      #expect(try await caller.call(.get, "\(Lab.v3)/instances")["instances.0.status"] == "abnormal")
      lab.pass(-7)
      #expect(try await Self.statuses(caller) == ["connected"])
    }
  }

  @Test func `stays another project's`() async throws {
    try await Self.run { _, caller, _, _, _ in
      #expect(try await caller.call(.get, Self.list).status == 200)
      let foreign = try await caller.call(.get, Self.list, key: Lab.foreignKey)
      #expect(foreign.status == 403)
      let own = "/v3/\(Lab.foreignProject)/l2cg/connections"
      #expect(try await caller.call(.get, own, key: Lab.foreignKey).count("connections") == 0)
    }
  }

  @Test func `is whole when it is long`() async throws {
    try await Lab.run(isLive: true) { lab, caller in
      _ = try await caller.makeNetwork(layer2: 1)
      // Above what is copied behind its request id.
      let rows = (0..<100).map { number in
        IntentEdit.putConnection(
          Connection(
            id: ConnectionID(high: 1 << 63, low: UInt64(number)),
            number: ConnectionNumber(UInt32(number) + 1),
            project: Lab.project, instance: InstanceID(high: 1, low: 1), name: ResourceName("c-\(number)")!,
            vpc: VPCID(high: 1, low: 1), subnet: SubnetID(high: 1, low: UInt64(number)),
            remotes: [RemoteEndpoint(vni: VNI(1)!, address: IPv4Address(0xC000_0201))],
            fixedAddresses: [IPv4Address(0x0A00_000E), IPv4Address(0x0A00_000D)], createdAt: Lab.start,
            updatedAt: Lab.start, createdIn: Revision(1)))
      }
      _ = try await lab.store.commit { _ in IntentChange(edits: rows, outcome: ()) }
      for _ in 0..<3 {
        let reply = try await caller.call(.get, Self.list)
        #expect(reply.text.utf8.count > 32_768)
        #expect(reply.ids("connections").count == 100)
      }
    }
  }
}
