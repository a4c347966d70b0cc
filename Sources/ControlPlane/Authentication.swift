import Crypto
import ESWAdmission
import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird

/// Nobody gets further who is not known: users by their signature or their token, agents by theirs; only
/// what is open to all is open.
///
/// Else what a request shows decides, never its path: what a path opens to whom, `Door` says. The body is
/// read here, because it is under the signature.
struct Authentication: RouterMiddleware {
  /// In bytes (contract section 2: 12 MB).
  static let largestBody = 12 << 20
  /// Of who is not known; our own choice.
  static let largestOpenBody = 16 << 10
  private static let tokenPrefix = "Bearer "

  let core: ControlPlaneCore
  let agentToken: String
  let intake: BodyIntake
  let tokenKey: TokenKey

  func handle(
    _ request: Request, context: CallContext, next: (Request, CallContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    let shown = request.headers[.authorization] ?? ""
    if Operation.isOpen(request.method.rawValue, request.target.path) {
      try await intake.read(request, of: .users, upTo: Self.largestOpenBody, into: &context)
    } else if shown.isEmpty, let token = request.headers[.authToken] {
      let principal = try principal(of: token)
      try await admit(principal, request, context)
      try await intake.read(request, of: .users, upTo: Self.largestBody, into: &context)
      context.caller = .user(principal)
    } else if shown.hasPrefix(Self.tokenPrefix) {
      try check(token: shown.dropFirst(Self.tokenPrefix.count))
      try await intake.read(request, of: .agents, upTo: AgentLinkMessages.mostBytes, into: &context)
      context.caller = .agent
    } else {
      let signable = request.signable
      let claim: SignatureClaim
      do throws(SignatureRejection) {
        claim = try SignatureClaim(of: signable, now: core.now())
      } catch { throw CallError.signature(error) }
      try await intake.read(request, of: .users, upTo: Self.largestBody, into: &context)
      var hash = BodyHash()
      context.body.withUnsafeReadableBytes { hash.update($0) }
      let key: AccessKey
      do throws(SignatureRejection) {
        key = try claim.verify(signable, body: hash, key: core.snapshot.accessKey(claim.keyID))
      } catch { throw CallError.signature(error) }
      let principal = try Self.holder(of: key, in: core.snapshot)
      try await admit(principal, request, context)
      context.caller = .user(principal)
    }
    context.trace.caller = context.caller
    return try await next(request, context)
  }

  /// What a known caller is refused is kept with the caller, in the log and in the audit.
  private func admit(_ principal: Principal, _ request: Request, _ context: CallContext) async throws {
    guard !core.snapshot.identity.holds(principal) else { return }
    context.trace.caller = .user(principal)
    let (path, error) = (request.target.path, CallError.credentialVoid)
    let place = Operation.find(request.method.rawValue, path)
    context.trace.operation = place?.operation
    await core.recordDenial(
      context, code: ErrorAnswer(error).code, path: path,
      project: place?.projectID.flatMap { ProjectID($0) })
    throw error
  }

  /// Also of a user who is disabled: whose the token is remains known.
  private func principal(of token: String) throws(CallError) -> Principal {
    let identity = core.snapshot.identity
    guard let claims = tokenKey.read(token, now: core.now()), let user = identity.user(claims.user),
      user.generation == claims.generation || !user.isEnabled
    else { throw .token }
    return Principal(user: user, credential: .token, reach: claims.reach)
  }

  /// Also of a key that is disabled, or whose user is: whether it opens anything, who admits it asks.
  ///
  /// - Parameter key: Of a signature that was verified: only who has its secret learns that it is disabled.
  static func holder(of key: AccessKey, in snapshot: IntentSnapshot) throws(CallError) -> Principal {
    guard let user = snapshot.identity.user(key.user) else { throw .credentialVoid }
    return Principal(user: user, credential: .key(key.id), reach: .everything)
  }

  /// Digests of the two are compared, which takes the same time wherever they differ.
  private func check(token: Substring) throws(CallError) {
    let isRight = SHA256.hash(data: Array(token.utf8)) == SHA256.hash(data: Array(agentToken.utf8))
    guard isRight, !agentToken.isEmpty else { throw .agentToken }
  }
}

extension Operation {
  private static let open = all.filter { $0.door == .open }

