import ESWClient
import ESWModel
import Foundation
import NIOHTTP1
import Simulation
import Testing

@testable import ESWCommands

/// `esw serve` with an agent on a simulated kernel that has one connection up.
private struct CaptureBed {
  let kernel: SimulatedDataplane
  let client: ESWClient
  let connection: ConnectionID
  /// In another project than the key's.
  let others: ESWClient
  /// What the command line needs of its environment.
  let environment: [String]

  /// - Parameter tls: Nil: plain HTTP. The certificate is its own authority, of the name localhost.
  static func run(tls: TLSFiles? = nil, _ body: (CaptureBed) async throws -> Void) async throws {
    let folder = NSTemporaryDirectory() + "esw-capture-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let kernel = SimulatedDataplane()
    await kernel.place(InterfaceName("underlay0")!)
    await kernel.place(InterfaceName("segment0")!)
    let node = NodeName("node-1")!
    let options = SwitchServer.Options(
      dataFolder: folder, listen: ServedSwitch.anyPort, tls: tls, region: Region(), node: node,
      logger: ServedSwitch.silence, dataplane: .open(kernel))
    try await ServedSwitch.run(options) { served in
      let http = try tls.map { try Trust.client(caFile: $0.certificate) } ?? ESWClient.direct
      let client = try ESWClient(
        endpoint: served.endpoint,
        credentials: .init(keyID: served.key.id, secret: served.key.secret, project: served.key.project),
        http: http)
      let story = DemoStory(
        client: client, node: node, narrator: Narrator(isSimulated: true, isSilent: true), isSimulated: true,
        sites: DemoTopology(prefix: "none-"), passes: PassJournal())
      var made = DemoStory.Made()
      try await story.awaitNode()
      try await story.prepare(&made)
      let connection = try #require(made.connection)
      while try await kernel.observe().state.connections.isEmpty {
        try await Task.sleep(for: .milliseconds(20))
      }
      let project = try await client.call(
        .POST, "/v3/projects", body: Data(#"{"project":{"name":"other"}}"#.utf8), as: JSON.self)
      let others = try ESWClient(
        endpoint: served.endpoint,
        credentials: .init(
          keyID: served.key.id, secret: served.key.secret,
          project: try #require(ProjectID(project["project.id"].text))), http: http)
      let environment = [
        "ESW_ENDPOINT=\(served.endpoint)", "HUAWEICLOUD_SDK_AK=\(served.key.id)",
        "HUAWEICLOUD_SDK_SK=\(served.key.secret)", "HUAWEICLOUD_SDK_PROJECT_ID=\(served.key.project)",
      ]
      try await body(
        CaptureBed(
          kernel: kernel, client: client, connection: connection, others: others, environment: environment))
    }
  }

  static func frame(_ number: UInt8) -> CapturedFrame {
    CapturedFrame(
      moment: 1_700_000_000_000_000_000 + Int64(number), point: .fromPort, fate: .dropped(reason: "too_big"),
      remotes: [], outer: .none, length: 200, bytes: [UInt8](repeating: number, count: 200))
  }

  func waitForCaptures(_ count: Int) async { _ = await kernel.captureCounts().first { $0 == count } }
}

/// Types of the blocks of a pcapng file, in their order; nil where it is not whole blocks.
private func blocks(of file: [UInt8]) -> [UInt32]? {
  func number(_ place: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(file[place + $1]) << UInt32(8 * $1) }
  }
  var (types, place): ([UInt32], Int) = ([], 0)
  while place < file.count {
    guard place + 12 <= file.count else { return nil }
    let length = Int(number(place + 4))
    guard length >= 12, length % 4 == 0, place + length <= file.count, number(place + length - 4) == length
    else { return nil }
    types.append(number(place))
    place += length
  }
  return types
}

@Suite(.timeLimit(.minutes(2))) struct `A capture over the network` {
  private static let (section, packet, statistics): (UInt32, UInt32, UInt32) = (0x0A0D_0D0A, 6, 5)

  @Test func `brings the frames that the node sees, as a whole file, until its limit of bytes`() async throws
  {
    try await CaptureBed.run { bed in
      let download = try await bed.client.capture(bed.connection, limits: CaptureLimits(bytes: 4096))
      var file: [UInt8] = []
      var number: UInt8 = 0
      for try await part in download {
        file += part
        number &+= 1
        await bed.kernel.pass(CaptureBed.frame(number), of: bed.connection)
      }
      let types = try #require(blocks(of: file))
      #expect(types.first == Self.section)
      #expect(types.last == Self.statistics)
      #expect(types.count { $0 == Self.packet } > 3)
      #expect(file.count <= 4096)
      // The bytes of the first frame that was handed in.
      #expect(file.firstRange(of: [UInt8](repeating: 1, count: 200)) != nil)
      await bed.waitForCaptures(0)
    }
  }

  @Test func `ends when its time is over, also when nothing comes`() async throws {
    try await CaptureBed.run { bed in
      let start = ContinuousClock.now
      var file: [UInt8] = []
      for try await part in try await bed.client.capture(bed.connection, limits: CaptureLimits(seconds: 1)) {
        file += part
      }
      let types = try #require(blocks(of: file))
      #expect(types.first == Self.section && types.last == Self.statistics)
      #expect(!types.contains(Self.packet))
      #expect(ContinuousClock.now - start >= .seconds(1))
    }
  }

  @Test func `cuts frames to the length that is asked for`() async throws {
    try await CaptureBed.run { bed in
      var file: [UInt8] = []
      let download = try await bed.client.capture(
        bed.connection, limits: CaptureLimits(seconds: 2), snapLength: 128)
      await bed.kernel.pass(CaptureBed.frame(9), of: bed.connection)
      for try await part in download { file += part }
      #expect(file.firstRange(of: [UInt8](repeating: 9, count: 128)) != nil)
      #expect(file.firstRange(of: [UInt8](repeating: 9, count: 129)) == nil)
    }
  }

  /// By nothing but that the connection is closed: no frame comes, so nothing is written that could fail.
  @Test(arguments: [false, true])
  func `ends on the node when who asked for it goes`(isSecure: Bool) async throws {
    let server = try SecureServer()
    defer { server.remove() }
    try await server.makeCertificate("localhost", names: "DNS:localhost")
    try await CaptureBed.run(tls: isSecure ? server.files : nil) { bed in
      let reading = Task {
        for try await _ in try await bed.client.capture(bed.connection) {}
      }
      await bed.waitForCaptures(1)
      reading.cancel()
      await bed.waitForCaptures(0)
      _ = await reading.result
    }
  }

  @Test func `does not keep the server from ending, and is not taken for whole then`() async throws {
    var reading: Task<Void, any Error>?
    try await CaptureBed.run { bed in
      let (parts, part) = AsyncStream.makeStream(of: Void.self)
      reading = Task {
        for try await _ in try await bed.client.capture(bed.connection) { part.yield() }
      }
      _ = await parts.first { _ in true }
    }
    let outcome = await reading?.result
    guard case .failure(ClientError.brokenOff)? = outcome else {
      Issue.record("\(String(describing: outcome))")
      return
    }
  }

  @Test func `goes on four times on a node, and no fifth time`() async throws {
    try await CaptureBed.run { bed in
      let readings = (1...4).map { _ in
        Task { for try await _ in try await bed.client.capture(bed.connection) {} }
      }
      await bed.waitForCaptures(4)
      let fifth = await #expect(throws: ClientError.self) { _ = try await bed.client.capture(bed.connection) }
      guard case .refused(409, "l2cg.8031", _, _)? = fifth else {
        Issue.record("\(String(describing: fifth))")
        return
      }
      for reading in readings { reading.cancel() }
      await bed.waitForCaptures(0)
    }
  }

  @Test func `of another project's connection is not found`() async throws {
    try await CaptureBed.run { bed in
      let error = await #expect(throws: ClientError.self) { _ = try await bed.others.capture(bed.connection) }
      guard case .refused(404, "l2cg.9904", _, _)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  /// Who reads nothing holds up the agent's parts, and nothing else: the node loses what it has no room for,
  /// and the file says so.
  @Test func `that is read late holds up no report, and tells what was lost`() async throws {
    try await CaptureBed.run { bed in
      let limits = CaptureLimits(seconds: 4, bytes: 1 << 30)
      let download = try await bed.client.capture(bed.connection, limits: limits)
      let large = CapturedFrame(
        moment: 1, point: .fromPort, fate: .sent, remotes: [], outer: .none, length: 16_000,
        bytes: [UInt8](repeating: 7, count: 16_000))
      for _ in 0..<4 {
        for _ in 0..<4096 { await bed.kernel.pass(large, of: bed.connection) }
        try await Task.sleep(for: .milliseconds(700))
        let nodes = try await bed.client.call(.GET, bed.client.ownPath("/nodes"), as: JSON.self)
        guard case .array(let ages) = nodes["nodes.report_age_ms"], case .integer(let age)? = ages.first
        else {
          Issue.record("\(nodes)")
          return
        }
        #expect(age < 3000)
      }
      var file: [UInt8] = []
      for try await part in download { file += part }
      let types = try #require(blocks(of: file))
      #expect(types.first == Self.section && types.last == Self.statistics)
      #expect(types.count { $0 == Self.packet } < 4 * 4096)
      #expect(file.firstRange(of: Array("frames were lost".utf8)) != nil)
    }
  }

  @Test func `is shown by the command as on the node, filters included`() async throws {
    try await CaptureBed.run { bed in
      let command = Task {
        try await Program.run(
          "env",
          bed.environment + [ESWProcess.executable().path, "capture", "l2conn", "--dropped", "--count", "2"])
      }
      await bed.waitForCaptures(1)
      let sent = CapturedFrame(
        moment: 1, point: .toRemote, fate: .sent, remotes: [], outer: .none, length: 200,
        bytes: [UInt8](repeating: 3, count: 200))
      for frame in [CaptureBed.frame(1), sent, CaptureBed.frame(2), sent] {
        await bed.kernel.pass(frame, of: bed.connection)
      }
      let result = try await command.value
      #expect(result.status == 0 && result.errors.contains("over the API"), "\(result.errors)")
      let lines = result.output.split(separator: "\n")
      #expect(lines.count == 2 && lines.allSatisfy { $0.contains("from port") && $0.contains("too_big") })
      await bed.waitForCaptures(0)
    }
  }
}
