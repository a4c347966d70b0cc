import BPF
import CDatapath
import ESWModel
import ESWSeams
import KernelTesting
import Synchronization
import Testing

@testable import LinuxDataplane

/// What a capture has brought so far.
final class CaptureEar: Sendable {
  let source: CaptureSource
  private let heard = Heard()
  private let reading: Task<Void, Never>

  private final class Heard: Sendable {
    let all = Mutex<(frames: [CapturedFrame], lost: UInt64, isOver: Bool)>(([], 0, false))
  }

  init(_ capture: FrameCapture) {
    source = capture.source
    reading = Task { [heard] in
      for await batch in capture.batches {
        heard.all.withLock {
          $0.frames += batch.frames
          $0.lost += batch.lost
        }
      }
      heard.all.withLock { $0.isOver = true }
    }
  }

  deinit { end() }

  func end() { reading.cancel() }

  var frames: [CapturedFrame] { heard.all.withLock { $0.frames } }
  var lost: UInt64 { heard.all.withLock { $0.lost } }
  var isOver: Bool { heard.all.withLock { $0.isOver } }

  /// Waits for a frame that holds these bytes.
  func hears(_ bytes: [UInt8], _ fits: (CapturedFrame) -> Bool = { _ in true }) async throws -> CapturedFrame
  {
    try await eventually { frames.first { $0.bytes.holds(bytes) && fits($0) } }
  }
}

extension [UInt8] {
  /// At its end, but for what fills a short frame up.
  func holds(_ other: [UInt8]) -> Bool { count >= other.count && Array(suffix(other.count)) == other }
}

extension ForwardingBed {
  static let id = Stretch.connection(1, at: .interface(InterfaceName("segment0")!), remotes: []).id

  func capture(_ connection: ConnectionID? = Self.id, snapLength: Int = CaptureOrder.usualSnapLength)
    async throws
    -> CaptureEar
  {
    let order = try #require(CaptureOrder(connection: connection, snapLength: snapLength))
    return CaptureEar(try await dataplane.capture(order))
  }

