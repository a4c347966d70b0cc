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

  private typealias Bytes = Substring.UTF8View

  /// - Throws: `otherAlgorithm` or `malformed`.
  init(_ header: String) throws(SignatureRejection) {
    let words = header.utf8.trimmed
    guard let space = words.firstIndex(of: UInt8(ascii: " ")) else { throw .malformed }
    guard words[..<space].elementsEqual(RequestSignature.algorithm.utf8) else { throw .otherAlgorithm }
    var known: (access: Bytes?, headers: Bytes?, signature: Bytes?)
    var others: Set<String> = []
    let parts = words[words.index(after: space)...]
    for part in parts.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let mark = part.firstIndex(of: UInt8(ascii: "=")) else { throw .malformed }
      let value = part[part.index(after: mark)...]
      let name = String(decoding: part[..<mark].trimmed, as: UTF8.self)
      switch name {
      case "Access" where known.access == nil: known.access = value
      case "SignedHeaders" where known.headers == nil: known.headers = value
      case "Signature" where known.signature == nil: known.signature = value
      case "Access", "SignedHeaders", "Signature": throw .malformed
      default: guard others.insert(name).inserted else { throw .malformed }
      }
    }
    guard let access = known.access, !access.isEmpty, let headers = known.headers,
      let signature = known.signature.flatMap(Self.digest)
    else { throw .malformed }
    keyID = String(decoding: access, as: UTF8.self)
    self.signature = signature
    let names = headers.trimmed.split(separator: UInt8(ascii: ";"))
    guard names.count <= RequestSignature.mostSignedHeaders else { throw .malformed }
    signedHeaders = names.map { String(decoding: $0, as: UTF8.self).lowercased() }
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
