import ESWModel
import ESWWire
import Foundation
import Testing

/// What the vendor's own SDK made of a request; see Fixtures/make_signatures.py.
struct Vector: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let method: String
  let path: String
  let query: String
  let headers: [String: String]
  let body: String
  let key: String
  let secret: String

  var testDescription: String { name }

  private struct File: Decodable {
    let vectors: [Vector]
  }

  static let all: [Vector] = {
    guard
      let url = Bundle.module.url(forResource: "signatures", withExtension: "json", subdirectory: "Fixtures"),
      let data = try? Data(contentsOf: url), let file = try? JSONDecoder().decode(File.self, from: data)
    else { return [] }
    return file.vectors
  }()

  var request: SignableRequest {
    SignableRequest(
      method: method, path: path, query: query, headers: headers.map { HeaderField($0.key, $0.value) })
  }

  var accessKey: AccessKey {
    AccessKey(
      id: key, secret: secret, user: UserID("8f14e45fceea467fa1d0a1b2c3d4e5f6")!,
      createdAt: Timestamp(milliseconds: 0))
  }
}

let signedAt = Timestamp(year: 2026, month: 1, day: 5, hour: 9, minute: 0, second: 0)

func verify(
  _ request: SignableRequest, body: String = "", key: AccessKey?, now: Timestamp = signedAt
) throws -> AccessKey {
  try SignatureClaim(of: request, now: now).verify(request, body: BodyHash(of: body.utf8), key: key)
}

@Suite struct `A request signed by the vendor's SDK` {
  @Test func `comes in many shapes`() { #expect(Vector.all.count >= 25) }

  @Test(arguments: Vector.all)
  func `is verified`(vector: Vector) throws {
    #expect(try verify(vector.request, body: vector.body, key: vector.accessKey) == vector.accessKey)
  }

  @Test(arguments: Vector.all)
  func `is signed alike by our client`(vector: Vector) {
    let headers = vector.request.headers.filter { $0.name != "authorization" }
    let request = SignableRequest(
      method: vector.method, path: vector.path, query: vector.query, headers: headers)
    let ours = RequestSignature.sign(
      request, body: vector.body.utf8, keyID: vector.key, secret: vector.secret, at: signedAt)
    #expect(ours.last?.value == vector.headers["Authorization"])
  }

  @Test(arguments: Vector.all)
  func `is refused with another body`(vector: Vector) {
    #expect(throws: SignatureRejection.mismatch) {
      try verify(vector.request, body: vector.body + "x", key: vector.accessKey)
    }
  }

  @Test(arguments: Vector.all)
  func `is refused for an unknown key`(vector: Vector) {
    #expect(throws: SignatureRejection.unknownKey) { try verify(vector.request, body: vector.body, key: nil) }
  }
}

@Suite struct `Verifying a signature` {
  let key = AccessKey(
    id: "AK", secret: "SK", user: UserID("8f14e45fceea467fa1d0a1b2c3d4e5f6")!,
    createdAt: Timestamp(milliseconds: 0))

  func signed(
    method: String = "GET", path: String = "/v3/p", query: String = "a=1",
    headers: [HeaderField] = [HeaderField("Host", "h"), HeaderField("Content-Type", "application/json")],
    body: String = ""
  ) -> SignableRequest {
    let request = SignableRequest(method: method, path: path, query: query, headers: headers)
    let more = RequestSignature.sign(
      request, body: body.utf8, keyID: key.id, secret: key.secret, at: signedAt)
    return SignableRequest(method: method, path: path, query: query, headers: headers + more)
  }

  func changed(_ request: SignableRequest, _ name: String, _ value: String?) -> SignableRequest {
    let headers = request.headers.compactMap { header in
      header.name == name ? value.map { HeaderField(name, $0) } : header
    }
    return SignableRequest(method: request.method, path: request.path, query: request.query, headers: headers)
  }

  @Test(arguments: [-900_000, 0, 900_000] as [Int64])
  func `takes a clock that is up to fifteen minutes off`(skew: Int64) throws {
    let now = Timestamp(milliseconds: signedAt.milliseconds + skew)
    #expect(try verify(signed(), key: key, now: now) == key)
  }

