import ESWModel
import ESWWire
import Testing

/// One way to change a signed request, and what the verifier has to call it.
struct Tampering: Sendable, CustomTestStringConvertible {
  let name: String
  /// Names of cases of `SignatureRejection`.
  let rejections: Set<String>
  /// False where there is nothing of the kind to change.
  let apply: @Sendable (inout Attempt, inout SeededGenerator) -> Bool

  init(
    _ name: String, _ rejections: Set<String> = ["mismatch"],
    _ apply: @escaping @Sendable (inout Attempt, inout SeededGenerator) -> Bool
  ) {
    self.name = name
    self.rejections = rejections
    self.apply = apply
  }

  var testDescription: String { name }

  static let all = ofLine + ofQuery + ofHeaders + ofList + ofBody + ofTime + ofKey + ofSignature
}

// The request line.
extension Tampering {
  private static let ofLine = [
    Tampering("another method") { attempt, random in
      let others = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"].filter { $0 != attempt.method }
      attempt.method = others.randomElement(using: &random) ?? ""
      return true
    },
    Tampering("a longer path") { attempt, _ in
      attempt.path += "x"
      return true
    },
    Tampering("a segment more in the path") { attempt, random in
      attempt.path = ["/x", "/", "/.."].randomElement(using: &random).map { $0 + attempt.path } ?? ""
      return true
    },
    Tampering("a segment less in the path") { attempt, _ in
      let rest = attempt.path.dropFirst().drop { $0 != "/" }
      guard attempt.path != "/" else { return false }
      attempt.path = rest.isEmpty ? "/" : String(rest)
      return true
    },
    Tampering("another case in the path") { attempt, random in
      let text = Array(attempt.path.utf8)
      let letters = text.indices.filter { place in
        let isEncoded = text[max(0, place - 2)..<place].contains(UInt8(ascii: "%"))
        return !isEncoded && (65...90 ~= text[place] || 97...122 ~= text[place])
      }
      guard let place = letters.randomElement(using: &random) else { return false }
      var changed = text
      changed[place] ^= 0x20
      attempt.path = String(decoding: changed, as: UTF8.self)
      return true
    },
    Tampering("a path that is encoded once more") { attempt, _ in
      guard attempt.path.contains("%") else { return false }
      attempt.path.replace("%", with: "%25")
      return true
    },
    Tampering("a query that is put into the path") { attempt, _ in
      guard !attempt.query.isEmpty else { return false }
      attempt.path += "%3F" + attempt.query
      attempt.query = ""
      return true
    },
  ]

  private static let ofQuery = [
    Tampering("another value in the query") { attempt, _ in
      guard !attempt.query.isEmpty else { return false }
      attempt.query += "x"
      return true
    },
    Tampering("another name in the query") { attempt, _ in
      guard !attempt.query.isEmpty else { return false }
      attempt.query = "x" + attempt.query
      return true
    },
    Tampering("a parameter more") { attempt, random in
      let extra = ["x-added=1", "marker=", "%3D"].randomElement(using: &random) ?? ""
      attempt.query = ([extra] + (attempt.query.isEmpty ? [] : [attempt.query])).joined(separator: "&")
      return true
    },
    Tampering("a parameter twice") { attempt, _ in
      guard let first = attempt.query.split(separator: "&").first else { return false }
      attempt.query += "&" + first
      return true
    },
    Tampering("a parameter less") { attempt, random in
      var parts = attempt.query.split(separator: "&")
      guard let place = parts.indices.randomElement(using: &random) else { return false }
      parts.remove(at: place)
      attempt.query = parts.joined(separator: "&")
      return true
    },
    Tampering("values that change places") { attempt, _ in
      var parts = attempt.query.split(separator: "&").map {
        $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      }
      guard let last = parts.indices.last, let first = parts.first,
        first[0] != parts[last][0], first[1] != parts[last][1]
      else { return false }
      (parts[0][1], parts[last][1]) = (parts[last][1], parts[0][1])
      attempt.query = parts.map { $0.joined(separator: "=") }.joined(separator: "&")
      return true
    },
    Tampering("a space as a plus") { attempt, _ in
      guard attempt.query.contains("%20") else { return false }
      attempt.query.replace("%20", with: "+")
      return true
    },
  ]
}

