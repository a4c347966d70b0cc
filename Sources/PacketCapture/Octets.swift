/// Bytes of a packet, read by their place; what is not there is nil.
struct Octets {
  private let bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  var count: Int { bytes.count }

  /// Nil behind the end, and for a negative place.
  subscript(_ place: Int) -> UInt8? {
    place >= 0 && place < bytes.count ? bytes[bytes.startIndex + place] : nil
  }

  /// Network order.
  func number(at place: Int) -> UInt16? {
    guard let high = self[place], let low = self[place + 1] else { return nil }
    return UInt16(high) << 8 | UInt16(low)
  }

  /// Network order.
  func longNumber(at place: Int) -> UInt32? {
    guard let high = number(at: place), let low = number(at: place + 2) else { return nil }
    return UInt32(high) << 16 | UInt32(low)
  }

  func octets(at place: Int, count: Int) -> ArraySlice<UInt8>? {
    guard place >= 0, count >= 0, place <= bytes.count, count <= bytes.count - place else { return nil }
    let start = bytes.startIndex + place
    return bytes[start..<start + count]
  }

  /// Nothing, if there are fewer.
  func dropping(_ count: Int) -> Octets { Octets(bytes.dropFirst(max(count, 0))) }

  /// All, if there are fewer.
  func keeping(_ count: Int) -> Octets { Octets(bytes.prefix(max(count, 0))) }
}
