/// An IPv4 address; `value` is in host order, so that comparison is numeric.
package struct IPv4Address: Hashable, Comparable, Sendable, TextCoded {
  package let value: UInt32

  package init(_ value: UInt32) { self.value = value }

  /// Reads four decimal numbers 0 to 255 with dots, without leading zeros (which some readers take
  /// for octal); anything else gives nil.
  package init?(_ description: String) {
    var value: UInt32 = 0
    var part: UInt32?
    var parts = 0
    for character in description.utf8 {
      switch character {
      case 48...57:
        if let current = part {
          guard current != 0 else { return nil }
          part = current * 10 + UInt32(character - 48)
        } else {
          part = UInt32(character - 48)
        }
        guard let current = part, current <= 255 else { return nil }
      case UInt8(ascii: "."):
        guard let current = part, parts < 3 else { return nil }
        value = value << 8 | current
        parts += 1
        part = nil
      default: return nil
      }
    }
    guard parts == 3, let last = part else { return nil }
    self.value = value << 8 | last
  }

  package var description: String {
    "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
  }

  /// Network order, as it stands in a packet.
  package var bytes: [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

  package static func < (left: Self, right: Self) -> Bool { left.value < right.value }

  /// Whether a host can have it: not 0/8, loopback, multicast, reserved or broadcast (RFC 6890).
  package var isUnicast: Bool {
    let first = value >> 24
    return first != 0 && first != 127 && first < 224
  }
}

/// An IPv4 network in CIDR form; the host part is zero.
package struct IPv4Network: Hashable, Sendable, TextCoded {
  package let address: IPv4Address
  /// 0 to 32.
  package let prefixLength: UInt8

  /// Nil when the prefix is over 32 or the host part is not zero.
  package init?(address: IPv4Address, prefixLength: UInt8) {
    guard prefixLength <= 32, address.value & ~Self.mask(prefixLength) == 0 else { return nil }
    self.address = address
    self.prefixLength = prefixLength
  }

  /// The network in which the address is. Nil when the prefix is over 32.
  package init?(of address: IPv4Address, prefixLength: UInt8) {
    guard prefixLength <= 32 else { return nil }
    self.init(
      address: IPv4Address(address.value & Self.mask(prefixLength)), prefixLength: prefixLength)
  }

  /// Reads `a.b.c.d/n`.
  package init?(_ description: String) {
    let parts = description.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPv4Address(String(parts[0])), (1...2).contains(parts[1].count),
      parts[1].allSatisfy(\.isASCII), parts[1].allSatisfy(\.isNumber), let length = UInt8(parts[1])
    else { return nil }
    self.init(address: address, prefixLength: length)
  }

  package var description: String { "\(address)/\(prefixLength)" }

  package var first: IPv4Address { address }
  package var last: IPv4Address { IPv4Address(address.value | ~Self.mask(prefixLength)) }

  package func contains(_ other: IPv4Address) -> Bool {
    other.value & Self.mask(prefixLength) == address.value
  }

  package func contains(_ other: IPv4Network) -> Bool {
    prefixLength <= other.prefixLength && contains(other.address)
  }

  package func overlaps(_ other: IPv4Network) -> Bool { contains(other) || other.contains(self) }

  /// Whether a host of this network may have the address: inside, and neither the network's own
  /// address nor its broadcast (RFC 919; for /31 and /32 every address, RFC 3021).
  package func isHost(_ candidate: IPv4Address) -> Bool {
    contains(candidate) && (prefixLength >= 31 || (candidate != first && candidate != last))
  }

  private static func mask(_ length: UInt8) -> UInt32 { length == 0 ? 0 : ~0 << (32 - UInt32(length)) }
}

/// A 48-bit MAC address (IEEE 802).
package struct MACAddress: Hashable, Comparable, Sendable, TextCoded {
  /// The 48 bits, first octet highest.
  package let value: UInt64

  /// Nil over 48 bits.
  package init?(_ value: UInt64) {
    guard value < 1 << 48 else { return nil }
    self.value = value
  }

  /// A locally administered unicast address (IEEE 802 section 8.2) of the lowest 46 bits that are free.
  package init(locallyAdministered bits: UInt64) {
    value = bits & 0xFCFF_FFFF_FFFF | 0x0200_0000_0000
  }

  /// Nil unless there are exactly six bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 6 else { return nil }
    value = bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Reads six pairs of hex digits with colons.
  package init?(_ description: String) {
    var value: UInt64 = 0
    guard description.utf8.count == 17 else { return nil }
    for (position, character) in description.utf8.enumerated() {
      if position % 3 == 2 {
        guard character == UInt8(ascii: ":") else { return nil }
      } else {
        guard let nibble = hexNibble(character) else { return nil }
        value = value << 4 | nibble
      }
    }
    self.value = value
  }

  package var bytes: [UInt8] { (0..<6).map { UInt8(truncatingIfNeeded: value >> UInt64(40 - 8 * $0)) } }

  package var description: String {
    String(unsafeUninitializedCapacity: 17) { buffer in
      for position in 0..<17 {
        let digit = UInt64(position / 3 * 2 + position % 3)
        buffer[position] = position % 3 == 2 ? UInt8(ascii: ":") : hexDigit(value >> (44 - 4 * digit))
      }
      return 17
    }
  }

  /// The group bit: broadcast or multicast.
  package var isGroup: Bool { value >> 40 & 1 == 1 }

  package static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// A VXLAN network identifier, 1 to 16777215 (RFC 7348 section 5: 24 bits; 0 is not a VNI of the API).
package struct VNI: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
  package static let range: ClosedRange<UInt32> = 1...0xFF_FFFF

  package let value: UInt32

  package init?(_ value: UInt32) {
    guard Self.range.contains(value) else { return nil }
    self.value = value
  }

  package var description: String { "\(value)" }

  package static func < (left: Self, right: Self) -> Bool { left.value < right.value }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let number = try container.decode(UInt32.self)
    guard let value = Self(number) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a VNI: \(number)")
    }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}

/// The name of a network interface: 1 to 15 bytes without `/`, `:`, white space or control
/// characters, and neither `.` nor `..` (`dev_valid_name` of the Linux kernel).
package struct InterfaceName: Hashable, Comparable, Sendable, TextCoded {
  package let description: String

  package init?(_ description: String) {
    let text = description.utf8
    guard (1...15).contains(text.count), description != ".", description != "..",
      text.allSatisfy({ $0 > 32 && $0 != 127 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") })
    else { return nil }
    self.description = description
  }

  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}
