import ESWClient
import ESWModel
import ESWSeams
import PacketCapture
import Synchronization

/// A capture that a node makes for the API, as if it were made here.
struct RemoteCapture {
  let capture: FrameCapture
  /// Why it ended before its end.
  private let failure: Failure

  private final class Failure: Sendable {
    let error = Mutex<(any Error)?>(nil)
  }

  /// Batches that wait until they are written, each of a piece of the answer.
  private static let waiting = 256

  /// - Throws: When the API refuses it, or what comes is no capture of ours.
  static func begin(
    _ connection: ConnectionID, limits: CaptureLimits, snapLength: Int, client: ESWClient
  ) async throws -> RemoteCapture {
    var download = try await client.capture(connection, limits: limits, snapLength: snapLength)
      .makeAsyncIterator()
    var reader = PcapngReader()
    var first = Harvest()
    while first.source == nil, let bytes = try await download.next() { try first.add(reader.take(bytes)) }
    guard let source = first.source else { throw ClientError.answer("a capture without a beginning") }
    let failure = Failure()
    let (batches, feed) = AsyncStream.makeStream(
      of: CaptureBatch.self, bufferingPolicy: .bufferingOldest(Self.waiting))
    let feeding = Task { [download, reader, first] in
      var (download, reader, harvest) = (download, reader, first)
      do {
        repeat {
          if case .dropped(let batch) = feed.yield(harvest.batch) {
            harvest = Harvest(lost: batch.lost &+ UInt64(batch.frames.count))
          } else {
            harvest = Harvest()
          }
          guard let bytes = try await download.next() else { break }
          try harvest.add(reader.take(bytes))
        } while true
        if !reader.isAtBlockEnd { throw ClientError.answer("a capture that ends within a frame") }
      } catch {
        failure.error.withLock { $0 = error }
      }
      feed.finish()
    }
    feed.onTermination = { _ in feeding.cancel() }
    let capture = FrameCapture(source: source, batches: batches) {
      feeding.cancel()
      await feeding.value
    }
    return RemoteCapture(capture: capture, failure: failure)
  }

  /// - Throws: What broke it off.
  func check() throws {
    if let error = failure.error.withLock({ $0 }) { throw error }
  }

  private struct Harvest {
    var source: CaptureSource?
    var frames: [CapturedFrame] = []
    var lost: UInt64 = 0

    var batch: CaptureBatch { CaptureBatch(frames: frames, lost: lost) }

    mutating func add(_ items: [PcapngReader.Item]) {
      for item in items {
        switch item {
        case .source(let source): self.source = source
        case .frame(let frame): frames.append(frame)
        case .lost(let count): lost &+= count
        }
      }
    }
  }
}
