import HTTPTypes
import Hummingbird

/// The gateway's limits that can be judged by the head of a request (contract section 2). Far above
/// these, the HTTP decoder gives up by itself.
struct RequestLimits: RouterMiddleware {
  /// In bytes; our own choice.
  static let longestTarget = 16 << 10
  /// In bytes, all fields together; our own choice.
  static let largestHeaders = 32 << 10

  func handle(
    _ request: Request, context: CallContext, next: (Request, CallContext) async throws -> Response
  ) async throws -> Response {
    try Self.check(request.head)
    return try await next(request, context)
  }

  static func check(_ head: HTTPRequest) throws(CallError) {
    guard (head.path ?? "").utf8.count <= Self.longestTarget else { throw CallError.targetTooLong }
    let headerSize = head.headerFields.reduce(0) { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count }
    guard headerSize <= Self.largestHeaders else { throw CallError.headersTooLarge }
  }
}
