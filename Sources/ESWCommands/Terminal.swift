import Foundation

/// Standard output without a buffer: what was said is seen at once, also in a pipe and before a crash.
enum Terminal {
  static func say(_ text: String) {
    // Nobody listens any more: nothing is left to be told.
    try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
  }

  /// What a command was run for. Who reads only its beginning (`| head`) has what they want; a disk that is
  /// full has not.
  ///
  /// - Throws: `CommandFailure`.
  static func result(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
      guard cause.code != Int(EPIPE) else { return }
      throw CommandFailure(.failed, "the answer could not be written: \(cause.localizedDescription)")
    }
  }

  /// Messages and progress, which are not for the next program of a pipe.
  static func note(_ text: String) {
    if !text.isEmpty { error(text + "\n") }
  }

  /// Of standard error, without a new line at the end.
  static func error(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

  /// Whether progress can be one line that is written over.
  static var isErrorTerminal: Bool {
    isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// A reader that went away is an error of the write and not the end of the process.
  static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
