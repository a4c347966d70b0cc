import ESWModel
import ESWSeams
import PacketCapture
import UnixSignals

/// From the batches of a capture to what is written, up to a limit.
struct CaptureRun {
  let filter: FrameFilter
  let limits: CaptureBounds
  let showsProgress: Bool

  private var tally = CaptureTally()
  private var droppedFrames: UInt64 = 0
  private var end = CaptureBounds.End.source
  private let began = ContinuousClock.now

  init(filter: FrameFilter, limits: CaptureBounds, showsProgress: Bool) {
    self.filter = filter
    self.limits = limits
    self.showsProgress = showsProgress
  }

  private enum Event: Sendable {
    case batch(CaptureBatch)
    case end(CaptureBounds.End)
  }

  /// - Throws: `CommandFailure` when nothing can be written any more.
  mutating func take(_ capture: FrameCapture, into output: inout CaptureOutput) async throws {
    try output.begin(capture.source)
    // One stream for all that may happen, so that the end does not overtake frames that came before it.
    let (events, sender) = AsyncStream.makeStream(of: Event.self)
    let limits = limits
    let feeders = [
      Task {
        for await batch in capture.batches { sender.yield(.batch(batch)) }
        sender.yield(.end(.source))
      },
      Task {
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
          sender.yield(.end(.interrupted))
        }
      },
      Task {
        try await Task.sleep(for: .seconds(limits.seconds))
        sender.yield(.end(.time(limits.seconds)))
      },
    ]
    defer { for feeder in feeders { feeder.cancel() } }
    do {
      for await event in events {
        if let end = try take(event, into: &output) {
          self.end = end
          break
        }
      }
      try output.end(tally)
    } catch is CaptureOutput.ReaderGone {
      end = .reader
    }
    if showsProgress { Terminal.error("\r\u{1B}[K") }
  }

  private mutating func take(_ event: Event, into output: inout CaptureOutput) throws -> CaptureBounds.End? {
    switch event {
    case .end(let end): return end
    case .batch(let batch):
      tally.lose(batch.lost)
      var bytes: [UInt8] = []
      for frame in batch.frames {
        let isWanted = filter.matches(frame)
        guard isWanted else {
          tally.take(frame, isKept: false)
          continue
        }
        let block = output.block(for: frame)
        let end = limits.end(
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
      return limits.frames.flatMap { tally.kept >= $0 ? .frames($0) : nil }
    }
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
