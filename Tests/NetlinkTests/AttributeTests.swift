import KernelTesting
import Testing

@testable import Netlink

@Suite struct `Netlink attributes` {
  @Test func `attributes are padded to four bytes and nest`() {
    var writer = AttributeWriter()
    writer.fixed(UInt8(7))
    writer.fixed([UInt8(0), 0, 0])
    writer.attribute(3, text: "esw0")
    writer.attribute(4, UInt32(1500))
    writer.nested(18) { nested in
      nested.attribute(15, bigEndian: UInt16(4789))
      nested.flag(30)
    }
    #expect(
      writer.bytes
        == hex(
          """
          07 00 00 00              # fixed struct
          09 00 03 00              # length 9, type 3
          65 73 77 30 00 00 00 00  # "esw0", its zero, padding
          08 00 04 00              # length 8, type 4
          dc 05 00 00              # 1500 in the machine's order
          10 00 12 00              # length 16, type 18
          06 00 0f 00              #   length 6, type 15
          12 b5 00 00              #   4789 in network order, padding
          04 00 1e 00              #   length 4, type 30: a flag
          """))
  }

  @Test func `a reader finds what a writer wrote`() throws {
    var writer = AttributeWriter()
    writer.attribute(1, text: "a")
    writer.nested(2) { $0.attribute(3, UInt16(9)) }
    var reader = AttributeReader(writer.bytes[...])
    #expect(try reader.next()?.text() == "a")
    let nested = try #require(try reader.next())
    #expect(nested.type == 2)
    var inner = nested.nested
    #expect(try inner.next()?.integer(as: UInt16.self) == 9)
    #expect(try inner.next() == nil)
    #expect(try reader.next() == nil)
  }

  @Test func `the nested flag is not part of the type`() throws {
    var reader = AttributeReader(hex("04 00 12 80")[...])
    #expect(try reader.next()?.type == 18)
  }

  @Test(arguments: [
    (hex("03 00 01 00"), NetlinkDecodingError.lengthBelowHeader(claimed: 3)),
    (hex("00 00 01 00"), .lengthBelowHeader(claimed: 0)),
    (hex("09 00 01 00 61 62 63 64"), .lengthBeyondEnd(claimed: 9, available: 8)),
    (hex("ff ff 01 00"), .lengthBeyondEnd(claimed: 65535, available: 4)),
    (hex("05 00"), .lengthBeyondEnd(claimed: 4, available: 2)),
  ])
  func `a lying attribute length is refused`(bytes: [UInt8], error: NetlinkDecodingError) {
    var reader = AttributeReader(bytes[...])
    #expect(throws: error) { try reader.next() }
  }

  @Test func `padding behind the last attribute is no attribute`() throws {
    var reader = AttributeReader(hex("05 00 01 00 61 00 00 00 00 00")[...])
    #expect(try reader.next()?.text() == "a")
    #expect(try reader.next() == nil)
  }

  @Test func `a value of another size than its type is refused`() throws {
    var reader = AttributeReader(hex("06 00 01 00 01 02 00 00")[...])
    let attribute = try #require(try reader.next())
    #expect(throws: NetlinkDecodingError.wrongSize(wanted: 4, found: 2)) {
      try attribute.integer(as: UInt32.self)
    }
  }

  @Test func `a name that is not text is refused`() throws {
    var reader = AttributeReader(hex("06 00 03 00 ff fe 00 00")[...])
    let attribute = try #require(try reader.next())
    #expect(throws: NetlinkDecodingError.notText) { try attribute.text() }
  }
}
