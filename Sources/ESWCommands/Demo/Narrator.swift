import Foundation

/// Writes the demo's story to the terminal, line by line, with colour where there is a terminal.
struct Narrator: Sendable {
  private let isColoured = isatty(1) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
  /// Stands in front of every headline, so that nobody takes a simulation for the real thing.
  let mark: String

  private let isSilent: Bool

  init(isSimulated: Bool, isSilent: Bool = false) {
    mark = isSimulated ? "[SIMULATED] " : ""
    self.isSilent = isSilent
  }

  func headline(_ text: String) { say("\n" + style("1", mark + text)) }
  func line(_ text: String) { say("  " + text) }
  func dim(_ text: String) { say("  " + style("2", text)) }
  func good(_ text: String) { say("  " + style("32", text)) }
  func bad(_ text: String) { say("  " + style("31", text)) }

  func call(_ method: String, _ path: String, _ body: String?, answer: String) {
    say("  " + style("36", "\(method) \(short(path))") + (body.map { " " + style("2", $0) } ?? ""))
    say("    -> \(answer)")
  }

  /// The project stands in every path, and is named once.
  private func short(_ path: String) -> String {
    path.replacing(/[0-9a-f]{32}/, with: "{project}")
  }

  func block(_ text: String) {
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) { say("    \(line)") }
  }

  private func style(_ code: String, _ text: String) -> String {
    isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }

  private func say(_ text: String) {
    if !isSilent { Terminal.say(text) }
  }
}
