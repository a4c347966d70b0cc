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
    let text = description.utf8
    guard text.count == 36 else { return nil }
    var value: (UInt64, UInt64) = (0, 0)
    var digits = 0
    for (position, character) in text.enumerated() {
      if position == 8 || position == 13 || position == 18 || position == 23 {
        guard character == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard let nibble = hexNibble(character) else { return nil }
      if digits < 16 { value.0 = value.0 << 4 | nibble } else { value.1 = value.1 << 4 | nibble }
      digits += 1
    }
    self.init(high: value.0, low: value.1)
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
package func hexNibble(_ character: UInt8) -> UInt64? {
  switch character {
  case 48...57: UInt64(character - 48)
  case 65...70: UInt64(character - 55)
  case 97...102: UInt64(character - 87)
  default: nil
  }
}

/// The lower-case digit of the lowest four bits.
package func hexDigit(_ value: UInt64) -> UInt8 {
  let nibble = UInt8(truncatingIfNeeded: value & 0xF)
  return nibble < 10 ? 48 + nibble : 87 + nibble
}

private func isAlphanumeric(_ character: UInt8) -> Bool {
  (48...57).contains(character) || (65...90).contains(character) || (97...122).contains(character)
}
