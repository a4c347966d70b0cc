import ESWClient
import Foundation
import Testing

@testable import ESWCommands

/// The agent is the test's: it reports when the test says so.
@Suite(.timeLimit(.minutes(3))) struct `Waiting for what goes on` {
  private let instance = [
    "instance", "create", "edge-01", "--vpc", "site", "--tunnel-subnet", "tunnel", "--wait",
  ]

  private func userWithNode() async throws -> CommandLineUser {
    let user = try await CommandLineUser()
    try await user.makeNetwork()
    try await user.report()
    try await user.check("attachment", "create", "tunnel", "--node", "node-1", "--tunnel", "underlay0")
    try await user.check("attachment", "create", "stretched", "--node", "node-1", "--interface", "segment0")
    return user
  }

  @Test func `a switch is waited for until its node has it, with a line for each change`() async throws {
    let user = try await userWithNode()
    let creation = try user.start(
      "instance", "create", "edge-01", "--vpc", "site", "--tunnel-subnet", "tunnel", "--wait")
    try await creation.wait(for: "instance edge-01: build")
    try await user.report()
    #expect(try await creation.end() == 0, "\(creation.text)")
    #expect(creation.text.contains("status                      active"), "\(creation.text)")
    // No terminal: a change, a line.
    #expect(creation.text.components(separatedBy: "instance edge-01: build").count == 2, "\(creation.text)")
    #expect(!creation.text.contains("\u{1B}"))

    let stretch = try user.start(
      "connection", "create", "l2", "--instance", "edge-01", "--subnet", "stretched", "--remote",
      "7127@192.168.111.111", "--wait")
    try await stretch.wait(for: "connection l2: pending")
    try await user.report()
    #expect(try await stretch.end() == 0, "\(stretch.text)")
    #expect(stretch.text.contains("disconnect"), "\(stretch.text)")

    try await user.check("connection", "delete", "l2", "--wait")
    #expect(try await user.json("connection") == .array([]))
    let deletion = try user.start("instance", "delete", "edge-01", "--wait")
    try await deletion.wait(for: "being deleted, job RUNNING")
    try await user.report()
    #expect(try await deletion.end() == 0, "\(deletion.text)")
    #expect(try await user.json("instance") == .array([]))
  }

  @Test func `the end of the patience, a bad end and Ctrl-C are told apart`() async throws {
    let user = try await userWithNode()
    let late = try user.start(
      "instance", "create", "late", "--vpc", "site", "--tunnel-subnet", "tunnel", "--wait", "--timeout", "1")
    #expect(try await late.end() == CommandStatus.timedOut.rawValue, "\(late.text)")
    #expect(late.text.contains("instance late is still build 0% after 1 s"), "\(late.text)")
    #expect(late.text.contains("`esw instance show "), "\(late.text)")

    let left = try user.start(
      "instance", "create", "left", "--vpc", "site", "--tunnel-subnet", "tunnel", "--wait")
    try await left.wait(for: "instance left: build")
    left.signal(SIGINT)
    #expect(try await left.end() == CommandStatus.interrupted.rawValue, "\(left.text)")
    #expect(left.text.contains("the request itself goes on"), "\(left.text)")
    #expect(try await user.check("instance", "list", "--name", "left", "-q").count == 36)

    try await user.report(problem: "the configuration cannot be read")
    let failed = try user.start(
      "instance", "create", "bad", "--vpc", "site", "--tunnel-subnet", "tunnel", "--wait")
    #expect(try await failed.end() == CommandStatus.endedBadly.rawValue, "\(failed.text)")
    #expect(failed.text.contains("instance bad ended badly: failed"), "\(failed.text)")
  }

  @Test func `a terminal gets one line that is written over, and nothing of it stays`() async throws {
    let user = try await userWithNode()
    // script(1) gives a terminal.
    guard Program.exists("script") else { return }
    let command = "\(try ESWProcess.executable().path) \(instance.joined(separator: " ")) --timeout 1 -q"
    let result = try await user.run(["TERM=xterm", "script", "-qec", command, "/dev/null"])
    #expect(result.status == CommandStatus.timedOut.rawValue, "\(result)")
    let erase = "\r\u{1B}[K"
    let parts = result.output.components(separatedBy: erase)
    #expect(parts.count >= 4, "\(result.output)")
    #expect(parts[1].hasPrefix("instance edge-01: build"), "\(result.output)")
    #expect(parts.last?.hasPrefix("Error: ") == true, "\(result.output)")
  }

  @Test func `a server that is restarted meanwhile ends no wait`() async throws {
    let user = try await userWithNode()
    let creation = try user.start(
      "instance", "create", "edge-01", "--vpc", "site", "--tunnel-subnet", "tunnel", "--wait", "--timeout",
      "3")
    try await creation.wait(for: "instance edge-01: build")
    user.server.process.signal(SIGKILL)
    #expect(try await creation.end() == CommandStatus.timedOut.rawValue, "\(creation.text)")
    #expect(creation.text.contains("no answer"), "\(creation.text)")
  }
}
