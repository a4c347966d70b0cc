import ESWModel

/// Frames byte by byte, for what a test wants to be heard exactly as it was said.
enum Packets {
  static let near = MACAddress("02:00:00:00:00:0a")!
  static let far = MACAddress("02:00:00:00:00:0b")!
  static let nearAddress = IPv4Address("10.9.0.110")!
  static let farAddress = IPv4Address("10.9.0.120")!
  /// fd00:9::110 and fd00:9::120
  static let nearSix: [UInt8] = [0xfd, 0, 0, 9] + [UInt8](repeating: 0, count: 10) + [0x01, 0x10]
  static let farSix: [UInt8] = [0xfd, 0, 0, 9] + [UInt8](repeating: 0, count: 10) + [0x01, 0x20]

  /// From the near to the far end, or back.
  struct Ends {
    let source: MACAddress
    let destination: MACAddress
    let addresses: (source: IPv4Address, destination: IPv4Address)
    let sixes: (source: [UInt8], destination: [UInt8])

    static var there: Ends {
      Ends(
        source: near, destination: far, addresses: (nearAddress, farAddress), sixes: (nearSix, farSix))
    }
    static var back: Ends {
      Ends(
        source: far, destination: near, addresses: (farAddress, nearAddress), sixes: (farSix, nearSix))
    }
  }

  static func word(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xff), UInt8(value & 0xff)] }

  /// RFC 1071: the one's complement sum, not inverted; 0xffff over what holds its checksum.
  static func sum(_ bytes: some Sequence<UInt8>) -> Int {
    var sum = 0
    for (index, byte) in bytes.enumerated() { sum += Int(byte) << (index % 2 == 0 ? 8 : 0) }
    while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
    return sum
  }

  static func checksum(_ bytes: [UInt8]) -> [UInt8] { word(0xffff - sum(bytes)) }

  /// - Parameter fragment: Flags and offset.
  static func ipv4(
    _ ends: Ends, protocol number: UInt8, fragment: Int = 0x4000, source: IPv4Address? = nil,
    destination: IPv4Address? = nil, to mac: MACAddress? = nil, _ payload: [UInt8]
  ) -> [UInt8] {
    var header: [UInt8] = [0x45, 0] + word(20 + payload.count) + [0x12, 0x34] + word(fragment)
    header += [64, number, 0, 0]
    header += (source ?? ends.addresses.source).bytes + (destination ?? ends.addresses.destination).bytes
    header.replaceSubrange(10..<12, with: checksum(header))
    return (mac ?? ends.destination).bytes + ends.source.bytes + [0x08, 0x00] + header + payload
  }

  static func ipv6(
    _ ends: Ends, next: UInt8, hopLimit: UInt8 = 64, source: [UInt8]? = nil, destination: [UInt8]? = nil,
    to mac: MACAddress? = nil, _ payload: [UInt8]
  ) -> [UInt8] {
    let header: [UInt8] = [0x60, 0, 0, 0] + word(payload.count) + [next, hopLimit]
    let addresses = (source ?? ends.sixes.source) + (destination ?? ends.sixes.destination)
    return (mac ?? ends.destination).bytes + ends.source.bytes + [0x86, 0xdd] + header + addresses + payload
  }

  /// A TCP header with its options, and a checksum that fits `pseudo`.
  static func tcp(flags: UInt8, options: [UInt8], pseudo: [UInt8], payload: [UInt8] = []) -> [UInt8] {
    let padded = options + [UInt8](repeating: 0, count: (4 - options.count % 4) % 4)
    var bytes: [UInt8] = [0x30, 0x39, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0]
    bytes += [UInt8((20 + padded.count) / 4) << 4, flags, 0xff, 0xff, 0, 0, 0, 0] + padded + payload
    let whole = pseudo + word(bytes.count) + bytes
    bytes.replaceSubrange(16..<18, with: checksum(whole))
    return bytes
  }

  /// Of TCP over IPv4, but for the length.
  static func pseudo(_ ends: Ends) -> [UInt8] {
    ends.addresses.source.bytes + ends.addresses.destination.bytes + [0, 6]
  }

  /// Over IPv6, but for the length (of which the upper half is zero).
  static func pseudoSix(_ ends: Ends, protocol number: UInt8 = 6) -> [UInt8] {
    ends.sixes.source + ends.sixes.destination + [0, 0, 0, number]
  }

  /// A segment of TCP in IPv4 or IPv6.
  static func segment(
    _ ends: Ends, isSix: Bool, flags: UInt8, options: [UInt8], payload: [UInt8] = []
  ) -> [UInt8] {
    let pseudo = isSix ? pseudoSix(ends) : pseudo(ends)
    let segment = tcp(flags: flags, options: options, pseudo: pseudo, payload: payload)
    return isSix ? ipv6(ends, next: 6, segment) : ipv4(ends, protocol: 6, segment)
  }
}
