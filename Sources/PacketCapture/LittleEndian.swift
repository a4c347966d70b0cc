/// Fields and options of a pcapng block; what is not there is nil.
struct LittleEndian {
  private let octets: Octets

  init(_ bytes: ArraySlice<UInt8>) { octets = Octets(bytes) }

  func number(at place: Int) -> UInt32? { octets.longNumber(at: place)?.byteSwapped }

  func octets(at place: Int, count: Int) -> ArraySlice<UInt8>? { octets.octets(at: place, count: count) }

  /// The first of this code (section 3.5).
  func option(_ code: UInt16, from start: Int) -> ArraySlice<UInt8>? {
    var place = start
    while let found = octets.number(at: place)?.byteSwapped, found != 0,
      let length = octets.number(at: place + 2)?.byteSwapped
    {
      if found == code { return octets.octets(at: place + 4, count: Int(length)) }
      place += 4 + (Int(length) + 3) / 4 * 4
    }
    return nil
  }

  func text(_ code: UInt16, from start: Int) -> String? {
    option(code, from: start).map { String(decoding: $0, as: UTF8.self) }
  }
}