  func packet(_ direction: Direction, to port: UInt16 = 5001) -> [UInt8] {
    TestFrame.ethernet(
      to: receiver(direction).mac, from: sender(direction).mac, type: 0x0800,
      TestFrame.ipv4(17, TestFrame.udp(to: port)))
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces))) struct `A capture` {
  @Test func `has each frame that crosses once, with the outer headers that are on the wire`() async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let ear = try await bed.capture()
      let wire = try await FrameTap("underlay0", in: bed.stretch.far)
      let out = bed.packet(.toRemote)
      try bed.local.say(out)
      let onTheWire = try #require(try await wire.hears { $0.holds(out) })
      let sent = try await ear.hears(out)
      #expect(sent.bytes == onTheWire && sent.length == onTheWire.count && sent.outer == .original)
      #expect(sent.point == .toRemote && sent.fate == .sent && sent.remotes == [Stretch.remote])

      let back = bed.packet(.toLocal)
      try bed.far.say(back)
      let delivered = try await ear.hears(back)
      #expect(delivered.point == .fromRemote && delivered.fate == .delivered && delivered.outer == .original)
      #expect(delivered.length == back.count + CapturedFrame.outerLength)
      // To UDP 4789, VNI 100, from the far VTEP (RFC 7348 section 5).
      #expect(Array(delivered.bytes[26..<34]) == [192, 0, 2, 2, 192, 0, 2, 1])
      #expect(
        Array(delivered.bytes[36..<38]) == [0x12, 0xb5] && Array(delivered.bytes[46..<50]) == [0, 0, 100, 0])
      #expect(sent.moment < delivered.moment)
      #expect(ear.frames.count { $0.bytes.holds(out) || $0.bytes.holds(back) } == 2)
      #expect(
        ear.source == CaptureSource(connection: ForwardingBed.id, port: "segment0", underlay: "underlay0"))
    }
  }

  @Test(arguments: Direction.allCases)
  func `tells why a frame was dropped, of both directions`(_ direction: Direction) async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let ear = try await bed.capture()
      // To a bridge's control address (IEEE 802.1Q table 8-1).
      let frame = TestFrame.ethernet(
        to: MACAddress("01:80:c2:00:00:00")!, from: bed.sender(direction).mac, type: 0x88b5,
        [UInt8](repeating: 7, count: 60))
      try bed.sender(direction).tap.say(frame)
      let dropped = try await ear.hears(frame)
      #expect(dropped.fate == .dropped(reason: "link_control"))
      #expect(dropped.point == (direction == .toRemote ? .fromPort : .fromRemote))
      #expect(dropped.outer == (direction == .toRemote ? .none : .original))
      #expect(dropped.length == frame.count + (direction == .toRemote ? 0 : 50))
      #expect(LinuxDataplane.dropSentences["link_control"]?.contains("must not leave its link") == true)
    }
  }

  @Test func `has the question and the answer where the switch answers`() async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let ear = try await bed.capture()
      let question = ARPFrame.request(Stretch.fixedAddress, from: ForwardingBed.localMAC, Stretch.localHost)
        .bytes
      try bed.local.say(question)
      let asked = try await ear.hears(question)
      #expect(asked.point == .fromPort && asked.fate == .answered)
      let answer = try await eventually { ear.frames.first { $0.point == .toPort } }
      #expect(answer.fate == .answer && ARPFrame(answer.bytes)?.senderMAC == Stretch.fixedMAC)

      let far = ARPFrame.request(
        Stretch.fixedAddress, from: ForwardingBed.farMAC, Stretch.farHost
      ).bytes
      try bed.far.say(far)
      #expect(try await ear.hears(far).fate == .answered)
      let back = try await eventually { ear.frames.first { $0.point == .toRemote && $0.fate == .answer } }
      #expect(back.outer == .original && ARPFrame(Array(back.bytes.dropFirst(50)))?.operation == 2)
    }
  }

  @Test func `has what does not fit, and the letter about it`() async throws {
    try await withFrameBed { bed in
      let ear = CaptureEar(
        try await bed.dataplane.capture(try #require(CaptureOrder(connection: ForwardingBed.id))))
      #expect(throws: CommandFailure.self) {
        try bed.stretch.execute(bed.stretch.host, "ping -c1 -W1 -Mdo -s1472 \(Stretch.farHost)")
      }
      let dropped = try await eventually { ear.frames.first { $0.fate == .dropped(reason: "too_big") } }
      #expect(dropped.point == .fromPort && dropped.length == 1514 && dropped.bytes.count == 1514)
      let letter = try await eventually { ear.frames.first { $0.fate == .answer && $0.point == .toPort } }
      // ICMP, fragmentation needed (RFC 792).
      #expect(letter.bytes[23] == 1 && Array(letter.bytes[34..<36]) == [3, 4])
    }
  }

  @Test func `rebuilds the outer headers where the kernel's device has them`() async throws {
    try await withForwarding(ForwardingSettings(hasUDPChecksum: true)) { bed in
      try await bed.introduce()
      let ear = try await bed.capture()
      let frame = bed.packet(.toRemote)
      try bed.local.say(frame)
      let sent = try await ear.hears(frame)
      #expect(sent.outer == .rebuilt && sent.length == frame.count + 50 && sent.fate == .sent)
      let outer = Array(sent.bytes.prefix(50))
      #expect(Array(outer[26..<34]) == [192, 0, 2, 1, 192, 0, 2, 2])
      #expect(Packets.checksum(Array(outer[14..<34])) == [0, 0])
      #expect(Array(outer[16..<18]) == TestFrame.big(UInt16(sent.length - 14)))
      #expect(Array(outer[36..<38]) == [0x12, 0xb5] && Array(outer[46..<50]) == [0, 0, 100, 0])
    }
  }

  @Test func `names all remotes of a flooded frame, that of the outer headers last`() async throws {
    try await withForwarding { bed in
      let second = RemoteEndpoint(vni: VNI(7)!, address: IPv4Address("192.0.2.3")!)
      try await Stretch.converge(
        bed.dataplane, to: Stretch.configuration(.usual, remotes: [Stretch.remote, second]))
      for address in ["192.0.2.2", "192.0.2.3"] {
        try bed.stretch.ip(
          bed.stretch.node, "neigh replace \(address) lladdr 02:00:00:00:00:0f dev underlay0 nud permanent")
      }
      let ear = try await bed.capture()
      let frame = TestFrame.ethernet(
        to: TestFrame.broadcast, from: ForwardingBed.localMAC, type: 0x88b5, [UInt8](repeating: 3, count: 60))
      try bed.local.say(frame)
      let sent = try await ear.hears(frame)
      #expect(sent.fate == .sent && Set(sent.remotes) == [Stretch.remote, second])
      let destination = sent.bytes[30..<34].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
      #expect(sent.remotes.last?.address.value == destination)
      #expect(ear.frames.count { $0.bytes.holds(frame) } == 1)
    }
  }

  @Test func `has VXLAN that no connection lets in, for who asks for that`() async throws {
    try await withForwarding { bed in
      let (ear, other) = (try await bed.capture(nil), try await bed.capture())
      let tap = try await FrameTap("underlay0", in: bed.stretch.far)
      let node = try await FrameTap("underlay0", in: bed.stretch.node).mac
      let inner = bed.packet(.toLocal, to: 6001)
      let packet = TestFrame.ipv4(
        17, from: [192, 0, 2, 2], to: [192, 0, 2, 1],
        TestFrame.udp(from: 50_000, to: 4789, TestFrame.vxlan(vni: 4711, inner)))
      let whole = TestFrame.ethernet(to: node, from: tap.mac, type: 0x0800, packet)
      try tap.say(whole)
      let refused = try await ear.hears(inner)
      #expect(refused.bytes == whole && refused.fate == .dropped(reason: "unknown_source"))
      #expect(refused.remotes == [] && refused.point == .fromRemote)
      #expect(!other.frames.contains { $0.bytes.holds(inner) })
    }
  }

  @Test func `has as many bytes of a frame as were asked for`() async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let ear = try await bed.capture(snapLength: 128)
      let frame = TestFrame.ethernet(
        to: ForwardingBed.farMAC, from: ForwardingBed.localMAC, type: 0x0800,
        TestFrame.ipv4(17, TestFrame.udp(to: 5001, [UInt8](repeating: 9, count: 1_000))))
      try bed.local.say(frame)
      let sent = try await eventually { ear.frames.first { $0.length == frame.count + 50 } }
      #expect(sent.bytes.count == 128 && Array(sent.bytes[50...]) == Array(frame.prefix(78)))
    }
  }

  @Test func `does not know of another, and ends with its reader`() async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let (first, second) = (try await bed.capture(), try await bed.capture())
      let frame = bed.packet(.toRemote)
      try bed.local.say(frame)
      _ = try await (first.hears(frame), second.hears(frame))
      first.end()
      _ = try await eventually { try bed.placesTaken() == 1 ? true : nil }
      let next = bed.packet(.toRemote, to: 5002)
      try bed.local.say(next)
      _ = try await second.hears(next)
      #expect(!first.frames.contains { $0.bytes.holds(next) })
    }
  }

  @Test func `finds room for four, and the fifth is told`() async throws {
    try await withForwarding { bed in
      var ears: [CaptureEar] = []
      for _ in 0..<4 { ears.append(try await bed.capture()) }
      await #expect(throws: CaptureRefusal.self) { try await bed.capture() }
      ears.removeLast().end()
      ears.append(try await eventually { try? await bed.capture() })
      #expect(try bed.placesTaken() == 4)
    }
  }

  @Test func `ends with its connection, and needs one`() async throws {
    try await withForwarding { bed in
      let ear = try await bed.capture()
      await #expect(throws: CaptureRefusal.self) {
        try await bed.capture(Identifier(high: 5, low: 5))
      }
      try await Stretch.converge(bed.dataplane, to: Stretch.configuration([]))
      _ = try await eventually { ear.isOver ? true : nil }
    }
  }

  @Test func `copies no more when the time of who began it is over, as when he has died`() async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let (place, rings) = (UInt32(ESW_CAPTURES_MAX), try bed.rings(of: UInt32(ESW_CAPTURES_MAX)))
      func records(after number: UInt16) async throws -> Int {
        let frame = bed.packet(.toRemote, to: number)
        _ = bed.far.heard()
        try bed.local.say(frame)
        // It crosses in any case.
        _ = try await eventually { bed.far.heard().contains(frame) ? true : nil }
        // Behind a record there may be up to seven bytes to the next one's place.
        return try rings.read(within: 100).count { record in
          (0..<8).contains { Array(record.dropLast($0)).holds(frame) }
        }
      }
      let now = EvidenceCollection.monotonicNow()
      try bed.set(0, until: now + 60_000_000_000, connection: .max)
      try bed.set(place, until: now + 30_000_000_000, connection: 1)
      #expect(try await records(after: 6001) > 0)
      try bed.set(place, until: now, connection: 1)
      #expect(try await records(after: 6002) == 0)
    }
  }

  @Test func `counts what its rings had no room for, also when nothing follows`() async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let ear = try await bed.capture()
      // More than all rings hold, at once: the reader looks ten times a second.
      let long = TestFrame.ethernet(
        to: ForwardingBed.farMAC, from: ForwardingBed.localMAC, type: 0x0800,
        TestFrame.ipv4(17, TestFrame.udp(to: 5001, [UInt8](repeating: 9, count: 1_300))))
      let before = try await bed.evidence().toRemote.frames
      let said = 30_000
      for _ in 0..<said { try bed.local.say(long) }
      _ = try await eventually {
        try await bed.evidence().toRemote.frames >= before + UInt64(said) ? true : nil
      }
      let those = { UInt64(ear.frames.count { $0.length == long.count + 50 }) }
      _ = try await eventually { those() + ear.lost >= UInt64(said) ? true : nil }
      #expect(those() + ear.lost == UInt64(said))
    }
  }

  @Test func `has the frames that XDP would forward, which it does again afterwards`() async throws {
    try await withXDP { bed in
      try await bed.warmUp(.toRemote)
      let ear = try await bed.forwarding.capture()
      let frame = bed.packet(777, .toRemote)
      #expect(try await bed.way(of: frame, .toRemote) == .tcx)
      #expect(try await ear.hears(frame).fate == .sent)
      ear.end()
      _ = try await eventually { try bed.forwarding.placesTaken() == 0 ? true : nil }
      try await bed.warmUp(.toRemote)
    }
  }
}

extension ForwardingBed {
  private func rows() throws -> [esw_capture_row] {
    let map = try captureMap("esw_captures")
    return try (0...UInt32(ESW_CAPTURES_MAX)).map { try #require(try map.value(of: $0)) }
  }

  func placesTaken() throws -> Int { try rows().dropFirst().count { $0.until_ns != 0 } }

  /// A place, as whoever captures writes it.
  func set(_ place: UInt32, until: UInt64, connection: UInt32) throws {
    try captureMap("esw_captures").set(
      place, to: esw_capture_row(until_ns: until, connection: connection, snap_bytes: 2_000))
  }

  func rings(of place: UInt32) throws -> RecordRings {
    try RecordRings(
      in: captureMap("esw_captured"), firstKey: (place - 1) * UInt32(ESW_CAPTURE_CPUS), bytes: 1 << 20,
      cpuLimit: Int(ESW_CAPTURE_CPUS))
  }

  private func captureMap(_ name: String) throws -> BPFMap {
    try #require(try BPFMap(pinnedAt: stretch.pins.folder("maps").path(of: name)))
  }
}
