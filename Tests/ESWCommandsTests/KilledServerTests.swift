import AsyncHTTPClient
import ESWClient
import Foundation
import NIOHTTP1
import Testing

@testable import ESWCommands

struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }
}

@Suite(.timeLimit(.minutes(5))) struct `A server that is killed while it writes` {
  static let kills = 50
  static let writerCount = 6

  @Test func `has everything that it answered, nothing by halves, and is back within a second`() async throws
  {
    let seed = UInt64.random(in: 0...UInt64(UInt32.max))
    var random = SeededGenerator(state: seed)
    let server = try await ServeProcess(["--no-agent", "--quota", "1000", "--log", "error"])
    let writers = (0..<Self.writerCount).map { Writer($0, seed: seed) }
    var starts: [Duration] = []
    for round in 1...Self.kills {
      try await work(writers, server, killedAfter: .milliseconds(Int.random(in: 20...250, using: &random)))
      if round % 5 == 0 {
        // It may as well die while it starts.
        try await server.restart(untilReady: false)
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...120, using: &random)))
        try await server.kill()
      }
      let start = ContinuousClock.now
      try await server.restart()
      let client = try server.client()
      _ = try await client.call(.GET, client.switchPath("/quotas"))
      starts.append(ContinuousClock.now - start)
      try await check(writers, client, "seed \(seed), kill \(round)")
    }
    var (acknowledged, unanswered) = (0, 0)
    for writer in writers {
      acknowledged += await writer.acknowledged
      unanswered += await writer.unanswered
    }
    let median = starts.sorted()[starts.count / 2]
    print(
      "killed \(Self.kills) times, seed \(seed): \(acknowledged) writes answered, \(unanswered) not;",
      "back after \(median) (median), \(starts.max() ?? median) (longest)")
    #expect(acknowledged > Self.kills * 10)
    #expect(unanswered > Self.kills)
    #expect(median < .seconds(1))
  }

  private func work(_ writers: [Writer], _ server: ServeProcess, killedAfter load: Duration) async throws {
    // One that does not knock again: what is asked for is asked for once.
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.retryConnectionEstablishment = false
    let http = HTTPClient(configuration: configuration)
    let client = try server.client(http: http)
    let working = Task {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in writers { group.addTask { try await writer.work(client) } }
        try await group.waitForAll()
      }
    }
    try await Task.sleep(for: load)
    try await server.kill()
    let result = await working.result
    try await http.shutdown()
    try result.get()
  }

  private func check(_ writers: [Writer], _ client: ESWClient, _ place: String) async throws {
    let inventory = try await Inventory(client)
    #expect(inventory.repeated.isEmpty, "\(place): \(inventory.repeated) are there twice")
    for writer in writers {
      let complaints = await writer.complaints(about: inventory)
      #expect(complaints.isEmpty, "\(place): \(complaints)")
      for (instance, kinds) in await writer.takeJobs() {
        let jobs = try await client.rows(client.switchPath("/resources/\(instance)/jobs"), key: "jobs")
        #expect(jobs.map { $0["name"].text } == kinds, "\(place): jobs of \(instance)")
      }
    }
    for name in inventory.rows.values.flatMap(\.keys) {
      var isOwned = false
      for writer in writers where await writer.isOwner(of: name) { isOwned = true }
      #expect(isOwned, "\(place): \(name) is there, and nobody made it or it was deleted")
    }
    let used = try await client.call(.GET, client.switchPath("/quotas"), as: JSON.self)[
      "quotas.resources.used"]
    #expect(used.text == "\(inventory.rows[.instance]?.count ?? 0)", "\(place)")
  }
}
