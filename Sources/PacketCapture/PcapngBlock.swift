/// A block of a pcapng file (draft-ietf-opsawg-pcapng section 3.1) as it is being written, little endian.
struct PcapngBlock {
  /// Bytes of an option's text that are kept; a reader shows it on one line. The field holds 65,535.
  static let longestText = 1000

  enum Kind: UInt32 {
    /// Section Header Block, section 4.1.
    case sectionHeader = 0x0A0D_0D0A
    /// Interface Description Block, section 4.2.
    case interfaceDescription = 1
    /// Interface Statistics Block, section 4.6.
    case interfaceStatistics = 5
    /// Enhanced Packet Block, section 4.3.
    case enhancedPacket = 6
  }

  /// Says the order of bytes (section 4.1).
  static let magic: UInt32 = 0x1A2B_3C4D

  private let kind: Kind
  private var body: [UInt8] = []
  private var hasOptions = false

  init(_ kind: Kind) { self.kind = kind }

  mutating func append(_ number: some FixedWidthInteger) { body += Self.bytes(number) }

  /// Nanoseconds since 1970 as two halves, the upper first whatever the order of bytes (section 4.3).
  mutating func append(moment: Int64) { body += Self.bytes(moment: moment) }

  /// Filled up to 32 bits.
  mutating func append(padded octets: some Collection<UInt8>) {
    body += octets
    body += [UInt8](repeating: 0, count: (4 - octets.count % 4) % 4)
  }

  /// An option (section 3.5); one without a byte is left out.
  mutating func append(option code: UInt16, _ octets: some Collection<UInt8>) {
    guard let length = UInt16(exactly: octets.count), length > 0 else { return }
    hasOptions = true
    append(code)
    append(length)
    append(padded: octets)
  }

  mutating func append(option code: UInt16, text: String) {
    append(option: code, Self.cut(text).utf8)
  }

  /// The whole block, between its two lengths.
  func finished() -> [UInt8] {
    var content = body
    // opt_endofopt
    if hasOptions { content += [0, 0, 0, 0] }
    // Contents are bounded by what appends them, far below 32 bits.
    let length = Self.bytes(UInt32(clamping: content.count + 12))
    return Self.bytes(kind.rawValue) + length + content + length
  }

  static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  static func bytes(moment: Int64) -> [UInt8] {
    let nanoseconds = UInt64(clamping: moment)
    return bytes(UInt32(truncatingIfNeeded: nanoseconds >> 32))
      + bytes(UInt32(truncatingIfNeeded: nanoseconds))
  }

  private static func cut(_ text: String) -> String {
    text.utf8.count <= longestText ? text : String(text.unicodeScalars.prefix(longestText - 3)) + "..."
  }
}
