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

  /// Nil: the control plane is older than captures.
  private var ordered: [CaptureRequest]? = []
  private var parcelReaders: [AsyncStream<SentParcel>.Continuation] = []
  private var parcels: [SentParcel] = []
  /// How many parcels are still lost on the way.
  private var losses = 0

  package private(set) var lastReport: GatewayReport?

  package struct SentParcel: Hashable, Sendable {
    package let capture: CaptureID
    package let number: Int
    package let parcel: CaptureParcel
  }

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
      try await waitForChange()
    }
    if !isReachable { throw OutOfReach() }
    return offered
  }

  package func send(_ report: GatewayReport) async throws {
    if !isReachable { throw OutOfReach() }
    lastReport = report
    for reader in readers { reader.yield(report) }
  }

  // MARK: Captures

  package func order(_ request: CaptureRequest) {
    ordered?.append(request)
    wake()
  }

  /// Nobody wants any more of it.
  package func drop(_ capture: CaptureID) { ordered?.removeAll { $0.id == capture } }

  package func forgetCaptures(_ areUnknown: Bool = true) {
    ordered = areUnknown ? nil : []
    wake()
  }

  /// So many parcels from now on are lost on the way.
  package func lose(parcels count: Int) { losses = count }

  /// Every parcel that came.
  package func sentParcels() -> AsyncStream<SentParcel> {
    let (stream, continuation) = AsyncStream.makeStream(of: SentParcel.self)
    for parcel in parcels { continuation.yield(parcel) }
    parcelReaders.append(continuation)
    return stream
  }

  package private(set) var captureQuestions = 0

  package func captures(besides known: [CaptureID]) async throws -> [CaptureRequest] {
    captureQuestions += 1
    while isReachable, let ordered, ordered.allSatisfy({ known.contains($0.id) }) {
      try await waitForChange()
    }
    if !isReachable { throw OutOfReach() }
    guard let ordered else { throw CapturesUnknown() }
    return ordered.filter { !known.contains($0.id) }
  }

  package func send(_ parcel: CaptureParcel, number: Int, of capture: CaptureID) async throws -> Bool {
    if !isReachable { throw OutOfReach() }
    guard losses == 0 else {
      losses -= 1
      throw OutOfReach()
    }
    guard ordered?.contains(where: { $0.id == capture }) == true else { return false }
    let sent = SentParcel(capture: capture, number: number, parcel: parcel)
    parcels.append(sent)
    for reader in parcelReaders { reader.yield(sent) }
    if case .part = parcel { return true }
    drop(capture)
    return false
  }

  private func waitForChange() async throws {
    if Task.isCancelled { throw CancellationError() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiters.append($0) }
    } onCancel: {
      Task { await self.wake() }
    }
  }

  private func wake() {
    for waiter in waiters { waiter.resume() }
    waiters = []
  }
}
