import ESWModel
import Foundation
import Testing

@testable import ESWCommands

/// Every break of the demo, several at a time under names of their own: they mostly wait.
private enum BrokenDemos {
  struct Outcome: Sendable {
    let status: Int32
    let text: String
    let left: [String]
  }

  static let together = 5
  static let running = Task { try await run() }

  private static func run() async throws -> [DemoBreak: Outcome] {
    try await withThrowingTaskGroup(of: (DemoBreak, Outcome).self) { group in
      var outcomes: [DemoBreak: Outcome] = [:]
      for (place, trouble) in DemoBreak.allCases.enumerated() {
        if place >= together, let (done, outcome) = try await group.next() { outcomes[done] = outcome }
        group.addTask { (trouble, try await outcome(of: trouble)) }
      }
      for try await (done, outcome) in group { outcomes[done] = outcome }
      return outcomes
    }
  }

  private static func outcome(of trouble: DemoBreak) async throws -> Outcome {
    let prefix = "eswt\(getpid())-\(trouble.rawValue)-"
    let demo = try ESWProcess(["demo", "--once", "--break", trouble.rawValue, "--prefix", prefix])
    let status = try await demo.waitForExit(within: .seconds(150))
    unlink(DemoLock.path(prefix: prefix))
    var left = try await DemoTopology(prefix: prefix).existing()
    if FileManager.default.fileExists(atPath: NodePins.demo(prefix: prefix)) { left.append("pins") }
    return Outcome(status: status, text: demo.text, left: left)
  }
}

@Suite(.enabled(if: missingForKernel.isEmpty), .timeLimit(.minutes(5))) struct `esw demo --break` {
  @Test(arguments: DemoBreak.allCases)
  func `has its cause named by the doctor, and no other before it`(_ trouble: DemoBreak) async throws {
    let outcome = try #require(try await BrokenDemos.running.value[trouble])
    #expect(outcome.status == 0, "\(outcome.text)")
    #expect(outcome.text.contains("cause \(trouble.topic.rawValue)"), "\(outcome.text)")
    #expect(outcome.left == [], "\(outcome.text)")
  }

  @Test func `is listed in the help, each cause once`() async throws {
    let help = try await Program.run(ESWProcess.executable().path, ["demo", "--help"])
    for trouble in DemoBreak.allCases {
      #expect(help.output.contains("\(trouble.rawValue) "), "\(trouble)")
    }
    #expect(Set(DemoBreak.allCases.map(\.topic)).count == DemoBreak.allCases.count)
  }

  @Test func `needs what can break`() async throws {
    let result = try await Program.run(
      ESWProcess.executable().path, ["demo", "--simulate", "--break", "mtu"])
    #expect(result.status == CommandStatus.usage.rawValue)
    #expect(result.errors.contains("nothing of it can go wrong in a simulation"))
  }
}
