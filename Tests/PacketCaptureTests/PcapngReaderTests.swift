import ESWModel
import KernelTesting
import Testing

@testable import PacketCapture

@Suite struct `A reader of pcapng` {
  private static let writer = PcapngWriter(sentences: Sample.sentences)
  private static let source = CaptureSource(
    connection: ConnectionID("0a0a0a0a-0000-4000-8000-000000000001"), port: "eth0", underlay: nil)

  private static let frames: [CapturedFrame] = {
    let inner = Sample.echo
    let two = [Sample.secondRemote, Sample.remote]
    // The sample's outer headers go from here to the remote, whichever the point.
    let sender = RemoteEndpoint(vni: Sample.remote.vni, address: Sample.near)
    var all: [CapturedFrame] = [
      Sample.frame(inner, .toRemote, .sent, remotes: two, segmentSize: 1448),
      Sample.frame(inner, .toRemote, .sent, cutAt: 64), Sample.frame(inner, .toPort, .answer),
    ]
    for fate: CapturedFrame.Fate in [.answered, .kept, .sent, .dropped(reason: "too_big")] {
      all.append(Sample.frame(inner, .fromPort, fate))
    }
    for outer in [.original, .withoutAddresses, .rebuilt] as [CapturedFrame.Outer] {
      all.append(Sample.frame(inner, .toRemote, .dropped(reason: "too_big"), outer: outer))
      all.append(
        Sample.frame(inner, .fromRemote, .delivered, remotes: [sender], outer: outer, segmentSize: 9))
      all.append(Sample.frame(inner, .toRemote, .sent, remotes: two, outer: outer))
    }
    return all
  }()

  private static let file = writer.header(for: source, product: "esw") + frames.flatMap(writer.block)
  private static let items = [PcapngReader.Item.source(source)] + frames.map { .frame($0) }

