import ArgumentParser

/// What a command tells the shell.
enum CommandStatus: Int32, CaseIterable {
  case done = 0
  case failed = 1
  case refused = 3
  case notAllowed = 4
  case notFound = 5
  case serverFailed = 6
  case timedOut = 7
  case endedBadly = 8
  case faulty = 9
  case planFails = 10
  case usage = 64
  /// As shells count Ctrl-C.
  case interrupted = 130

  var meaning: String {
    switch self {
    case .done: "done"
    case .failed: "failed in a way that has no status of its own"
    case .refused: "the API refused it (400, 409, 429 and any other 4xx)"
    case .notAllowed: "not authenticated (401), not authorised (403), no credentials"
    case .notFound: "there is no such thing (404), or nothing has that name"
    case .serverFailed: "the server failed (5xx), or could not be reached"
    case .timedOut: "--wait waited as long as it may; the request itself goes on"
    case .endedBadly: "what --wait waited for ended badly, as in status failed"
    case .faulty: "`esw doctor` found what keeps a node, or a connection, from working"
    case .planFails: "a plan was shown, and one of its checks fails"
    case .usage: "wrong use: an unknown option, an ambiguous name"
    case .interrupted: "interrupted while waiting; the request itself goes on"
    }
  }

  static var table: String {
    allCases.map { status in
      let number = "\(status.rawValue)"
      return String(repeating: " ", count: 5 - number.count) + number + "  " + status.meaning
    }.joined(separator: "\n")
  }
}

struct ExitStatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exit-status", abstract: "What the exit statuses of commands mean.",
    discussion: CommandStatus.table)

  func run() throws { try Terminal.result(CommandStatus.table) }
}
