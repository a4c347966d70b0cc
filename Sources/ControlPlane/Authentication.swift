import Crypto
import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird

/// Nobody gets further who is not known: users by their signature, agents by their token; only what is open
/// to all is open.
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

  func handle(
    _ request: Request, context: CallContext, next: (Request, CallContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    let shown = request.headers[.authorization] ?? ""
    if Operation.isOpen(request.method.rawValue, request.target.path) {
      try await intake.read(request, of: .users, upTo: Self.largestOpenBody, into: &context)
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
      do throws(SignatureRejection) {
        context.caller = .user(
          try claim.verify(signable, body: hash, key: core.snapshot.accessKey(claim.keyID)))
      } catch { throw CallError.signature(error) }
    }
    context.trace.caller = context.caller
    return try await next(request, context)
  }

  /// Digests of the two are compared, which takes the same time wherever they differ.
  private func check(token: Substring) throws(CallError) {
    let isRight = SHA256.hash(data: Array(token.utf8)) == SHA256.hash(data: Array(agentToken.utf8))
    guard isRight, !agentToken.isEmpty else { throw .agentToken }
  }
}

extension Operation {
  private static let open = all.filter { $0.door == .open }

  /// Spelled exactly as in the table: in any other way it is no open path.
  static func isOpen(_ method: String, _ path: String) -> Bool {
    open.contains { $0.path == path && $0.method.rawValue == method }
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

  private static func isPlain(_ path: String) -> Bool {
    guard path.utf8.first == UInt8(ascii: "/") else { return false }
    let segments = path.lowercased().replacing("%2e", with: ".").dropFirst()
      .split(separator: "/", omittingEmptySubsequences: false)
    return segments.allSatisfy { !["", ".", ".."].contains($0) }
  }
}

extension Request {
  var signable: SignableRequest {
    let (path, query) = target
    var fields = headers.map { HeaderField($0.name.canonicalName, $0.value) }
    // HTTP types keep Host apart from the fields.
    if let authority = head.authority { fields.append(HeaderField("host", authority)) }
    return SignableRequest(method: method.rawValue, path: path, query: query, headers: fields)
  }
}