  @Test func `gives back what was written, in one piece and byte by byte`() throws {
    #expect(Self.source.connection != nil)
    var whole = PcapngReader()
    #expect(try whole.take(Self.file) == Self.items)
    #expect(whole.isAtBlockEnd)
    var single = PcapngReader()
    #expect(try Self.file.flatMap { try single.take([$0]) } == Self.items)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `gives back what was written, in random pieces`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var reader = PcapngReader()
    var rest = Self.file[...]
    var items: [PcapngReader.Item] = []
    while !rest.isEmpty {
      let count = Int(random.next() % 300)
      items += try reader.take(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    #expect(items == Self.items, "seed \(seed)")
  }

  @Test func `skips a block of an unknown type, and tells losses as differences`() throws {
    var reader = PcapngReader()
    _ = try reader.take(Self.file + hex("77 00 00 00 10 00 00 00 01 02 03 04 10 00 00 00"))
    var tally = CaptureTally()
    tally.lose(3)
    #expect(try reader.take(Self.writer.statistics(tally, at: 1)) == [.lost(3)])
    tally.lose(4)
    #expect(try reader.take(Self.writer.statistics(tally, at: 2)) == [.lost(4)])
    #expect(try reader.take(Self.writer.statistics(tally, at: 3)).isEmpty)
  }

  @Test(arguments: [
    "00 01 02 03 04 05 06 07 08 09 0a 0b", "0a 0d 0d 0a 00 00 00 1c 1a 2b 3c 4d",
    "0a 0d 0d 0a 1d 00 00 00 4d 3c 2b 1a", "0a 0d 0d 0a fc ff ff ff 4d 3c 2b 1a",
    "0a 0d 0d 0a 10 00 00 00 4d 3c 2b 1a 14 00 00 00",
  ])
  func `refuses a wrong magic and lying lengths`(text: String) {
    var reader = PcapngReader()
    #expect(throws: PcapngError.self) { try reader.take(hex(text)) }
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func `takes whatever bytes come`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      var bytes = Self.file
      for _ in 0...(random.next() % 6) {
        let place = Int(random.next() % UInt64(bytes.count))
        bytes[place] = UInt8(truncatingIfNeeded: random.next())
      }
      var reader = PcapngReader()
      // A trap is what would be found.
      _ = try? reader.take(bytes.prefix(Int(random.next() % UInt64(bytes.count))))
      #expect(reader.pendingCount <= PcapngReader.longestBlock, "seed \(seed)")
    }
  }

  private static func read(_ frame: CapturedFrame, from source: CaptureSource = source) throws
    -> CapturedFrame?
  {
    var reader = PcapngReader()
    let items = try reader.take(writer.header(for: source, product: "esw") + writer.block(for: frame))
    guard case .frame(let read) = items.last else { return nil }
    return read
  }

  @Test func `gives a section without a connection back, its frames without remotes`() throws {
    let source = CaptureSource(connection: nil, port: nil, underlay: "eth1")
    let frame = Sample.frame(Sample.echo, .fromRemote, .dropped(reason: "not_allowed"), remotes: [])
    var reader = PcapngReader()
    #expect(try reader.take(Self.writer.header(for: source, product: "esw")) == [.source(source)])
    #expect(try Self.read(frame, from: source) == frame)
  }

  @Test func `gives ports of remotes back, from the headers and from the comment`() throws {
    let odd = RemoteEndpoint(vni: Sample.remote.vni, address: Sample.remote.address, port: 4790)
    let bytes = Sample.tunnelled(Sample.echo, port: 4790)
    for remotes in [[odd], [odd, Sample.secondRemote], [Sample.secondRemote, odd]] {
      let frame = CapturedFrame(
        moment: Sample.moment, point: .toRemote, fate: .sent, remotes: remotes, outer: .original,
        length: bytes.count, bytes: bytes)
      #expect(try Self.read(frame) == frame)
    }
  }

  @Test func `names no remote when the bytes end before the outer headers do`() throws {
    for count in [0, 14, 37, 49] {
      let frame = Sample.frame(Sample.echo, .toRemote, remotes: [], cutAt: count)
      #expect(try Self.read(frame) == frame)
    }
  }

  @Test func `says so when a block is cut`() throws {
    var reader = PcapngReader()
    _ = try reader.take(Self.file.dropLast())
    #expect(!reader.isAtBlockEnd)
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func `holds no more than a block of random bytes behind a good header`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let header = Self.writer.header(for: Self.source, product: "esw")
    for _ in 0..<200 {
      // A block of an honest length, its kind and all fields random: what is behind the envelope is read.
      let words = Int(random.next() % 40)
      let length = PcapngBlock.bytes(UInt32(12 + words * 4))
      let kind = [1, 5, 6, 0x0A0D_0D0A].randomElement(using: &random) ?? 6 as UInt32
      var body = (0..<words * 4).map { _ in UInt8(truncatingIfNeeded: random.next() & random.next()) }
      if kind == 6, words > 5 { body.replaceSubrange(0..<4, with: [0, 0, 0, 0]) }
      var reader = PcapngReader()
      _ = try? reader.take(header + PcapngBlock.bytes(kind) + length + body + length)
      var endless = PcapngReader()
      _ = try? endless.take(header)
      for _ in 0..<20 {
        _ = try? endless.take((0..<64).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        #expect(endless.pendingCount <= PcapngReader.longestBlock, "seed \(seed)")
      }
    }
  }

  @Test func `holds no more than its longest block when the file says more`() throws {
    let longest = UInt32(PcapngReader.longestBlock)
    var reader = PcapngReader()
    _ = try reader.take(Self.file + [6, 0, 0, 0] + PcapngBlock.bytes(longest) + [0, 0, 0, 0])
    #expect(throws: PcapngError.self) {
      for _ in 0..<1000 {
        _ = try reader.take([UInt8](repeating: 0, count: 1000))
        #expect(reader.pendingCount < Int(longest))
      }
    }
    var other = PcapngReader()
    #expect(throws: PcapngError.self) {
      try other.take(Self.file + [6, 0, 0, 0] + PcapngBlock.bytes(longest + 4) + [0, 0, 0, 0])
    }
  }
}