// The headers, and the list of those that are signed.
extension Tampering {
  private static let ofHeaders = [
    Tampering("another value of a signed header") { attempt, random in
      guard let name = attempt.signedOthers.randomElement(using: &random) else { return false }
      attempt[header: name]? += "x"
      return true
    },
    Tampering("fewer spaces within a signed header") { attempt, _ in
      guard
        let found = attempt.headers.first(where: {
          attempt.signedHeaders.contains($0.name) && $0.value.contains("  ")
        })
      else { return false }
      attempt[header: found.name]?.replace("  ", with: " ")
      return true
    },
    Tampering("signed headers that change values") { attempt, random in
      let names = attempt.signedOthers.shuffled(using: &random)
      guard names.count > 1, attempt[header: names[0]] != attempt[header: names[1]] else { return false }
      (attempt[header: names[0]], attempt[header: names[1]]) = (
        attempt[header: names[1]], attempt[header: names[0]]
      )
      return true
    },
    Tampering("a signed header less", ["headerMissing"]) { attempt, random in
      guard let name = attempt.signedOthers.randomElement(using: &random) else { return false }
      attempt[header: name] = nil
      return true
    },
    Tampering("a signed header twice", ["headerRepeated"]) { attempt, random in
      guard let name = attempt.signedHeaders.randomElement(using: &random),
        let value = attempt[header: name]
      else { return false }
      attempt.headers.append(HeaderField(name, Bool.random(using: &random) ? value : value + "x"))
      return true
    },
    Tampering("no date", ["headerMissing"]) { attempt, _ in
      attempt[header: "x-sdk-date"] = nil
      return true
    },
  ]

  private static let ofList = [
    Tampering("a header more in the list") { attempt, _ in
      attempt.headers.append(HeaderField("x-zz", ""))
      attempt.signedHeaders.append("x-zz")
      return true
    },
    Tampering("a header less in the list") { attempt, random in
      guard let name = attempt.signedOthers.randomElement(using: &random) else { return false }
      attempt.signedHeaders.removeAll { $0 == name }
      return true
    },
    Tampering("a header less in the list and in the request") { attempt, random in
      guard let name = attempt.signedOthers.randomElement(using: &random) else { return false }
      attempt.signedHeaders.removeAll { $0 == name }
      attempt[header: name] = nil
      return true
    },
    Tampering("a header under another name") { attempt, random in
      guard let name = attempt.signedOthers.randomElement(using: &random) else { return false }
      attempt.headers.append(HeaderField(name + "x", attempt[header: name] ?? ""))
      attempt.signedHeaders = attempt.signedHeaders.map { $0 == name ? name + "x" : $0 }
      return true
    },
    Tampering("another order in the list") { attempt, _ in
      guard attempt.signedHeaders.count > 1 else { return false }
      attempt.signedHeaders.reverse()
      return true
    },
    Tampering("a header twice in the list") { attempt, random in
      guard let name = attempt.signedHeaders.randomElement(using: &random) else { return false }
      attempt.signedHeaders.append(name)
      return true
    },
    Tampering("a date that is not in the list", ["dateNotSigned"]) { attempt, _ in
      attempt.signedHeaders.removeAll { $0 == "x-sdk-date" }
      return true
    },
  ]
}

