import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// The outermost door: gives every answer its `X-Request-Id`, turns every error into a body of the
/// contract's shape, and writes one line to the log.
struct AnswerEverything: RouterMiddleware {
  let logger: Logger

  func handle(
    _ request: Request, context: CallContext, next: (Request, CallContext) async throws -> Response
  ) async throws -> Response {
    let start = ContinuousClock.now
    var failure: ErrorAnswer?
    var response: Response
    do {
      response = try await next(request, context)
    } catch let error as HTTPParserError {
      // Hummingbird answers what is no HTTP, and closes.
      throw error
    } catch {
      let answer = ErrorAnswer(error, method: request.method)
      failure = answer
      response = answer.response(requestID: context.requestID)
      if answer.endsConnection || answer.leavesBodyUnread && request.mayHaveLongBody {
        close(context.channel, after: &response)
      }
    }
    response.headers[.requestID] = context.requestID
    if request.method == .head { response = response.createHeadResponse() }
    log(request, context, response, failure, ContinuousClock.now - start)
    return response
  }

  /// Else the server would read the rest of a body that nobody wants, however long it is.
  private func close(_ channel: any Channel, after response: inout Response) {
    response.headers[.connection] = "close"
    channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
  }

  private func log(
    _ request: Request, _ context: CallContext, _ response: Response, _ failure: ErrorAnswer?,
    _ duration: Duration
  ) {
    let level = level(request, context, response, failure)
    // Most requests read, and nobody listens to that: what the line would say is not put together.
    guard logger.logLevel <= level else { return }
    var metadata: Logger.Metadata = [
      "request_id": "\(context.requestID)", "method": "\(request.method.rawValue)",
      "operation": "\(context.trace.operation?.name ?? "-")", "status": "\(response.status.code)",
      "duration_ms": "\(duration / .milliseconds(1))",
    ]
    if case .user(let principal)? = context.trace.caller { metadata["who"] = "\(principal.summary)" }
    if context.trace.isDryRun { metadata["dry_run"] = "true" }
    if let failure {
      metadata["code"] = "\(failure.code)"
      metadata["detail"] = failure.detail.map { "\($0)" }
      if response.status.kind == .clientError, !context.source.isEmpty {
        metadata["source"] = "\(context.source)"
      }
    }
    logger.log(level: level, "request", metadata: metadata)
  }

  /// What changes something and what is declined is news; what reads is not, nor are agents, who ask and
  /// report all the time.
  private func level(
    _ request: Request, _ context: CallContext, _ response: Response, _ failure: ErrorAnswer?
  ) -> Logger.Level {
    if response.status.kind == .serverError { return .error }
    if failure != nil { return .info }
    if case .agent? = context.trace.caller { return .debug }
    return request.method == .get || request.method == .head ? .debug : .info
  }
}

extension HTTPField.Name {
  static let requestID: HTTPField.Name = {
    guard let name = HTTPField.Name("X-Request-Id") else {
      preconditionFailure("a token of RFC 9110 section 5.1")
    }
    return name
  }()
}

extension Request {
  /// Longer than what is quicker to read than to cut off.
  fileprivate var mayHaveLongBody: Bool {
    if headers[.transferEncoding] != nil { return true }
    return headers[.contentLength].flatMap { Int($0) }.map { $0 > 1 << 20 } ?? false
  }
}
