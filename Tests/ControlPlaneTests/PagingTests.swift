import ESWModel
import HTTPTypes
import Synchronization
import Testing

/// A list that is walked page by page while its rows come and go.
enum PagedList: String, CaseIterable, Sendable {
  case vpcs, subnets, instances, connections

  var path: String {
    switch self {
    case .vpcs, .subnets: "\(Lab.v1)/\(rawValue)"
    case .instances, .connections: "\(Lab.v3)/\(rawValue)"
    }
  }
}

/// Makes and deletes rows of a list; many may ask it at once.
private struct Rows: Sendable {
  private static let switchCount = 12

  let list: PagedList
  let caller: Caller
  private let network: Caller.Network
  private let switches: [String]
  private let count = Counter()
  /// Where each connection is.
  private let places = Places()

  init(_ list: PagedList, _ caller: Caller) async throws {
    self.list = list
    self.caller = caller
    // Attached nowhere, so that switches are active at once.
    network = try await caller.makeNetwork(layer2: 0, attached: false)
    var switches: [String] = []
    if list == .connections {
      for number in 0..<Self.switchCount {
        switches.append(try await caller.makeInstance(network, name: "edge-\(number)"))
      }
    }
    self.switches = switches
  }

  /// - Returns: The new row's id.
  func make() async throws -> String {
    let number = count.next()
    let reply: Reply
    switch list {
    case .vpcs:
      let body = #"{"vpc":{"name":"v-\#(number)","cidr":"10.0.0.0/8"}}"#
      reply = try await caller.call(.post, list.path, body: body)
      return try #require(reply["vpc.id"], "\(reply.text)")
    case .subnets: return try await makeSubnet(number)
    case .instances:
      reply = try await caller.call(
        .post, list.path, body: Caller.instanceBody(network, name: "edge-\(number)"))
      return try #require(reply["instance.id"], "\(reply.text)")
    case .connections:
      let own = Caller.Network(
        vpc: network.vpc, tunnelSubnet: network.tunnelSubnet,
        layer2Subnets: [try await makeSubnet(number)])
      let path = "\(Lab.v3)/instances/\(places.room(in: switches))/connections"
      reply = try await caller.call(.post, path, body: Caller.connectionBody(own, vni: 5000 + number))
      let id = try #require(reply["connection.id"], "\(reply.text)")
      places.put(id, at: path)
      return id
    }
  }

  func delete(_ id: String) async throws {
    let path: String
    switch list {
    case .vpcs, .instances: path = "\(list.path)/\(id)"
    case .subnets: path = "\(Lab.v1)/vpcs/\(network.vpc)/subnets/\(id)"
    case .connections: path = "\(places.take(id))/\(id)"
    }
    let reply = try await caller.call(.delete, path)
    try #require(reply.status == 204, "\(reply.text)")
  }

  /// Makes and deletes rows, a few at a time.
  func churn(_ first: [String], seed: UInt64, while flag: Flag) async throws {
    var (random, own) = (SeededGenerator(state: seed), first)
    while flag.isUp {
      if own.count > 9 || !own.isEmpty && Bool.random(using: &random) {
        try await delete(own.remove(at: Int.random(in: 0..<own.count, using: &random)))
      } else {
        own.append(try await make())
      }
    }
  }

  private func makeSubnet(_ number: Int) async throws -> String {
    let network = "10.\(1 + number / 256).\(number % 256)"
    let body = """
      {"subnet":{"name":"s","cidr":"\(network).0/24","gateway_ip":"\(network).1","vpc_id":"\(self.network.vpc)"}}
      """
    let reply = try await caller.call(.post, "\(Lab.v1)/subnets", body: body)
    return try #require(reply["subnet.id"], "\(reply.text)")
  }

  /// All rows as a client sees them that asks for a page behind the last row until there is none.
  ///
  /// - Parameter between: Called between two pages.
  func walk(limit: Int, between: () async throws -> Void = {}) async throws -> [String] {
    var seen: [String] = []
    while true {
      let marker = seen.last.map { [("marker", $0)] } ?? []
      let reply = try await caller.call(.get, list.path, query: [("limit", "\(limit)")] + marker)
      try #require(reply.status == 200, "\(reply.text)")
      let page = reply.ids(list.rawValue)
      guard !page.isEmpty else { return seen }
      seen += page
      try await between()
    }
  }
}

