import Crypto
package import ESWModel

/// A header field of a request, independent of any HTTP library.
package struct HeaderField: Hashable, Sendable {
  /// Lower case.
  package let name: String
  package let value: String

  /// For a name that is in lower case already.
  package init(canonicalName name: String, value: String) {
    self.name = name
    self.value = value
  }

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
  package var hex: String { isEmpty ? Self.hexOfNothing : lowerHex(hasher.finalize()) }

  /// Most requests have no body.
  private static let hexOfNothing = lowerHex(SHA256().finalize())
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
    let names = headers.map(\.name)
    let canonical = CanonicalRequest(
      of: request, headers: zip(names, headers.map(\.value)), signedHeaders: names,
      bodyHash: BodyHash(of: body).hex)
    let signature = lowerHex(
      HMAC<SHA256>.authenticationCode(
        for: canonical.bytesToSign(query: .canonical, date: date.value),
        using: SymmetricKey(data: Array(secret.utf8))))
    return [
      date,
      HeaderField(
        "authorization",
        "\(algorithm) Access=\(keyID), SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature)"),
    ]
  }
}
