/// Walks the attributes of a payload. Hostile bytes end in an error, never in a trap.
package struct AttributeReader: Sendable {
  private var rest: ArraySlice<UInt8>

  package init(_ bytes: ArraySlice<UInt8>) {
    rest = bytes
  }

  /// The next attribute, or nil at the end.
  package mutating func next() throws(NetlinkDecodingError) -> Attribute? {
    guard !rest.isEmpty else { return nil }
    // The kernel leaves up to three bytes of padding behind the last attribute of some messages.
    guard rest.count >= NetlinkLayout.attributeHeader else {
      guard rest.allSatisfy({ $0 == 0 }) else {
        throw .lengthBeyondEnd(claimed: NetlinkLayout.attributeHeader, available: rest.count)
      }
      rest = []
      return nil
    }
    let length = Int(try rest.integer(at: 0, as: UInt16.self))
    let type = try rest.integer(at: 2, as: UInt16.self)
    guard length >= NetlinkLayout.attributeHeader else { throw .lengthBelowHeader(claimed: length) }
    guard length <= rest.count else { throw .lengthBeyondEnd(claimed: length, available: rest.count) }
    let value = rest.dropFirst(NetlinkLayout.attributeHeader)
      .prefix(length - NetlinkLayout.attributeHeader)
    rest = rest.dropFirst(NetlinkLayout.aligned(length))
    return Attribute(type: type & Attribute.typeMask, value: value)
  }

  /// Calls `body` for every attribute in order.
  package mutating func forEach(
    _ body: (Attribute) throws(NetlinkDecodingError) -> Void
  ) throws(NetlinkDecodingError) {
    while let attribute = try next() { try body(attribute) }
  }
}

/// One attribute: a number that says what it is, and its bytes.
package struct Attribute: Hashable, Sendable {
  /// `NLA_TYPE_MASK`: without the nested and byte-order flags.
  static let typeMask: UInt16 = 0x3fff

  package let type: UInt16
  package let value: ArraySlice<UInt8>

  package var nested: AttributeReader { AttributeReader(value) }

  /// An integer that fills the attribute exactly.
  package func integer<Value: FixedWidthInteger>(
    as _: Value.Type = Value.self
  ) throws(NetlinkDecodingError) -> Value {
    guard value.count == MemoryLayout<Value>.size else {
      throw .wrongSize(wanted: MemoryLayout<Value>.size, found: value.count)
    }
    return try value.integer(at: 0)
  }

  /// The text up to the first zero byte, or all of it.
  package func text() throws(NetlinkDecodingError) -> String {
    guard let text = String(validating: value.prefix { $0 != 0 }, as: UTF8.self) else { throw .notText }
    return text
  }
}

extension ArraySlice<UInt8> {
  /// The integer at `offset` from the start of the slice, in the machine's byte order.
  func integer<Value: FixedWidthInteger>(
    at offset: Int, as _: Value.Type = Value.self
  ) throws(NetlinkDecodingError) -> Value {
    let size = MemoryLayout<Value>.size
    guard offset >= 0, count - size >= offset else {
      throw .wrongSize(wanted: offset + size, found: count)
    }
    return withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
  }

  /// What follows a fixed struct of `size` bytes.
  func behind(_ size: Int) throws(NetlinkDecodingError) -> ArraySlice<UInt8> {
    guard count >= size else { throw .wrongSize(wanted: size, found: count) }
    return dropFirst(NetlinkLayout.aligned(size))
  }
}
