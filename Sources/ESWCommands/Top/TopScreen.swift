import Foundation

/// The terminal, as a page that is written over; nothing of it where standard output is none.
struct TopScreen {
  /// Of a terminal that does not tell its size.
  private static let usualSize = (rows: 24, columns: 80)

  let isTerminal = isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

  /// The other page of the terminal, without a cursor: what was on the screen is there again afterwards.
  func open() { write("\u{1B}[?1049h\u{1B}[?25l") }

  func close() { write("\u{1B}[?25h\u{1B}[?1049l") }

  var size: (rows: Int, columns: Int) {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else {
      return Self.usualSize
    }
    return (Int(size.ws_row), Int(size.ws_col))
  }

  func show(_ table: TrafficTable, sortedBy order: String, width: Int) {
    let lines =
      ["esw top, by \(order); Ctrl-C leaves", table.headline, ""]
      + table.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    // Each line is cut at the edge and cleared behind its end, and the rest of the page below.
    let page = lines.map { Self.cut($0, width) + "\u{1B}[K" }.joined(separator: "\r\n")
    write("\u{1B}[H" + page + "\u{1B}[J")
  }

  func tell(_ text: String) {
    if isTerminal { write("\u{1B}[H\(text)\u{1B}[K") } else { Terminal.note(text) }
  }

  static func cut(_ line: String, _ width: Int) -> String {
    var (result, used) = ("", 0)
    for character in line {
      let more = String(character).terminalWidth
      guard used + more <= width else { break }
      result.append(character)
      used += more
    }
    return result
  }

  private func write(_ text: String) {
    guard isTerminal else { return }
    try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
  }
}