  @Test(arguments: [-900_001, 900_001, -1 << 62, 1 << 62] as [Int64])
  func `refuses a clock that is further off`(skew: Int64) {
    let now = Timestamp(milliseconds: signedAt.milliseconds &+ skew)
    #expect(throws: SignatureRejection.expired(signed: signedAt, now: now)) {
      try verify(signed(), key: key, now: now)
    }
  }

  @Test func `wants an Authorization header`() {
    #expect(throws: SignatureRejection.missing) {
      try verify(changed(signed(), "authorization", nil), key: key)
    }
  }

  @Test(arguments: [
    "SDK-HMAC-SM3 Access=a, SignedHeaders=x-sdk-date, Signature=00",
    "V11-HMAC-SHA256 Credential=a, SignedHeaders=x-sdk-date, Signature=00", "Bearer abc",
  ])
  func `knows one algorithm`(authorization: String) {
    #expect(throws: SignatureRejection.otherAlgorithm) {
      try verify(changed(signed(), "authorization", authorization), key: key)
    }
  }

  @Test(arguments: [
    "", " ", "SDK-HMAC-SHA256", "SDK-HMAC-SHA256 ", "SDK-HMAC-SHA256 Access=", "SDK-HMAC-SHA256 ,,,",
    "SDK-HMAC-SHA256 Access=a, SignedHeaders=x-sdk-date",
    "SDK-HMAC-SHA256 Access=a, SignedHeaders=x-sdk-date, Signature=",
    "SDK-HMAC-SHA256 Access=a, SignedHeaders=x-sdk-date, Signature=abc",
    "SDK-HMAC-SHA256 Access=a, SignedHeaders=x-sdk-date, Signature=" + String(repeating: "G", count: 64),
    "SDK-HMAC-SHA256 Access=a, SignedHeaders=x-sdk-date, Signature=" + String(repeating: "A", count: 64),
    "SDK-HMAC-SHA256 Access=a, Access=b, SignedHeaders=x-sdk-date, Signature="
      + String(repeating: "0", count: 64),
    "SDK-HMAC-SHA256 Access=, SignedHeaders=x-sdk-date, Signature=" + String(repeating: "0", count: 64),
  ])
  func `refuses a malformed Authorization header`(authorization: String) {
    #expect(throws: SignatureRejection.malformed) {
      try verify(changed(signed(), "authorization", authorization), key: key)
    }
  }

  @Test func `refuses to look up thousands of headers`() {
    let names = "x-sdk-date" + String(repeating: ";host", count: RequestSignature.mostSignedHeaders)
    let authorization =
      "SDK-HMAC-SHA256 Access=AK, SignedHeaders=\(names), Signature="
      + String(repeating: "0", count: 64)
    #expect(throws: SignatureRejection.malformed) {
      try verify(changed(signed(), "authorization", authorization), key: key)
    }
  }

  @Test func `wants the date signed`() {
    let authorization =
      "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=" + String(repeating: "0", count: 64)
    #expect(throws: SignatureRejection.dateNotSigned) {
      try verify(changed(signed(), "authorization", authorization), key: key)
    }
  }

  @Test(arguments: [
    "", "now", "20260105090000", "2026-01-05T09:00:00Z", "20260231T090000Z", "20261305T090000Z",
    "20260105T250000Z", "２0260105T090000Z", "20260105T090060Z",
  ])
  func `refuses a date that is none`(date: String) {
    #expect(throws: SignatureRejection.dateMalformed) {
      try verify(changed(signed(), "x-sdk-date", date), key: key)
    }
  }

  @Test func `wants every signed header in the request`() {
    #expect(throws: SignatureRejection.headerMissing("host")) {
      try verify(changed(signed(), "host", nil), key: key)
    }
  }

  @Test func `wants a signed header once`() {
    let request = signed()
    let doubled = SignableRequest(
      method: request.method, path: request.path, query: request.query,
      headers: request.headers + [HeaderField("host", "other")])
    #expect(throws: SignatureRejection.headerRepeated("host")) { try verify(doubled, key: key) }
  }

  @Test func `does not mind headers that are not signed`() throws {
    let request = signed()
    let more = SignableRequest(
      method: request.method, path: request.path, query: request.query,
      headers: request.headers + [HeaderField("X-Project-Id", "p"), HeaderField("X-Project-Id", "q")])
    #expect(try verify(more, key: key) == key)
  }

  @Test func `refuses another method`() {
    let request = signed()
    let other = SignableRequest(
      method: "DELETE", path: request.path, query: request.query, headers: request.headers)
    #expect(throws: SignatureRejection.mismatch) { try verify(other, key: key) }
  }

  @Test func `refuses another path`() {
    let request = signed()
    let other = SignableRequest(
      method: request.method, path: "/v3/q", query: request.query, headers: request.headers)
    #expect(throws: SignatureRejection.mismatch) { try verify(other, key: key) }
  }

  @Test func `refuses another query`() {
    let request = signed()
    let other = SignableRequest(
      method: request.method, path: request.path, query: "a=2", headers: request.headers)
    #expect(throws: SignatureRejection.mismatch) { try verify(other, key: key) }
  }

  @Test func `refuses another secret`() {
    let other = AccessKey(id: key.id, secret: "other", user: key.user, createdAt: key.createdAt)
    #expect(throws: SignatureRejection.mismatch) { try verify(signed(), key: other) }
  }

  @Test func `refuses a payload that is left out of the signature`() {
    let headers = [HeaderField("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD")]
    #expect(throws: SignatureRejection.unsignedPayload) {
      try verify(signed(headers: headers, body: "{}"), body: "{}", key: key)
    }
  }

  @Test func `refuses a payload hash that is not the body's`() {
    let headers = [HeaderField("X-Sdk-Content-Sha256", BodyHash(of: "{ }".utf8).hex)]
    #expect(throws: SignatureRejection.payloadMismatch) {
      try verify(signed(headers: headers, body: "{}"), body: "{}", key: key)
    }
  }

  @Test func `takes a payload hash that is the body's`() throws {
    let headers = [HeaderField("X-Sdk-Content-Sha256", BodyHash(of: "{}".utf8).hex)]
    #expect(try verify(signed(headers: headers, body: "{}"), body: "{}", key: key) == key)
  }

  /// A client signs the text of the header as it is. The signature is of the text with the hash in upper
  /// case, made apart from the code under test.
  @Test func `takes a payload hash in upper case, signed as it is`() throws {
    let hash = BodyHash(of: "{}".utf8).hex.uppercased()
    let authorization =
      "SDK-HMAC-SHA256 Access=AK, SignedHeaders=x-sdk-content-sha256;x-sdk-date, "
      + "Signature=af4b767831e72ea12d7c7641df485f0069e01182a44736a9b1905a14e08d19a8"
    let request = SignableRequest(
      method: "POST", path: "/v3/p", query: "",
      headers: [
        HeaderField("X-Sdk-Content-Sha256", hash), HeaderField("X-Sdk-Date", "20260105T090000Z"),
        HeaderField("Authorization", authorization),
      ])
    #expect(try verify(request, body: "{}", key: key) == key)
    #expect(throws: SignatureRejection.payloadMismatch) { try verify(request, body: "{ }", key: key) }
  }

  /// golangsdk leaves a value alone that consists only of characters to be encoded, in what it signs and
  /// on the wire. The signature is of that text, made apart from
  /// the code under test.
  @Test func `takes a query that was signed as it came`() throws {
    let authorization =
      "SDK-HMAC-SHA256 Access=AK, SignedHeaders=x-sdk-date, "
      + "Signature=771c75a89f531e60181f45f8686ff9d9ff8028670136ba4f9673dcb0c60f2f97"
    let request = SignableRequest(
      method: "GET", path: "/v3/p", query: "name=中文",
      headers: [HeaderField("X-Sdk-Date", "20260105T090000Z"), HeaderField("Authorization", authorization)])
    #expect(try verify(request, key: key) == key)
  }
}

@Suite struct `Query parameters` {
  @Test func `are decoded as UTF-8`() {
    #expect(QueryParameters("name=%E4%B8%AD%e6%96%87")["name"] == "中文")
  }

  @Test func `keep a plus`() { #expect(QueryParameters("a=1+2")["a"] == "1+2") }

  @Test(arguments: ["", "&", "=", "&&=&", "%", "%%%", "a=%", "a=%4", "a=%zz", "a=%FF%FE", "a==b", "a=&a=1"])
  func `read anything`(query: String) {
    #expect(QueryParameters(query).canonical.utf8.allSatisfy { $0 < 128 })
  }

  @Test func `give the first of a name`() { #expect(QueryParameters("a=1&a=2")["a"] == "1") }

  @Test func `tell a missing one from an empty one`() {
    let query = QueryParameters("a=&b")
    #expect(query["a"] == "" && query["b"] == "" && query["c"] == nil)
  }
}