  /// For what is declined before the router has found it.
  ///
  /// - Returns: The operation, and what stands for `project_id` in the path, if it is one of a project.
  static func find(_ method: String, _ path: String) -> (operation: Operation, projectID: String?)? {
    let steps = path.split(separator: "/")
    var best: (operation: Operation, names: [Substring], parameters: Int)?
    for operation in all where operation.method.rawValue == method {
      let names = operation.path.split(separator: "/")
      guard names.count == steps.count else { continue }
      let (isOne, parameters) = zip(names, steps).reduce((true, 0)) { found, pair in
        let isParameter = pair.0.first == "{"
        return (found.0 && (isParameter || pair.0 == pair.1), found.1 + (isParameter ? 1 : 0))
      }
      if isOne, parameters < best?.parameters ?? .max { best = (operation, names, parameters) }
    }
    return best.map { best in
      (best.operation, best.names.firstIndex(of: "{project_id}").map { String(steps[$0]) })
    }
  }

  /// Spelled exactly as in the table: in any other way it is no open path. What stands for a parameter is
  /// open whatever it is, and has no character that could be read in two ways.
  static func isOpen(_ method: String, _ path: String) -> Bool {
    open.contains { $0.method.rawValue == method && $0.isSpelled(path) }
  }

  private func isSpelled(_ path: String) -> Bool {
    let (names, steps) = (
      self.path.split(separator: "/", omittingEmptySubsequences: false),
      path.split(separator: "/", omittingEmptySubsequences: false)
    )
    return names.count == steps.count
      && zip(names, steps).allSatisfy { $0.first == "{" ? Self.isPlainStep($1) : $0 == $1 }
  }

  private static func isPlainStep(_ step: Substring) -> Bool {
    step.utf8.contains { $0 != UInt8(ascii: ".") }
      && step.utf8.allSatisfy { byte in
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
      }
  }
}

/// A path is spelled in one way only: the router skips empty segments and the scheme of a whole URL, and
/// who stands before us may resolve dots. All of these are unknown here.
struct PlainPath: RouterMiddleware {
  func handle(
    _ request: Request, context: CallContext, next: (Request, CallContext) async throws -> Response
  ) async throws -> Response {
    guard Self.isPlain(request.target.path) else { throw CallError.noSuchPath }
    return try await next(request, context)
  }

  static func isPlain(_ path: String) -> Bool {
    guard path.utf8.first == UInt8(ascii: "/") else { return false }
    var characters = 0
    var dots = 0
    var bytes = path.utf8.dropFirst()
    while let byte = bytes.popFirst() {
      if byte == UInt8(ascii: "/") {
        guard characters > 0, characters != dots || dots > 2 else { return false }
        (characters, dots) = (0, 0)
        continue
      }
      characters += 1
      if byte == UInt8(ascii: ".") {
        dots += 1
      } else if byte == UInt8(ascii: "%"), bytes.first == UInt8(ascii: "2"),
        let digit = bytes.dropFirst().first, digit | 0x20 == UInt8(ascii: "e")
      {
        bytes = bytes.dropFirst(2)
        dots += 1
      }
    }
    return characters > 0 && (characters != dots || dots > 2)
  }
}

extension Request {
  /// Whether anything follows the head (RFC 9112 section 6.3).
  var hasBody: Bool {
    headers[.transferEncoding] != nil || headers[.contentLength].map { $0 != "0" } ?? false
  }

  var signable: SignableRequest { head.signable }
}

extension HTTPRequest {
  var signable: SignableRequest {
    let (path, query) = target
    return signable(path: path, query: query)
  }

  /// - Parameters:
  ///   - path: Of `target`, as `query`: whoever has taken that apart need not do it twice.
  func signable(path: String, query: String) -> SignableRequest {
    var fields = headerFields.map { HeaderField(canonicalName: $0.name.canonicalName, value: $0.value) }
    // HTTP types keep Host apart from the fields.
    if let authority { fields.append(HeaderField(canonicalName: "host", value: authority)) }
    return SignableRequest(method: method.rawValue, path: path, query: query, headers: fields)
  }
}
