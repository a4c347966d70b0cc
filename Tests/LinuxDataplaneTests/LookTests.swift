import BPF
import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

private let far = IPv4Address("192.0.2.2")!

private func way(to remote: IPv4Address = far) -> UnderlayWay {
  UnderlayWay(from: Stretch.tunnelAddress, to: remote)
}

extension LinuxDataplane {
  /// What it knows of one way now; an echo has the kernel look for the next hop.
  fileprivate func seen(_ way: UnderlayWay, sequence: UInt16 = 1) async -> LookAnswers {
    look(at: LookQuestions(ways: [way], echoes: [Echo(way, sequence: sequence)], vxlanPorts: [4789]))
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A look at the way to a remote` {
  /// A node whose tunnel address is there.
  private func withNode(_ body: (Stretch, LinuxDataplane) async throws -> Void) async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      try await body(stretch, dataplane)
    }
  }

  @Test func `names the interface, and measures who answers`() async throws {
    try await withNode { _, dataplane in
      let underlay = InterfaceName("underlay0")!
      let answer = try await eventually {
        let seen = await dataplane.seen(way())
        #expect(seen.failures == [])
        #expect(seen.ways[way()]?.route == .by(underlay, gateway: nil, mtu: 1500))
        return seen.echoes.isEmpty ? nil : seen
      }
      #expect(answer.ways[way()]?.nextHop == .resolved)
      let echo = try #require(answer.echoes.first)
      #expect(echo.echo == Echo(way(), sequence: 1))
      #expect(try #require(echo.roundTripMicroseconds) < 1_000_000)
    }
  }

  @Test func `says in the kernel's words that there is no route, and how it is once there is one`()
    async throws
  {
    try await withNode { stretch, dataplane in
      let remote = way(to: IPv4Address("198.51.100.9")!)
      let underlay = InterfaceName("underlay0")!
      let none = await dataplane.seen(remote).ways[remote]
      #expect(none == .init(route: .unreachable("Network is unreachable")))
      let refusals = [
        ("unreachable", "No route to host"), ("prohibit", "Permission denied"),
        ("blackhole", "Invalid argument, as of a blackhole route"),
      ]
      for (kind, words) in refusals {
        try stretch.ip(stretch.node, "route add \(kind) 198.51.100.9")
        #expect(await dataplane.seen(remote).ways[remote]?.route == .unreachable(words))
        try stretch.ip(stretch.node, "route delete \(kind) 198.51.100.9")
      }
      try stretch.ip(stretch.node, "route add 198.51.100.0/24 via 192.0.2.2 mtu 1400")
      let there = await dataplane.seen(remote).ways[remote]?.route
      #expect(there == .by(underlay, gateway: far, mtu: 1400))
    }
  }

  @Test func `tells what the way carries when a router has said that it is less`() async throws {
    try await withNode { stretch, dataplane in
      let remote = way(to: IPv4Address("198.51.100.9")!)
      try stretch.ip(stretch.node, "route add 198.51.100.0/24 via 192.0.2.2")
      try stretch.ip(stretch.far, "link add narrow0 mtu 1300 type veth peer name narrow1")
      for name in ["narrow0", "narrow1"] { try stretch.ip(stretch.far, "link set \(name) up") }
      try stretch.ip(stretch.far, "address add 198.51.100.1/24 dev narrow0")
      try stretch.execute(stretch.far, "sysctl -qw net.ipv4.ip_forward=1")
      #expect(await dataplane.seen(remote).ways[remote]?.route?.mtu == 1500)
      let mtu = try await eventually { () -> UInt32? in
        _ = try? stretch.execute(
          stretch.node, "ping -c1 -W1 -M do -s 1400 -I 192.0.2.1 198.51.100.9")
        let mtu = await dataplane.seen(remote).ways[remote]?.route?.mtu
        return mtu == 1500 ? nil : mtu
      }
      #expect(mtu == 1300)
    }
  }

  @Test func `tells a next hop that nobody answers for`() async throws {
    try await withNode { _, dataplane in
      let remote = way(to: IPv4Address("192.0.2.77")!)
      #expect(await dataplane.look(at: LookQuestions(ways: [remote])).ways[remote]?.nextHop == .unknown)
      let seen = try await eventually {
        let seen = await dataplane.seen(remote)
        return seen.ways[remote]?.nextHop == .unknown ? nil : seen
      }
      #expect(seen.ways[remote]?.nextHop == .silent && seen.echoes.isEmpty)
    }
  }

  @Test func `knows an address of the node's own, and is silent of ways from addresses that are not there`()
    async throws
  {
    try await withNode { stretch, dataplane in
      let own = way(to: Stretch.tunnelAddress)
      #expect(await dataplane.seen(own).ways[own]?.route == .own)
      let nowhere = UnderlayWay(from: IPv4Address("203.0.113.9")!, to: far)
      let seen = await dataplane.seen(nowhere)
      #expect(seen.ways == [nowhere: .init(route: nil)] && seen.failures == [])
    }
  }

  @Test func `answers nobody whom it has not asked`() async throws {
    try await withNode { stretch, dataplane in
      _ = await dataplane.seen(way())
      // Somebody else's echoes are answered meanwhile.
      try stretch.execute(stretch.node, "ping -c3 -i0.05 -W1 192.0.2.2")
      var answers: [Echo] = []
      for sequence in UInt16(2)...4 {
        answers += await dataplane.seen(way(), sequence: sequence).echoes.map(\.echo)
      }
      answers += try await eventually {
        let more = await dataplane.look(at: LookQuestions(vxlanPorts: [4789])).echoes
        return more.isEmpty ? nil : more
      }.map(\.echo)
      #expect(Set(answers).isSubset(of: (1...4).map { Echo(way(), sequence: $0) }))
      #expect(Set(answers).count == answers.count)
    }
  }

  // MARK: ICMP errors

  @Test func `hears that nobody listens at the port, of a frame that left without a socket`() async throws {
    try await withNode { stretch, dataplane in
      #expect(try stretch.hostReaches(Stretch.farHost))
      #expect(await dataplane.seen(way()).errors == [])
      try stretch.ip(stretch.far, "link delete vx100")
      let error = try await eventually { () -> LookAnswers.ReportedError? in
        _ = stretch.reaches("10.9.0.20", from: stretch.host, tries: 1)
        return await dataplane.look(at: LookQuestions(vxlanPorts: [4789])).errors.first
      }
      #expect(error == .init(way(), .portUnreachable, from: far))
    }
  }

  @Test(arguments: ["prohibit", "unreachable"])
  func `hears what a router refuses`(kind: String) async throws {
    try await withNode { stretch, dataplane in
      let remote = RemoteEndpoint(vni: VNI(100)!, address: IPv4Address("198.51.100.9")!)
      try stretch.ip(stretch.node, "route add 198.51.100.0/24 via 192.0.2.2")
      try stretch.execute(stretch.far, "sysctl -qw net.ipv4.ip_forward=1")
      try stretch.ip(stretch.far, "route add \(kind) 198.51.100.9")
      try await Stretch.converge(dataplane, to: Stretch.configuration(remotes: [remote]))
      _ = await dataplane.look(at: LookQuestions(vxlanPorts: [4789]))
      let error = try await eventually { () -> LookAnswers.ReportedError? in
        _ = stretch.reaches("10.9.0.20", from: stretch.host, tries: 1)
        // No echo, because a router answers no more than some errors a second.
        return await dataplane.look(at: LookQuestions(vxlanPorts: [4789])).errors.first
      }
      let wanted: UnderlayError.Kind = kind == "prohibit" ? .prohibited : .unreachable
      #expect(error == .init(way(to: remote.address), wanted, from: far))
    }
  }

  @Test func `hears how much the next link carries, and nothing about packets to other ports`() async throws {
    try await withNode { stretch, dataplane in
      _ = await dataplane.seen(way())
      let tap = try await FrameTap("underlay0", in: stretch.far)
      let node = try await FrameTap("underlay0", in: stretch.node).mac
      func say(aboutPort port: UInt16) throws {
        let about = TestFrame.ipv4(
          17, from: [192, 0, 2, 1], to: [192, 0, 2, 2], TestFrame.udp(from: 50_000, to: port, []))
        let icmp = `ICMP packets`.withSum([3, 4, 0, 0, 0, 0] + TestFrame.big(1280) + about.prefix(28))
        let packet = TestFrame.ipv4(1, from: [192, 0, 2, 2], to: [192, 0, 2, 1], icmp)
        try tap.say(TestFrame.ethernet(to: node, from: tap.mac, type: 0x0800, packet))
      }
      try say(aboutPort: 53)
      try say(aboutPort: 4789)
      let errors = try await eventually {
        let errors = await dataplane.seen(way()).errors
        return errors.isEmpty ? nil : errors
      }
      #expect(errors == [.init(way(), .tooBig(mtu: 1280), from: far)])
    }
  }
}

extension UnderlayFact.Route {
  fileprivate var mtu: UInt32? { if case .by(_, _, let mtu) = self { mtu } else { nil } }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A look at where frames enter` {
  private let segment = InterfaceName("segment0")!
  private let bridge = InterfaceName("cloud0")!

  private func port(_ name: InterfaceName, _ dataplane: LinuxDataplane) async throws -> PortFact? {
    _ = try await dataplane.observe()
    return await dataplane.look(at: LookQuestions(attached: [name], readsFirewall: true)).ports[name]
  }

  @Test func `tells up, unplugged, down and missing apart`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      #expect(try await port(segment, dataplane) == PortFact(interface: segment, state: .up, mtu: 1500))
      try stretch.ip(stretch.host, "link set local0 down")
      #expect(try await port(segment, dataplane)?.state == .noCarrier)
      try stretch.ip(stretch.node, "link set segment0 down mtu 1400")
      #expect(try await port(segment, dataplane) == PortFact(interface: segment, state: .down, mtu: 1400))
      try stretch.ip(stretch.node, "link delete segment0")
      #expect(try await port(segment, dataplane) == PortFact(interface: segment, state: .missing, mtu: nil))
    }
  }

  @Test func `names the settings that send a bridge's frames through the firewall`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      for table in ["iptables", "ip6tables", "arptables"] {
        try stretch.execute(stretch.node, "sysctl -qw net.bridge.bridge-nf-call-\(table)=0")
      }
      try stretch.ip(stretch.node, "link add cloud0 type bridge")
      #expect(
        try await port(bridge, dataplane)
          == PortFact(interface: bridge, state: .down, mtu: 1500, filteredBy: []))
      try stretch.execute(stretch.node, "sysctl -qw net.bridge.bridge-nf-call-iptables=1")
      try stretch.ip(stretch.node, "link set cloud0 type bridge nf_call_arptables 1")
      let filtered = try await port(bridge, dataplane)?.filteredBy
      #expect(filtered == ["net.bridge.bridge-nf-call-iptables", "nf_call_arptables"])
    }
  }
}
