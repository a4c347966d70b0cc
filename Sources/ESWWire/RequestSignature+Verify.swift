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
  case expired(signed: Timestamp, now: Timestamp)
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
  /// In lower case, in the order in which they came.
  let signedHeaders: [String]
  let signature: [UInt8]
  let date: String

  /// - Throws: When the request cannot be right whatever its body is.
  package init(of request: SignableRequest, now: Timestamp) throws(SignatureRejection) {
    guard let authorization = request.headers.first(where: { $0.name == "authorization" })?.value else {
      throw .missing
    }
    let fields = try AuthorizationFields(authorization)
    keyID = fields.keyID
    signature = fields.signature
    signedHeaders = fields.signedHeaders
    guard signedHeaders.contains(RequestSignature.dateHeader) else { throw .dateNotSigned }
    date = String(decoding: try request.only(RequestSignature.dateHeader).utf8.trimmed, as: UTF8.self)
    guard let moment = SignedDate.parse(date) else { throw .dateMalformed }
    let skew = now.since(moment)
    guard skew <= RequestSignature.mostSkew, skew >= .zero - RequestSignature.mostSkew else {
      throw .expired(signed: moment, now: now)
    }
  }

  /// Checks the signature itself. An unknown key costs the same work as a known one, and the
  /// comparison takes the same time wherever the first difference is.
  ///
  /// - Parameter key: Of `keyID`; nil when there is none.
  package func verify(
    _ request: SignableRequest, body: BodyHash, key: AccessKey?
  ) throws(SignatureRejection) -> AccessKey {
    var values: [String] = []
    values.reserveCapacity(signedHeaders.count)
    for name in signedHeaders { values.append(try request.only(name)) }
    var hash = body.hex
    if body.hasBody,
      let claimed = request.headers.first(where: { $0.name == RequestSignature.contentHashHeader })
    {
      // The vendor's client leaves payloads out for other media types than JSON; ours is JSON only.
      guard claimed.value != "UNSIGNED-PAYLOAD" else { throw .unsignedPayload }
      guard claimed.value.lowercased() == hash else { throw .payloadMismatch }
      // It is used as is by who signs (contract section 9.1), also in upper case.
      hash = claimed.value
    }
    let canonical = CanonicalRequest(
      of: request, headers: zip(signedHeaders, values), signedHeaders: signedHeaders, bodyHash: hash)
    let secret = SymmetricKey(data: Array((key?.secret ?? "no such key").utf8))
    var isValid = HMAC<SHA256>.isValidAuthenticationCode(
      signature, authenticating: canonical.bytesToSign(query: .canonical, date: date), using: secret)
    // A Go client leaves a value alone that consists of nothing but characters to be encoded.
    if !canonical.hasCanonicalQuery {
      let matches = HMAC<SHA256>.isValidAuthenticationCode(
        signature, authenticating: canonical.bytesToSign(query: .raw, date: date), using: secret)
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
