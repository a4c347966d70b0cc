import ESWClient
import ESWModel
import ESWWire
import Foundation
import KernelTesting
import NIOHTTP1
import Netlink
import Testing

@testable import ESWCommands

/// `esw serve` as its own process on the demo's topology under names of the test's own.
@Suite(.serialized, .enabled(if: missingForKernel.isEmpty), .timeLimit(.minutes(5)))
struct `A gateway in the kernel` {
  /// A stretch asked for through the API, for the length of `body`; everything is removed afterwards.
  ///
  /// - Parameter isApart: Whether the agent is a process of its own (`esw agent`), and the control plane one
  ///   without an agent.
  private func withStretch(
    isApart: Bool = false,
    _ body: (ServeProcess, DemoTopology, DemoStory, DemoStory.Made) async throws -> Void
  ) async throws {
    let sites = DemoTopology(prefix: "eswt\(getpid())-")
    let failure: (any Error)?
    do {
      try await sites.create()
      let node = ["--node", "node-1", "--namespace", "/run/netns/\(sites.node)"]
      let server = try await ServeProcess(isApart ? ["--no-agent"] : node)
      let agent = isApart ? try ESWProcess(agentArguments(of: server) + node) : nil
      defer { agent?.signal(SIGKILL) }
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
    try? FileManager.default.removeItem(atPath: pins(of: sites))
    try await sites.remove()
    if let failure { throw failure }
  }

  private func agentArguments(of server: ServeProcess) -> [String] {
    [
      "agent", "--endpoint", server.endpoint, "--token-file", server.folder + "/agent-token", "--data",
      server.folder,
    ]
  }

  @Test func `an agent of its own forwards, and goes on when the control plane is killed`() async throws {
    try await withStretch(isApart: true) { server, sites, _, _ in
      #expect(try await Ping(from: sites.server, to: DemoTopology.vm1Address).isComplete)
      server.process.signal(SIGKILL)
      _ = try await server.process.waitForExit()
      // What somebody takes away meanwhile, the agent puts back by what it knows.
      try await Program.check(
        "ip", ["-n", sites.node, "address", "delete", "\(DemoTopology.tunnelAddress)/24", "dev", "underlay0"])
      try await Program.check("ip", ["-n", sites.node, "link", "delete", "esw-vx4789"])
      try await Task.sleep(for: .seconds(2))
      let links = try await Program.run("ip", ["-n", sites.node, "-brief", "link"]).output
      #expect(links.contains("esw-vx4789"))
      #expect(try await Ping(from: sites.server, to: DemoTopology.vm1Address).isComplete)
    }
  }

  private func pins(of sites: DemoTopology) -> String {
    NodePins.folder(ofNamespace: "/run/netns/\(sites.node)")
  }

  /// Programs, links and devices of ours, by the kernel's own ids.
  private func kernelIDs(_ sites: DemoTopology) async throws -> String {
    let links = try await Program.run("ip", ["-n", sites.node, "-brief", "link"]).output
    let stamps = try await Program.run("sh", ["-c", "find \(pins(of: sites)) -printf '%P %i\\n' | sort"])
      .output
    return links + stamps
  }

  @Test func `killed with -9 and started again while 1,000 frames a second cross loses none`() async throws {
    try await withStretch { server, sites, _, _ in
      let before = try await kernelIDs(sites)
      // Until it is told to stop, so that it outlasts both restarts on a slow machine too.
      let log = NSTemporaryDirectory() + "esw-ping-\(UUID().uuidString)"
      defer { try? FileManager.default.removeItem(atPath: log) }
      let pings = try Flood(from: sites.server, to: DemoTopology.vm1Address, log: log)
      try await Task.sleep(for: .seconds(1))
      try await server.killAndRestart()
      #expect(pings.isRunning)
      try await Task.sleep(for: .seconds(1))
      try await server.killAndRestart()
      try await Task.sleep(for: .seconds(1))
      #expect(pings.isRunning, "it has to outlast the second restart")
      let (transmitted, received, text) = try await pings.stop()
      #expect(transmitted >= 1000, "\(text)")
      #expect(received == transmitted, "\(text)")
      #expect(try await kernelIDs(sites) == before)
    }
  }

  @Test func `killed with -9 in 20 rounds while 10,000 frames a second cross each way loses none`()
    async throws
  {
    try await withStretch { server, sites, _, _ in
      let ends = [(sites.server, UInt8(1)), (sites.vm1, 2)].map { namespace, number in
        // Two hosts that exist in frames only, and a type for experiments.
        let frame =
          [2, 0, 0, 0, 0, 3 - number, 2, 0, 0, 0, 0, number, 0x88, 0xb5] + [UInt8](repeating: 0, count: 50)
        return FrameTraffic.End(NetworkNamespace(named: namespace), "eth0", frame: frame)
      }
      let traffic = try await FrameTraffic(ends[0], ends[1], perSecond: 10_000)
      for _ in 0..<20 { try await server.killAndRestart() }
      let result = try await traffic.stop()
      #expect(result.missed == 0 && result.sent[0] > 10_000)
      let lost = result.lost.map(\.count)
      #expect(lost.reduce(0, +) <= result.droppedFromBacklog, "\(lost) of \(result.sent[0])")
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
      let left = (try? FileManager.default.contentsOfDirectory(atPath: pins(of: sites))) ?? []
      #expect(left.isEmpty)
    }
  }

  /// What a person sees of the node's namespace: interfaces with flags, addresses, routes, and the
  /// programs on its interfaces where bpftool can tell.
  private func snapshot(_ sites: DemoTopology) async throws -> String {
    var text = ""
    for arguments in [["-brief", "link"], ["-brief", "-4", "address"], ["route"], ["-6", "route"]] {
      text += try await Program.run("ip", ["-n", sites.node] + arguments).output
    }
    // MAC addresses and indices differ from one making to the next.
    text = text.split(separator: "\n").map { line in
      line.split(separator: " ").filter { !$0.contains(":") }.joined(separator: " ")
        .replacingOccurrences(of: "@if[0-9]+", with: "", options: .regularExpression)
    }.joined(separator: "\n")
    return text + "\n" + (try await sixes(sites)) + "\n" + (try await programs(sites))
  }

  /// The IPv6 addresses of each interface; of link-local ones, which are made of the MAC address, how many.
  private func sixes(_ sites: DemoTopology) async throws -> String {
    let listed = try await Program.run("ip", ["-n", sites.node, "-brief", "-6", "address"]).output
    return listed.split(separator: "\n").map { line in
      line.split(separator: " ").map { $0.hasPrefix("fe80:") ? "fe80" : String($0) }.joined(separator: " ")
        .replacingOccurrences(of: "@if[0-9]+", with: "", options: .regularExpression)
    }.joined(separator: "\n")
  }

  private func programs(_ sites: DemoTopology) async throws -> String {
    guard Program.exists("bpftool") else { return "" }
    let listed = try await Program.run("ip", ["netns", "exec", sites.node, "bpftool", "net", "show"])
    // Where bpftool is of another kernel it may fail; then it tells the same of both.
    return listed.output.split(separator: "\n").filter { $0.contains(" id ") || $0.contains("prog_id") }
      .map { $0.replacingOccurrences(of: "[0-9]+", with: "N", options: .regularExpression) }
      .sorted().joined(separator: "\n")
  }
}

/// Echo requests at 1,000 a second until they are stopped.
private final class Flood {
  private let process = Process()
  private let log: String

  init(from namespace: String, to address: String, log: String) throws {
    self.log = log
    try Data().write(to: URL(fileURLWithPath: log))
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "ip", "netns", "exec", namespace, "ping", "-n", "-q", "-i", "0.001", "-W", "2", address,
    ]
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    process.standardError = process.standardOutput
    process.standardInput = FileHandle.nullDevice
    try Program.start(process)
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  var isRunning: Bool { process.isRunning }

  /// As Ctrl-C does: it ends with its summary.
  func stop() async throws -> (transmitted: Int, received: Int, text: String) {
    kill(process.processIdentifier, SIGINT)
    while process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
    let text = try String(contentsOfFile: log, encoding: .utf8)
    let summary = text.split(separator: "\n").first { $0.contains("packets transmitted") } ?? ""
    let numbers = summary.split(separator: ",").prefix(2).compactMap { part in
      part.split(separator: " ").first.flatMap { Int($0) }
    }
    guard numbers.count == 2 else { throw ESWProcess.Failure(description: "no summary in:\n\(text)") }
    return (numbers[0], numbers[1], text)
  }
}
