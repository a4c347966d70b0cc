import ESWModel

/// A JSON text as a tree, for bodies that people wrote.
///
/// Strict (RFC 8259): UTF-8 only, nothing behind the value, and no member twice, because which of the
/// two was meant would be a guess. Reads any bytes without trapping: nesting and size are bounded.
package indirect enum JSONValue: Hashable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int64)
  /// Any other number: with a fraction, an exponent, or beyond 64 bits. The API has none.
  case number
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// How deep arrays and objects may lie in each other; requests need four.
  package static let mostDepth = 32
  /// How many values a body may have; requests need some twenty.
  package static let mostValues = 10_000

  /// - Parameter mostValues: More than a body may have only of what is our own.
  package init(
    parsing bytes: some Collection<UInt8>, mostValues: Int = Self.mostValues
  ) throws(JSONSyntaxError) {
    var parser = JSONParser(bytes: Array(bytes), mostValues: mostValues)
    self = try parser.wholeText()
  }

  /// Such as `a string`, for messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .boolean: "a boolean"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

package struct JSONSyntaxError: Error, Hashable, Sendable {
  /// Such as `a string is not closed`.
  package let reason: String
  /// In bytes from the start of the body.
  package let offset: Int
}

struct JSONParser {
  private let bytes: [UInt8]
  private var position = 0
  private let mostValues: Int
  private var values = 0

  init(bytes: [UInt8], mostValues: Int) {
    self.bytes = bytes
    self.mostValues = mostValues
  }

  mutating func wholeText() throws(JSONSyntaxError) -> JSONValue {
    skipSpace()
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw error("there is something behind the value") }
    return value
  }

  private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    guard depth <= JSONValue.mostDepth else { throw error("it is nested too deeply") }
    values += 1
    guard values <= mostValues else { throw error("it has too many values") }
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .boolean(true))
    case UInt8(ascii: "f"): return try literal("false", .boolean(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case let digit? where digit == UInt8(ascii: "-") || (48...57).contains(digit): return try number()
    case nil: throw error("it ends where a value should be")
    default: throw error("there is no value")
    }
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    position += 1
    var members: [String: JSONValue] = [:]
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("a member has no name") }
      let name = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw error("a colon is missing") }
      skipSpace()
      guard members.updateValue(try value(depth: depth), forKey: name) == nil else {
        throw error("a member is there twice")
      }
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw error("an object is not closed") }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(elements) }
    repeat {
      skipSpace()
      elements.append(try value(depth: depth))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw error("an array is not closed") }
    return .array(elements)
  }

  private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue
  {
    for offset in 0..<text.utf8CodeUnitCount {
      guard take(text.utf8Start[offset]) else { throw error("there is no value") }
    }
    return value
  }

  private mutating func number() throws(JSONSyntaxError) -> JSONValue {
    let isNegative = take(UInt8(ascii: "-"))
    let first = next
    guard let whole = digits() else { throw error("a number has no digits") }
    if first == UInt8(ascii: "0"), whole.count > 1 { throw error("a number begins with 0") }
    var isWhole = true
    if take(UInt8(ascii: ".")) {
      isWhole = false
      guard digits() != nil else { throw error("a number has no digits") }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isWhole = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard digits() != nil else { throw error("a number has no digits") }
    }
    guard isWhole, let value = Int64((isNegative ? "-" : "") + String(decoding: whole, as: UTF8.self)) else {
      return .number
    }
    return .integer(value)
  }

  /// One or more.
  private mutating func digits() -> ArraySlice<UInt8>? {
    let start = position
    while let byte = next, (48...57).contains(byte) { position += 1 }
    return position > start ? bytes[start..<position] : nil
  }

  private mutating func string() throws(JSONSyntaxError) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw error("a string is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
      case 0..<0x20: throw error("a string has a control character")
      default: text.append(byte)
      }
    }
    throw error("a string is not closed")
  }

  private mutating func escape() throws(JSONSyntaxError) -> [UInt8] {
    guard let byte = next else { throw error("a string is not closed") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [8]
    case UInt8(ascii: "f"): return [12]
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "u"):
      let scalar = try escapedScalar()
      return Array(String(Character(scalar)).utf8)
    default: throw error("there is no such escape")
    }
  }

  /// `XXXX`, and where that is the first half of a surrogate pair, `\uXXXX` too.
  private mutating func escapedScalar() throws(JSONSyntaxError) -> Unicode.Scalar {
    let first = try codeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard (0xD800..<0xDC00).contains(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
      throw error("half of a surrogate pair")
    }
    let second = try codeUnit()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw error("half of a surrogate pair") }
    return scalar
  }

  private mutating func codeUnit() throws(JSONSyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let nibble = next.flatMap(hexNibble) else { throw error("an escape wants four hex digits") }
      value = value << 4 | UInt32(nibble)
      position += 1
    }
    return value
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 32 || byte == 9 || byte == 10 || byte == 13 { position += 1 }
  }

  private func error(_ reason: String) -> JSONSyntaxError {
    JSONSyntaxError(reason: reason, offset: position)
  }
}
