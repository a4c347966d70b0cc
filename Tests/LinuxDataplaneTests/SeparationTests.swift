import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `What is not of a connection` {
  /// Who sends an echo request in VXLAN, for the local host's MAC and IPv4 address.
  struct Sender: Sendable, CustomTestStringConvertible {
    let vni: UInt32
    let address: String
    let isListed: Bool

    var testDescription: String { "VNI \(vni) from \(address)" }
  }

  static let senders = [
    // That it arrives when it may shows that the others say something.
    Sender(vni: 100, address: "192.0.2.2", isListed: true),
    Sender(vni: 77, address: "192.0.2.2", isListed: false),
    Sender(vni: 100, address: "192.0.2.9", isListed: false),
  ]

  @Test(arguments: senders)
  func `is not delivered, and is counted`(sender: Sender) async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try stretch.ip(stretch.host, "link set local0 address 02:00:00:00:00:10")
      try stretch.ip(stretch.far, "link delete vx100")
      try stretch.ip(stretch.far, "link delete br0")
      if !sender.isListed {
        try stretch.ip(stretch.far, "address replace \(sender.address)/24 dev underlay0")
      }
      try stretch.ip(
        stretch.far,
        "link add vx type vxlan id \(sender.vni) dstport 4789 local \(sender.address) remote 192.0.2.1")
      try stretch.ip(stretch.far, "address add 10.9.0.20/24 dev vx")
      try stretch.ip(stretch.far, "link set vx up")
      try stretch.ip(stretch.far, "neighbour replace 10.9.0.10 lladdr 02:00:00:00:00:10 dev vx")
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try stretch.echoes(in: stretch.host) == 0)

      #expect(stretch.reaches("10.9.0.10", from: stretch.far, tries: 3) == sender.isListed)
      #expect(try (stretch.echoes(in: stretch.host) > 0) == sender.isListed)
      let strangers = try await dataplane.evidence().strangers
      let stranger = strangers.first { $0.vni == sender.vni && $0.source == IPv4Address(sender.address)! }
      #expect((stranger?.frames ?? 0 >= 3) == !sender.isListed, "\(strangers)")
      if let stranger { #expect(stranger.reason == "unknown_source") }
    }
  }

  @Test func `another connection with the same addresses inside is not seen`() async throws {
    try await withStretch { stretch in
      try await withSecondSegment(stretch) { host, far in
        let dataplane = try stretch.dataplane()
        let other = RemoteEndpoint(vni: VNI(200)!, address: Stretch.remote.address)
        try await Stretch.converge(
          dataplane,
          to: Stretch.configuration([
            Stretch.connection(1, at: .interface(InterfaceName("segment0")!), remotes: [Stretch.remote]),
            Stretch.connection(2, at: .interface(InterfaceName("segment1")!), remotes: [other]),
          ]))
        // Same addresses everywhere, down to the MAC: only the connection tells them apart.
        #expect(stretch.reaches("10.9.0.20", from: stretch.host))
        #expect(stretch.reaches("10.9.0.20", from: host))
        let before = try (stretch.echoes(in: stretch.far), stretch.echoes(in: far))
        try stretch.execute(stretch.host, "ping -c5 -i0.05 -W2 10.9.0.20")
        let after = try (stretch.echoes(in: stretch.far), stretch.echoes(in: far))
        #expect(after.0 - before.0 == 5 && after.1 == before.1)

        let evidence = try await dataplane.evidence().connections
        for number in [1, 2] as [UInt32] {
          let hosts = try #require(evidence[ConnectionNumber(number)]?.hosts)
          #expect(Set(hosts.compactMap(\.address)) == [Stretch.localHost, Stretch.farHost])
        }
        try stretch.ip(far, "link set far1 down")
        #expect(!stretch.reaches("10.9.0.20", from: host, tries: 1))
        #expect(stretch.reaches("10.9.0.20", from: stretch.host, tries: 1))
      }
    }
  }

  /// A second host at `segment1`, and one at a second bridge and VXLAN device (VNI 200) of the far site, with
  /// the addresses of the first ones.
  private func withSecondSegment(
    _ stretch: Stretch, _ body: (_ host: NetworkNamespace, _ far: NetworkNamespace) async throws -> Void
  ) async throws {
    try await withNamespace("host1") { host in
      try await withNamespace("far1") { far in
        try stretch.ip(stretch.node, "link add segment1 type veth peer name local0 netns \(host.name)")
        try stretch.ip(stretch.node, "link set segment1 up")
        for place in [stretch.host, host] {
          try stretch.ip(place, "link set local0 address 02:00:00:00:00:10 up")
        }
        try stretch.ip(host, "address add 10.9.0.10/24 dev local0")
        try stretch.ip(stretch.far, "link set br0 address 02:00:00:00:00:20")
        // Or Linux would answer for br0's address at br1 as well.
        try stretch.execute(stretch.far, "sysctl -qw net.ipv4.conf.all.arp_ignore=1")
        try stretch.ip(stretch.far, "link add br1 type bridge")
        try stretch.ip(
          stretch.far,
          "link add vx200 type vxlan id 200 dstport 4789 local 192.0.2.2 remote 192.0.2.1 nolearning")
        try stretch.ip(stretch.far, "link add port1 type veth peer name far1 netns \(far.name)")
        for port in ["vx200", "port1"] { try stretch.ip(stretch.far, "link set \(port) master br1 up") }
        try stretch.ip(stretch.far, "link set br1 up")
        try stretch.ip(far, "link set far1 address 02:00:00:00:00:20 up")
        try stretch.ip(far, "address add 10.9.0.20/24 dev far1")
        try await body(host, far)
      }
    }
  }
}
