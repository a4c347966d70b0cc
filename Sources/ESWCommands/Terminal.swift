import Foundation

/// Standard output without a buffer: what was said is seen at once, also in a pipe and before a crash.
enum Terminal {
  static func say(_ text: String) {
    // Nobody listens any more: nothing is left to be told.
    try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
  }
}
