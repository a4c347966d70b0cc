import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// The client took too long to send a body.
struct RequestTooSlow: Error {}

/// Cuts off who sends a request, or takes an answer, too slowly. It stands before the HTTP decoder, because
/// of headers that trickle nothing is seen behind it.
///
/// A timer runs only while something is awaited, and is set anew at most once a phase: a quick request costs
/// a few comparisons.
final class RequestClock: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// From our last word to the end, so that the client can read it.
  static let farewell = TimeAmount.seconds(2)

  private let limits: ServerLimits
  let tally: EdgeTally
  private var pace = RequestPace()
  private var awaited = RequestPace.Awaited.nothing
  private var deadline: NIODeadline?
  private var timer: (task: Scheduled<Void>, at: NIODeadline)?
  private var context: ChannelHandlerContext?
  /// Headers did not come in time; the decoder's error that follows is ours.
  private(set) var isHeadLate = false

  init(limits: ServerLimits, tally: EdgeTally = EdgeTally()) {
    self.limits = limits
    self.tally = tally
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    update()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.task.cancel()
    timer = nil
    self.context = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    pace.bytesCame()
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    update()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    pace.writability(is: context.channel.isWritable)
    update()
    context.fireChannelWritabilityChanged()
  }

  fileprivate func note(_ part: HTTPRequestPart) {
    switch part {
    case .head: pace.headEnded()
    case .body: break
    case .end: pace.requestEnded()
    }
  }

  fileprivate func noteAnswerEnded() {
    pace.answerEnded()
    update()
  }

  private func update() {
    guard awaited != pace.awaited, let context else { return }
    awaited = pace.awaited
    guard let patience = patience(for: awaited) else {
      deadline = nil
      return
    }
    let deadline = NIODeadline.now() + patience
    self.deadline = deadline
    if let timer, timer.at <= deadline { return }
    startTimer(until: deadline, context)
  }

  private func startTimer(until deadline: NIODeadline, _ context: ChannelHandlerContext) {
    timer?.task.cancel()
    let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerEnded() }
    timer = (task, deadline)
  }

  private func patience(for awaited: RequestPace.Awaited) -> TimeAmount? {
    switch awaited {
    case .nothing: nil
    case .head: TimeAmount(limits.headPatience)
    case .body: TimeAmount(limits.bodyPatience)
    case .taking: TimeAmount(limits.answerPatience)
    }
  }

  private func timerEnded() {
    timer = nil
    guard let deadline, let context else { return }
    guard deadline <= .now() else { return startTimer(until: deadline, context) }
    self.deadline = nil
    if let reason = awaited.refusal { tally.refuse(reason) }
    switch awaited {
    case .nothing: break
    case .head where pace.hasBegun:
      isHeadLate = true
      cutOff(context, HTTPParserError.unknown)
    case .body: cutOff(context, RequestTooSlow())
    // To who has said nothing nothing is to be answered, and who takes nothing hears nothing.
    case .head, .taking: context.close(promise: nil)
    }
  }

  /// Whoever reads the request gets the error and answers it.
  private func cutOff(_ context: ChannelHandlerContext, _ error: any Error) {
    context.fireErrorCaught(error)
    context.eventLoop.assumeIsolated().scheduleTask(in: Self.farewell) { context.close(promise: nil) }
  }
}

extension RequestPace.Awaited {
  /// What it is called when it was awaited for too long.
  fileprivate var refusal: EdgeTally.Refusal? {
    switch self {
    case .nothing: nil
    case .head: .slowHead
    case .body: .slowBody
    case .taking: .answerNotTaken
    }
  }
}

/// Tells the clock what the decoder has made of the bytes, and where an answer ends.
final class RequestProgress: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private var clock: RequestClock?

  func handlerAdded(context: ChannelHandlerContext) {
    // There is none where the client is trusted, as on the agent's socket.
    clock = try? context.pipeline.syncOperations.handler(type: RequestClock.self)
  }

  func handlerRemoved(context: ChannelHandlerContext) { clock = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    clock?.note(unwrapInboundIn(data))
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if case .end = unwrapOutboundIn(data) { clock?.noteAnswerEnded() }
    context.write(data, promise: promise)
  }
}
