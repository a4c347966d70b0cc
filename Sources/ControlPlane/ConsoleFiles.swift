import CConsole
import Crypto
import ESWModel
import NIOCore

/// A file of the console, as it is served.
struct ConsoleFile: Sendable {
  let name: String
  let mediaType: String
  let bytes: ByteBuffer
  /// A strong one (RFC 9110 section 8.8.3), of the bytes.
  let tag: String

  init(name: String, mediaType: String, bytes: ByteBuffer) {
    self.name = name
    self.mediaType = mediaType
    self.bytes = bytes
    tag = "\"\(ConsoleFiles.hex(SHA256.hash(data: bytes.readableBytesView), digits: 32))\""
  }

  /// - Parameter condition: The value of `If-None-Match`, compared weakly (RFC 9110 section 13.1.2).
  func isHeld(by condition: String?) -> Bool {
    guard let condition else { return false }
    return condition.split(separator: ",").contains { part in
      let shown = part.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
      return shown == "*" || shown == tag || shown == "W/" + tag
    }
  }
}

/// All files of the console. The page names the others under their version, which is one for all of them.
struct ConsoleFiles: Sendable {
  /// What stands for the version in the page.
  private static let place = "VERSION"

  let page: ConsoleFile
  let version: String
  private let others: [String: ConsoleFile]

  static let embedded = ConsoleFiles()

  private init() {
    let files = Self.compiledIn()
    var whole = SHA256()
    for file in files {
      whole.update(data: Array(file.name.utf8))
      whole.update(data: file.bytes.readableBytesView)
    }
    version = Self.hex(whole.finalize(), digits: 16)
    guard let index = files.first else { preconditionFailure("the console has its page") }
    let text = String(buffer: index.bytes).replacing(Self.place, with: version)
    page = ConsoleFile(name: index.name, mediaType: index.mediaType, bytes: ByteBuffer(string: text))
    others = Dictionary(files.dropFirst().map { ($0.name, $0) }) { first, _ in first }
  }

  func named(_ name: String) -> ConsoleFile? { others[name] }

  var names: Set<String> { Set(others.keys) }

  private static func compiledIn() -> [ConsoleFile] {
    var files: [ConsoleFile] = []
    while let file = esw_console_file(UInt(files.count))?.pointee {
      let bytes = UnsafeRawBufferPointer(start: file.bytes, count: Int(file.size))
      files.append(
        ConsoleFile(
          name: String(cString: file.name), mediaType: String(cString: file.media_type),
          bytes: ByteBuffer(bytes: bytes)))
    }
    return files
  }

  static func hex(_ digest: SHA256Digest, digits: Int) -> String {
    var text: [UInt8] = []
    for byte in digest.prefix(digits / 2) { text += [hexDigit(UInt64(byte >> 4)), hexDigit(UInt64(byte))] }
    return String(decoding: text, as: UTF8.self)
  }
}
