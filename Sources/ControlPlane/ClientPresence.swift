import NIOCore
import NIOHTTPTypes
import Synchronization

/// Tells when the client goes: while an answer is under way, nobody reads from it.
///
/// Who closes its own half counts as gone: a client that wants an answer keeps it open.
final class ClientPresence: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private var isGone = false
  private var watcher: (@Sendable () -> Void)?

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { noteGone() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    noteGone()
    context.fireChannelInactive()
  }

  private func noteGone() {
    isGone = true
    watcher.take()?()
  }

  /// One at a time: the newest.
  private func watch(_ action: @escaping @Sendable () -> Void) {
    if isGone { action() } else { watcher = action }
  }

  /// - Parameter action: Called once, on the channel's thread, when the client has gone; never where there is
  ///   no connection, as in process.
  static func watch(_ channel: any Channel, _ action: @escaping @Sendable () -> Void) {
    channel.eventLoop.execute {
      try? channel.pipeline.syncOperations.handler(type: ClientPresence.self).watch(action)
    }
  }
}
