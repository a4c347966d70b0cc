import ESWModel
import PacketCapture

/// A capture as it is written, in whole blocks and within its limit of bytes (pure).
struct CaptureFile {
  /// What the statistics at the end may take.
  static let endBytes = 1024

  private let writer: PcapngWriter
  private let limit: Int
  private var tally = CaptureTally()
  private var pending: [UInt8]
  /// Bytes so far, with those that are pending.
  private(set) var size: Int
  /// The next frame did not fit: the file ends here.
  private(set) var isFull = false

  init(of source: CaptureSource, upTo limit: Int, writer: PcapngWriter, product: String) {
    self.writer = writer
    self.limit = limit
    pending = writer.header(for: source, product: product)
    size = pending.count
  }

  var pendingBytes: Int { pending.count }

  /// Nothing once it is full.
  mutating func add(_ frame: CapturedFrame) {
    guard !isFull else { return }
    let block = writer.block(for: frame)
    guard append(block) else {
      isFull = true
      return
    }
    tally.take(frame)
  }

  mutating func lose(_ count: UInt64) { tally.lose(count) }

  /// The statistics until now: whoever is between us and the reader sees that something comes.
  ///
  /// - Parameter moment: Nanoseconds since 1970.
  mutating func addStatistics(at moment: Int64) { _ = append(writer.statistics(tally, at: moment)) }

  private mutating func append(_ block: [UInt8]) -> Bool {
    guard block.count <= limit - Self.endBytes - size else { return false }
    pending += block
    size += block.count
    return true
  }

  /// What is to be sent.
  mutating func takePending() -> [UInt8] {
    defer { pending = [] }
    return pending
  }

  /// What is to be sent last.
  ///
  /// - Parameter moment: Nanoseconds since 1970.
  mutating func end(at moment: Int64) -> [UInt8] {
    let statistics = writer.statistics(tally, at: moment)
    if statistics.count <= limit - size {
      pending += statistics
      size += statistics.count
    }
    return takePending()
  }
}
