import ESWClient
import ESWModel
import ESWWire
import Foundation
import NIOHTTP1
import Testing

@testable import ESWCommands

/// `esw serve` as its own process on the demo's topology under names of the test's own.
@Suite(.serialized, .enabled(if: missingForKernel.isEmpty), .timeLimit(.minutes(5)))
struct `A gateway in the kernel` {
  /// A stretch asked for through the API, for the length of `body`; everything is removed afterwards.
  private func withStretch(
    _ body: (ServeProcess, DemoTopology, DemoStory, DemoStory.Made) async throws -> Void
  ) async throws {
    let sites = DemoTopology(prefix: "eswt\(getpid())-")
    let failure: (any Error)?
    do {
      try await sites.create()
      let server = try await ServeProcess(["--node", "node-1", "--namespace", "/run/netns/\(sites.node)"])
      let story = DemoStory(
        client: try server.client(), node: NodeName("node-1")!, narrator: Narrator(isSimulated: false),
        isSimulated: false, sites: sites, passes: PassJournal())
      var made = DemoStory.Made()
      try await story.awaitNode()
      try await story.prepare(&made)
      try await story.watch(try #require(made.connection))
      try await body(server, sites, story, made)
      failure = nil
    } catch {
      failure = error
    }
    try? FileManager.default.removeItem(atPath: NodePins.folder(ofNamespace: "/run/netns/\(sites.node)"))
    try await sites.remove()
    if let failure { throw failure }
  }

  /// Programs, links and devices of ours, by the kernel's own ids.
  private func kernelIDs(_ sites: DemoTopology) async throws -> String {
    let links = try await Program.run("ip", ["-n", sites.node, "-brief", "link"]).output
    let pins = NodePins.folder(ofNamespace: "/run/netns/\(sites.node)")
    let stamps = try await Program.run("sh", ["-c", "find \(pins) -printf '%P %i\\n' | sort"]).output
    return links + stamps
  }

  @Test func `killed with -9 and started again while 1,000 frames a second cross loses none`() async throws {
    try await withStretch { server, sites, _, _ in
      let before = try await kernelIDs(sites)
      async let pings = Program.run(
        "ip",
        [
          "netns", "exec", sites.server, "ping", "-n", "-q", "-i", "0.001", "-c", "6000", "-W", "2",
          DemoTopology.vm1Address,
        ])
      try await Task.sleep(for: .seconds(1))
      try await server.killAndRestart()
      try await Task.sleep(for: .seconds(1))
      try await server.killAndRestart()
      let summary = try await pings.output
      #expect(summary.contains("6000 packets transmitted, 6000 received"), "\(summary)")
      #expect(try await kernelIDs(sites) == before)
    }
  }

  @Test func `removing the connection and the switch leaves the machine as it was`() async throws {
    let sites = DemoTopology(prefix: "eswt\(getpid())-")
    var before = ""
    try await sites.create()
    before = try await snapshot(sites)
    try await sites.remove()
    try await withStretch { _, sites, story, made in
      try await story.remove(made)
      var after = ""
      for _ in 0..<50 {
        after = try await snapshot(sites)
        if after == before { break }
        try await Task.sleep(for: .milliseconds(100))
      }
      #expect(after == before)
      let pins =
        (try? FileManager.default.contentsOfDirectory(atPath: NodePins.folder(ofNamespace: "/run/netns/\(sites.node)"))) ?? []
      #expect(pins.isEmpty)
    }
  }

  /// What a person sees of the node's namespace: interfaces with flags, addresses, filters.
  private func snapshot(_ sites: DemoTopology) async throws -> String {
    var text = ""
    for arguments in [["-brief", "link"], ["-brief", "-4", "address"], ["route"]] {
      text += try await Program.run("ip", ["-n", sites.node] + arguments).output
    }
    // MAC addresses and indices differ from one making to the next.
    return text.split(separator: "\n").map { line in
      line.split(separator: " ").filter { !$0.contains(":") }.joined(separator: " ")
        .replacingOccurrences(of: "@if[0-9]+", with: "", options: .regularExpression)
    }.joined(separator: "\n")
  }
}
