import ESWWire
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Gives the contract's body and an `X-Request-Id` to the one answer that no door of ours has seen: what the
/// server says to bytes that its decoder does not take for HTTP (an unknown method, over 80 KB of headers).
///
/// Every other answer has the header already, and passes as it is.
final class UnreadableRequests: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .head(var head) = unwrapOutboundIn(data), head.status == .badRequest,
      head.headerFields[.requestID] == nil
    else { return context.write(data, promise: promise) }
    let requestID = CallContext.newRequestID()
    var writer = JSONWriter()
    writer.error(
      ErrorBody(
        message: "The request is not HTTP that can be read, or its headers are too large.",
        code: "APIGW.0201", requestID: requestID))
    let body = context.channel.allocator.buffer(bytes: writer.finish())
    head.headerFields[.requestID] = requestID
    head.headerFields[.contentType] = "application/json"
    head.headerFields[.contentLength] = "\(body.readableBytes)"
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(body)), promise: promise)
  }
}
