import Crypto
package import ESWModel

/// Why a request is not taken for its key's. All of them are 401; the user is told less than the log.
package enum SignatureRejection: Error, Hashable, Sendable {
  /// No `Authorization` header.
  case missing
  case otherAlgorithm
  /// Not `Access=…, SignedHeaders=…, Signature=…` with 64 lower-case hex digits.
  case malformed
  /// `X-Sdk-Date` is not among the signed headers.
  case dateNotSigned
  /// `X-Sdk-Date` is not `YYYYMMDDTHHMMSSZ`.
  case dateMalformed
  /// More than fifteen minutes from our time.
  case expired
  /// A signed header is not in the request.
  case headerMissing(String)
  /// A signed header is there more than once, so which one was signed is open.
  case headerRepeated(String)
  /// The payload was left out of the signature.
  case unsignedPayload
  /// `X-Sdk-Content-Sha256` is not the hash of the body.
  case payloadMismatch
  case unknownKey
  case mismatch
}

/// The signature that a request claims to carry, as far as it can be judged before the body is there.
package struct SignatureClaim: Hashable, Sendable {
  package let keyID: String
  /// As they came, with `;`.
  let signedHeaders: String
  let signature: [UInt8]
  let date: String

  /// - Throws: When the request cannot be right whatever its body is.
  package init(of request: SignableRequest, now: Timestamp) throws(SignatureRejection) {
    guard let authorization = request.headers.first(where: { $0.name == "authorization" })?.value else {
      throw .missing
    }
    try self.init(authorization: authorization, of: request, now: now)
  }

  private init(
    authorization: String, of request: SignableRequest, now: Timestamp
  ) throws(SignatureRejection) {
    let words = trimmed(authorization).split(separator: " ", maxSplits: 1)
    guard let algorithm = words.first, words.count == 2 else { throw .malformed }
    guard algorithm == RequestSignature.algorithm else { throw .otherAlgorithm }
    var fields: [String: String] = [:]
    for part in words[1].split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, fields.updateValue(String(pair[1]), forKey: trimmed(String(pair[0]))) == nil
      else { throw .malformed }
    }
    guard let keyID = fields["Access"], !keyID.isEmpty, let signedHeaders = fields["SignedHeaders"],
      let signature = fields["Signature"].flatMap(hexBytes), signature.count == SHA256.byteCount
    else { throw .malformed }
    self.keyID = keyID
    self.signedHeaders = trimmed(signedHeaders)
    self.signature = signature
    let names = self.signedHeaders.split(separator: ";")
    guard names.count <= RequestSignature.mostSignedHeaders else { throw .malformed }
    guard names.contains(where: { $0.lowercased() == RequestSignature.dateHeader }) else {
      throw .dateNotSigned
    }
    date = trimmed(try request.only(RequestSignature.dateHeader))
    guard let moment = SignedDate.parse(date) else { throw .dateMalformed }
    let skew = now.since(moment)
    guard skew <= RequestSignature.mostSkew, skew >= .zero - RequestSignature.mostSkew else { throw .expired }
  }

  /// Checks the signature itself. An unknown key costs the same work as a known one, and the
  /// comparison takes the same time wherever the first difference is.
  ///
  /// - Parameter key: Of `keyID`; nil when there is none.
  package func verify(
    _ request: SignableRequest, body: BodyHash, key: AccessKey?
  ) throws(SignatureRejection) -> AccessKey {
    let names = signedHeaders.split(separator: ";").map { $0.lowercased() }
    var headers: [(name: String, value: String)] = []
    for name in names { headers.append((name, try request.only(name))) }
    let hash = body.hex
    if body.hasBody,
      let claimed = request.headers.first(where: { $0.name == RequestSignature.contentHashHeader })
    {
      // The vendor's client leaves payloads out for other media types than JSON; ours is JSON only.
      guard claimed.value != "UNSIGNED-PAYLOAD" else { throw .unsignedPayload }
      guard claimed.value.lowercased() == hash else { throw .payloadMismatch }
    }
    // A Go client leaves a value alone that consists of nothing but characters to be encoded.
    let queries = [QueryParameters(request.query).canonical, request.query]
    let secret = SymmetricKey(data: Array((key?.secret ?? "no such key").utf8))
    var isValid = false
    for query in queries {
      let canonical = CanonicalRequest(
        method: request.method, path: request.path, query: query, headers: headers,
        signedHeaders: names.joined(separator: ";"), bodyHash: hash)
      let matches = HMAC<SHA256>.isValidAuthenticationCode(
        signature, authenticating: canonical.bytesToSign(date: date), using: secret)
      isValid = isValid || matches
    }
    guard let key else { throw .unknownKey }
    guard isValid else { throw .mismatch }
    return key
  }
}

extension SignableRequest {
  /// The value of a header that has to be there once.
  fileprivate func only(_ name: String) throws(SignatureRejection) -> String {
    var value: String?
    for header in headers where header.name == name {
      guard value == nil else { throw .headerRepeated(name) }
      value = header.value
    }
    guard let value else { throw .headerMissing(name) }
    return value
  }
}

/// Nil for anything but pairs of lower-case hex digits.
private func hexBytes(_ text: String) -> [UInt8]? {
  var bytes: [UInt8] = []
  var high: UInt64?
  for character in text.utf8 {
    guard let nibble = hexNibble(character), !(65...70).contains(character) else { return nil }
    if let first = high {
      bytes.append(UInt8(first << 4 | nibble))
      high = nil
    } else {
      high = nibble
    }
  }
  return high == nil ? bytes : nil
}
