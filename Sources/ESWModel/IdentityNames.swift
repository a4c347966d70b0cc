/// What names a row of identity and access: 32 lower-case hex characters, as the vendor's IAM has them.
package struct IdentityID<Subject>: Hashable, Comparable, Sendable, TextCoded {
  package let description: String

  package init?(_ description: String) {
    guard description.utf8.count == 32,
      description.utf8.allSatisfy({ hexNibble($0) != nil && !(65...70).contains($0) })
    else { return nil }
    self.description = description
  }

  package init(high: UInt64, low: UInt64) {
    description = String(unsafeUninitializedCapacity: 32) { buffer in
      for digit in 0..<32 {
        buffer[digit] = hexDigit((digit < 16 ? high : low) >> UInt64(60 - 4 * (digit % 16)))
      }
      return 32
    }
  }

  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

package typealias DomainID = IdentityID<Domain>
package typealias UserID = IdentityID<User>
package typealias GroupID = IdentityID<UserGroup>
package typealias PolicyID = IdentityID<Policy>

/// The name of a user, a group, a policy, a project or the domain: 1 to 128 characters that can be seen,
/// with spaces between them; nothing that could pass for another name or break a line of a log.
package struct IdentityName: Hashable, Comparable, Sendable, LosslessStringConvertible {
  package static let lengthRange = 1...128
  package let description: String

  package init?(_ description: String) {
    guard description.utf8.count <= 4 * Self.lengthRange.upperBound else { return nil }
    let scalars = description.unicodeScalars
    guard Self.lengthRange.contains(scalars.count), scalars.first != " ", scalars.last != " ",
      scalars.allSatisfy(Self.isAllowed)
    else { return nil }
    self.description = description
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: scalar == " "
    default: scalar != "<" && scalar != ">"
    }
  }

  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// What is kept of a password: the result of scrypt (RFC 7914) with its salt and its cost.
package struct PasswordHash: Hashable, Sendable, LosslessStringConvertible {
  package struct Cost: Hashable, Sendable {
    /// The logarithm of `N`: the work, and with `blockSize` the memory: 128 * N * blockSize bytes.
    package let logarithm: Int
    /// `r`.
    package let blockSize: Int
    /// `p`.
    package let parallelism: Int

    /// Nil for what takes more than 1 GiB or nearly for ever.
    package init?(logarithm: Int, blockSize: Int, parallelism: Int) {
      guard (1...20).contains(logarithm), (1...8).contains(blockSize), (1...16).contains(parallelism) else {
        return nil
      }
      self.logarithm = logarithm
      self.blockSize = blockSize
      self.parallelism = parallelism
    }
  }

  package let cost: Cost
  package let salt: [UInt8]
  package let digest: [UInt8]

  package init(cost: Cost, salt: [UInt8], digest: [UInt8]) {
    self.cost = cost
    self.salt = salt
    self.digest = digest
  }

  /// `scrypt$15,8,1$SALT$DIGEST`, the last two in hex.
  package init?(_ description: String) {
    let parts = description.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "scrypt" else { return nil }
    let numbers = parts[1].split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 3, let logarithm = numbers[0], let blockSize = numbers[1],
      let parallelism = numbers[2],
      let cost = Cost(logarithm: logarithm, blockSize: blockSize, parallelism: parallelism),
      let salt = Self.bytes(parts[2]), let digest = Self.bytes(parts[3])
    else { return nil }
    self.init(cost: cost, salt: salt, digest: digest)
  }

  package var description: String {
    "scrypt$\(cost.logarithm),\(cost.blockSize),\(cost.parallelism)$\(Self.hex(salt))$\(Self.hex(digest))"
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.flatMap { [hexDigit(UInt64($0 >> 4)), hexDigit(UInt64($0))] }, as: UTF8.self)
  }

  private static func bytes(_ text: Substring) -> [UInt8]? {
    let nibbles = text.utf8.map { hexNibble($0) }
    guard nibbles.count.isMultiple(of: 2), nibbles.count >= 16 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: nibbles.count, by: 2) {
      guard let high = nibbles[index], let low = nibbles[index + 1] else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    return bytes
  }
}
