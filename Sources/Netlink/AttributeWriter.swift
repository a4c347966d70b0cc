/// Builds a netlink payload: a fixed struct, then attributes, each padded to four bytes (linux/netlink.h).
///
/// Integers are in the byte order of the machine unless the call says otherwise, as rtnetlink wants them.
package struct AttributeWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// Appends bytes as they are: the fixed struct at the start of a payload.
  package mutating func fixed(_ values: some Sequence<UInt8>) {
    bytes.append(contentsOf: values)
  }

  /// Appends an integer of the fixed struct.
  package mutating func fixed(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }

  package mutating func attribute(_ type: UInt16, _ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value) { append(type, $0) }
  }

  /// An integer in network byte order, as ports are.
  package mutating func attribute(_ type: UInt16, bigEndian value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.bigEndian) { append(type, $0) }
  }

  /// A text with the zero byte that the kernel's `NLA_STRING` reading of names expects.
  package mutating func attribute(_ type: UInt16, text: String) {
    append(type, text.utf8 + [0])
  }

  package mutating func attribute(_ type: UInt16, bytes value: some Collection<UInt8>) {
    append(type, value)
  }

  /// An attribute without a value, as `VLAN` and `NO_*` flags are.
  package mutating func flag(_ type: UInt16) {
    append(type, EmptyCollection())
  }

  /// An attribute whose value is what `build` writes: attributes, or a struct and attributes.
  package mutating func nested(
    _ type: UInt16, _ build: (inout AttributeWriter) -> Void
  ) {
    var inner = AttributeWriter()
    build(&inner)
    append(type, inner.bytes)
  }

  private mutating func append(_ type: UInt16, _ value: some Collection<UInt8>) {
    let length = NetlinkLayout.attributeHeader + value.count
    // Nothing we write comes near: the longest value is a link alias of 255 bytes.
    precondition(length <= UInt16.max, "attribute \(type) of \(value.count) bytes")
    fixed(UInt16(length))
    fixed(type)
    bytes.append(contentsOf: value)
    bytes.append(contentsOf: repeatElement(0, count: NetlinkLayout.aligned(length) - length))
  }
}

/// Sizes of linux/netlink.h, whose function-like macros Swift does not see.
enum NetlinkLayout {
  /// `sizeof(struct nlmsghdr)`.
  static let messageHeader = 16
  /// `sizeof(struct nlattr)`.
  static let attributeHeader = 4

  /// `NLMSG_ALIGN` and `NLA_ALIGN`: up to the next multiple of four.
  static func aligned(_ length: Int) -> Int { (length + 3) & ~3 }
}
