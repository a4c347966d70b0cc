import BPF
import ESWClient
import ESWModel
import ESWWire
import Foundation
import KernelTesting
import Netlink
import Testing

@testable import ESWCommands

/// What no `esw demo --break` makes.
@Suite(.enabled(if: missingForKernel.isEmpty), .timeLimit(.minutes(3))) struct `The cause of a connection` {
  @Test func `is none while hosts of both sites speak`() async throws {
    try await CauseBed.run { bed in
      let deadline = ContinuousClock.now + .seconds(20)
      while ContinuousClock.now < deadline {
        let row = try await bed.diagnosis()
        #expect(row["cause"] == .null, "\(row.pretty)")
        #expect(row["status"].text == "connected")
        if row["cause"] != .null { return }
        try await Task.sleep(for: .milliseconds(250))
      }
    }
  }

  @Test func `is the agent when it has stopped`() async throws {
    try await CauseBed.run { bed in
      bed.agent.cancel()
      let cause = try await bed.firstCause()
      #expect(cause["topic"].text == "agent_silent", "\(cause.pretty)")
      #expect(try await Ping(from: bed.sites.server, to: DemoTopology.vm1Address).isComplete)
    }
  }

  @Test func `is that the node may not forward, while an operator holds it`() async throws {
    try await CauseBed.run { bed in
      _ = try await bed.client.call(
        .holdNode, ["node": "node-1"], body: Data(#"{"hold":{"reason":"new memory"}}"#.utf8))
      let cause = try await bed.firstCause()
      #expect(cause["topic"].text == "forwarding_not_allowed", "\(cause.pretty)")
      #expect(cause.pretty.contains("new memory"), "\(cause.pretty)")
      // The word is there before the node has heard of it.
      let deadline = ContinuousClock.now + .seconds(20)
      while try await Ping(from: bed.sites.server, to: DemoTopology.vm1Address).received > 0 {
        try #require(ContinuousClock.now < deadline, "frames cross a node that is held")
      }
    }
  }

  @Test func `is the flavor when more comes than it carries`() async throws {
    try await CauseBed.run(limit: TrafficLimit(bitsPerSecond: 1_000_000, packetsPerSecond: 100)) { bed in
      let flood = Task {
        _ = try await Program.run(
          "ip",
          [
            "netns", "exec", bed.sites.vm1, "ping", "-n", "-q", "-i", "0.002", "-s", "1400",
            DemoTopology.serverAddress,
          ])
      }
      defer { flood.cancel() }
      let cause = try await bed.firstCause()
      #expect(cause["topic"].text == "flavor_rate", "\(cause.pretty)")
    }
  }

  @Test(arguments: [
    (BPFLink.Hook.tcxIngress, "segment0"), (.tcxEgress, "underlay0"),
  ])
  func `is somebody's program that drops at`(_ hook: BPFLink.Hook, _ interface: String) async throws {
    try await CauseBed.run { bed in
      let link = try await NamespaceActor(in: NetworkNamespace(named: bed.sites.node)).run { socket in
        let index = try #require(try socket.link(named: interface)?.index)
        // r0 = TC_ACT_SHOT; exit
        let program = try BPFProgram.load(
          named: "shoot_all", type: 3, instructions: [0x0000_0002_0000_00b7, 0x95])
        return try BPFLink.attach(program, toInterface: index, at: hook, .first)
      }
      let cause = try await bed.firstCause()
      withExtendedLifetime(link) {}
      #expect(cause["topic"].text == "foreign_program", "\(cause.pretty)")
      #expect(cause["subject"].text == interface)
      #expect(cause["what"].text.contains("shoot_all"))
    }
  }

  @Test func `is what the node lacks when its agent may not do what it must`() async throws {
    let user = try await CommandLineUser()
    try await user.report()
    try await user.makeNetwork()
    try await user.check("attachment", "create", "tunnel", "--node", "node-1", "--tunnel", "underlay0")
    try await user.check("attachment", "create", "stretched", "--node", "node-1", "--interface", "segment0")
    try await user.check("instance", "create", "edge", "--vpc", "site", "--tunnel-subnet", "tunnel")
    try await user.report()
    try await user.check(
      "connection", "create", "l2", "--instance", "edge", "--subnet", "stretched", "--remote", "7@192.0.2.9")
    let agent = try await Program.run(
      "setpriv",
      [
        "--bounding-set=-all", try ESWProcess.executable().path, "agent", "--endpoint", user.server.endpoint,
        "--token-file", user.server.folder + "/agent-token", "--data", user.server.folder, "--node", "node-1",
      ])
    #expect(agent.status != 0)
    let doctor = try await user.esw("doctor", "l2")
    #expect(doctor.status == CommandStatus.faulty.rawValue, "\(doctor)")
    #expect(doctor.output.contains("cause node_unfit node-1: "), "\(doctor) \(agent)")
  }
}
