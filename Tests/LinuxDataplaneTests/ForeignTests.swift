import BPF
import CDatapath
import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `What others have on the node` {
  /// Interfaces of others beside ours, and what they hang on those that we use.
  private static let commands = [
    "link add fbr0 type bridge", "link set fbr0 up", "address add 198.51.100.1/24 dev fbr0",
    "link add fvx9 type vxlan id 9 dstport 4790 local 198.51.100.1 remote 198.51.100.2",
    "link set fvx9 master fbr0 up",
    "link add fvx type vxlan external dstport 4791", "link set fvx up",
    "link add fveth0 type veth peer name fveth1", "link set fveth0 master fbr0 up", "link set fveth1 up",
    "address add 203.0.113.1/24 dev underlay0", "route add 198.18.0.0/15 via 203.0.113.9",
    "neighbour add 203.0.113.9 lladdr 02:00:00:00:09:09 dev underlay0",
  ]

  private static let filters = ["segment0", "underlay0"].flatMap {
    [
      "tc qdisc add dev \($0) clsact",
      "tc filter add dev \($0) ingress pref 8 protocol ip u32 match ip dst 203.0.113.77 flowid 1:1",
      "tc filter add dev \($0) egress pref 9 protocol ip u32 match ip dst 203.0.113.78 flowid 1:2",
    ]
  }

  /// All that a person can see of it.
  private func look(_ stretch: Stretch) throws -> [String] {
    var seen = try ["fbr0", "fvx9", "fvx", "fveth0", "fveth1"].flatMap { name in
      [
        "ip -d -o link show dev \(name)", "ip -o -4 address show dev \(name)",
        "tc qdisc show dev \(name)",
      ]
    }.map { Self.withoutTimers(try stretch.execute(stretch.node, $0)) }
    let entries = try stretch.execute(stretch.node, "bridge fdb show").split(separator: "\n")
    // What a bridge learns by itself comes and goes.
    seen += entries.filter { $0.contains(" dev f") && $0.contains("permanent") }.map(String.init).sorted()
    for name in ["segment0", "underlay0"] {
      seen += try [
        "tc qdisc show dev \(name)", "tc filter show dev \(name) ingress",
        "tc filter show dev \(name) egress",
      ]
      .map { try stretch.execute(stretch.node, $0) }
    }
    seen.append(try stretch.execute(stretch.node, "ip neighbour show 203.0.113.9"))
    seen.append(try stretch.execute(stretch.node, "ip route show 198.18.0.0/15"))
    let addresses = try stretch.execute(stretch.node, "ip -o -4 address show dev underlay0")
    seen.append(addresses.split(separator: "\n").filter { $0.contains("203.0.113.1") }.joined())
    return seen
  }

  /// Bridges tell how far their timers are.
  private static func withoutTimers(_ text: String) -> String {
    var words = text.split(separator: " ").map(String.init)
    for index in words.indices.dropFirst() where words[index - 1].hasSuffix("_timer") { words[index] = "" }
    return words.joined(separator: " ")
  }

  @Test func `is the same before, while and after we use its interfaces, also when ours is healed`()
    async throws
  {
    try await withStretch { stretch in
      for command in Self.commands { try stretch.ip(stretch.node, command) }
      for command in Self.filters { try stretch.execute(stretch.node, command) }
      let dataplane = try stretch.dataplane()
      let programs = try await attachForeign(stretch)
      defer { for program in programs { _ = try? run("rm", program.pin) } }
      let before = try look(stretch)
      func isUntouched() throws {
        let now = try look(stretch)
        for (was, its) in zip(before, now) { #expect(its == was) }
        #expect(now.count == before.count)
        for program in programs {
          #expect(try BPFLink(identifier: program.state.identifier)?.state() == program.state)
        }
      }

      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
      try isUntouched()
      for name in ["esw_sources", "esw_ports", "esw_connections", "esw_tunnels"] {
        let map = try #require(try BPFMap(pinnedAt: stretch.pins.folder("maps").path(of: name)))
        try map.remove(map.keys())
      }
      try stretch.ip(stretch.node, "link delete \(Stretch.slowPath)")
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
      try isUntouched()
      try await Stretch.converge(dataplane, to: Stretch.configuration(isEmpty: true))
      #expect(try await dataplane.observe().state == DataplaneState())
      try isUntouched()
    }
  }

  /// A program that passes everything on, before ours at the ingress of both of our interfaces.
  private func attachForeign(_ stretch: Stretch) async throws -> [(pin: String, state: BPFLink.State)] {
    let pins = ["segment0", "underlay0"].map { ($0, stretch.pins.path + "-" + $0) }
    return try await NamespaceActor(in: stretch.node).run { socket in
      try pins.map { name, pin in
        let index = try #require(try socket.link(named: name)?.index)
        // r0 = TC_ACT_UNSPEC; exit
        let program = try BPFProgram.load(
          named: "foreign", type: 3, instructions: [0xffff_ffff_0000_00b7, 0x95])
        let link = try BPFLink.attach(program, toInterface: index, at: .tcxIngress, .first)
        try link.pin(at: pin)
        return (pin, try link.state())
      }
    }
  }
}
