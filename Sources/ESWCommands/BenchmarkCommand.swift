import ArgumentParser
import AsyncHTTPClient
import ESWClient
import ESWModel
import ESWWire
import Foundation
import NIOHTTP1

/// What benchmarks need and Python would be too slow or too far away for. Not in the help.
struct BenchmarkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark", abstract: "Parts of benchmarks/api, datapath, probes and scale.",
    shouldDisplay: false,
    subcommands: [
      BenchmarkStoreCommand.self, BenchmarkWritesCommand.self, BenchmarkScaleCommand.self,
      BenchmarkNodeCommand.self, BenchmarkProbesCommand.self,
    ])
}

/// Where a writer creates and deletes: nobody else does there.
struct BenchmarkLane: Codable {
  let vpc: VPCID
  let instance: InstanceID
  let subnet: SubnetID
}

struct BenchmarkWritesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "writes", abstract: "Create and delete connections by signed calls; say how long each took.")

  @OptionGroup var options: ClientOptions
  @Option(help: "The lanes that `store` has made.") var lanes: String
  @Option(help: "Pairs of a create and a delete a second; without: as many as there are.") var rate: Int?
  @Option(help: "Writers at a time; at most the lanes.") var writers = 16
  @Option(help: "How long to write.") var seconds = 5

  func run() async throws {
    let lanes = try JSONDecoder().decode(
      [BenchmarkLane].self, from: Data(contentsOf: URL(fileURLWithPath: lanes)))
    guard (1...lanes.count).contains(writers), (1...3600).contains(seconds),
      (1...1000).contains(rate ?? 1)
    else { throw ValidationError("writers: 1 to \(lanes.count); seconds: 1 to 3600; rate: 1 to 1000") }
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = writers
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let client = try options.unobservedClient(http: http)
    let used = Array(lanes.prefix(writers))
    // Connections are made and code is paged in before anything is measured.
    try await withThrowingTaskGroup { group in
      for lane in used {
        group.addTask {
          let id = try await create(on: lane, with: client)
          try await client.call(.DELETE, path(lane, client) + "/\(id)")
        }
      }
      try await group.waitForAll()
    }
    let start = ContinuousClock.now
    let times = try await write(on: used, with: client, from: start)
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    try await http.shutdown()
    try report(times, elapsed: elapsed)
  }

  private struct Times: Sendable {
    var creates: [Double] = []
    var deletes: [Double] = []
  }

  /// Each writer takes its turns of the schedule, and is late when the one before took too long: a slow
  /// answer is counted in those that it held up.
  private func write(
    on lanes: [BenchmarkLane], with client: ESWClient, from start: ContinuousClock.Instant
  ) async throws -> Times {
    try await withThrowingTaskGroup(of: Times.self) { group in
      for (number, lane) in lanes.enumerated() {
        group.addTask {
          var times = Times()
          var turn = number
          while true {
            var due = ContinuousClock.now
            if let rate {
              due = start + .seconds(1) / rate * turn
              try await Task.sleep(until: due, clock: .continuous)
            }
            guard due - start < .seconds(seconds) else { return times }
            let id = try await create(on: lane, with: client)
            let between = ContinuousClock.now
            times.creates.append((between - due) / .milliseconds(1))
            try await client.call(.DELETE, path(lane, client) + "/\(id)")
            times.deletes.append((ContinuousClock.now - between) / .milliseconds(1))
            turn += lanes.count
          }
        }
      }
      return try await group.reduce(into: Times()) {
        $0.creates += $1.creates
        $0.deletes += $1.deletes
      }
    }
  }

  private func path(_ lane: BenchmarkLane, _ client: ESWClient) -> String {
    client.switchPath("/instances/\(lane.instance)/connections")
  }

  private func create(on lane: BenchmarkLane, with client: ESWClient) async throws -> ConnectionID {
    let body = JSONWriter.data {
      $0.object {
        $0.object("connection") {
          $0.member("name", "written")
          $0.member("vpc_id", lane.vpc)
          $0.member("virsubnet_id", lane.subnet)
          $0.array("remote_infos", [0]) { writer, _ in
            writer.object {
              // Different on each lane of a switch.
              $0.member("segmentation_id", integer: lane.subnet.low & 0xFF_FFFF | 1)
              $0.member("tunnel_ip", "192.0.2.1")
            }
          }
        }
      }
    }
    return try await client.call(
      .POST, path(lane, client), body: body, as: Answer.OneConnection.self
    ).connection.id
  }

  private func report(_ times: Times, elapsed: Double) throws {
    let pairs = Double(times.deletes.count)
    var figures = ["seconds": elapsed, "pairs_a_second": pairs / elapsed]
    for (name, sample) in [("create", times.creates.sorted()), ("delete", times.deletes.sorted())] {
      guard let last = sample.last else { throw ValidationError("nothing was written") }
      figures["\(name)_p50_ms"] = sample[sample.count / 2]
      figures["\(name)_p99_ms"] = sample[min(sample.count * 99 / 100, sample.count - 1)]
      figures["\(name)_max_ms"] = last
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    Terminal.say(String(decoding: try encoder.encode(figures), as: UTF8.self))
  }
}
