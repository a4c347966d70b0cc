import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes

/// Serves each connection on the thread of its event loop.
///
/// A request is some tens of microseconds of work between a read and a write of that thread; to hand it to
/// another and back costs as much again. In return nothing on the way of a request may block or compute for
/// long, which would hold up the loop's other connections: that is done `aside`. Writes wait for the store
/// without blocking.
struct OnEventLoop<Base: ServerChildChannel>: ServerChildChannel
where Base.Value == NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart> {
  let base: Base
  let reads: QuickReads

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
    base.setup(channel: channel, logger: logger).flatMapThrowing { value in
      // Behind what watches over idle connections and those that are to end.
      let pipeline = channel.pipeline.syncOperations
      let place = try pipeline.handler(type: HTTPConnectionStateHandler.self)
      try pipeline.addHandler(QuickReadsHandler(reads: reads), position: .after(place))
      return value
    }
  }

  func handle(value: Base.Value, logger: Logger) async {
    await withTaskExecutorPreference(EventLoopTasks(loop: value.channel.eventLoop)) {
      await base.handle(value: value, logger: logger)
    }
  }
}

/// Runs tasks on an event loop, whose threads live as long as the process.
private final class EventLoopTasks: TaskExecutor {
  private let loop: any EventLoop

  init(loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// Does what may take more than a moment away from the event loop; the caller goes on there afterwards.
func aside<Result, Failure>(
  _ work: () async throws(Failure) -> Result
) async throws(Failure) -> Result {
  try await withTaskExecutorPreference(globalConcurrentExecutor, operation: work)
}
