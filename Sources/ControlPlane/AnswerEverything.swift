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
    var metadata: Logger.Metadata = [
      "request_id": "\(context.requestID)", "method": "\(request.method.rawValue)",
      "operation": "\(context.trace.operation?.name ?? "-")", "status": "\(response.status.code)",
      "duration_ms": "\(duration / .milliseconds(1))",
    ]
    var isAgent = false
    switch context.trace.caller {
    case .user(let key)?: metadata["key"] = "\(key.id)"
    case .agent?: isAgent = true
    case nil: break
    }
    if let failure {
      metadata["code"] = "\(failure.code)"
      metadata["detail"] = failure.detail.map { "\($0)" }
    }
    // Agents ask and report all the time: only their errors are news.
    let isRoutine = failure == nil && isAgent
    let level: Logger.Level = response.status.kind == .serverError ? .error : isRoutine ? .debug : .info
    logger.log(level: level, "request", metadata: metadata)
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
