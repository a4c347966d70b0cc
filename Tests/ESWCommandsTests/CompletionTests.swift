import ESWClient
import Foundation
import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(3))) struct `Completion` {
  /// What bash offers for the last word.
  private func offers(
    _ user: CommandLineUser, _ words: [String], overriding: [String: String] = [:]
  ) async throws -> [String] {
    let folder = try ESWProcess.executable().deletingLastPathComponent().path
    let script = """
      PATH=\(folder):$PATH
      . <(esw completion bash)
      function=$(complete -p esw | sed 's/.*-F \\([^ ]*\\).*/\\1/')
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
      $function esw "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let result = try await user.run(
      ["bash", "--norc", "--noprofile", "-c", script, "bash", "esw"] + words, overriding: overriding)
    #expect(result.errors.isEmpty, "\(words): \(result.errors)")
    return result.output.split(separator: "\n").map(String.init)
  }

  @Test func `bash offers commands, options, names and ids`() async throws {
    let user = try await CommandLineUser()
    try await user.makeNetwork()
    let site = try await user.check("vpc", "show", "site", "-q")
    let double = try await user.check("vpc", "create", "double", "--cidr", "10.0.0.0/16", "-q")
    let other = try await user.check("vpc", "create", "double", "--cidr", "10.1.0.0/16", "-q")
    #expect(try await offers(user, ["conn"]) == ["connection"])
    #expect(
      Set(try await offers(user, ["subnet", "list", "--v"])) == ["--vpc", "--verbose", "--version"])
    #expect(
      try await offers(user, ["subnet", "delete", ""]).filter { !$0.hasPrefix("-") } == [
        "tunnel", "stretched",
      ])
    #expect(try await offers(user, ["subnet", "list", "--vpc", "s"]) == ["site"])
    // A name that two have is of no use; an id is offered who has begun to write one.
    #expect(Set(try await offers(user, ["subnet", "list", "--vpc", ""])) == ["site", double, other])
    #expect(try await offers(user, ["subnet", "list", "--vpc", String(site.prefix(34))]).contains(site))
    // Ids of users are hex digits: one in sixteen begins with an "a" too.
    #expect(try await offers(user, ["user", "show", "adm"]) == ["admin"])
    #expect(try await offers(user, ["group", "add", "admin", "adm"]) == ["admin"])
    try await user.check("policy", "create", "look", "--allow", "esw:*:list")
    #expect(try await offers(user, ["policy", "show", "l"]) == ["look"])
    #expect(try await offers(user, ["completion", ""]).suffix(3) == ["bash", "zsh", "fish"])
  }

  @Test func `says nothing where the API cannot be asked, and does not keep anybody waiting`() async throws {
    let user = try await CommandLineUser()
    let start = ContinuousClock.now
    for settings in [
      ["ESW_ENDPOINT": "http://127.0.0.1:1"], ["HUAWEICLOUD_SDK_SK": "wrong"], ["HUAWEICLOUD_SDK_AK": ""],
      // No one answers there: TEST-NET-1 of RFC 5737.
      ["ESW_ENDPOINT": "http://192.0.2.1:8470"],
    ] {
      #expect(try await offers(user, ["subnet", "list", "--vpc", "s"], overriding: settings) == [])
    }
    #expect(ContinuousClock.now - start < .seconds(20))
    let broken = try await user.esw("---completion", "nonsense", "--", "x")
    #expect(broken.output.isEmpty && broken.errors.isEmpty && broken.status != 0)
  }

  @Test(arguments: ["bash", "zsh", "fish"]) func `scripts are ones that their shell reads`(_ shell: String)
    async throws
  {
    let user = try await CommandLineUser()
    let script = try await user.check("completion", shell)
    #expect(script.contains("esw") && script.count > 1_000)
    guard Program.exists(shell) else { return print("SKIPPED: \(shell) is not installed") }
    let file = NSTemporaryDirectory() + "esw-completion-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try script.write(toFile: file, atomically: true, encoding: .utf8)
    let read = try await Program.run(shell, ["-n", file])
    #expect(read.status == 0, "\(read.errors)")
  }
}
