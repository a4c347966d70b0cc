import BPF
import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

private let underlay = InterfaceName("underlay0")!
private let segment = InterfaceName("segment0")!

/// Whether a program that a test needs is on this machine.
private func has(_ program: String) -> Bool {
  (try? run("sh", "-c", "command -v \(program)")) != nil
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A look for what others have on the way of our frames` {
  /// A node with a connection; nothing of others is there.
  private func withNode(_ body: (Stretch, LinuxDataplane) async throws -> Void) async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try await seen(dataplane) == [])
      try await body(stretch, dataplane)
    }
  }

  private func seen(_ dataplane: LinuxDataplane) async throws -> [LookAnswers.Interference] {
    _ = try await dataplane.observe()
    let look = await dataplane.look(
      at: LookQuestions(attached: [segment], passages: [underlay, segment], readsFirewall: true))
    #expect(look.failures == [])
    return (look.passages[underlay] ?? []) + (look.passages[segment] ?? []) + (look.firewall ?? [])
  }

  /// Somebody's program that does nothing, on an interface of the node while `body` runs.
  private func with(
    _ hook: BPFLink.Hook, _ placement: BPFLink.Placement, _ stretch: Stretch, _ body: () async throws -> Void
  ) async throws {
    let pin = stretch.pins.path + "-foreign"
    try await NamespaceActor(in: stretch.node).run { socket in
      let index = try #require(try socket.link(named: "underlay0")?.index)
      // r0 = XDP_PASS or TC_ACT_UNSPEC; exit
      let isXDP = hook == .xdp
      let program = try BPFProgram.load(
        named: "foreign", type: isXDP ? 6 : 3,
        instructions: [isXDP ? 0x0000_0002_0000_00b7 : 0xffff_ffff_0000_00b7, 0x95])
      try BPFLink.attach(program, toInterface: index, at: hook, placement).pin(at: pin)
    }
    do {
      try await body()
    } catch {
      _ = try? run("rm", pin)
      throw error
    }
    try run("rm", pin)
  }

  @Test(arguments: [
    (BPFLink.Hook.xdp, BPFLink.Placement.generic, InterferenceFact.Kind.xdp),
    (.tcxIngress, .first, .ingressProgram), (.tcxEgress, .first, .egressProgram),
  ])
  func `names a program and where it is, as long as it is there`(
    hook: BPFLink.Hook, placement: BPFLink.Placement, kind: InterferenceFact.Kind
  ) async throws {
    try await withNode { stretch, dataplane in
      try await with(hook, placement, stretch) {
        let found = try await seen(dataplane)
        #expect(found == [.init(kind, at: underlay, named: "foreign")])
      }
      _ = try await eventually { try await seen(dataplane).isEmpty ? true : nil }
    }
  }

  @Test func `a program behind ours is nobody's business`() async throws {
    try await withNode { stretch, dataplane in
      try await with(.tcxIngress, .last, stretch) {
        let found = try await seen(dataplane)
        #expect(found == [])
      }
    }
  }

  @Test func `our own XDP programs are ours`() async throws {
    try await Stretch.$xdp.withValue(.on) {
      try await withStretch { stretch in
        let dataplane = try stretch.dataplane()
        try await Stretch.converge(dataplane, to: Stretch.configuration())
        let programs = try await dataplane.observe().state.programs
        let found = try await seen(dataplane)
        #expect(programs.contains { $0.program.isXDP } && found == [])
      }
    }
  }

  @Test func `names filters of traffic control at the way out, and not those at the way in`() async throws {
    try await withNode { stretch, dataplane in
      try stretch.execute(stretch.node, "tc qdisc add dev segment0 clsact")
      try stretch.execute(
        stretch.node, "tc filter add dev segment0 ingress pref 8 protocol ip u32 match u32 0 0 flowid 1:1")
      #expect(try await seen(dataplane) == [])
      try stretch.execute(
        stretch.node, "tc filter add dev segment0 egress pref 9 protocol ip u32 match u32 0 0 flowid 1:1")
      #expect(try await seen(dataplane) == [.init(.egressProgram, at: segment, named: "u32 pref 9")])
    }
  }

  @Test(.enabled(if: has("nft"), "needs nft"))
  func `names chains of the firewall at the way out, with what they dropped`() async throws {
    try await withNode { stretch, dataplane in
      try stretch.execute(stretch.node, "nft add table netdev t")
      try nft(stretch, "add chain netdev t out { type filter hook egress device underlay0 priority 0; }")
      #expect(try await seen(dataplane) == [.init(.egressProgram, at: underlay, named: "netdev t out")])
      try stretch.execute(stretch.node, "nft delete table netdev t")
      #expect(try await seen(dataplane) == [])
    }
  }
}

