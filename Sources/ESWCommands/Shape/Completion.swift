import ArgumentParser
import ESWClient
import Foundation

/// What the shell offers for an id: names and ids as the API lists them now. Never an error, and never a wait
/// that a person would notice as one.
enum Completion {
  private static let patience = Duration.seconds(2)
  /// More than a person looks through.
  private static let most = 200

  /// Whether a shell runs this process to complete a word, as the scripts of ArgumentParser do.
  static var isAsked: Bool { CommandLine.arguments.dropFirst().first == "---completion" }

  static func candidates(_ kind: ResourceKind, words: [String], prefix: String) async -> [String] {
    guard var options = try? ClientOptions.parse([]) else { return [] }
    options.endpoint = value(of: "--endpoint", in: words)
    options.project = value(of: "--project", in: words)
    guard var client = try? options.client(), kind.list.parameters.isEmpty else { return [] }
    client.patience = patience
    let rows = try? await ListRequest(kind.list).rows(client, of: kind, limit: most)
    return candidates(rows ?? [], kind, prefix: prefix)
  }

  /// Names where they are unique; ids where somebody has begun to write one, or there is no name.
  static func candidates(_ rows: [JSON], _ kind: ResourceKind, prefix: String) -> [String] {
    let names = rows.map { $0[kind.nameMember].text }
    let count = names.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    let offered = zip(rows, names).flatMap { row, name in
      let id = row[kind.idMember].text
      let hasName = !name.isEmpty && count[name] == 1
      return hasName ? (prefix.isEmpty || name == id ? [name] : [name, id]) : [id]
    }
    return offered.filter { $0.hasPrefix(prefix) && !$0.isEmpty }
  }

  /// Of an option on the line that is being written.
  private static func value(of option: String, in words: [String]) -> String? {
    for (place, word) in words.enumerated() {
      if word == option, words.indices.contains(place + 1) { return words[place + 1] }
      if word.hasPrefix(option + "=") { return String(word.dropFirst(option.count + 1)) }
    }
    return nil
  }
}

struct CompletionCommand: ParsableCommand {
  enum Shell: String, ExpressibleByArgument, CaseIterable {
    case bash, zsh, fish
  }

  static let configuration = CommandConfiguration(
    commandName: "completion",
    abstract: "Print a script that lets the shell complete commands, options, names and ids.",
    discussion: """
      bash, for this session or, with the package bash-completion, for all of yours:
        . <(esw completion bash)
        esw completion bash > ~/.local/share/bash-completion/completions/esw

      zsh, with a folder that is in fpath before compinit runs:
        esw completion zsh > ~/.zfunc/_esw

      fish:
        esw completion fish > ~/.config/fish/completions/esw.fish

      Names and ids come from the API, by the same settings as the commands': ESW_ENDPOINT and \
      HUAWEICLOUD_SDK_*.
      """)

  @Argument(help: "bash, zsh or fish.") var shell: Shell

  func run() throws {
    let kind: CompletionShell =
      switch shell {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    try Terminal.result(ESWCommand.completionScript(for: kind))
  }
}
