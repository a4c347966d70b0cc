import Crypto
package import ESWModel

/// A header field of a request, independent of any HTTP library.
package struct HeaderField: Hashable, Sendable {
  /// Lower case.
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name.lowercased()
    self.value = value
  }
}

/// What of a request is under its signature.
package struct SignableRequest: Hashable, Sendable {
  package let method: String
  /// As on the wire: percent-encoded, without the query.
  package let path: String
  /// As on the wire, without `?`; empty for none.
  package let query: String
  package let headers: [HeaderField]

  package init(method: String, path: String, query: String, headers: [HeaderField]) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
  }
}

/// The SHA-256 of a body, made while it arrives.
package struct BodyHash: Sendable {
  private var hasher = SHA256()
  private var isEmpty = true

  package init() {}

  package init(of body: some Sequence<UInt8>) {
    let bytes = Array(body)
    bytes.withUnsafeBytes { update($0) }
  }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    hasher.update(bufferPointer: bytes)
    isEmpty = isEmpty && bytes.isEmpty
  }

  package var hasBody: Bool { !isEmpty }
  package var hex: String { lowerHex(hasher.finalize()) }
}

/// `SDK-HMAC-SHA256`, the signature by access key and secret key (contract section 9.1).
package enum RequestSignature {
  package static let algorithm = "SDK-HMAC-SHA256"
  /// How far the caller's clock may be from ours.
  package static let mostSkew: Duration = .seconds(15 * 60)
  /// How many headers a signature may name, since each is looked up before we know who asks; clients
  /// sign six or seven. Our own choice.
  package static let mostSignedHeaders = 64
  static let dateHeader = "x-sdk-date"
  static let contentHashHeader = "x-sdk-content-sha256"

  /// The headers that a client adds to a request: `x-sdk-date` and `authorization`.
  ///
  /// - Parameter request: With all headers that are to be signed; those with `_` in their name are not
  ///   signed, as the vendor has it. `query` must be `QueryParameters.canonical`.
  package static func sign(
    _ request: SignableRequest, body: some Sequence<UInt8>, keyID: String, secret: String, at now: Timestamp
  ) -> [HeaderField] {
    let date = HeaderField(dateHeader, SignedDate.format(now))
    let headers = (request.headers.filter { $0.name != dateHeader } + [date])
      .filter { !$0.name.contains("_") }.sorted { $0.name < $1.name }
    let names = headers.map(\.name).joined(separator: ";")
    let canonical = CanonicalRequest(
      method: request.method, path: request.path, query: QueryParameters(request.query).canonical,
      headers: headers.map { ($0.name, $0.value) }, signedHeaders: names, bodyHash: BodyHash(of: body).hex)
    let signature = lowerHex(
      HMAC<SHA256>.authenticationCode(
        for: canonical.bytesToSign(date: date.value), using: SymmetricKey(data: Array(secret.utf8))))
    return [
      date,
      HeaderField(
        "authorization", "\(algorithm) Access=\(keyID), SignedHeaders=\(names), Signature=\(signature)"),
    ]
  }
}

/// The text whose hash is signed.
struct CanonicalRequest {
  let text: String

  /// - Parameter headers: In the order of `signedHeaders`.
  init(
    method: String, path: String, query: String, headers: [(name: String, value: String)],
    signedHeaders: String, bodyHash: String
  ) {
    let headerLines = headers.map { "\($0.name):\(trimmed($0.value))\n" }.joined()
    text = [method.uppercased(), Self.canonicalPath(path), query, headerLines, signedHeaders, bodyHash]
      .joined(separator: "\n")
  }

  func bytesToSign(date: String) -> [UInt8] {
    let hash = lowerHex(SHA256.hash(data: Array(text.utf8)))
    return Array("\(RequestSignature.algorithm)\n\(date)\n\(hash)".utf8)
  }

  /// Decoded as a whole and encoded by segment, so that `%2F` counts as `/`; with a `/` at the end that
  /// the wire does not have.
  static func canonicalPath(_ path: String) -> String {
    var text: [UInt8] = []
    let decoded = PercentEncoding.decode(Array(path.utf8))
    for (index, segment) in decoded.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .enumerated()
    {
      if index > 0 { text.append(UInt8(ascii: "/")) }
      PercentEncoding.encode(segment, into: &text)
    }
    if text.last != UInt8(ascii: "/") { text.append(UInt8(ascii: "/")) }
    return String(decoding: text, as: UTF8.self)
  }
}

func lowerHex(_ bytes: some Sequence<UInt8>) -> String {
  String(decoding: bytes.flatMap { [hexDigit(UInt64($0 >> 4)), hexDigit(UInt64($0))] }, as: UTF8.self)
}

/// Without white space at either end.
func trimmed(_ text: String) -> String {
  let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" || $0 == "\r\n" }
  return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
}
