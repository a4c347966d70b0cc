import Dispatch
import ESWModel
import Glibc
import Logging
import Synchronization

/// A log of lines, each with its metadata, as text that one greps.
///
/// What is logged on the way of a request costs a string and no system call: another thread writes, and a
/// reader who does not keep up costs lines, never time.
struct LineLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level
  private let label: String
  private let writer: LogWriter
  private let now: @Sendable () -> Timestamp

  init(
    label: String, level: Logger.Level, writer: LogWriter = .standardError,
    now: @escaping @Sendable () -> Timestamp = { .now }
  ) {
    self.label = label
    logLevel = level
    self.writer = writer
    self.now = now
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
    var line = "\(now().iso8601) \(event.level) \(label):"
    for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(value)" }
    if let error = event.error { line += " error=\(error)" }
    line += " [\(event.source)] \(event.message)"
    writer.add(Self.oneLine(line))
  }

  /// Whatever a request put into it, it stays one line.
  private static func oneLine(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return text }
    return String(
      String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
  }
}

/// Writes lines to a descriptor on a thread of its own.
final class LogWriter: Sendable {
  /// How much may wait to be written, in bytes; our own choice. What comes then is counted and left out.
  static let mostBytes = 1 << 20

  static let standardError = LogWriter(descriptor: STDERR_FILENO)

  private struct State {
    var waiting: [UInt8] = []
    var lost = 0
    var isWriting = false
  }

  private let descriptor: Int32
  private let mostBytes: Int
  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "log")

  init(descriptor: Int32, mostBytes: Int = LogWriter.mostBytes) {
    self.descriptor = descriptor
    self.mostBytes = mostBytes
  }

  func add(_ line: String) {
    let isFirst = state.withLock { state in
      guard state.waiting.count + line.utf8.count < mostBytes else {
        state.lost += 1
        return false
      }
      state.waiting.append(contentsOf: line.utf8)
      state.waiting.append(UInt8(ascii: "\n"))
      defer { state.isWriting = true }
      return !state.isWriting
    }
    if isFirst { queue.async { self.drain() } }
  }

  /// Waits until what has been added so far is written.
  func flush() { queue.sync {} }

  private func drain() {
    while let bytes = next() {
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EAGAIN {
          var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&wanted, 1, -1)
          continue
        }
        // Nobody reads any more: there is no other place to say so.
        guard count > 0 else { break }
        rest = rest.dropFirst(count)
      }
    }
  }

  private func next() -> [UInt8]? {
    state.withLock { state in
      var bytes = state.waiting
      state.waiting = []
      if state.lost > 0 {
        bytes += Array(
          "\(state.lost) log lines were left out: they came faster than they could be written\n".utf8)
        state.lost = 0
      }
      state.isWriting = !bytes.isEmpty
      return bytes.isEmpty ? nil : bytes
    }
  }
}
