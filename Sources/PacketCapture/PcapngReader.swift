package import ESWModel

/// Why a file is not read any further, in a sentence.
package struct PcapngError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String
}

/// Reads what `PcapngWriter` writes, in pieces of any length; holds no more than one block.
package struct PcapngReader: Sendable {
  package enum Item: Hashable, Sendable {
    case source(CaptureSource)
    case frame(CapturedFrame)
    /// How many more than the last time that statistics told.
    case lost(UInt64)
  }

  /// A frame, and its comment and options.
  static let longestBlock = PcapngWriter.longestFrame + 8192
  /// Kind, length, and what a section has for its magic.
  private static let start = 12

  private var pending: [UInt8] = []
  private var wanted = Self.start
  private var failure: PcapngError?
  private var hasSection = false
  private var connection: ConnectionID?
  private var names: [String] = []
  private var lost: UInt64 = 0

  package init() {}

  /// Nothing half is left.
  package var isAtBlockEnd: Bool { pending.isEmpty }

  /// Bytes that are held.
  var pendingCount: Int { pending.count }

  /// After an error every further call throws it again.
  package mutating func take(_ bytes: some Collection<UInt8>) throws(PcapngError) -> [Item] {
    if let failure { throw failure }
    do {
      return try read(bytes)
    } catch {
      failure = error
      pending = []
      throw error
    }
  }

  private mutating func read(_ bytes: some Collection<UInt8>) throws(PcapngError) -> [Item] {
    var items: [Item] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(wanted - pending.count)
      pending += piece
      rest = rest[piece.endIndex...]
      if pending.count == Self.start { wanted = try length() }
      guard pending.count == wanted else { continue }
      if let item = try block() { items.append(item) }
      pending.removeAll(keepingCapacity: true)
      wanted = Self.start
    }
    return items
  }

  private func length() throws(PcapngError) -> Int {
    let fields = LittleEndian(pending[...])
    let isSection = fields.number(at: 0) == PcapngBlock.Kind.sectionHeader.rawValue
    guard isSection || hasSection else { throw PcapngError(description: "This is not a pcapng file.") }
    if isSection, fields.number(at: 8) != PcapngBlock.magic {
      throw PcapngError(description: "The section is not little endian, or not pcapng.")
    }
    let length = Int(fields.number(at: 4) ?? 0)
    guard length >= Self.start, length % 4 == 0, length <= Self.longestBlock else {
      throw PcapngError(description: "A block cannot have a length of \(length) bytes.")
    }
    return length
  }

  private mutating func block() throws(PcapngError) -> Item? {
    let fields = LittleEndian(pending[...])
    guard fields.number(at: 4) == fields.number(at: pending.count - 4) else {
      throw PcapngError(description: "A block has another length at its end than at its beginning.")
    }
    let body = LittleEndian(pending.dropFirst(8).dropLast(4))
    switch fields.number(at: 0).flatMap(PcapngBlock.Kind.init) {
    case .sectionHeader: section(body)
    case .interfaceDescription: return interface(body)
    case .enhancedPacket: return try frame(body)
    case .interfaceStatistics: return statistics(body)
    case nil: break
    }
    return nil
  }

  private mutating func section(_ body: LittleEndian) {
    hasSection = true
    names = []
    lost = 0
    connection = body.text(1, from: 16)
      .flatMap { between(FrameWords.connection, ".", in: $0) }.flatMap { ConnectionID($0) }
  }

  private mutating func interface(_ body: LittleEndian) -> Item? {
    guard names.count < 2 else { return nil }
    names.append(body.text(2, from: 8) ?? "")
    guard names.count == 2 else { return nil }
    let port = names[0] == FrameWords.unknownPort ? nil : names[0]
    let underlay = names[1] == FrameWords.unknownUnderlay ? nil : names[1]
    return .source(CaptureSource(connection: connection, port: port, underlay: underlay))
  }

  private func frame(_ body: LittleEndian) throws(PcapngError) -> Item? {
    guard names.count == 2, let interface = body.number(at: 0), let high = body.number(at: 4),
      let low = body.number(at: 8), let count = body.number(at: 12), let length = body.number(at: 16),
      let bytes = body.octets(at: 20, count: Int(count))
    else { throw PcapngError(description: "A frame is longer than its block, or before its interfaces.") }
    guard interface < 2 else { return nil }
    let options = 20 + (Int(count) + 3) / 4 * 4
    let flags = body.option(2, from: options).flatMap { LittleEndian($0).number(at: 0) } ?? 0
    let isInbound = flags & 3 == 1
    let point: CapturedFrame.Point =
      interface == 0 ? (isInbound ? .fromPort : .toPort) : (isInbound ? .fromRemote : .toRemote)
    let said = FrameReading(body.text(1, from: options) ?? "", point)
    return .frame(
      CapturedFrame(
        moment: Int64(clamping: UInt64(high) << 32 | UInt64(low)), point: point, fate: said.fate,
        remotes: connection == nil ? [] : said.remotes(Octets(bytes)), outer: said.outer, length: Int(length),
        segmentSize: said.segmentSize, bytes: Array(bytes)))
  }

  private mutating func statistics(_ body: LittleEndian) -> Item? {
    guard body.number(at: 0) == 1, let option = body.option(5, from: 12),
      let low = LittleEndian(option).number(at: 0), let high = LittleEndian(option).number(at: 4)
    else { return nil }
    let now = UInt64(high) << 32 | UInt64(low)
    guard now > lost else { return nil }
    defer { lost = now }
    return .lost(now - lost)
  }
}
