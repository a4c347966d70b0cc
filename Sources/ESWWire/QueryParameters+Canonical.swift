extension QueryParameters {
  /// Whether a query is its own `canonical`, as far as that can be told without taking it apart: when
  /// nothing in it is encoded. False: it may still be.
  static func isPlainlyCanonical(_ query: String) -> Bool {
    var query = query
    return query.withUTF8 { isPlainlyCanonical($0[...]) }
  }

  private static func isPlainlyCanonical(_ query: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    var previous: Slice<UnsafeBufferPointer<UInt8>>?
    for part in query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
      guard let mark = part.firstIndex(of: UInt8(ascii: "=")) else { return query.isEmpty }
      let value = part[part.index(after: mark)...]
      guard part[..<mark].allSatisfy(PercentEncoding.isUnreserved),
        value.allSatisfy(PercentEncoding.isUnreserved)
      else { return false }
      if let earlier = previous {
        // `=` is no unreserved character, so two names are told apart before it, or are the same.
        let earlierName = earlier.prefix { $0 != UInt8(ascii: "=") }
        let isInOrder =
          earlierName.elementsEqual(part[..<mark])
          ? !value.lexicographicallyPrecedes(earlier.dropFirst(earlierName.count + 1))
          : earlierName.lexicographicallyPrecedes(part[..<mark])
        guard isInOrder else { return false }
      }
      previous = part
    }
    return true
  }
}
