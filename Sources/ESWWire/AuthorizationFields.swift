import Crypto
import ESWModel

/// The `Authorization` header of a signed request, taken apart:
/// `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`.
struct AuthorizationFields {
  let keyID: String
  /// In lower case, at most `RequestSignature.mostSignedHeaders`.
  let signedHeaders: [String]
  /// 32 bytes.
  let signature: [UInt8]

  private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

  /// - Throws: `otherAlgorithm` or `malformed`.
  init(_ header: String) throws(SignatureRejection) {
    var header = header
    self = try header.withUTF8 { bytes in Self.read(bytes[...]) }.get()
  }

  private init(keyID: Bytes, signedHeaders: [Bytes], signature: [UInt8]) {
    self.keyID = String(decoding: keyID, as: UTF8.self)
    self.signedHeaders = signedHeaders.map { String(decoding: $0, as: UTF8.self).lowercased() }
    self.signature = signature
  }

  private static func read(_ header: Bytes) -> Result<Self, SignatureRejection> {
    let words = header.trimmed
    guard let space = words.firstIndex(of: UInt8(ascii: " ")) else { return .failure(.malformed) }
    guard words[..<space].elementsEqual(RequestSignature.algorithm.utf8) else {
      return .failure(.otherAlgorithm)
    }
    guard let (access, headers, signature) = fields(words[words.index(after: space)...]), !access.isEmpty,
      let signature = digest(signature)
    else { return .failure(.malformed) }
    let names = headers.trimmed.split(separator: UInt8(ascii: ";"))
    guard names.count <= RequestSignature.mostSignedHeaders else { return .failure(.malformed) }
    return .success(Self(keyID: access, signedHeaders: names, signature: signature))
  }

  /// Nil when one is missing, or any is there twice.
  private static func fields(_ text: Bytes) -> (access: Bytes, headers: Bytes, signature: Bytes)? {
    var known: (access: Bytes?, headers: Bytes?, signature: Bytes?)
    var others: Set<String> = []
    for part in text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let mark = part.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      let value = part[part.index(after: mark)...]
      let name = String(decoding: part[..<mark].trimmed, as: UTF8.self)
      switch name {
      case "Access" where known.access == nil: known.access = value
      case "SignedHeaders" where known.headers == nil: known.headers = value
      case "Signature" where known.signature == nil: known.signature = value
      case "Access", "SignedHeaders", "Signature": return nil
      default: guard others.insert(name).inserted else { return nil }
      }
    }
    guard let access = known.access, let headers = known.headers, let signature = known.signature else {
      return nil
    }
    return (access, headers, signature)
  }

  /// Nil for anything but 64 lower-case hex digits.
  private static func digest(_ text: Bytes) -> [UInt8]? {
    guard text.count == 2 * SHA256.byteCount else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(SHA256.byteCount)
    var high: UInt64?
    for character in text {
      guard let nibble = hexNibble(character), !(65...70).contains(character) else { return nil }
      if let first = high {
        bytes.append(UInt8(first << 4 | nibble))
        high = nil
      } else {
        high = nibble
      }
    }
    return bytes
  }
}
