import ESWModel
import ESWWire
import Foundation
import Testing

/// A seeded generator (SplitMix64), so that a failure can be replayed.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

private func randomText(_ random: inout Seeded) -> String {
  let ranges: [ClosedRange<UInt32>] = [
    0...0x1F, 0x20...0x7F, 0x22...0x22, 0x5C...0x5C, 0x80...0x7FF, 0xE000...0xFFFF, 0x1F600...0x1F64F,
  ]
  var text = String.UnicodeScalarView()
  for _ in 0..<Int.random(in: 0...40, using: &random) {
    let range = ranges.randomElement(using: &random) ?? 0x41...0x5A
    if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) { text.append(scalar) }
  }
  return String(text)
}

@Suite struct `Writing JSON` {
  struct Sample: Decodable, Equatable {
    var texts: [String]
    var numbers: [Int64]
    var flag: Bool
    var nothing: String?
    var id: InstanceID
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func `reads back equal with Foundation's decoder`(seed: UInt64) throws {
    var random = Seeded(state: seed)
    var sample = Sample(
      texts: [], numbers: [.min, .max, 0, -1], flag: seed % 2 == 0, nothing: nil,
      id: InstanceID(high: random.next(), low: random.next()))
    for _ in 0..<Int.random(in: 0...30, using: &random) { sample.texts.append(randomText(&random)) }
    var writer = JSONWriter(capacity: 1)
    writer.object {
      $0.member("texts", strings: sample.texts)
      $0.array("numbers", sample.numbers) { $0.integer($1) }
      $0.member("flag", sample.flag)
      $0.name("nothing")
      $0.null()
      $0.member("id", sample.id)
    }
    #expect(try JSONDecoder().decode(Sample.self, from: Data(writer.finish())) == sample)
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func `reads back equal with our own parser`(seed: UInt64) throws {
    var random = Seeded(state: seed)
    let text = randomText(&random)
    var writer = JSONWriter(capacity: 1)
    writer.object { $0.member("text", text) }
    #expect(try JSONValue(parsing: writer.finish()) == .object(["text": .string(text)]))
  }

  @Test func `puts commas between, and only there`() {
    var writer = JSONWriter()
    writer.object {
      $0.member("a", "1")
      $0.object("b") { _ in }
      $0.array("c", [1, 2]) { $0.integer($1) }
      $0.array("d", [[1], []]) { writer, row in
        writer.object { $0.array("e", row) { $0.integer($1) } }
      }
      $0.member("f", true)
    }
    let text = String(decoding: writer.finish(), as: UTF8.self)
    #expect(text == #"{"a":"1","b":{},"c":[1,2],"d":[{"e":[1]},{"e":[]}],"f":true}"#)
  }

  @Test func `escapes what must be escaped and nothing else`() {
    var writer = JSONWriter()
    writer.string("\"\\/\n\r\t\u{1}\u{7F}é中😀\u{2028}")
    let text = String(decoding: writer.finish(), as: UTF8.self)
    #expect(text == "\"\\\"\\\\/\\n\\r\\t\\u0001\u{7F}é中😀\u{2028}\"")
  }
}

@Suite struct `Parsing JSON` {
  @Test(arguments: [
    "", " ", "{", "}", "[", "]", "{]", "[}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "[,1]", "{a:1}",
    "{'a':1}", "nul", "nulll", "True", "NaN", "Infinity", "-", "+1", ".5", "1.", "1e", "1e+", "01", "-01",
    "0x1",
    "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\uD800\"", "\"\\uD800\\u0041\"", "\"\\uDC00\"",
    "\"\n\"", "\"\u{0}\"", "1 2", "{} {}", "{}x", "\u{FEFF}{}", "{\"a\":1,\"a\":1}", "// c\n1",
  ])
  func `refuses what is not JSON, or is ambiguous`(text: String) {
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text.utf8) }
  }

  @Test(
    arguments: [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
      [0x22, 0xE4, 0xB8, 0x22], [0xFF, 0xFE, 0x7B, 0x00],
    ] as [[UInt8]])
  func `refuses what is not UTF-8`(bytes: [UInt8]) {
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: bytes) }
  }

  @Test(arguments: [
    "1.0", "1e2", "1e400", "-1e-400", "9223372036854775808", "-9223372036854775809", "0.1",
    String(repeating: "9", count: 5000),
  ])
  func `takes a number that is no 64-bit integer for a number only`(text: String) throws {
    #expect(try JSONValue(parsing: text.utf8) == .number)
  }

  @Test(
    arguments: [("0", 0), ("-0", 0), ("9223372036854775807", .max), ("-9223372036854775808", .min)]
      as [(String, Int64)])
  func `reads integers to the ends of their range`(text: String, value: Int64) throws {
    #expect(try JSONValue(parsing: text.utf8) == .integer(value))
  }

  @Test func `reads a surrogate pair`() throws {
    #expect(try JSONValue(parsing: #""\uD83D\uDE00\u00e9\/""#.utf8) == .string("😀é/"))
  }

  @Test(arguments: ["[", "{\"a\":", "[{\"a\":["])
  func `refuses deep nesting without running out of stack`(opening: String) {
    let text = String(repeating: opening, count: 1_000_000 / opening.utf8.count)
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text.utf8) }
  }

  @Test func `refuses more values than any request needs`() {
    let text = "[" + String(repeating: "0,", count: JSONValue.mostValues) + "0]"
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text.utf8) }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `survives any bytes`(seed: UInt64) {
    var random = Seeded(state: seed)
    let alphabet = Array("{}[]\",:\\u0123456789eE+-.truefalsn \n\u{7F}".utf8) + [0x00, 0x80, 0xC3, 0xFF]
    for _ in 0..<200 {
      let bytes = (0..<Int.random(in: 0...60, using: &random)).compactMap { _ in
        alphabet.randomElement(using: &random)
      }
      if let value = try? JSONValue(parsing: bytes) { #expect(bytes.count > 0, "\(value) from nothing") }
    }
  }
}
