import Crypto
import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// Nobody gets further who is not known: users by their signature, agents by their token.
///
/// The body is read here, because it is under the signature.
struct Authentication: RouterMiddleware {
  /// In bytes (contract section 2: 12 MB).
  static let largestBody = 12 << 20
  /// How long a body may take to arrive; our own choice.
  static let bodyPatience: TimeAmount = .seconds(60)
  static let agentPrefix = "/openesw/v1/agent/"

  let core: ControlPlaneCore
  let agentToken: String

  func handle(
    _ request: Request, context: CallContext, next: (Request, CallContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    if request.target.path.hasPrefix(Self.agentPrefix) {
      try checkToken(of: request)
      context.body = try await body(of: request, upTo: AgentLinkMessages.mostBytes, on: context.channel)
    } else {
      let signable = request.signable
      let claim: SignatureClaim
      do throws(SignatureRejection) {
        claim = try SignatureClaim(of: signable, now: core.now())
      } catch { throw CallError.signature(error) }
      context.body = try await body(of: request, upTo: Self.largestBody, on: context.channel)
      var hash = BodyHash()
      context.body.withUnsafeReadableBytes { hash.update($0) }
      do throws(SignatureRejection) {
        context.caller = try claim.verify(signable, body: hash, key: core.snapshot.accessKey(claim.keyID))
      } catch { throw CallError.signature(error) }
      context.trace.keyID = claim.keyID
    }
    return try await next(request, context)
  }

  /// Digests of the two are compared, which takes the same time wherever they differ.
  private func checkToken(of request: Request) throws(CallError) {
    let shown = request.headers[.authorization] ?? ""
    let prefix = "Bearer "
    let token = shown.hasPrefix(prefix) ? String(shown.dropFirst(prefix.count)) : ""
    let isRight = SHA256.hash(data: Array(token.utf8)) == SHA256.hash(data: Array(agentToken.utf8))
    guard isRight, !agentToken.isEmpty else { throw .agentToken }
  }

  private func body(
    of request: Request, upTo limit: Int, on channel: any Channel
  ) async throws -> ByteBuffer {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw CallError.bodyTooLarge
    }
    // The idle timeout does not see a body that trickles.
    let deadline = channel.eventLoop.scheduleTask(in: Self.bodyPatience) { channel.close(promise: nil) }
    defer { deadline.cancel() }
    do {
      return try await request.body.collect(upTo: limit)
    } catch is NIOTooManyBytesError {
      throw CallError.bodyTooLarge
    } catch let error as HTTPParserError {
      throw error
    } catch {
      throw CallError.bodyUnreadable
    }
  }
}

/// A key opens its own project only (contract section 8.3).
struct OwnProject: RouterMiddleware {
  func handle(
    _ request: Request, context: CallContext, next: (Request, CallContext) async throws -> Response
  ) async throws -> Response {
    guard try context.project.description == context.parameters.get("project_id") else {
      throw CallError.foreignProject
    }
    return try await next(request, context)
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
