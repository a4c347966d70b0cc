import ESWModel

/// Percent encoding as the signature wants it (RFC 3986 section 2): bytes of UTF-8, the unreserved
/// characters as they are, all others as `%XX` in upper case.
enum PercentEncoding {
  static func encode(_ bytes: some Sequence<UInt8>, into text: inout [UInt8]) {
    for byte in bytes {
      if isUnreserved(byte) {
        text.append(byte)
      } else {
        text.append(UInt8(ascii: "%"))
        text.append(upperHexDigit(byte >> 4))
        text.append(upperHexDigit(byte & 0xF))
      }
    }
  }

  /// A `%` without two hex digits behind it stays; so does `+`, which no signing client sends for a space.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var rest = text[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == UInt8(ascii: "%"), digits.count == 2, let high = digits.first.flatMap(hexNibble),
        let low = digits.dropFirst().first.flatMap(hexNibble)
      {
        result.append(UInt8(high << 4 | low))
        rest = rest.dropFirst(2)
      } else {
        result.append(byte)
      }
    }
    return result
  }

  static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"): true
    default: false
    }
  }

  private static func upperHexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 55 + nibble }
}

/// The parameters of a query string, in the order in which they came.
package struct QueryParameters: Hashable, Sendable {
  struct Parameter: Hashable, Sendable {
    let name: [UInt8]
    let value: [UInt8]
  }

  let parameters: [Parameter]

  /// - Parameter query: As on the wire, without `?`.
  package init(_ query: String) {
    parameters = query.utf8.split(separator: UInt8(ascii: "&")).map { part in
      let name = part.prefix { $0 != UInt8(ascii: "=") }
      return Parameter(
        name: PercentEncoding.decode(name), value: PercentEncoding.decode(part.dropFirst(name.count + 1)))
    }
  }

  /// For who builds a request.
  package init(_ parameters: [(name: String, value: String)]) {
    self.parameters = parameters.map { Parameter(name: Array($0.name.utf8), value: Array($0.value.utf8)) }
  }

  /// The first parameter of that name; bytes that are no UTF-8 become U+FFFD.
  package subscript(name: String) -> String? {
    parameters.first { $0.name.elementsEqual(name.utf8) }.map { String(decoding: $0.value, as: UTF8.self) }
  }

  /// Of all parameters, in their order; one that stands twice is twice in it.
  package var names: [String] { parameters.map { String(decoding: $0.name, as: UTF8.self) } }

  /// All parameters of that name.
  package func values(_ name: String) -> [String] {
    parameters.filter { $0.name.elementsEqual(name.utf8) }.map { String(decoding: $0.value, as: UTF8.self) }
  }

  /// Sorted and encoded as the signature wants it (contract section 9.1, part 3). Signing clients put
  /// this very string on the wire.
  package var canonical: String {
    let sorted = parameters.sorted { left, right in
      left.name == right.name
        ? left.value.lexicographicallyPrecedes(right.value) : left.name.lexicographicallyPrecedes(right.name)
    }
    var text: [UInt8] = []
    for (index, parameter) in sorted.enumerated() {
      if index > 0 { text.append(UInt8(ascii: "&")) }
      PercentEncoding.encode(parameter.name, into: &text)
      text.append(UInt8(ascii: "="))
      PercentEncoding.encode(parameter.value, into: &text)
    }
    return String(decoding: text, as: UTF8.self)
  }
}
