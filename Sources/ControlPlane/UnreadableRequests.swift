import ESWWire
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Gives the contract's body and an `X-Request-Id` to the one answer that no door of ours has seen: what the
/// server says to bytes that its decoder does not take for HTTP (an unknown method, over 80 KB of headers),
/// and to headers that do not end in time.
///
/// Every other answer has the header already, and passes as it is.
final class UnreadableRequests: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private var clock: RequestClock?

  func handlerAdded(context: ChannelHandlerContext) {
    clock = try? context.pipeline.syncOperations.handler(type: RequestClock.self)
  }

  func handlerRemoved(context: ChannelHandlerContext) { clock = nil }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .head(var head) = unwrapOutboundIn(data), head.status == .badRequest,
      head.headerFields[.requestID] == nil
    else { return context.write(data, promise: promise) }
    let isLate = clock?.isHeadLate ?? false
    let message =
      isLate
      ? "The request line and headers took too long to arrive."
      : "The request is not HTTP that can be read, or its headers are too large."
    if isLate { head.status = .requestTimeout } else { clock?.tally.refuse(.unreadable) }
    let requestID = CallContext.newRequestID()
    let body = context.channel.allocator.buffer(
      bytes: ErrorBody(message: message, code: "APIGW.0201", requestID: requestID).bytes)
    head.headerFields[.requestID] = requestID
    head.headerFields[.contentType] = "application/json"
    head.headerFields[.contentLength] = "\(body.readableBytes)"
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(body)), promise: promise)
    // Hummingbird waits for the client to close now.
    let channel = context.channel
    context.eventLoop.scheduleTask(in: RequestClock.farewell) { channel.close(promise: nil) }
  }
}

extension ErrorBody {
  /// For answers that are made below the router.
  var bytes: [UInt8] {
    var writer = JSONWriter()
    writer.error(self)
    return writer.finish()
  }
}
