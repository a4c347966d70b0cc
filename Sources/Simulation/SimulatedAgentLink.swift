package import ESWModel
import ESWSeams

/// A control plane in memory, as an agent sees it: hands out what it was given, keeps the reports, and
/// can be out of reach.
package actor SimulatedAgentLink: AgentLink {
  package struct OutOfReach: Error {}

  private var offered: GatewayConfiguration?
  private var isReachable = true
  private var waiters: [CheckedContinuation<Void, Never>] = []
  private var readers: [AsyncStream<GatewayReport>.Continuation] = []

  package private(set) var lastReport: GatewayReport?

  package init() {}

  package func offer(_ configuration: GatewayConfiguration) {
    offered = configuration
    wake()
  }

  package func setReachable(_ isReachable: Bool) {
    self.isReachable = isReachable
    wake()
  }

  /// Every report from now on.
  package func reports() -> AsyncStream<GatewayReport> {
    let (stream, continuation) = AsyncStream.makeStream(of: GatewayReport.self)
    readers.append(continuation)
    return stream
  }

  package func configuration(
    after generation: Revision?, of store: StoreID?
  ) async throws -> GatewayConfiguration? {
    while isReachable, offered == nil || (offered?.generation == generation && offered?.store == store) {
      if Task.isCancelled { throw CancellationError() }
      await withTaskCancellationHandler {
        await withCheckedContinuation { waiters.append($0) }
      } onCancel: {
        Task { await self.wake() }
      }
    }
    if !isReachable { throw OutOfReach() }
    return offered
  }

  package func send(_ report: GatewayReport) async throws {
    if !isReachable { throw OutOfReach() }
    lastReport = report
    for reader in readers { reader.yield(report) }
  }

  private func wake() {
    for waiter in waiters { waiter.resume() }
    waiters = []
  }
}
