package import ESWModel
package import ESWSeams
import Synchronization

extension SimulatedDataplane {
  /// - Throws: `CaptureRefusal`.
  package func capture(_ order: CaptureOrder) throws -> FrameCapture {
    guard state.datapath != nil else { throw CaptureRefusal.noDataPath }
    var port: PortReference?
    if let connection = order.connection {
      guard let row = state.connections.values.first(where: { $0.id == connection }) else {
        throw CaptureRefusal.unknownConnection(connection)
      }
      port = row.port
    }
    guard let place = captures.take(order) else { throw CaptureRefusal.placesTaken }
    return FrameCapture(
      source: CaptureSource(
        connection: order.connection, port: port.map { "\($0)" }, underlay: nil),
      // Who cancels the reader, or drops the stream, drops the place.
      batches: AsyncStream(unfolding: { await place.next() }, onCancel: {}),
      stop: { [weak place] in place?.stop() })
  }

  /// A frame that the node has seen: it is in every capture of the connection. Nil: in those of what no
  /// connection lets in.
  package func pass(_ frame: CapturedFrame, of connection: ConnectionID?) {
    captures.add(frame, of: connection)
  }

  /// How many captures go on: now, and whenever that changes.
  package nonisolated func captureCounts() -> AsyncStream<Int> { captures.counts() }
}

/// The captures that go on.
final class SimulatedCaptures: Sendable {
  /// One of the places; free again when this is gone.
  final class Place: Sendable {
    fileprivate let capture: SimulatedCapture
    private let all: SimulatedCaptures
    private let number: Int

    fileprivate init(_ capture: SimulatedCapture, _ all: SimulatedCaptures, _ number: Int) {
      self.capture = capture
      self.all = all
      self.number = number
    }

    deinit { all.free(number) }

    func next() async -> CaptureBatch? { await capture.next() }

    func stop() { capture.stop() }
  }

  private struct State {
    var places: [Int: SimulatedCapture] = [:]
    var watchers: [AsyncStream<Int>.Continuation] = []

    func tell() {
      for watcher in watchers { watcher.yield(places.count) }
    }
  }

  private let state = Mutex(State())

  func counts() -> AsyncStream<Int> {
    let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
    state.withLock { state in
      state.watchers.append(continuation)
      continuation.yield(state.places.count)
    }
    return stream
  }

  /// - Returns: Nil when all are taken.
  func take(_ order: CaptureOrder) -> Place? {
    let capture = SimulatedCapture(order)
    let number = state.withLock { state -> Int? in
      let free = (0..<CaptureOrder.mostAtOnce).first { state.places[$0] == nil }
      if let free { state.places[free] = capture }
      state.tell()
      return free
    }
    return number.map { Place(capture, self, $0) }
  }

  private func free(_ number: Int) {
    // The capture itself goes outside of the lock.
    _ = state.withLock { state in
      defer { state.tell() }
      return state.places.removeValue(forKey: number)
    }
  }

  func add(_ frame: CapturedFrame, of connection: ConnectionID?) {
    let those = state.withLock { $0.places.values.filter { $0.order.connection == connection } }
    for capture in those { capture.add(frame) }
  }
}

/// Frames that nobody has read yet. Bounded: what does not fit is lost, and counted.
private final class SimulatedCapture: Sendable {
  /// Our choice.
  static let mostFrames = 4096
  static let longestSilence = Duration.seconds(1)

  private struct State {
    var frames: [CapturedFrame] = []
    var lost: UInt64 = 0
    var reader: CheckedContinuation<Void, Never>?
    var isCancelled = false
    var isStopped = false
  }

  let order: CaptureOrder
  private let state = Mutex(State())

  init(_ order: CaptureOrder) { self.order = order }

  func add(_ frame: CapturedFrame) {
    let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
      if state.isStopped { return nil }
      if state.frames.count < Self.mostFrames {
        state.frames.append(frame.cut(to: order.snapLength))
      } else {
        state.lost += 1
      }
      return state.reader.take()
    }
    reader?.resume()
  }

  /// Nothing more comes; what has is still read.
  func stop() {
    state.withLock { $0.isStopped = true }
    wake()
  }

  /// - Returns: What has come, once something has, or nothing after a second. Nil when the reader is
  ///   cancelled, and when it was stopped and all is read.
  func next() async -> CaptureBatch? {
    await withTaskCancellationHandler {
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          try? await Task.sleep(for: Self.longestSilence)
          self.wake()
        }
        await self.waitForFrames()
        group.cancelAll()
      }
    } onCancel: {
      state.withLock { $0.isCancelled = true }
      wake()
    }
    return state.withLock { state in
      let isRead = state.frames.isEmpty && state.lost == 0
      guard !state.isCancelled, !(state.isStopped && isRead) else { return nil }
      defer { (state.frames, state.lost) = ([], 0) }
      return CaptureBatch(frames: state.frames, lost: state.lost)
    }
  }

  private func waitForFrames() async {
    await withCheckedContinuation { reader in
      let waits = state.withLock { state in
        guard state.frames.isEmpty, !state.isCancelled, !state.isStopped else { return false }
        state.reader = reader
        return true
      }
      if !waits { reader.resume() }
    }
  }

  private func wake() { state.withLock { $0.reader.take() }?.resume() }
}

extension CapturedFrame {
  fileprivate func cut(to length: Int) -> CapturedFrame {
    guard bytes.count > length else { return self }
    return CapturedFrame(
      moment: moment, point: point, fate: fate, remotes: remotes, outer: outer, length: self.length,
      segmentSize: segmentSize, bytes: Array(bytes.prefix(length)))
  }
}
