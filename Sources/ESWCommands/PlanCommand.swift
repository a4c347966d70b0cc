import ArgumentParser

/// The same as `--dry-run` behind the command.
struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what a command would change, and change nothing.",
    discussion: """
      In front of any command that changes something; the same as --dry-run behind it. Shows the steps of the node's \
      kernel with the commands that would do the same by hand, what is there already, whose frames are held up and for \
      how long, and what was checked. What is then executed is what was shown, unless something else changes first.

      Examples:
        esw plan connection create l2 --instance edge-01 --subnet stretched --remote 7127@192.168.111.111
        esw plan connection delete l2 --output json

      The exit status is 10 when a check fails, and that of the refusal when the change would be refused.
      """)

  @Argument(
    parsing: .captureForPassthrough,
    help: ArgumentHelp("A command that changes something, with its arguments.", valueName: "command"))
  var words: [String] = []

  func run() async throws {
    guard let first = words.first, first != "-h", first != "--help" else {
      throw CleanExit.helpRequest(Self.self)
    }
    var command = try Self.parse(words)
    if var command = command as? any AsyncParsableCommand {
      try await command.run()
    } else {
      try command.run()
    }
  }

  /// The flag goes before `--`, behind which everything is an argument.
  private static func parse(_ words: [String]) throws -> any ParsableCommand {
    let end = words.firstIndex(of: "--") ?? words.endIndex
    do {
      return try ESWCommand.parseAsRoot(words[..<end] + [flag] + words[end...])
    } catch {
      // Only commands that change something know the flag.
      guard ESWCommand.message(for: error).contains("Unknown option '\(flag)'") else { throw error }
      throw CommandFailure(
        .usage,
        "`esw \(words[..<end].prefix { !$0.hasPrefix("-") }.prefix(2).joined(separator: " "))` changes nothing",
        advice: "`esw plan` goes in front of a command that changes something, such as `connection create`.")
    }
  }

  private static let flag = "--dry-run"
}
