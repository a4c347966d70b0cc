import ESWClient
import ESWModel
import ESWWire
import Foundation
import Testing

@testable import ESWCommands

/// A namespace that is not there stands for all that may be missing: it needs no privilege.
@Suite(.timeLimit(.minutes(2))) struct `A node whose data plane cannot be opened` {
  private static let absent = "/run/netns/eswt-absent"

  /// Waits until the server knows the node, and why it is none.
  private func problems(of client: ESWClient) async throws -> [JSON] {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
      let nodes = try await client.answer(to: .listNodes, [:])["nodes"]
      if case .array(let rows) = nodes, let row = rows.first, case .array(let problems) = row["problems"] {
        return problems
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw ESWProcess.Failure(description: "no node reports")
  }

  @Test func `lets esw serve serve, and tells why nothing is forwarded`() async throws {
    let server = try await ServeProcess(["--namespace", Self.absent, "--node", "node-1"])
    let found = try #require(try await problems(of: server.client()).first)
    #expect(found["subject"].text == "node" && found["topic"].text == "node_unfit")
    #expect(found["text"].text.contains(Self.absent))
    #expect(server.process.text.contains("this node cannot forward"), "\(server.process.text)")
    try await server.stop()
  }

  @Test func `tells the control plane, and ends with what is missing`() async throws {
    let server = try await ServeProcess(["--no-agent"])
    let folder = NSTemporaryDirectory() + "esw-agent-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let agent = try ESWProcess([
      "agent", "--endpoint", server.endpoint, "--token-file", server.folder + "/agent-token", "--node",
      "node-1",
      "--namespace", Self.absent, "--data", folder,
    ])
    #expect(try await agent.waitForExit() != 0)
    #expect(agent.text.contains(Self.absent), "\(agent.text)")
    let found = try #require(try await problems(of: server.client()).first)
    #expect(found["topic"].text == "node_unfit" && found["text"].text.contains(Self.absent))
    try await server.stop()
  }

  @Test func `is not what a wrong setting is`() async throws {
    let folder = NSTemporaryDirectory() + "esw-wrong-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let process = try ESWProcess(["serve", "--gro", "perhaps", "--data", folder, "--listen", "127.0.0.1:0"])
    #expect(try await process.waitForExit() != 0)
    #expect(process.text.contains("perhaps"), "\(process.text)")
  }
}
