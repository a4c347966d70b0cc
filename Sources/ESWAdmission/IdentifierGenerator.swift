package import ESWModel

/// An id and the moment it stands for, to the same millisecond: so the order of ids is the order of
/// creation times.
package struct Minted<Subject>: Sendable {
  package let id: Identifier<Subject>
  package let at: Timestamp
}

/// Makes UUIDs of version 7 (RFC 9562 section 5.7), each above all before it.
///
/// Within a millisecond, and as long as the clock stands behind the last id, the random part counts
/// up by random steps (RFC 9562 section 6.2, method 2).
package struct IdentifierGenerator: Sendable {
  private static let millisecondRange: ClosedRange<Int64> = 0...(1 << 48 - 1)
  private static let versionBits: UInt64 = 7 << 12
  private static let variantBits: UInt64 = 0b10 << 62
  /// The bits of `low` that are not the variant.
  private static let lowMask: UInt64 = 1 << 62 - 1

  private var randomness: any RandomNumberGenerator & Sendable
  private var millisecond: Int64 = -1
  /// The 12 bits behind the version.
  private var upper: UInt64 = 0
  /// The 62 bits behind the variant.
  private var lower: UInt64 = 0

  package init(randomness: any RandomNumberGenerator & Sendable) { self.randomness = randomness }

  /// Lets the next id be above this one. An id of another version says nothing of time and is passed over.
  package mutating func raise(above high: UInt64, _ low: UInt64) {
    guard high & 0xF000 == Self.versionBits else { return }
    let other = (Int64(high >> 16), high & 0xFFF, low & Self.lowMask)
    if other > (millisecond, upper, lower) { (millisecond, upper, lower) = other }
  }

  /// - Parameter now: Before 1970 and after the year 10889 (48 bits of milliseconds) the nearest that fits.
  package mutating func next<Subject>(now: Timestamp) -> Minted<Subject> {
    let wanted = min(
      max(now.milliseconds, Self.millisecondRange.lowerBound), Self.millisecondRange.upperBound)
    if wanted > millisecond { restart(at: wanted) } else { countUp() }
    return Minted(
      id: Identifier(
        high: UInt64(millisecond) << 16 | Self.versionBits | upper, low: Self.variantBits | lower),
      at: Timestamp(milliseconds: millisecond))
  }

  /// The highest bit stays free, so that counting up has room.
  private mutating func restart(at moment: Int64) {
    millisecond = moment
    upper = randomness.next() & 0x7FF
    lower = randomness.next() & Self.lowMask
  }

  private mutating func countUp() {
    lower += randomness.next() & 0xFFFF_FFFF + 1
    if lower > Self.lowMask {
      lower &= Self.lowMask
      upper += 1
    }
    if upper > 0xFFF { restart(at: min(millisecond + 1, Self.millisecondRange.upperBound)) }
  }
}
