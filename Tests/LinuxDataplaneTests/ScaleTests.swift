import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A node with very many` {
  private static let segment = InterfaceName("segment0")!

  private static func connection(
    _ number: UInt32, limit: UInt32, ageing: UInt32 = 300, remotes: [RemoteEndpoint] = []
  ) -> ConnectionConfiguration {
    Stretch.connection(
      number, at: .trunk(segment, vlan: VLAN(UInt16(number))!), remotes: remotes, learningLimit: limit,
      ageingSeconds: ageing)
  }

  /// A frame of a host that has not been there before.
  private static func frame(_ vlan: UInt16, from host: UInt64) -> [UInt8] {
    TaggedFrame(
      [.customer(vlan)], to: MACAddress("02:ff:00:00:00:01")!, from: MACAddress(0x0200_0000_0000 | host)!, ""
    ).bytes
  }

  @Test func `hosts learns 100,000 of them, and forgets those who are silent`() async throws {
    try await withStretch { stretch in
      let (connections, hosts) = (10, 10_000)
      func configuration(ageing: UInt32) -> GatewayConfiguration {
        Stretch.configuration(
          (1...connections).map {
            Self.connection(UInt32($0), limit: UInt32(hosts), ageing: ageing)
          })
      }
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: configuration(ageing: 300))
      let mouth = try await TrunkTap("local0", in: stretch.host)
      for host in 0..<hosts {
        for vlan in 1...connections {
          try mouth.say(Self.frame(UInt16(vlan), from: UInt64(host * connections + vlan)))
        }
      }
      let known = try await dataplane.evidence().connections.values.map(\.hosts.count)
      #expect(known == [Int](repeating: hosts, count: connections))
      // Beyond its limit a connection takes no more.
      try mouth.say(Self.frame(1, from: 0xFF_FFFF))
      #expect(try await dataplane.evidence().connections[ConnectionNumber(1)]?.hosts.count == hosts)

      try await Stretch.converge(dataplane, to: configuration(ageing: 1))
      _ = try await eventually {
        try await dataplane.evidence().connections.values.allSatisfy(\.hosts.isEmpty) ? true : nil
      }
      try mouth.say(Self.frame(1, from: 0xFF_FFFF))
      #expect(try await dataplane.evidence().connections[ConnectionNumber(1)]?.hosts.count == 1)
    }
  }

  @Test func `forged sources of one connection leaves known hosts and other connections alone`() async throws
  {
    try await withStretch { stretch in
      let remotes = [100, 200].map { RemoteEndpoint(vni: VNI($0)!, address: Stretch.remote.address) }
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(
        dataplane,
        to: Stretch.configuration([
          Self.connection(1, limit: 50, remotes: [remotes[0]]),
          Self.connection(2, limit: 50, remotes: [remotes[1]]),
        ]))
      let near = try await TrunkTap("local0", in: stretch.host)
      let far = try await TrunkTap("vx100", in: stretch.far)
      let (here, there) = (MACAddress("02:00:00:00:00:10")!, MACAddress("02:00:00:00:00:20")!)
      try near.say(TaggedFrame([.customer(1)], to: there, from: here, "first"))
      #expect(try await far.hears("first") != nil)
      try far.say(TaggedFrame([], to: here, from: there, "second"))
      #expect(try await near.hears("second") != nil)

      for host in 1...20_000 { try near.say(Self.frame(1, from: 0x0100_0000 + UInt64(host))) }
      _ = far.heard()
      try near.say(TaggedFrame([.customer(1)], to: there, from: here, "third"))
      #expect(try await far.hears("third") != nil)
      try far.say(TaggedFrame([], to: here, from: there, "fourth"))
      #expect(try await near.hears("fourth")?.tags == [.customer(1)])
      try near.say(TaggedFrame([.customer(2)], to: there, from: here, "other"))

      let evidence = try await dataplane.evidence().connections
      let hosts = try #require(evidence[ConnectionNumber(1)]?.hosts)
      #expect(hosts.count == 50)
      #expect(hosts.first { $0.mac == here }?.side == .local)
      #expect(hosts.first { $0.mac == there }?.side == .remote(0))
      #expect(evidence[ConnectionNumber(2)]?.hosts.map(\.mac) == [here])
    }
  }
}
