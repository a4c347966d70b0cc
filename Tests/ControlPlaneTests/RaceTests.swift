import ESWModel
import ESWWire
import HTTPTypes
import Testing

/// How many ask for the same at once.
private let crowd = 64

/// How often each status and code came back, such as "201" and "409 l2cg.8002".
private func tally(_ replies: [Reply]) -> [String: Int] {
  replies.reduce(into: [:]) { tally, reply in
    tally[([String(reply.status)] + (reply.code.map { [$0] } ?? [])).joined(separator: " "), default: 0] += 1
  }
}

@Suite(.timeLimit(.minutes(3))) struct `Sixty-four who ask at once` {
  @Test(arguments: StoreKind.allCases)
  func `for a switch get as many as the quota allows, each with an address of its own`(
    kind: StoreKind
  ) async throws {
    try await Lab.serve(on: kind, quota: 7) { lab, caller in
      let network = try await caller.makeNetwork()
      let replies = try await together(crowd) {
        try await caller.call(
          .post, "\(Lab.v3)/instances", body: Caller.instanceBody(network, name: "edge-\($0)"))
      }
      #expect(tally(replies) == ["201": 7, "409 l2cg.8002": crowd - 7])
      #expect(Set(replies.compactMap { $0["instance.tunnel_info.tunnel_ip"] }).count == 7)
      #expect(Set(replies.compactMap { $0["instance.id"] }).count == 7)
      let quotas = try await caller.call(.get, "\(Lab.v3)/quotas")
      #expect(quotas.value("quotas.resources.0.used") == .integer(7))
      #expect(lab.snapshot.instances.count == 7)
    }
  }

  /// A network of 16 addresses has 14 hosts, and one is the gateway.
  @Test(arguments: StoreKind.allCases)
  func `for an address in a small subnet get each one once`(kind: StoreKind) async throws {
    try await Lab.serve(on: kind, quota: 1000) { lab, caller in
      var network = try await caller.makeNetwork(attached: false)
      let body = """
        {"subnet":{"name":"small","cidr":"10.0.200.0/28","gateway_ip":"10.0.200.1","vpc_id":"\(network.vpc)"}}
        """
      let small = try await caller.call(.post, "\(Lab.v1)/subnets", body: body)["subnet.id"] ?? ""
      network = .init(vpc: network.vpc, tunnelSubnet: small, layer2Subnets: [])
      let replies = try await together(crowd) { [network] in
        try await caller.call(
          .post, "\(Lab.v3)/instances", body: Caller.instanceBody(network, name: "edge-\($0)"))
      }
      #expect(tally(replies) == ["201": 13, "409 l2cg.8015": crowd - 13])
      #expect(
        Set(replies.compactMap { $0["instance.tunnel_info.tunnel_ip"] })
          == Set((2...14).map { "10.0.200.\($0)" }))
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `for one address are given it once`(kind: StoreKind) async throws {
    try await Lab.serve(on: kind, quota: 1000) { _, caller in
      let network = try await caller.makeNetwork()
      let replies = try await together(crowd) {
        let body = Caller.instanceBody(network, name: "edge-\($0)")
          .replacing(#""virsubnet_id""#, with: #""tunnel_ip":"10.0.9.77","virsubnet_id""#)
        return try await caller.call(.post, "\(Lab.v3)/instances", body: body)
      }
      #expect(tally(replies) == ["201": 1, "400 l2cg.9901": crowd - 1])
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `to stretch one subnet, over several switches, do it once`(kind: StoreKind) async throws {
    try await Lab.serve(on: kind) { _, caller in
      let network = try await caller.makeNetwork()
      var switches: [String] = []
      for number in 0..<4 { switches.append(try await caller.makeInstance(network, name: "edge-\(number)")) }
      let replies = try await together(crowd) { [switches] number in
        try await caller.call(
          .post, "\(Lab.v3)/instances/\(switches[number % 4])/connections",
          body: Caller.connectionBody(network, name: "c-\(number)", vni: 5000 + number))
      }
      #expect(tally(replies) == ["201": 1, "409 l2cg.8004": crowd - 1])
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `for one pair of VNI and remote on one switch get it once`(kind: StoreKind) async throws {
    try await Lab.serve(on: kind) { _, caller in
      let network = try await caller.makeNetwork(layer2: crowd)
      let instance = try await caller.makeInstance(network)
      let replies = try await together(crowd) {
        try await caller.call(
          .post, "\(Lab.v3)/instances/\(instance)/connections",
          body: Caller.connectionBody(network, subnet: $0, name: "c-\($0)", vni: 7127))
      }
      #expect(tally(replies) == ["201": 1, "409 l2cg.9935": crowd - 1])
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `for connections get as many as the flavor allows`(kind: StoreKind) async throws {
    try await Lab.serve(on: kind) { lab, caller in
      let network = try await caller.makeNetwork(layer2: crowd)
      let instance = try await caller.makeInstance(network)
      let replies = try await together(crowd) {
        try await caller.call(
          .post, "\(Lab.v3)/instances/\(instance)/connections",
          body: Caller.connectionBody(network, subnet: $0, name: "c-\($0)", vni: 5000 + $0))
      }
      #expect(tally(replies) == ["201": 6, "409 l2cg.8003": crowd - 6])
      #expect(Set(lab.snapshot.connections.values.map(\.number)).count == 6)
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `for subnets in one place get some that do not overlap`(kind: StoreKind) async throws {
    try await Lab.serve(on: kind) { lab, caller in
      let network = try await caller.makeNetwork()
      let replies = try await together(crowd) { number in
        // 16 networks of 256 addresses, in all sizes from four such down to a quarter of one.
        let (third, prefix) = (128 + number % 16, 22 + number % 5)
        let first = prefix < 24 ? third & ~(1 << (24 - prefix) - 1) : third
        let body = """
          {"subnet":{"name":"s-\(number)","cidr":"10.0.\(first).0/\(prefix)","gateway_ip":"10.0.\(first).1",
           "vpc_id":"\(network.vpc)"}}
          """
        return try await caller.call(.post, "\(Lab.v1)/subnets", body: body)
      }
      let counts = tally(replies)
      #expect(Set(counts.keys) == ["200", "409 l2cg.8013"])
      #expect((4...16).contains(counts["200"] ?? 0))
      let networks = lab.snapshot.subnets.values.map(\.network).sorted { $0.first < $1.first }
      for (one, next) in zip(networks, networks.dropFirst()) { #expect(!one.overlaps(next)) }
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `for one interface get it once`(kind: StoreKind) async throws {
    try await Lab.serve(on: kind) { _, caller in
      let network = try await caller.makeNetwork(layer2: crowd, attached: false)
      let replies = try await together(crowd) {
        try await caller.attach(network.layer2Subnets[$0], "layer2", "eth3")
      }
      #expect(tally(replies) == ["201": 1, "409 l2cg.8014": crowd - 1])
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `for one subnet as tunnel and as segment get it as one of both`(kind: StoreKind) async throws {
    try await Lab.serve(on: kind, quota: 1000) { lab, caller in
      let network = try await caller.makeNetwork(attached: false)
      let instance = try await caller.makeInstance(network)
      let other = Caller.Network(
        vpc: network.vpc, tunnelSubnet: network.layer2Subnets[0], layer2Subnets: network.layer2Subnets)
      let replies = try await together(crowd) { number in
        number % 2 == 0
          ? try await caller.call(
            .post, "\(Lab.v3)/instances", body: Caller.instanceBody(other, name: "edge-\(number)"))
          : try await caller.call(
            .post, "\(Lab.v3)/instances/\(instance)/connections",
            body: Caller.connectionBody(network, name: "c-\(number)", vni: 5000 + number))
      }
      let isSegment = lab.snapshot.connections.count > 0
      let expected: Set = isSegment ? ["201", "409 l2cg.9922", "409 l2cg.8004"] : ["201", "409 l2cg.8004"]
      #expect(Set(tally(replies).keys).isSubset(of: expected))
      #expect(tally(replies)["201"] == (isSegment ? 1 : crowd / 2))
      #expect(lab.snapshot.instances.count == (isSegment ? 1 : 1 + crowd / 2))
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `to delete one switch do it once`(kind: StoreKind) async throws {
    try await Lab.serve(on: kind) { _, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let replies = try await together(crowd) { _ in
        try await caller.call(.delete, "\(Lab.v3)/instances/\(instance)")
      }
      #expect(tally(replies) == ["204": 1, "404 l2cg.9923": crowd - 1])
      let jobs = try await caller.call(.get, "\(Lab.v3)/resources/\(instance)/jobs")
      #expect(jobs.count("jobs") == 2)
    }
  }

  @Test(arguments: StoreKind.allCases)
  func `to delete a switch and to connect to it leave nothing without a switch`(
    kind: StoreKind
  ) async throws {
    try await Lab.serve(on: kind) { lab, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let path = "\(Lab.v3)/instances/\(instance)"
      _ = try await together(crowd) { number in
        number % 2 == 0
          ? try await caller.call(.delete, path)
          : try await caller.call(
            .post, "\(path)/connections", body: Caller.connectionBody(network, vni: 5000 + number))
      }
      #expect(lab.snapshot.instances.count == lab.snapshot.connections.count)
    }
  }
}

@Suite struct `Two requests that are the same byte for byte` {
  @Test(arguments: StoreKind.allCases)
  func `in one second are two requests`(kind: StoreKind) async throws {
    try await Lab.serve(on: kind) { lab, caller in
      let body = #"{"vpc":{"name":"v","cidr":"10.0.0.0/8"}}"#
      // The laboratory's clock stands, so that both carry the same date and signature.
      let replies = try await together(2) { _ in try await caller.call(.post, "\(Lab.v1)/vpcs", body: body) }
      #expect(replies.map(\.status) == [200, 200])
      #expect(Set(replies.compactMap { $0["vpc.id"] }).count == 2)
      #expect(lab.snapshot.vpcs.count == 2)
    }
  }
}
