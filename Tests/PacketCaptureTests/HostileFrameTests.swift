import ESWModel
import KernelTesting
import Testing

@testable import PacketCapture

/// Bytes of a capture are anybody's: what a trap would find is found here.
@Suite struct `Hostile frames` {
  @Test(arguments: 0..<8 as Range<UInt64>)
  func `are written, shown and filtered, whatever they say`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for round in 0..<2000 {
      let frame = Self.frame(&random)
      // A crash shows no expectation: the seed is in the case's name, the round is printed on failure.
      let line = FrameLine(frame, utcOffsetSeconds: Int(truncatingIfNeeded: random.next())).description
      #expect(line.utf8.allSatisfy { (32...126).contains($0) }, "seed \(seed), round \(round)")
      #expect(line.utf8.count < 340, "seed \(seed), round \(round)")
      let block = PcapngWriter(sentences: Sample.sentences).block(for: frame)
      let length = [UInt8](PcapngBlock.bytes(UInt32(block.count)))
      #expect(
        block.count % 4 == 0 && block[4..<8].elementsEqual(length) && block.suffix(4).elementsEqual(length),
        "seed \(seed), round \(round)")
      _ = FrameFilter(host: .ipv4(Sample.hostAddress)).matches(frame)
    }
  }

  private static let corpus: [[UInt8]] = [
    Sample.echo, Sample.arp(1), Sample.ethernet(0x0800, Sample.ipv4(6, Sample.tcp(2)), tags: [1, 2]),
    Sample.ethernet(0x86dd, Sample.ipv6(0, hex("2c 00 01 04 00 00 00 00 3a 00 00 01 00 00 00 00 87 00"))),
    Sample.ethernet(0x86dd, Sample.ipv6(58, [135] + [UInt8](repeating: 3, count: 23))),
    Sample.ethernet(
      0x0800,
      Sample.ipv4(
        17, Sample.udp(68, 67, [UInt8](repeating: 0, count: 236) + hex("63 82 53 63 35 01 01 ff")))),
    Sample.ethernet(0x8902, hex("00 03 00 04 00 00 00 11")),
  ]

  private static let fates: [CapturedFrame.Fate] = [
    .sent, .delivered, .dropped(reason: "too_big"), .answered, .answer, .kept,
    .dropped(reason: String(repeating: "\u{1b}é", count: 5000)),
  ]

  private static func frame(_ random: inout SeededGenerator) -> CapturedFrame {
    var bytes = corpus.randomElement(using: &random) ?? []
    if Bool.random(using: &random) { bytes = Sample.tunnelled(bytes) }
    for _ in 0..<(random.next() % 6) { mutate(&bytes, &random) }
    let lengths = [bytes.count, 0, -1, Int.max, Int.min, 49, 50, 51, bytes.count + 9]
    return CapturedFrame(
      moment: Int64(truncatingIfNeeded: random.next()),
      point: CapturedFrame.Point.allCases.randomElement(using: &random) ?? .fromPort,
      fate: fates.randomElement(using: &random) ?? .sent,
      remotes: [RemoteEndpoint](repeating: Sample.remote, count: Int(random.next() % 12)),
      outer: [.none, .original, .withoutAddresses, .rebuilt].randomElement(using: &random) ?? .none,
      length: lengths.randomElement(using: &random) ?? 0,
      segmentSize: [nil, 1448, Int.min].randomElement(using: &random) ?? nil, bytes: bytes)
  }

  private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    guard !bytes.isEmpty else { return }
    let place = Int(random.next() % UInt64(bytes.count))
    switch random.next() % 4 {
    case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 1: bytes[place] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
    case 2: bytes.removeSubrange(place...)
    default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
    }
  }
}
