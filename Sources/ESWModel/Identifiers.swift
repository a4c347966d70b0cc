/// A UUID that knows what it names, so that an instance's id cannot be handed in where a
/// connection's is wanted.
///
/// Ids that we make are UUID version 7 (RFC 9562 section 5.7): their order is the order of creation,
/// so a page of a list can continue behind a row that has been deleted since.
package struct Identifier<Subject>: Hashable, Comparable, Sendable, TextCoded {
  /// Bytes 0 to 7 of the UUID, big endian.
  package let high: UInt64
  /// Bytes 8 to 15 of the UUID, big endian.
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Reads the 36-character form with hyphens, in either case; anything else gives nil.
  package init?(_ description: String) {
    var text = description
    guard let (high, low) = text.withUTF8(Self.read) else { return nil }
    self.init(high: high, low: low)
  }

  private static func read(_ text: UnsafeBufferPointer<UInt8>) -> (high: UInt64, low: UInt64)? {
    guard text.count == 36 else { return nil }
    var (high, low): (UInt64, UInt64) = (0, 0)
    for position in 0..<36 {
      switch position {
      case 8, 13, 18, 23:
        guard text[position] == UInt8(ascii: "-") else { return nil }
      default:
        guard let nibble = hexNibble(text[position]) else { return nil }
        if position < 18 { high = high << 4 | nibble } else { low = low << 4 | nibble }
      }
    }
    return (high, low)
  }

  /// Lower case, with hyphens.
  package var description: String {
    String(unsafeUninitializedCapacity: 36) { buffer in
      var position = 0
      for digit in 0..<32 {
        if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
          buffer[position] = UInt8(ascii: "-")
          position += 1
        }
        let word = digit < 16 ? high : low
        buffer[position] = hexDigit(word >> UInt64(60 - 4 * (digit % 16)))
        position += 1
      }
      return position
    }
  }

  /// The sixteen bytes in network order.
  package var bytes: [UInt8] {
    [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) } }
  }

  package static func < (left: Self, right: Self) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}

package typealias VPCID = Identifier<VPC>
package typealias SubnetID = Identifier<Subnet>
package typealias AttachmentID = Identifier<Attachment>
package typealias InstanceID = Identifier<Instance>
package typealias ConnectionID = Identifier<Connection>
package typealias JobID = Identifier<Job>
package typealias PortID = Identifier<Port>

/// A project: 32 lower-case hex characters (contract section 2).
package struct ProjectID: Hashable, Comparable, Sendable, TextCoded {
  package let description: String

  package init?(_ description: String) {
    guard description.utf8.count == 32,
      description.utf8.allSatisfy({ hexNibble($0) != nil && !(65...70).contains($0) })
    else { return nil }
    self.description = description
  }

  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// The name of a gateway node: 1 to 63 characters `A-Z a-z 0-9 . _ -`, the first a letter or digit.
package struct NodeName: Hashable, Comparable, Sendable, TextCoded {
  package let description: String

  package init?(_ description: String) {
    let text = description.utf8
    guard (1...63).contains(text.count), let first = text.first, isAlphanumeric(first),
      text.allSatisfy({ isAlphanumeric($0) || $0 == 45 || $0 == 46 || $0 == 95 })
    else { return nil }
    self.description = description
  }

  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// The value of a hexadecimal digit in either case, or nil.
@inlinable
package func hexNibble(_ character: UInt8) -> UInt64? {
  switch character {
  case 48...57: UInt64(character - 48)
  case 65...70: UInt64(character - 55)
  case 97...102: UInt64(character - 87)
  default: nil
  }
}

/// The lower-case digit of the lowest four bits.
@inlinable
package func hexDigit(_ value: UInt64) -> UInt8 {
  let nibble = UInt8(truncatingIfNeeded: value & 0xF)
  return nibble < 10 ? 48 + nibble : 87 + nibble
}

private func isAlphanumeric(_ character: UInt8) -> Bool {
  (48...57).contains(character) || (65...90).contains(character) || (97...122).contains(character)
}
