import ESWModel
import ESWWire
import Foundation

/// The Python with the vendor's SDK, as `make test` names it.
let vendorPython = ProcessInfo.processInfo.environment["ESW_PYTHON"]

/// A request that nobody would think of, signed by the vendor's own signer; see Tests/SDK/sign_odd.py.
struct OddRequest: Decodable, Sendable {
  let method: String
  let path: String
  let query: String
  /// Pairs of name and value.
  let headers: [[String]]
  let body: Data
  let key: String
  let secret: String

  static let seed = UInt64.random(in: 0...UInt64(UInt32.max))
  static let count = 4000

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Made once a test run, with a new seed each time.
  static let all = Result { try make() }

  private static func make() throws -> [OddRequest] {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../SDK/sign_odd.py").path
    let signer = Process()
    let output = Pipe()
    signer.executableURL = URL(fileURLWithPath: vendorPython ?? "")
    signer.arguments = [script, "\(seed)", "\(count)"]
    signer.standardOutput = output
    try signer.run()
    let lines = output.fileHandleForReading.readDataToEndOfFile().split(separator: UInt8(ascii: "\n"))
    signer.waitUntilExit()
    guard signer.terminationStatus == 0 else {
      throw Failure(description: "sign_odd.py \(seed) \(count) ended with \(signer.terminationStatus)")
    }
    return try lines.map { try JSONDecoder().decode(OddRequest.self, from: $0) }
  }
}

/// What comes to the verifier, to be changed by whoever stands between.
struct Attempt: Sendable {
  var method: String
  var path: String
  var query: String
  var headers: [HeaderField]
  var body: [UInt8]
  var now = signedAt
  /// What the store has for the key that the request names; nil for none.
  var accessKey: AccessKey?

  init(_ odd: OddRequest) {
    method = odd.method
    path = odd.path
    query = odd.query
    headers = odd.headers.compactMap { $0.count == 2 ? HeaderField($0[0], $0[1]) : nil }
    body = Array(odd.body)
    accessKey = Self.accessKey(odd.key, odd.secret)
  }

  static func accessKey(_ id: String, _ secret: String) -> AccessKey {
    AccessKey(
      id: id, secret: secret, user: UserID("8f14e45fceea467fa1d0a1b2c3d4e5f6")!,
      createdAt: Timestamp(milliseconds: 0))
  }

  var request: SignableRequest {
    SignableRequest(method: method, path: path, query: query, headers: headers)
  }

  /// - Throws: `SignatureRejection`.
  func verify() throws -> AccessKey {
    try SignatureClaim(of: request, now: now).verify(request, body: BodyHash(of: body), key: accessKey)
  }
}

// The parts of the Authorization header.
extension Attempt {
  subscript(header name: String) -> String? {
    get { headers.first { $0.name == name }?.value }
    set {
      let place = headers.firstIndex { $0.name == name }
      switch (place, newValue) {
      case (let place?, let value?): headers[place] = HeaderField(name, value)
      case (let place?, nil): headers.remove(at: place)
      case (nil, let value?): headers.append(HeaderField(name, value))
      case (nil, nil): break
      }
    }
  }

  var authorization: String {
    get { self[header: "authorization"] ?? "" }
    set { self[header: "authorization"] = newValue }
  }

  var signature: String {
    get { field("Signature=") }
    set { authorization.replace("Signature=" + signature, with: "Signature=" + newValue) }
  }

  var signedHeaders: [String] {
    get { field("SignedHeaders=").split(separator: ";").map(String.init) }
    set {
      authorization.replace(
        "SignedHeaders=" + field("SignedHeaders="), with: "SignedHeaders=" + newValue.joined(separator: ";"))
    }
  }

  var keyID: String {
    get { field("Access=") }
    set { authorization.replace("Access=" + keyID, with: "Access=" + newValue) }
  }

  /// Those that anything else than the date can be done with.
  var signedOthers: [String] { signedHeaders.filter { $0 != "x-sdk-date" } }

  private func field(_ name: String) -> String {
    authorization.split(separator: name, maxSplits: 1).last.map { String($0.prefix { $0 != "," }) } ?? ""
  }
}

struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }
}