/// Commands of nft have braces and semicolons, and are one word for it.
private func nft(_ stretch: Stretch, _ command: String) throws {
  try run("ip", "netns", "exec", stretch.node.name, "nft", command)
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A look for firewalls of bridges` {
  private static let bridge = InterfaceName("cloud0")!

  private func withBridge(
    _ settings: [FirewallSetting], _ body: (Stretch, LinuxDataplane) async throws -> Void
  ) async throws {
    try await withStretch { stretch in
      try stretch.ip(stretch.node, "link add cloud0 type bridge")
      try stretch.ip(stretch.node, "link set cloud0 up")
      for setting in FirewallSetting.allCases {
        try stretch.execute(
          stretch.node, "sysctl -qw \(setting.systemName)=\(settings.contains(setting) ? 1 : 0)")
      }
      try await body(stretch, try stretch.dataplane())
    }
  }

  private func seen(
    _ dataplane: LinuxDataplane, of attached: InterfaceName = bridge
  ) async throws -> [LookAnswers.Interference] {
    _ = try await dataplane.observe()
    let look = await dataplane.look(at: LookQuestions(attached: [attached], readsFirewall: true))
    #expect(look.failures == [])
    return try #require(look.firewall)
  }

  enum Chain: String, CaseIterable, Sendable {
    case ip, ip6, inet, bridge

    /// Settings that send frames through it.
    var settings: [FirewallSetting] {
      switch self {
      case .ip: [.iptables]
      case .ip6: [.ip6tables]
      case .inet: [.iptables]
      case .bridge: []
      }
    }
  }

  @Test(.enabled(if: has("nft"), "needs nft"), arguments: Chain.allCases)
  func `names chains that drop what no rule accepts, if frames get there`(chain: Chain) async throws {
    try await withBridge(chain.settings) { stretch, dataplane in
      try nft(stretch, "add table \(chain) t")
      try nft(stretch, "add chain \(chain) t f { type filter hook forward priority 0; policy accept; }")
      #expect(try await seen(dataplane) == [])
      try nft(stretch, "add chain \(chain) t f { policy drop; }")
      let found = try await seen(dataplane)
      #expect(found == [.init(.bridgeFirewall, at: nil, named: "\(chain) t f")])
      // Frames of an interface do not meet it.
      #expect(try await seen(dataplane, of: segment) == [])
      for setting in chain.settings {
        try stretch.execute(stretch.node, "sysctl -qw \(setting.systemName)=0")
        #expect(try await seen(dataplane) == [])
        try stretch.ip(stretch.node, "link set cloud0 type bridge \(setting.bridgeName) 1")
        #expect(try await seen(dataplane) == found)
      }
    }
  }

  @Test(
    .enabled(if: has("iptables-legacy"), "needs iptables-legacy"),
    arguments: ["iptables", "ip6tables"])
  func `names the older tables' policy, and counts what it dropped`(command: String) async throws {
    try await withBridge([.iptables, .ip6tables]) { stretch, dataplane in
      #expect(try await seen(dataplane) == [])
      try stretch.execute(stretch.node, "\(command)-legacy -P FORWARD DROP")
      #expect(
        try await seen(dataplane) == [
          .init(.bridgeFirewall, at: nil, named: "\(command)-legacy filter FORWARD", drops: 0)
        ])
      try stretch.execute(stretch.node, "\(command)-legacy -P FORWARD ACCEPT")
      #expect(try await seen(dataplane) == [])
    }
  }

  @Test(
    .enabled(if: has("iptables-legacy") && has("iptables-nft"), "needs both kinds of iptables"),
    arguments: ["iptables-legacy", "iptables-nft"])
  func `counts frames that it dropped between us and a host`(command: String) async throws {
    try await withBridge([.iptables]) { stretch, dataplane in
      try stretch.ip(stretch.node, "link set segment0 master cloud0")
      try await Stretch.converge(dataplane, to: Stretch.configuration(.bridge))
      #expect(try stretch.hostReaches(Stretch.farHost))
      try stretch.execute(stretch.node, "\(command) -P FORWARD DROP")
      #expect(try !stretch.hostReaches(Stretch.farHost, tries: 2))
      let found = try await seen(dataplane)
      #expect(found.count == 1 && (found.first?.drops ?? 0) >= 2, "\(found)")
      try stretch.execute(stretch.node, "\(command) -P FORWARD ACCEPT")
      #expect(try stretch.hostReaches(Stretch.farHost))
      #expect(try await seen(dataplane) == [])
    }
  }
}