private final class Flag: Sendable {
  private let state = Mutex(true)

  var isUp: Bool { state.withLock { $0 } }
  func lower() { state.withLock { $0 = false } }
}

private final class Counter: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }
}

private final class Places: Sendable {
  private let paths = Mutex([String: String]())
  private let reserved = Mutex([String: Int]())

  /// A switch with the fewest connections, made or about to be made.
  func room(in switches: [String]) -> String {
    reserved.withLock { reserved in
      let chosen = switches.min { reserved[$0, default: 0] < reserved[$1, default: 0] } ?? ""
      reserved[chosen, default: 0] += 1
      return chosen
    }
  }

  func put(_ id: String, at path: String) { paths.withLock { $0[id] = path } }

  func take(_ id: String) -> String {
    let path = paths.withLock { $0.removeValue(forKey: id) ?? "" }
    let instance = path.split(separator: "/").dropLast().last.map(String.init) ?? ""
    reserved.withLock { $0[instance, default: 0] -= 1 }
    return path
  }
}

@Suite(.timeLimit(.minutes(3))) struct `A walk through pages` {
  /// One after the other, so that a seed repeats it.
  @Test(arguments: PagedList.allCases, 0..<12 as Range<UInt64>)
  func `neither repeats nor misses a row, whatever comes and goes between two pages`(
    list: PagedList, seed: UInt64
  ) async throws {
    try await Lab.run(quota: 1000) { _, caller in
      var random = SeededGenerator(state: seed)
      let rows = try await Rows(list, caller)
      // Those that the laboratory needs itself stay.
      let needed = try await rows.walk(limit: 1000)
      var there: [String] = []
      for _ in 0..<12 { there.append(try await rows.make()) }
      var (throughout, everything) = (Set(needed + there), Set(needed + there))
      let seen = try await rows.walk(limit: Int.random(in: 1...5, using: &random)) {
        guard there.count < 30 else { return }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
          if Bool.random(using: &random), let place = there.indices.randomElement(using: &random) {
            let gone = there.remove(at: place)
            try await rows.delete(gone)
            throughout.remove(gone)
          } else if everything.count < 40 + needed.count {
            there.append(try await rows.make())
            everything.insert(there.last ?? "")
          }
        }
      }
      #expect(Set(seen).count == seen.count, "\(list), seed \(seed): a row twice")
      #expect(throughout.isSubset(of: seen), "\(list), seed \(seed): a row missed")
      #expect(everything.isSuperset(of: seen), "\(list), seed \(seed): a row that never was")
      #expect(seen == seen.sorted(), "\(list), seed \(seed)")
    }
  }

  @Test(arguments: PagedList.allCases, StoreKind.allCases)
  func `neither repeats nor misses a row while others write`(list: PagedList, kind: StoreKind) async throws {
    try await Lab.serve(on: kind, quota: 1000) { _, caller in
      let seed = UInt64.random(in: 0...UInt64(UInt32.max))
      let rows = try await Rows(list, caller)
      // Between any two rows that stay there is one that will go.
      var (stable, passing): ([String], [String]) = ([], [])
      for _ in 0..<15 {
        stable.append(try await rows.make())
        passing.append(try await rows.make())
      }
      let walking = Flag()
      let walks = try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<2 {
          let own = passing.indices.filter { $0 % 2 == writer }.map { passing[$0] }
          group.addTask { try await rows.churn(own, seed: seed &+ UInt64(writer), while: walking) }
        }
        defer { walking.lower() }
        var random = SeededGenerator(state: seed)
        var walks: [[String]] = []
        // On a busy machine the writers may come late; without them nothing is shown.
        while walks.count < 8 || (Set(walks).count == 1 && walks.count < 1_000) {
          walks.append(try await rows.walk(limit: Int.random(in: 2...9, using: &random)))
        }
        walking.lower()
        try await group.waitForAll()
        return walks
      }
      for seen in walks {
        #expect(Set(seen).count == seen.count, "\(list), seed \(seed): a row twice")
        #expect(Set(stable).isSubset(of: seen), "\(list), seed \(seed): a row missed")
        #expect(seen == seen.sorted(), "\(list), seed \(seed)")
      }
      #expect(Set(walks).count > 1, "\(list), seed \(seed): nothing came and nothing went")
    }
  }
}