// The body, and what is said of it.
extension Tampering {
  private static let ofBody = [
    Tampering("a bit of the body") { attempt, random in
      guard let place = attempt.body.indices.randomElement(using: &random) else { return false }
      attempt.body[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      return true
    },
    // Where the signer left the payload out because there was none, it may not come afterwards either.
    Tampering("a byte more in the body", ["mismatch", "unsignedPayload"]) { attempt, random in
      attempt.body.append(UInt8.random(in: 0...255, using: &random))
      return true
    },
    Tampering("a byte less in the body") { attempt, _ in attempt.body.popLast() != nil },
    Tampering("no body") { attempt, _ in
      guard !attempt.body.isEmpty else { return false }
      attempt.body = []
      return true
    },
    Tampering("a payload that is said to be unsigned", ["unsignedPayload"]) { attempt, random in
      guard !attempt.body.isEmpty else { return false }
      attempt[header: "x-sdk-content-sha256"] = "UNSIGNED-PAYLOAD"
      if Bool.random(using: &random) { attempt.signedHeaders.append("x-sdk-content-sha256") }
      attempt.body.append(0)
      return true
    },
    Tampering("a body with its own hash") { attempt, _ in
      guard !attempt.body.isEmpty else { return false }
      attempt.body.append(0)
      attempt[header: "x-sdk-content-sha256"] = BodyHash(of: attempt.body).hex
      return true
    },
    Tampering("a body with the hash of the signed one", ["payloadMismatch"]) { attempt, _ in
      guard !attempt.body.isEmpty else { return false }
      attempt[header: "x-sdk-content-sha256"] = BodyHash(of: attempt.body).hex
      attempt.body.append(0)
      return true
    },
  ]

  private static let ofTime = [
    Tampering("a date that is a second later") { attempt, _ in
      attempt[header: "x-sdk-date"] = "20260105T090001Z"
      return true
    },
    Tampering("a replay under a new date") { attempt, _ in
      attempt.now = Timestamp(milliseconds: attempt.now.milliseconds + 3_600_000)
      attempt[header: "x-sdk-date"] = "20260105T100000Z"
      return true
    },
    Tampering("a replay after fifteen minutes", ["expired"]) { attempt, _ in
      attempt.now = Timestamp(milliseconds: attempt.now.milliseconds + 900_001)
      return true
    },
    Tampering("a request from beyond fifteen minutes", ["expired"]) { attempt, _ in
      attempt.now = Timestamp(milliseconds: attempt.now.milliseconds - 900_001)
      return true
    },
    Tampering("a date of another form", ["dateMalformed"]) { attempt, _ in
      attempt[header: "x-sdk-date"] = "2026-01-05T09:00:00Z"
      return true
    },
  ]
}

// Key, algorithm and signature.
extension Tampering {
  private static let ofKey = [
    Tampering("the id of another key") { attempt, _ in
      attempt.keyID = "AK-other"
      attempt.accessKey = Attempt.accessKey("AK-other", "of its own")
      return true
    },
    Tampering("the secret of another key") { attempt, _ in
      guard let key = attempt.accessKey else { return false }
      attempt.accessKey = Attempt.accessKey(key.id, key.secret + "x")
      return true
    },
    Tampering("a key that nobody knows", ["unknownKey"]) { attempt, _ in
      attempt.accessKey = nil
      return true
    },
    Tampering("no key", ["malformed"]) { attempt, _ in
      attempt.keyID = ""
      return true
    },
    Tampering("another algorithm", ["otherAlgorithm"]) { attempt, random in
      let others = [
        "SDK-HMAC-SM3", "sdk-hmac-sha256", "V11-HMAC-SHA256", "SDK-HMAC-SHA1", "none", "SDK-HMAC-SHA256x",
      ]
      attempt.authorization.replace("SDK-HMAC-SHA256", with: others.randomElement(using: &random) ?? "")
      return true
    },
    Tampering("no Authorization", ["missing"]) { attempt, _ in
      attempt[header: "authorization"] = nil
      return true
    },
  ]

  private static let ofSignature = [
    Tampering("a bit of the signature") { attempt, random in
      var digits = Array(attempt.signature.utf8)
      guard let place = digits.indices.randomElement(using: &random),
        let digit = Int(String(decoding: [digits[place]], as: UTF8.self), radix: 16)
      else { return false }
      digits[place] = String(digit ^ 1 << Int.random(in: 0..<4, using: &random), radix: 16).utf8.first ?? 0
      attempt.signature = String(decoding: digits, as: UTF8.self)
      return true
    },
    Tampering("a signature in capitals", ["malformed"]) { attempt, _ in
      let capitals = attempt.signature.uppercased()
      guard capitals != attempt.signature else { return false }
      attempt.signature = capitals
      return true
    },
    Tampering("a signature cut short", ["malformed"]) { attempt, random in
      attempt.signature = String(attempt.signature.prefix(Int.random(in: 0..<64, using: &random)))
      return true
    },
    Tampering("a signature made longer", ["malformed"]) { attempt, random in
      attempt.signature += ["0", "00", "0g", " 0"].randomElement(using: &random) ?? ""
      return true
    },
    Tampering("a signature of noughts") { attempt, _ in
      attempt.signature = String(repeating: "0", count: 64)
      return true
    },
    Tampering("two signatures", ["malformed"]) { attempt, _ in
      attempt.authorization += ", Signature=" + attempt.signature
      return true
    },
    Tampering("the signature of another request") { attempt, _ in
      guard case .success(let all) = OddRequest.all else { return false }
      let other = all.lazy.map { Attempt($0).signature }.first { [mine = attempt.signature] in $0 != mine }
      attempt.signature = other ?? ""
      return true
    },
  ]
}
