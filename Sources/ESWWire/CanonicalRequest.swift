import Crypto
import ESWModel

/// The text whose hash is signed, as bytes (contract section 9.1).
///
/// Made for every request before we know who asks, so it is put together in one piece of memory.
struct CanonicalRequest {
  /// What stands in the place of the query.
  enum Query {
    /// Sorted and encoded, as the vendor has it.
    case canonical
    /// As it came.
    case raw
  }

  /// Method and path, before the query.
  private var head: [UInt8] = []
  /// Headers, their names and the body's hash, behind the query.
  private var tail: [UInt8] = []
  /// As it came, and sorted and encoded.
  private let query: (raw: String, canonical: String)

  /// - Parameters:
  ///   - headers: Names and values in the order of `signedHeaders`.
  ///   - bodyHash: In hex.
  init(
    of request: SignableRequest, headers: some Sequence<(String, String)>, signedHeaders: [String],
    bodyHash: String
  ) {
    query = (
      request.query,
      QueryParameters.isPlainlyCanonical(request.query)
        ? request.query : QueryParameters(request.query).canonical
    )
    head.reserveCapacity(512)
    head.append(contentsOf: request.method.uppercased().utf8)
    head.append(UInt8(ascii: "\n"))
    Self.append(path: request.path, to: &head)
    head.append(UInt8(ascii: "\n"))
    tail.reserveCapacity(512)
    for (name, value) in headers {
      tail.append(contentsOf: name.utf8)
      tail.append(UInt8(ascii: ":"))
      tail.append(contentsOf: value.utf8.trimmed)
      tail.append(UInt8(ascii: "\n"))
    }
    for (index, name) in signedHeaders.enumerated() {
      tail.append(index == 0 ? UInt8(ascii: "\n") : UInt8(ascii: ";"))
      tail.append(contentsOf: name.utf8)
    }
    tail.append(UInt8(ascii: "\n"))
    tail.append(contentsOf: bodyHash.utf8)
  }

  /// Whether the query reads the same in both ways.
  var hasCanonicalQuery: Bool { query.raw == query.canonical }

  func bytesToSign(query form: Query, date: String) -> [UInt8] {
    var text = head
    switch form {
    case .raw: text.append(contentsOf: query.raw.utf8)
    case .canonical: text.append(contentsOf: query.canonical.utf8)
    }
    text.append(UInt8(ascii: "\n"))
    text.append(contentsOf: tail)
    var hasher = SHA256()
    text.withUnsafeBytes { hasher.update(bufferPointer: $0) }
    var result: [UInt8] = []
    result.reserveCapacity(128)
    result.append(contentsOf: RequestSignature.algorithm.utf8)
    result.append(UInt8(ascii: "\n"))
    result.append(contentsOf: date.utf8)
    result.append(UInt8(ascii: "\n"))
    appendHex(hasher.finalize(), to: &result)
    return result
  }

  /// Decoded as a whole and encoded by segment, so that `%2F` counts as `/`; with a `/` at the end that
  /// the wire does not have.
  private static func append(path: String, to text: inout [UInt8]) {
    let slash = UInt8(ascii: "/")
    if path.utf8.allSatisfy({ $0 == slash || PercentEncoding.isUnreserved($0) }) {
      text.append(contentsOf: path.utf8)
    } else {
      let decoded = PercentEncoding.decode(path.utf8)
      for (index, segment) in decoded.split(separator: slash, omittingEmptySubsequences: false).enumerated() {
        if index > 0 { text.append(slash) }
        PercentEncoding.encode(segment, into: &text)
      }
    }
    if text.last != slash { text.append(slash) }
  }
}

func lowerHex(_ bytes: some Sequence<UInt8>) -> String {
  var text: [UInt8] = []
  appendHex(bytes, to: &text)
  return String(decoding: text, as: UTF8.self)
}

private func appendHex(_ bytes: some Sequence<UInt8>, to text: inout [UInt8]) {
  for byte in bytes {
    text.append(hexDigit(UInt64(byte >> 4)))
    text.append(hexDigit(UInt64(byte)))
  }
}

extension Collection where Element == UInt8, Self: BidirectionalCollection {
  /// Without white space at either end.
  var trimmed: SubSequence {
    guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) })
    else {
      return self[endIndex...]
    }
    return self[first...last]
  }
}

private func isSpace(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): true
  default: false
  }
}
