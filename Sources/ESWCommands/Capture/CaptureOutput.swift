import ESWModel
import Foundation
import PacketCapture

/// Where captured frames go: a pcapng file, standard output as one, or lines for a person.
struct CaptureOutput {
  struct ReaderGone: Error {}

  private let file: FileHandle?
  /// Nil: lines.
  private let path: String?
  private let writer: PcapngWriter
  private let sentences: [String: String]
  private let offset: Int
  /// Bytes of the file so far.
  private(set) var written: Int64 = 0

  /// - Parameter path: Of a file that is made or written over, `-` for standard output; nil: lines.
  /// - Throws: `CommandFailure`.
  init(path: String?, sentences: [String: String]) throws {
    self.path = path
    self.sentences = sentences
    writer = PcapngWriter(sentences: sentences)
    offset = TimeZone.current.secondsFromGMT()
    switch path {
    case nil: file = nil
    case "-":
      guard isatty(STDOUT_FILENO) == 0 else {
        throw CommandFailure(
          .usage, "a capture file is no text for a terminal",
          advice: "Send it to a program, as in  --write - | tshark -r -  or leave --write out.")
      }
      file = .standardOutput
    case let path?:
      // What hosts say is nobody else's business.
      let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else {
        throw CommandFailure(.failed, "\(path) cannot be written: \(String(cString: strerror(errno)))")
      }
      file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
      // One that was there keeps its owner, not its readers.
      var status = stat()
      if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG { fchmod(descriptor, 0o600) }
    }
  }

  mutating func begin(_ source: CaptureSource) throws {
    if path != nil { try write(writer.header(for: source, product: "OpenESW \(productVersion)")) }
  }

  /// What a frame takes there, in bytes.
  func block(for frame: CapturedFrame) -> [UInt8] {
    if path != nil { return writer.block(for: frame) }
    return Array("\(FrameLine(frame, sentences: sentences, utcOffsetSeconds: offset))\n".utf8)
  }

  /// - Throws: `ReaderGone`, `CommandFailure`.
  mutating func write(_ bytes: [UInt8]) throws {
    guard !bytes.isEmpty else { return }
    do {
      try (file ?? .standardOutput).write(contentsOf: Data(bytes))
      written += Int64(bytes.count)
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
      guard cause.code != Int(EPIPE) else { throw ReaderGone() }
      throw CommandFailure(
        .failed, "\(path ?? "the terminal") cannot be written: \(cause.localizedDescription)",
        advice: "What was written before is whole and can be read.")
    }
  }

  mutating func end(_ tally: CaptureTally) throws {
    guard path != nil else { return }
    try write(writer.statistics(tally, at: Int64(Date().timeIntervalSince1970 * 1_000_000_000)))
  }
}
