import ESWWire
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOSSL

/// What a connection passes before HTTP: the count of its client's connections, TLS, the clock.
struct EdgeChannel: ServerChildChannel {
  typealias Value = HTTP1Channel.Value

  let http: HTTP1Channel
  let limits: ServerLimits
  let ledger: ConnectionLedger
  /// Nil: plain HTTP.
  let identity: ServerIdentity?

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture { try addHandlers(to: channel) }
      .flatMap { http.setup(channel: channel, logger: logger) }
  }

  func handle(value: Value, logger: Logger) async { await http.handle(value: value, logger: logger) }

  private func addHandlers(to channel: any Channel) throws {
    let pipeline = channel.pipeline.syncOperations
    var verdict = ConnectionCount.Verdict.admitted
    if let address = ClientAddress(channel.remoteAddress) {
      verdict = ledger.open(address)
      channel.closeFuture.whenComplete { [verdict] _ in ledger.close(address, verdict) }
    }
    if verdict == .closed { return try pipeline.addHandler(ConnectionRefusal(isTold: false)) }
    if let identity {
      // Taken anew for each connection: a new certificate is shown from the next handshake on.
      try pipeline.addHandler(PlainHTTPOnTLS())
      try pipeline.addHandler(NIOSSLServerHandler(context: identity.context))
    }
    try pipeline.addHandler(
      verdict == .told ? ConnectionRefusal(isTold: true) : RequestClock(limits: limits, tally: ledger.tally))
  }
}

/// Answers the first bytes of a connection that is one too many, and closes it. It does not read HTTP: what
/// it answers is the same for every request.
final class ConnectionRefusal: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// For the first bytes, the TLS handshake included, and again after the answer.
  private static let patience = TimeAmount.seconds(2)

  private let isTold: Bool
  private var hasAnswered = false

  init(isTold: Bool) { self.isTold = isTold }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { begin(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    begin(context)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard isTold, !hasAnswered else { return }
    hasAnswered = true
    let answer = RawAnswer(
      status: "429 Too Many Requests", code: "APIGW.0308",
      message: "Too many connections from one address: close some, and keep those that are open.")
    answer.write(to: context)
  }

  private func begin(_ context: ChannelHandlerContext) {
    guard isTold else { return context.close(promise: nil) }
    let channel = context.channel
    context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
  }
}

/// Tells who speaks plain HTTP to a port of TLS what is wrong, instead of hanging up.
final class PlainHTTPOnTLS: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var hasSeenFirst = false
  private var isPlain = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if !hasSeenFirst,
      let first = unwrapInboundIn(data).getInteger(at: unwrapInboundIn(data).readerIndex, as: UInt8.self)
    {
      hasSeenFirst = true
      // A TLS record begins with a number below 32, a request with the name of its method.
      isPlain = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first)
      if isPlain {
        let answer = RawAnswer(
          status: "400 Bad Request", code: "APIGW.0201", message: "This port speaks TLS: use https://.")
        answer.write(to: context)
      }
    }
    if !isPlain { context.fireChannelRead(data) }
  }
}

/// An answer where no request has been read: written as bytes, and the connection ends after it.
private struct RawAnswer {
  let status: String
  let code: String
  let message: String

  func write(to context: ChannelHandlerContext) {
    let requestID = CallContext.newRequestID()
    let body = ErrorBody(message: message, code: code, requestID: requestID).bytes
    var buffer = context.channel.allocator.buffer(capacity: 512)
    buffer.writeString(
      "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n"
        + "X-Request-Id: \(requestID)\r\nConnection: close\r\n\r\n")
    buffer.writeBytes(body)
    context.writeAndFlush(NIOAny(buffer), promise: nil)
    // Closing both ways while bytes come in would take the answer away from the client.
    context.close(mode: .output, promise: nil)
    let channel = context.channel
    context.eventLoop.scheduleTask(in: RequestClock.farewell) { channel.close(promise: nil) }
  }
}
