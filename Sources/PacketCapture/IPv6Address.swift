/// An IPv6 address as hosts of a stretched subnet have it; to be seen and to be asked for.
package struct IPv6Address: Hashable, Sendable, LosslessStringConvertible {
  /// The first half, first octet highest.
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Nil unless there are exactly sixteen bytes.
  init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Reads groups of one to four hex digits, `::` once for at least one group of zeros (RFC 4291 section 2.2,
  /// forms 1 and 2); no zone, no dotted end.
  package init?(_ description: String) {
    guard description.utf8.count <= 39 else { return nil }
    let text = Substring(description)
    let halves = Self.halves(of: text)
    guard let first = Self.groups(halves.0) else { return nil }
    var all = first
    if let end = halves.1 {
      guard let last = Self.groups(end), first.count + last.count < 8 else { return nil }
      all += [UInt16](repeating: 0, count: 8 - first.count - last.count) + last
    }
    guard all.count == 8 else { return nil }
    self.init(
      high: all.prefix(4).reduce(0) { $0 << 16 | UInt64($1) },
      low: all.suffix(4).reduce(0) { $0 << 16 | UInt64($1) })
  }

  /// Before and behind the first `::`; nil if there is none.
  private static func halves(of text: Substring) -> (Substring, Substring?) {
    var place = text.startIndex
    while place < text.endIndex {
      let next = text.index(after: place)
      if text[place] == ":", next < text.endIndex, text[next] == ":" {
        return (text[..<place], text[text.index(after: next)...])
      }
      place = next
    }
    return (text, nil)
  }

  private static func groups(_ text: Substring) -> [UInt16]? {
    if text.isEmpty { return [] }
    var groups: [UInt16] = []
    for word in text.split(separator: ":", omittingEmptySubsequences: false) {
      guard (1...4).contains(word.utf8.count), word.utf8.first != UInt8(ascii: "+"),
        let group = UInt16(word, radix: 16)
      else { return nil }
      groups.append(group)
    }
    return groups
  }

  private var groups: [UInt16] {
    [high, low].flatMap { half in
      [48, 32, 16, 0].map { (shift: UInt64) in UInt16(truncatingIfNeeded: half >> shift) }
    }
  }

  /// RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`.
  package var description: String {
    let groups = groups
    var longest = 0..<0
    var start = 0
    for place in 0...8 where place == 8 || groups[place] != 0 {
      if place - start > longest.count { longest = start..<place }
      start = place + 1
    }
    func text(_ part: ArraySlice<UInt16>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard longest.count > 1 else { return text(groups[...]) }
    return text(groups[..<longest.lowerBound]) + "::" + text(groups[longest.upperBound...])
  }
}
