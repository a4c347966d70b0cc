import BPF
import ESWModel
import Foundation

// What goes wrong, made with the commands that a person would type, or by a firewall and a program of theirs.
extension DemoTopology {
  private static let tunnelDevice = "vxlan\(vni)"
  /// A host on-prem that stands on the customer's switch itself.
  private static let strayAddress = "192.168.0.30"
  /// `BPF_PROG_TYPE_XDP` (linux/bpf.h).
  private static let programType: UInt32 = 6

  func make(_ trouble: DemoBreak) async throws {
    switch trouble {
    case .route: try await batch(["route del default"], in: node)
    case .nexthop:
      try await batch(["address del 192.168.100.1/24 dev cloud0"], in: core)
      try await batch(["neigh flush dev underlay0"], in: node)
    case .silent: try await closeWay("blackhole")
    case .unreachable: try await closeWay("unreachable")
    case .prohibited: try await closeWay("prohibit")
    case .refused: try await batch(["link del \(Self.tunnelDevice)"], in: customerSwitch)
    case .vni: try await remakeTunnel(id: Self.vni + 1)
    case .source:
      try await batch(["address add 192.168.111.112/24 dev up0"], in: customerSwitch)
      try await remakeTunnel(from: "192.168.111.112")
    case .oneway: try await remakeTunnel(to: "192.168.100.13")
    case .mtu:
      // Hosts that do not hear who tells them of it, as behind many a firewall, do not stop.
      for host in [server, vm1, vm2] {
        try await batch(["route replace 192.168.0.0/24 dev eth0 mtu lock 1500"], in: host)
      }
      try await batch(["link set underlay0 mtu 1500"], in: node)
    case .blackhole: try await batch(["link set up0 mtu 1500"], in: customerSwitch)
    case .underlay: try await batch(["link set underlay0 down"], in: node)
    case .port: try await batch(["link set port0 down"], in: segment)
    case .missing: try await batch(["link del segment0"], in: node)
    case .program: try await placeProgram()
    case .netfilter: try await placeFirewall()
    case .rule, .rate: break
    case .learning:
      // With a MAC address that nobody has seen.
      try await batch(["link set br0 address 02:00:00:00:00:30"], in: customerSwitch)
      try await placeHost(Self.strayAddress)
    case .duplicate: try await placeHost(Self.vm1Address)
    case .gateway:
      try await placeHost(Self.gatewayAddress)
      try await batch(["address add \(Self.gatewayAddress)/24 dev br0"], in: segment)
    case .mac:
      let link = try await Program.run("ip", ["-n", vm1, "-brief", "link", "show", "eth0"]).output
      guard let mac = link.split(separator: " ").first(where: { $0.count == 17 && $0.contains(":") }) else {
        throw DemoFailure("vm1 has no MAC address: \(link)")
      }
      try await batch(["link set br0 address \(mac)"], in: customerSwitch)
      try await placeHost(Self.strayAddress)
    case .fixedip: try await placeHost(DemoStory.fixedAddresses.first?.description ?? "")
    }
  }

  /// The way back as well, at its other end, so that it is soon seen.
  private func closeWay(_ kind: String) async throws {
    try await batch(["route add \(kind) \(Self.remoteVTEP)/32"], in: core)
    try await batch(["route add blackhole \(Self.tunnelAddress)/32"], in: customerSwitch)
  }

  private func remakeTunnel(
    id: Int = vni, from local: String = remoteVTEP, to remote: String = tunnelAddress
  ) async throws {
    try await batch(
      [
        "link del \(Self.tunnelDevice)",
        "link add \(Self.tunnelDevice) type vxlan id \(id) local \(local) remote \(remote) dstport 4789 nolearning",
        "link set \(Self.tunnelDevice) master br0", "link set \(Self.tunnelDevice) up",
      ], in: customerSwitch)
  }

  private func placeHost(_ address: String) async throws {
    try await batch(["address add \(address)/24 dev br0"], in: customerSwitch)
  }

  /// Two instructions: `r0 = XDP_DROP; exit`. Held by the interface alone.
  private func placeProgram() async throws {
    let program = try BPFProgram.load(
      named: "drop_all", type: Self.programType, instructions: [0x0000_0001_0000_00b7, 0x95])
    let pin = NodePins.root + "/\(node)-program"
    try program.pin(at: pin)
    defer { unlink(pin) }
    // `ip -n` would have a /sys of its own.
    try await Program.check(
      "nsenter",
      ["--net=/run/netns/\(node)", "ip", "link", "set", "dev", "underlay0", "xdpgeneric", "pinned", pin])
  }

  private func placeFirewall() async throws {
    try await Program.check(
      "ip", ["netns", "exec", node, "sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=1"])
    try await Program.check("ip", ["netns", "exec", node, "iptables", "-P", "FORWARD", "DROP"])
  }

  /// Those who speak all the time: arguments of `ip netns exec`.
  func talkers(for trouble: DemoBreak) -> [[String]] {
    let size = trouble.concernsLargeFrames ? ["-M", "do", "-s", "1472"] : []
    return [(server, Self.vm1Address), (vm1, Self.serverAddress), (vm2, Self.serverAddress)].map {
      Self.ping(from: $0, to: $1, size)
    }
  }

  /// Those who come with what goes wrong.
  func strangers(for trouble: DemoBreak) -> [[String]] {
    func ping(_ namespace: String, from source: String, to address: String = Self.vm2Address) -> [String] {
      Self.ping(from: namespace, to: address, ["-I", source])
    }
    return switch trouble {
    case .learning, .mac: [ping(customerSwitch, from: Self.strayAddress)]
    case .duplicate: [ping(customerSwitch, from: Self.vm1Address)]
    case .gateway:
      [
        ping(customerSwitch, from: Self.gatewayAddress), ping(segment, from: Self.gatewayAddress),
        ping(segment, from: Self.gatewayAddress, to: Self.serverAddress),
      ]
    // Whoever has an address asks with it.
    case .fixedip:
      [ping(customerSwitch, from: DemoStory.fixedAddresses.first?.description ?? "", to: "192.168.0.77")]
    default: []
    }
  }

  private static func ping(from namespace: String, to address: String, _ more: [String]) -> [String] {
    [namespace, "ping", "-n", "-q", "-i", "0.2", "-W", "1"] + more + [address]
  }
}
