import BPF
import CDatapath
import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A data plane that somebody meddles with` {
  /// Each of these breaks a stretch that works; the next plan must see it and mend it.
  enum Damage: String, CaseIterable, Sendable {
    case slowPathDeleted, slowPathLowered, slowPathNotForwarding, addressDeleted, segmentMadeAnew
    case underlayMadeAnew, linkRemoved, portRemoved, connectionRemoved, stateRemoved, activityRemoved
    case sourceRemoved, tunnelRemoved, promiscuityRemoved, connectionChanged, pinsRemoved, sourceOfNobody
    case virtualRemoved, virtualOfNobody
    case slowPathRenamed, slowPathDetached, linkReplaced, programsRemoved, mapRemoved, metaChanged
    case segmentLowered, portMoved, sourceMoved, rowsOfNobody
  }

  @Test(arguments: Damage.allCases)
  func `is healed by one round`(damage: Damage) async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      let configuration = Stretch.configuration(virtualAddresses: [Stretch.localHost])
      try await Stretch.converge(dataplane, to: configuration)
      try Self.make(damage, stretch)
      #expect(try await Stretch.plan(dataplane, to: configuration) != [], "\(damage) was not seen")
      try await Stretch.converge(dataplane, to: configuration)
      #expect(try stretch.hostReaches(Stretch.farHost))
    }
  }

  static func make(_ damage: Damage, _ stretch: Stretch) throws {
    let node = stretch.node
    func map(_ name: String) throws -> BPFMap {
      try #require(try BPFMap(pinnedAt: stretch.pins.folder("maps").path(of: name)))
    }
    func clear(_ name: String) throws { try map(name).remove(map(name).keys()) }
    switch damage {
    case .slowPathDeleted: try stretch.ip(node, "link delete \(Stretch.slowPath)")
    case .slowPathLowered: try stretch.ip(node, "link set \(Stretch.slowPath) down")
    case .slowPathNotForwarding:
      try run(
        "ip", "netns", "exec", node.name, "sh", "-c",
        "echo 0 > /proc/sys/net/ipv4/conf/\(Stretch.slowPath)/forwarding")
    case .addressDeleted: try stretch.ip(node, "address delete 192.0.2.1/24 dev underlay0")
    case .segmentMadeAnew:
      try stretch.ip(node, "link delete segment0")
      try stretch.makeSegment()
    case .underlayMadeAnew:
      try stretch.ip(node, "link delete underlay0")
      try stretch.ip(node, "link add underlay0 type veth peer name underlay0 netns \(stretch.far.name)")
      try stretch.ip(node, "link set underlay0 up")
      try stretch.ip(stretch.far, "link set underlay0 up")
      try stretch.ip(stretch.far, "address add 192.0.2.2/24 dev underlay0")
    case .linkRemoved:
      let links = stretch.pins.folder("links")
      for name in try links.names() { try links.remove(name) }
    case .portRemoved: try clear("esw_ports")
    case .connectionRemoved: try clear("esw_connections")
    case .stateRemoved: try clear("esw_states")
    case .activityRemoved: try clear("esw_activity")
    case .sourceRemoved: try clear("esw_sources")
    case .tunnelRemoved: try clear("esw_tunnels")
    case .promiscuityRemoved: try stretch.ip(node, "link set segment0 promisc off")
    case .connectionChanged:
      let connections = try map("esw_connections")
      let key = try #require(try connections.keys().first)
      var row = try #require(try connections.value(of: key))
      // Flags, for which the model has no words.
      row[MemoryLayout<esw_connection_row>.offset(of: \.flags)!] ^= UInt8(ESW_CONNECTION_DISABLED.rawValue)
      try connections.set(key, to: row)
    case .pinsRemoved: try LinuxDataplane.removePins(stretch.pins.path)
    case .sourceOfNobody:
      let key = esw_source_key(vni: 0, remote_address_be: 1, tunnel_address_be: 2)
      try map("esw_sources").set(key, to: esw_source_row(connection: 1, remote_index: 0))
    case .virtualRemoved: try clear("esw_virtuals")
    case .virtualOfNobody:
      try map("esw_virtuals").set(esw_virtual_key(connection: 9, address_be: 1), to: esw_virtual_row())
    default: try makeRarer(damage, stretch, map)
    }
  }

  /// The first pinned link of a program.
  private static func link(_ stretch: Stretch, _ program: ProgramAttachment.Program) throws -> BPFLink {
    let links = try DatapathPins(root: stretch.pins).contents()?.links ?? []
    return try #require(links.first { $0.program == program }?.link)
  }

  private static func makeRarer(
    _ damage: Damage, _ stretch: Stretch, _ map: (String) throws -> BPFMap
  ) throws {
    let node = stretch.node
    switch damage {
    case .slowPathRenamed:
      try stretch.ip(node, "link set \(Stretch.slowPath) down")
      try stretch.ip(node, "link set \(Stretch.slowPath) name taken0")
    case .slowPathDetached: try link(stretch, .slow).detach()
    case .linkReplaced:
      // Another program in a link of ours.
      // r0 = TC_ACT_UNSPEC; exit
      try link(stretch, .local).replaceProgram(
        with: BPFProgram.load(named: "foreign", type: 3, instructions: [0xffff_ffff_0000_00b7, 0x95]))
    case .programsRemoved:
      let name = try #require(try stretch.pins.names().first { $0.hasPrefix("programs-") })
      try run("rm", "-r", stretch.pins.path(of: name))
    case .mapRemoved: try stretch.pins.folder("maps").remove("esw_sources")
    case .metaChanged: try map("esw_meta").set(UInt32(0), to: esw_meta_row())
    case .segmentLowered: try stretch.ip(node, "link set segment0 down")
    case .portMoved:
      let ports = try map("esw_ports")
      let key = try #require(try ports.keys().first)
      try ports.set(key, to: bytes(of: esw_port_row(connection: 7)))
    case .sourceMoved:
      let sources = try map("esw_sources")
      let key = try #require(try sources.keys().first)
      try sources.set(key, to: bytes(of: esw_source_row(connection: 7, remote_index: 0)))
    case .rowsOfNobody:
      try map("esw_connections").set(esw_connection_key(connection: 9), to: esw_connection_row())
      try map("esw_tunnels").set(esw_tunnel_key(address_be: 1), to: esw_tunnel_row())
      try map("esw_ports").set(
        esw_port_key(ifindex: 9, outer_tag: 0, inner_tag: 0), to: esw_port_row(connection: 9))
    default: Issue.record("\(damage) is not made")
    }
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `Evidence on the real kernel` {
  @Test(arguments: [false, true])
  func `is told when no slow path is registered`(deviceIsGone: Bool) async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      let maps = try #require(try DatapathPins(root: stretch.pins).openMaps())
      try maps.setSlowPathIndex(0)
      if deviceIsGone { try stretch.ip(stretch.node, "link delete \(Stretch.slowPath)") }
      #expect(try await dataplane.observe().state.slowPath?.isRegistered != true)
      // Frames are asked for from afar: without a slow path nobody tells our side the way at first.
      _ = try? run("ip", "netns", "exec", stretch.far.name, "ping", "-c1", "-W1", "\(Stretch.fixedAddress)")
      let evidence = try #require(try await dataplane.evidence().connections[ConnectionNumber(1)])
      #expect(evidence.receivedAgeMilliseconds[0] != nil)
      #expect(evidence.hosts.contains { $0.address == Stretch.farHost })
    }
  }

  @Test func `a stranger is named with what it sent`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      try stretch.ip(
        stretch.far, "link add vx77 type vxlan id 77 dstport 4789 local 192.0.2.2 remote 192.0.2.1")
      try stretch.ip(stretch.far, "address add 10.77.0.1/24 dev vx77")
      try stretch.ip(stretch.far, "link set vx77 up")
      _ = try? run("ip", "netns", "exec", stretch.far.name, "ping", "-c1", "-W1", "10.77.0.2")

      let stranger = try await eventually { try await dataplane.evidence().strangers.first { $0.vni == 77 } }
      #expect(stranger.reason == "unknown_source")
      #expect(stranger.source == Stretch.remote.address)
      #expect(stranger.frames >= 1)
      #expect(try #require(stranger.ageMilliseconds) < 10_000)
    }
  }

  @Test func `hosts behind a remote that was changed are forgotten`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
      let other = RemoteEndpoint(vni: VNI(100)!, address: IPv4Address("192.0.2.9")!)
      try await Stretch.converge(dataplane, to: Stretch.configuration(remotes: [other, Stretch.remote]))
      // A frame of another kind (IPv6) may have made the host known first. Its IPv4 address is noted when its
      // row is next refreshed, a tenth of a second later, so more than one frame has to come.
      let host = try await eventually {
        guard try stretch.hostReaches(Stretch.farHost) else { return nil as HostFact? }
        let hosts = try await dataplane.evidence().connections[ConnectionNumber(1)]?.hosts ?? []
        return hosts.first { $0.address == Stretch.farHost }
      }
      #expect(host.side == .remote(1))
    }
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `Steps on the real kernel` {
  @Test func `a program that somebody else's link holds on the hook may come later`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      let step = DataplaneStep.attachProgram(
        ProgramAttachment(program: .underlay, interface: .name(InterfaceName("underlay0")!)))
      #expect(await dataplane.execute([.loadDatapath, step]) == [.applied, .applied])
      let links = stretch.pins.folder("links")
      let pin = try #require(try links.names().first)
      let held = try #require(try BPFLink(pinnedAt: links.path(of: pin)))
      try links.remove(pin)
      let outcome = try #require(await dataplane.execute([step]).first)
      guard case .retry(let text) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      #expect(text.contains("esw_underlay") && text.contains("underlay0"))
      try held.detach()
      #expect(await dataplane.execute([step]) == [.applied])
    }
  }

  @Test func `a second load changes nothing`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      let before = try KernelIdentity(of: stretch.pins)
      let observed = try await dataplane.observe()
      #expect(await dataplane.execute([.loadDatapath, .replacePrograms]) == [.alreadySo, .alreadySo])
      #expect(try KernelIdentity(of: stretch.pins) == before)
      #expect(try await dataplane.observe() == observed)
    }
  }

  @Test func `a namespace that is not there is an error at the start`() {
    #expect(throws: NetlinkError.self) {
      try LinuxDataplane(namespace: "/run/netns/eswt-absent", pins: PinFolder.fileSystem + "/eswt-absent")
    }
  }
}
