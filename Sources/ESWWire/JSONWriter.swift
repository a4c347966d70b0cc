package import ESWModel

/// Writes JSON text into memory of its own, without an intermediate value per field.
///
/// Lists are the busiest answers, and a general encoder takes most of their time. So each string is one
/// check of the room left, then a loop over its bytes. Commas are the writer's; that members and ends
/// match is the caller's.
package struct JSONWriter: ~Copyable {
  private var bytes: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private var count = 0
  private var needsComma = false

  /// - Parameter capacity: A guess of the final size in bytes; the writer grows as it must.
  package init(capacity: Int = 1024) {
    self.capacity = max(capacity, 64)
    bytes = .allocate(capacity: self.capacity)
  }

  deinit { bytes.deallocate() }

  /// What has been written. The pointer is good only inside `body`.
  package borrowing func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    try body(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  package consuming func finish() -> [UInt8] { withBytes { [UInt8]($0) } }

  // MARK: Structure

  package mutating func beginObject() { open(UInt8(ascii: "{")) }
  package mutating func endObject() { close(UInt8(ascii: "}")) }
  package mutating func beginArray() { open(UInt8(ascii: "[")) }
  package mutating func endArray() { close(UInt8(ascii: "]")) }

  /// The name of the next value; a constant of ours that needs no escapes.
  package mutating func name(_ name: StaticString) {
    let length = name.utf8CodeUnitCount
    reserve(length + 4)
    comma()
    bytes[count] = UInt8(ascii: "\"")
    (bytes + count + 1).update(from: name.utf8Start, count: length)
    bytes[count + 1 + length] = UInt8(ascii: "\"")
    bytes[count + 2 + length] = UInt8(ascii: ":")
    count += length + 3
    needsComma = false
  }

  /// The same for a name that is not a constant.
  package mutating func name(text: String) {
    string(text)
    reserve(1)
    push(UInt8(ascii: ":"))
    needsComma = false
  }

  private mutating func open(_ bracket: UInt8) {
    reserve(2)
    comma()
    push(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    reserve(1)
    push(bracket)
    needsComma = true
  }

  // MARK: Values

  package mutating func string(_ value: String) {
    var value = value
    value.withUTF8 { text in
      // The longest escape is six bytes (`\u001f`); two quotes and a comma.
      reserve(6 * text.count + 3)
      beginValue()
      push(UInt8(ascii: "\""))
      for byte in text {
        if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
          push(byte)
        } else {
          escape(byte)
        }
      }
      push(UInt8(ascii: "\""))
    }
  }

  package mutating func identifier<Subject>(_ value: Identifier<Subject>) {
    reserve(39)
    beginValue()
    push(UInt8(ascii: "\""))
    for digit in 0..<32 {
      if digit == 8 || digit == 12 || digit == 16 || digit == 20 { push(UInt8(ascii: "-")) }
      let word = digit < 16 ? value.high : value.low
      push(hexDigit(word >> UInt64(60 - 4 * (digit % 16))))
    }
    push(UInt8(ascii: "\""))
  }

  package mutating func integer(_ value: some BinaryInteger) {
    var text = String(value)
    text.withUTF8 { digits in
      reserve(digits.count + 1)
      beginValue()
      for digit in digits { push(digit) }
    }
  }

  package mutating func boolean(_ value: Bool) { literal(value ? "true" : "false") }
  package mutating func null() { literal("null") }

  /// A value that is JSON text already.
  package mutating func raw(_ value: String) {
    var value = value
    value.withUTF8 { text in
      reserve(text.count + 1)
      beginValue()
      for byte in text { push(byte) }
    }
  }

  private mutating func literal(_ text: StaticString) {
    reserve(text.utf8CodeUnitCount + 1)
    beginValue()
    for offset in 0..<text.utf8CodeUnitCount { push(text.utf8Start[offset]) }
  }

  // MARK: Memory

  private mutating func beginValue() {
    comma()
    needsComma = true
  }

  private mutating func comma() {
    if needsComma { push(UInt8(ascii: ",")) }
  }

  private mutating func escape(_ byte: UInt8) {
    push(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): push(byte)
    case UInt8(ascii: "\n"): push(UInt8(ascii: "n"))
    case UInt8(ascii: "\r"): push(UInt8(ascii: "r"))
    case UInt8(ascii: "\t"): push(UInt8(ascii: "t"))
    default:
      push(UInt8(ascii: "u"))
      push(UInt8(ascii: "0"))
      push(UInt8(ascii: "0"))
      push(hexDigit(UInt64(byte >> 4)))
      push(hexDigit(UInt64(byte)))
    }
  }

  /// Whoever pushes has reserved.
  private mutating func push(_ byte: UInt8) {
    bytes[count] = byte
    count += 1
  }

  private mutating func reserve(_ more: Int) {
    guard count + more > capacity else { return }
    let larger = max(capacity * 2, count + more)
    let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    moved.update(from: bytes, count: count)
    bytes.deallocate()
    bytes = moved
    capacity = larger
  }
}

// One line a member.
extension JSONWriter {
  package mutating func member(_ name: StaticString, _ value: String) {
    self.name(name)
    string(value)
  }

  package mutating func member<Subject>(_ name: StaticString, _ value: Identifier<Subject>) {
    self.name(name)
    identifier(value)
  }

  package mutating func member(_ name: StaticString, integer value: some BinaryInteger) {
    self.name(name)
    integer(value)
  }

  package mutating func member(_ name: StaticString, _ value: Bool) {
    self.name(name)
    boolean(value)
  }

  package mutating func member(_ name: StaticString, _ value: Timestamp) {
    self.name(name)
    string(value.iso8601)
  }

  package mutating func member(_ name: StaticString, strings: some Sequence<String>) {
    array(name, strings) { $0.string($1) }
  }

  /// An object as a member; `body` writes its members.
  package mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
    self.name(name)
    object(body)
  }

  package mutating func object(_ body: (inout JSONWriter) -> Void) {
    beginObject()
    body(&self)
    endObject()
  }

  /// An array as a member; `body` writes one element.
  package mutating func array<Elements: Sequence>(
    _ name: StaticString, _ elements: Elements, _ body: (inout JSONWriter, Elements.Element) -> Void
  ) {
    self.name(name)
    beginArray()
    for element in elements { body(&self, element) }
    endArray()
  }
}
