import ESWClient
import ESWModel
import Foundation
import Testing

@testable import ESWCommands

@Suite struct `A server whose clock is an hour ahead` {
  private func esw(_ endpoint: String, _ key: IssuedKey, _ arguments: String...) async throws
    -> Program.Result
  {
    try await Program.run(
      "env",
      [
        "ESW_ENDPOINT=\(endpoint)", "HUAWEICLOUD_SDK_AK=\(key.id)", "HUAWEICLOUD_SDK_SK=\(key.secret)",
        "HUAWEICLOUD_SDK_PROJECT_ID=\(key.project)", try ESWProcess.executable().path,
      ] + arguments)
  }

  @Test func `is told apart from a wrong key, with both clocks and the remedy`() async throws {
    try await SimulatedServer.run(secondsAhead: 3600) { endpoint, key in
      let asked = try await esw(endpoint, key, "doctor", "l2", "--output", "json")
      #expect(asked.status == CommandStatus.faulty.rawValue, "\(asked)")
      let answer = try JSONDecoder().decode(JSON.self, from: Data(asked.output.utf8))
      #expect(answer["cause.topic"].text == "clock_wrong")
      #expect(answer["cause.what"].text.contains(" s behind the server's"))
      let page = try await esw(endpoint, key, "doctor", "l2")
      #expect(page.output.hasPrefix("cause clock_wrong: this machine's clock is "), "\(page)")

      let refused = try await esw(endpoint, key, "connection", "list")
      #expect(refused.status == CommandStatus.notAllowed.rawValue)
      #expect(refused.errors.contains("s behind the server's ("), "\(refused)")
      #expect(refused.errors.contains("set the one that is wrong right"))
    }
  }

  @Test func `is no matter while signatures are taken`() async throws {
    try await SimulatedServer.run(secondsAhead: 300) { endpoint, key in
      let refused = try await esw(endpoint, key, "doctor", "l2")
      #expect(refused.status == CommandStatus.notFound.rawValue, "\(refused)")
    }
  }
}
