import ESWModel
import ESWWire
import Testing

/// What an attempt comes to: nil when it is let in, else the case of `SignatureRejection`.
private func rejection(of attempt: Attempt) -> String? {
  do {
    _ = try attempt.verify()
    return nil
  } catch {
    return String("\(error)".prefix { $0 != "(" })
  }
}

@Suite(.enabled(if: vendorPython != nil, "ESW_PYTHON is not set; make test sets it"))
struct `Requests that the vendor's signer has just signed` {
  private let requests: [OddRequest]

  init() throws { requests = try OddRequest.all.get() }

  /// Of some requests and of a generator that the run's seed began.
  private func forSome(_ count: Int, _ body: (Attempt, inout SeededGenerator) -> Void) {
    var random = SeededGenerator(state: OddRequest.seed)
    for request in requests.shuffled(using: &random).prefix(count) { body(Attempt(request), &random) }
  }

  @Test func `are all verified`() {
    #expect(requests.count == OddRequest.count)
    for request in requests {
      let attempt = Attempt(request)
      #expect(rejection(of: attempt) == nil, "seed \(OddRequest.seed): \(request)")
    }
  }

  @Test func `are odd enough`() {
    func count(_ isOdd: (OddRequest) -> Bool) -> Int { requests.count { isOdd($0) } }
    #expect(count { $0.path.contains("%2F") || $0.path.contains("%2f") } > 50)
    #expect(count { $0.path.contains("//") } > 200)
    #expect(count { $0.path.contains("/../") || $0.path.contains("/./") } > 200)
    #expect(count { $0.path.contains("%E4") } > 100)
    #expect(count { $0.query.contains("%3D") && $0.query.contains("%2B") } > 50)
    #expect(count { $0.query.hasSuffix("=") || $0.query.contains("=&") } > 200)
    #expect(count { $0.headers.contains { $0[1].isEmpty } } > 50)
    #expect(count { !$0.body.isEmpty } > 1000)
    #expect(Set(requests.map(\.key)).count == 5)
  }

  @Test func `are signed alike by our client`() {
    for request in requests {
      var attempt = Attempt(request)
      let theirs = attempt.authorization
      attempt.headers.removeAll { $0.name == "authorization" }
      // The vendor's order of numbers is theirs alone, and our client sends texts.
      guard QueryParameters(request.query).canonical == request.query else { continue }
      let ours = RequestSignature.sign(
        attempt.request, body: attempt.body, keyID: request.key, secret: request.secret, at: signedAt)
      #expect(ours.last?.value == theirs, "seed \(OddRequest.seed): \(request)")
    }
  }

  @Test(arguments: Tampering.all)
  func `are refused when somebody has changed`(_ tampering: Tampering) {
    var tried = 0
    forSome(600) { attempt, random in
      var changed = attempt
      guard tried < 150, tampering.apply(&changed, &random) else { return }
      tried += 1
      let seen = rejection(of: changed)
      #expect(
        seen.map(tampering.rejections.contains) == true,
        "seed \(OddRequest.seed): \(tampering.name), \(seen ?? "let in"): \(changed)")
    }
    #expect(tried >= 20, "\(tampering.name) was tried \(tried) times")
  }

  @Test func `can be changed in more than twenty ways`() {
    #expect(Set(Tampering.all.map(\.name)).count == Tampering.all.count)
    #expect(Tampering.all.count >= 40)
  }

  @Test(arguments: [-900_000, 900_000] as [Int64])
  func `are let in at exactly fifteen minutes`(skew: Int64) {
    forSome(100) { attempt, _ in
      var attempt = attempt
      attempt.now = Timestamp(milliseconds: signedAt.milliseconds + skew)
      #expect(rejection(of: attempt) == nil, "seed \(OddRequest.seed): \(attempt)")
    }
  }

  /// What the protocol leaves open, and proxies do.
  @Test func `are let in with spaces around headers, more headers and parameters in another order`() {
    forSome(600) { attempt, random in
      var attempt = attempt
      attempt.headers = attempt.headers.map { HeaderField($0.name, " \t\($0.value)  ") }
      attempt.headers.append(HeaderField("X-Forwarded-For", "192.0.2.1"))
      attempt.headers.shuffle(using: &random)
      attempt.query = attempt.query.split(separator: "&").shuffled(using: &random).joined(separator: "&")
      #expect(rejection(of: attempt) == nil, "seed \(OddRequest.seed): \(attempt)")
    }
  }
}
