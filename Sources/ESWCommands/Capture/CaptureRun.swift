import ESWModel
import ESWSeams
import Foundation
import PacketCapture
import UnixSignals

/// From the batches of a capture to what is written, up to a limit.
struct CaptureRun {
  let filter: FrameFilter
  let bounds: CaptureBounds
  let showsProgress: Bool

  private var tally = CaptureTally()
  private var droppedFrames: UInt64 = 0
  private(set) var end = CaptureBounds.End.source
  private let began = ContinuousClock.now

  init(filter: FrameFilter, bounds: CaptureBounds, showsProgress: Bool) {
    self.filter = filter
    self.bounds = bounds
    self.showsProgress = showsProgress
  }

  private enum Event: Sendable {
    case batch(CaptureBatch)
    /// It is to end: what has come until now follows.
    case stopping(CaptureBounds.End)
    case over
  }

  /// - Throws: `CommandFailure` when nothing can be written any more.
  mutating func take(_ capture: FrameCapture, into output: inout CaptureOutput) async throws {
    try output.begin(capture.source)
    // One stream for all that may happen. One batch is in it at a time: what cannot be written in time waits
    // where it is counted.
    let (events, sender) = AsyncStream.makeStream(of: Event.self)
    let (turns, turn) = AsyncStream.makeStream(of: Void.self)
    let bounds = bounds
    let feeders = [
      Task {
        var turns = turns.makeAsyncIterator()
        for await batch in capture.batches {
          sender.yield(.batch(batch))
          _ = await turns.next()
        }
        sender.yield(.over)
      },
      Task {
        var isFirst = true
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
          // Whoever asks again does not want to wait for a reader that takes nothing.
          guard isFirst else { _exit(CommandStatus.interrupted.rawValue) }
          isFirst = false
          sender.yield(.stopping(.interrupted))
          Task { await capture.stop() }
        }
      },
      Task {
        try await Task.sleep(for: .seconds(bounds.seconds))
        sender.yield(.stopping(.time(bounds.seconds)))
        await capture.stop()
      },
    ]
    defer { for feeder in feeders { feeder.cancel() } }
    do {
      events: for await event in events {
        switch event {
        case .over: break events
        case .stopping(let end): self.end = end
        case .batch(let batch):
          if let end = try take(batch, into: &output) {
            self.end = end
            break events
          }
          turn.yield()
        }
      }
      try output.end(tally)
    } catch is CaptureOutput.ReaderGone {
      end = .reader
    }
    if showsProgress { Terminal.error("\r\u{1B}[K") }
  }

  private mutating func take(
    _ batch: CaptureBatch, into output: inout CaptureOutput
  ) throws -> CaptureBounds.End? {
    tally.lose(batch.lost)
    var bytes: [UInt8] = []
    for frame in batch.frames {
      let isWanted = filter.matches(frame)
      guard isWanted else {
        tally.take(frame, isKept: false)
        continue
      }
      let block = output.block(for: frame)
      let end = bounds.end(
        behind: output.written + Int64(bytes.count), block: block.count, frames: tally.kept)
      if let end {
        try output.write(bytes)
        return end
      }
      tally.take(frame)
      if case .dropped = frame.fate { droppedFrames += 1 }
      bytes += block
    }
    try output.write(bytes)
    if showsProgress { Terminal.error("\r\u{1B}[K\(progress(output))") }
    return bounds.frames.flatMap { tally.kept >= $0 ? .frames($0) : nil }
  }

  private func progress(_ output: CaptureOutput) -> String {
    "\(tally.kept) frames, \(output.written / 1000) kB, \(began.duration(to: .now).components.seconds) s"
  }

  func summary(of output: CaptureOutput, path: String?) -> String {
    var text = "\(tally.kept) frames, \(droppedFrames) of them dropped by the switch"
    if tally.kept < tally.taken { text += "; \(tally.taken - tally.kept) others did not fit the filter" }
    if tally.lost > 0 { text += "; \(tally.lost) were lost: more came than could be written" }
    if let path, path != "-" { text += "; \(output.written / 1000) kB in \(path)" }
    return text + " (\(end))"
  }
}
