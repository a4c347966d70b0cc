import ESWModel
import PacketCapture
import Simulation
import Testing

@testable import GatewayAgent

@Suite struct `The file of a capture` {
  private static let source = CaptureSource(connection: nil, port: "eth1", underlay: nil)

  private static func file(upTo limit: Int) -> CaptureFile {
    CaptureFile(of: source, upTo: limit, writer: PcapngWriter(), product: "OpenESW")
  }

  @Test func `begins with its header and ends with its statistics`() {
    var file = Self.file(upTo: 1 << 20)
    let writer = PcapngWriter()
    #expect(file.takePending() == writer.header(for: Self.source, product: "OpenESW"))
    let frame = CapturedFrame.sample()
    file.add(frame)
    file.lose(3)
    #expect(file.takePending() == writer.block(for: frame))
    var tally = CaptureTally()
    tally.take(frame)
    tally.lose(3)
    #expect(file.end(at: 5) == writer.statistics(tally, at: 5))
  }

  @Test(arguments: [4096, 5000, 6000, 10_000])
  func `is never longer than its limit, and ends at the frame that does not fit`(limit: Int) {
    var file = Self.file(upTo: limit)
    var bytes = file.takePending()
    for _ in 0..<1000 { file.add(.sample(length: 500)) }
    #expect(file.isFull)
    bytes += file.takePending()
    file.add(.sample(length: 1))
    #expect(file.takePending().isEmpty)
    bytes += file.end(at: 0)
    #expect(bytes.count == file.size)
    #expect(bytes.count <= limit)
    #expect(bytes.count > limit - 2 * CaptureFile.endBytes)
  }
}

extension CapturedFrame {
  static func sample(length: Int = 60) -> CapturedFrame {
    CapturedFrame(
      moment: 1, point: .fromPort, fate: .dropped(reason: "too_big"), remotes: [], outer: .none,
      length: length, bytes: [UInt8](repeating: 7, count: length))
  }
}

@Suite(.timeLimit(.minutes(1))) struct `An agent that is told to capture` {
  private static let connection = ConnectionID(high: 0, low: 2)

  private static func request(
    _ number: UInt64 = 1, connection: ConnectionID = connection, seconds: Int = 3600, bytes: Int = 1 << 20
  ) -> CaptureRequest {
    CaptureRequest(
      id: CaptureID(high: 9, low: number), order: CaptureOrder(connection: connection)!,
      limits: CaptureLimits(seconds: seconds, bytes: bytes)!)
  }

  /// With the connection forwarding.
  private static func run(
    _ body: (SimulatedDataplane, SimulatedAgentLink) async throws -> Void
  ) async throws {
    let (kernel, link) = (await Stretch.kernel(), SimulatedAgentLink())
    try await withAgent(kernel: kernel, link: link) {
      await link.offer(Stretch.configuration(5))
      for await report in await link.reports() where report.generation == Revision(5) { break }
      try await body(kernel, link)
    }
  }

  private static func waitUntil(_ count: Int, captureOn kernel: SimulatedDataplane) async {
    _ = await kernel.captureCounts().first { $0 == count }
  }

  @Test func `sends header, frames and statistics, each part under its number`() async throws {
    try await Self.run { kernel, link in
      await link.order(Self.request(bytes: 4096))
      var bytes: [UInt8] = []
      var numbers: [Int] = []
      for await sent in await link.sentParcels() {
        numbers.append(sent.number)
        switch sent.parcel {
        case .part(let part):
          bytes += part
          // One after the other until the limit ends it.
          await kernel.pass(.sample(length: 500), of: Self.connection)
          continue
        case .end(let part): bytes += part
        case .failure(let reason): Issue.record("\(reason)")
        }
        break
      }
      #expect(numbers == Array(numbers.indices))
      #expect(bytes.starts(with: [0x0A, 0x0D, 0x0D, 0x0A]))
      #expect(bytes.count > 2000 && bytes.count <= 4096)
      await Self.waitUntil(0, captureOn: kernel)
    }
  }

  @Test func `ends it when its time is over`() async throws {
    try await Self.run { kernel, link in
      await link.order(Self.request(seconds: 1))
      let last = await link.sentParcels().first { if case .end = $0.parcel { true } else { false } }
      #expect(last != nil)
    }
  }

  @Test func `says why it does not begin`() async throws {
    try await Self.run { _, link in
      let unknown = ConnectionID(high: 0, low: 99)
      await link.order(Self.request(connection: unknown))
      let first = await link.sentParcels().first { _ in true }
      #expect(first?.parcel == .failure("the node does not have the connection \(unknown)"))
    }
  }

  @Test func `makes four at a time, and refuses the fifth`() async throws {
    try await Self.run { kernel, link in
      for number in 1...4 { await link.order(Self.request(UInt64(number))) }
      await Self.waitUntil(4, captureOn: kernel)
      await link.order(Self.request(5))
      let refused = await link.sentParcels().first { if case .failure = $0.parcel { true } else { false } }
      #expect(refused?.capture == Self.request(5).id)
      await Self.waitUntil(4, captureOn: kernel)
    }
  }

  @Test func `stops when nobody wants more, and makes the next`() async throws {
    try await Self.run { kernel, link in
      await link.order(Self.request(1))
      await Self.waitUntil(1, captureOn: kernel)
      await link.drop(Self.request(1).id)
      await Self.waitUntil(0, captureOn: kernel)
      await link.order(Self.request(2))
      await Self.waitUntil(1, captureOn: kernel)
    }
  }

  @Test func `sends again under the same number what did not arrive`() async throws {
    try await Self.run { kernel, link in
      await link.lose(parcels: 2)
      await link.order(Self.request())
      let first = await link.sentParcels().first { _ in true }
      #expect(first?.number == 0)
      guard case .part(let header)? = first?.parcel else {
        Issue.record("no header")
        return
      }
      #expect(header.starts(with: [0x0A, 0x0D, 0x0D, 0x0A]))
    }
  }

  @Test func `asks a control plane that is older than captures once, and goes on with everything else`()
    async throws
  {
    let (kernel, link) = (await Stretch.kernel(), SimulatedAgentLink())
    await link.forgetCaptures()
    try await withAgent(kernel: kernel, link: link) {
      await link.offer(Stretch.configuration(5))
      var reports = 0
      for await report in await link.reports() where report.generation == Revision(5) {
        reports += 1
        if reports == 3 { break }
      }
      #expect(await link.captureQuestions == 1)
    }
  }

  @Test func `frees the place when it ends`() async throws {
    let (kernel, link) = (await Stretch.kernel(), SimulatedAgentLink())
    try await withAgent(kernel: kernel, link: link) {
      await link.offer(Stretch.configuration(5))
      for await report in await link.reports() where report.generation == Revision(5) { break }
      await link.order(Self.request())
      await Self.waitUntil(1, captureOn: kernel)
    }
    await Self.waitUntil(0, captureOn: kernel)
  }
}
