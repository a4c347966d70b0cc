import ESWModel
import Glibc
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `Remotes of a connection` {
  private static let second = RemoteEndpoint(vni: VNI(101)!, address: IPv4Address("198.51.100.2")!)

  @Test func `frames for all reach two remotes, and none goes from one to the other`() async throws {
    try await withStretch { stretch in
      try await withSecondRemote(stretch) { other in
        let dataplane = try stretch.dataplane()
        let configuration = Stretch.configuration(remotes: [Stretch.remote, Self.second])
        try await Stretch.converge(dataplane, to: configuration)
        try stretch.ip(stretch.node, "route add 198.51.100.0/24 via 192.0.2.2")
        // Whoever is asked for by ARP, a frame for all, answers at either remote.
        #expect(stretch.reaches("10.9.0.20", from: stretch.host))
        #expect(stretch.reaches("10.9.0.21", from: stretch.host))
        let hosts = try #require(try await dataplane.evidence().connections[ConnectionNumber(1)]).hosts
        #expect(hosts.first { $0.address == Stretch.farHost }?.side == .remote(0))
        #expect(hosts.first { $0.address == IPv4Address("10.9.0.21")! }?.side == .remote(1))

        #expect(!stretch.reaches("10.9.0.20", from: other, tries: 1), "a frame for all crossed")
        let before = try stretch.echoes(in: stretch.far)
        try stretch.ip(other, "neighbour replace 10.9.0.20 lladdr 02:00:00:00:00:20 dev br0")
        #expect(!stretch.reaches("10.9.0.20", from: other, tries: 1), "a frame for one crossed")
        #expect(try stretch.echoes(in: stretch.far) == before)
        let drops = try #require(try await dataplane.evidence().connections[ConnectionNumber(1)]).drops
        #expect(drops.contains { $0.reason == "split_horizon" && $0.direction == .toLocal }, "\(drops)")
      }
    }
  }

  /// A VTEP behind a router, which is the first far site, with a host 10.9.0.21.
  private func withSecondRemote(
    _ stretch: Stretch, _ body: (NetworkNamespace) async throws -> Void
  ) async throws {
    try await withNamespace("far1") { other in
      try stretch.ip(stretch.far, "link set br0 address 02:00:00:00:00:20")
      try stretch.ip(stretch.far, "link add beyond0 type veth peer name underlay0 netns \(other.name)")
      try stretch.ip(stretch.far, "link set beyond0 up")
      try stretch.ip(stretch.far, "address add 198.51.100.1/24 dev beyond0")
      try stretch.execute(stretch.far, "sysctl -qw net.ipv4.ip_forward=1")
      try stretch.ip(other, "link set underlay0 up")
      try stretch.ip(other, "address add 198.51.100.2/24 dev underlay0")
      try stretch.ip(other, "route add default via 198.51.100.1")
      try stretch.ip(other, "link add br0 type bridge")
      try stretch.ip(
        other, "link add vx101 type vxlan id 101 dstport 4789 local 198.51.100.2 remote 192.0.2.1 nolearning")
      try stretch.ip(other, "link set vx101 master br0 up")
      try stretch.ip(other, "link set br0 up")
      try stretch.ip(other, "address add 10.9.0.21/24 dev br0")
      try await body(other)
    }
  }

  @Test func `IPv4 and IPv6 cross alike`() async throws {
    try await withStretch { stretch in
      try stretch.ip(stretch.host, "address add fd00:9::10/64 dev local0 nodad")
      try stretch.ip(stretch.far, "address add fd00:9::20/64 dev br0 nodad")
      try await Stretch.converge(stretch.dataplane(), to: Stretch.configuration())
      for (near, far) in [("10.9.0.10", "10.9.0.20"), ("fd00:9::10", "fd00:9::20")] {
        #expect(stretch.reaches(far, from: stretch.host))
        #expect(stretch.reaches(near, from: stretch.far))
        // The largest frame that fits beside 50 bytes of outer headers, whatever the inner header's size.
        let payload = far.contains(":") ? 1450 - 40 - 8 : 1450 - 20 - 8
        try stretch.execute(stretch.host, "ping -c2 -W2 -Mdo -s\(payload) \(far)")
      }
    }
  }

  @Test func `a remote may listen on another UDP port`() async throws {
    try await withStretch { stretch in
      try stretch.ip(stretch.far, "link delete vx100")
      try stretch.ip(stretch.far, "link add vx100 type vxlan id 100 dstport 8472 local 192.0.2.2 nolearning")
      try run(
        "bridge", "-n", stretch.far.name, "fdb", "append", "00:00:00:00:00:00", "dev", "vx100", "dst",
        "192.0.2.1", "port", "4789")
      try stretch.ip(stretch.far, "link set vx100 master br0 up")
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try !stretch.hostReaches(Stretch.farHost, tries: 1), "nobody listens on 4789")
      let remote = RemoteEndpoint(vni: VNI(100)!, address: Stretch.remote.address, port: 8472)
      try await Stretch.converge(dataplane, to: Stretch.configuration(remotes: [remote]))
      #expect(try stretch.hostReaches(Stretch.farHost))
    }
  }

  @Test func `routes and neighbours of the underlay are followed while frames cross`() async throws {
    try await withStretch { stretch in
      try addSecondCable(stretch)
      let remote = RemoteEndpoint(vni: VNI(100)!, address: IPv4Address("203.0.113.2")!)
      try await Stretch.converge(stretch.dataplane(), to: Stretch.configuration(remotes: [remote]))
      try stretch.ip(stretch.node, "route add 203.0.113.2 via 192.0.2.2")
      #expect(try stretch.hostReaches(Stretch.farHost))

      // In a process of its own until it is told to stop: nothing here may depend on who runs when.
      let log = "/tmp/\(uniqueName("ping"))"
      defer { unlink(log) }
      let ping = try run(
        "ip", "netns", "exec", stretch.host.name, "sh", "-c",
        "ping -n -i0.02 -W1 -w120 10.9.0.20 >\(log) 2>&1 & echo $!")
      try stretch.ip(stretch.node, "route replace 203.0.113.2 via 192.0.3.2")
      let sent = try await eventually { try Self.sent(by: "underlay1", stretch) }
      #expect(try stretch.hostReaches(Stretch.farHost), "after the route changed")
      try stretch.ip(stretch.far, "link set underlay1 address 02:00:00:00:00:99")
      try stretch.ip(stretch.node, "neighbour replace 192.0.3.2 lladdr 02:00:00:00:00:99 dev underlay1")
      #expect(try stretch.hostReaches(Stretch.farHost), "after the neighbour changed")
      try run("kill", "-INT", String(ping.filter(\.isNumber)))
      let numbers = try await eventually {
        try run("cat", log).firstMatch(of: /(\d+) packets transmitted, (\d+) received/)
          .map { (Int($0.1) ?? 0, Int($0.2) ?? 0) }
      }
      #expect(numbers.1 >= numbers.0 * 6 / 10, "\(numbers.1) of \(numbers.0) answered")
      #expect(try #require(try Self.sent(by: "underlay1", stretch)) > sent)
    }
  }

  /// Packets that left the node by an interface; nil while hardly any did.
  private static func sent(by interface: String, _ stretch: Stretch) throws -> Int? {
    let path = "/sys/class/net/\(interface)/statistics/tx_packets"
    let count = Int(try stretch.execute(stretch.node, "cat \(path)").filter(\.isNumber)) ?? 0
    return count > 20 ? count : nil
  }

  /// A second way to the far site; its VTEP is an address of neither cable.
  private func addSecondCable(_ stretch: Stretch) throws {
    try stretch.ip(stretch.node, "link add underlay1 type veth peer name underlay1 netns \(stretch.far.name)")
    for (place, address) in [(stretch.node, "192.0.3.1/24"), (stretch.far, "192.0.3.2/24")] {
      try stretch.ip(place, "link set underlay1 up")
      try stretch.ip(place, "address add \(address) dev underlay1")
    }
    for interface in ["all", "underlay0", "underlay1"] {
      try stretch.execute(stretch.far, "sysctl -qw net.ipv4.conf.\(interface).rp_filter=0")
    }
    try stretch.ip(stretch.far, "link set lo up")
    try stretch.ip(stretch.far, "address add 203.0.113.2/32 dev lo")
    try stretch.ip(stretch.far, "link delete vx100")
    try stretch.ip(
      stretch.far,
      "link add vx100 type vxlan id 100 dstport 4789 local 203.0.113.2 remote 192.0.2.1 nolearning")
    try stretch.ip(stretch.far, "link set vx100 master br0 up")
  }
}
