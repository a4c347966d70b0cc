import BPF
import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A stretch on the real kernel` {
  @Test func `frames cross, and a second plan is empty`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      #expect(try !stretch.hostReaches(Stretch.farHost, tries: 1))
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
      #expect(try stretch.hostReaches(Stretch.fixedAddress))
      #expect(try await Stretch.plan(dataplane, to: Stretch.configuration()) == [])
    }
  }

  @Test func `evidence tells what crossed, when, and who is where`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try await dataplane.evidence().connections.keys.map(\.value) == [1])
      #expect(try stretch.hostReaches(Stretch.farHost))

      let evidence = try #require(try await dataplane.evidence().connections[ConnectionNumber(1)])
      #expect(evidence.toRemote.frames >= 2)
      #expect(evidence.toLocal.frames >= 2)
      #expect(evidence.toLocal.bytes >= 98)
      #expect(try #require(evidence.receivedAgeMilliseconds[0]) < 10_000)
      #expect(try #require(evidence.sentAgeMilliseconds[0]) < 10_000)
      let sides = Dictionary(
        evidence.hosts.compactMap { host in host.address.map { ($0, host.side) } },
        uniquingKeysWith: { first, _ in first })
      #expect(sides == [Stretch.localHost: .local, Stretch.farHost: .remote(0)])
    }
  }

  @Test func `frames go on without us, and a new process adopts what it finds`() async throws {
    try await withStretch { stretch in
      var first: LinuxDataplane? = try stretch.dataplane()
      try await Stretch.converge(try #require(first), to: Stretch.configuration())
      let before = try KernelIdentity(of: stretch.pins)
      let seen = try await first?.observe()
      first = nil
      #expect(try stretch.hostReaches(Stretch.farHost))

      let second = try stretch.dataplane()
      #expect(try await second.observe() == seen)
      #expect(try await Stretch.converge(second, to: Stretch.configuration()) == [])
      #expect(try KernelIdentity(of: stretch.pins) == before)
    }
  }

  @Test func `other programs are replaced in their links, and maps stay`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
      let before = try KernelIdentity(of: stretch.pins)
      // What an older binary leaves: the same maps, and a folder of programs that is not ours.
      let programs = try #require(try stretch.pins.names().first { $0.hasPrefix("programs-") })
      try run("mv", stretch.pins.path(of: programs), stretch.pins.path(of: "programs-old"))
      #expect(try await dataplane.observe().state.datapath == .otherPrograms)

      #expect(try await Stretch.converge(dataplane, to: Stretch.configuration()) == [.replacePrograms])
      let after = try KernelIdentity(of: stretch.pins)
      #expect(after.links == before.links)
      #expect(after.maps == before.maps)
      #expect(Set(after.programsInLinks).isDisjoint(with: before.programsInLinks))
      #expect(try !stretch.pins.names().contains("programs-old"))
      #expect(try stretch.hostReaches(Stretch.farHost))
    }
  }

  @Test func `maps of another layout are never read, and made anew`() async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      let meta = try #require(try BPFMap(pinnedAt: stretch.pins.folder("maps").path(of: "esw_meta")))
      var row = try #require(try meta.value(of: bytes(of: UInt32(0))))
      row[4] ^= 0xff  // layout_version
      try meta.set(bytes(of: UInt32(0)), to: row)

      let observed = try await dataplane.observe().state
      #expect(observed.datapath == .otherLayout)
      #expect(observed.connections.isEmpty)
      let steps = try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(steps.prefix(2) == [.unloadDatapath, .loadDatapath])
      #expect(try stretch.hostReaches(Stretch.farHost))
    }
  }

  @Test func `a bridge gets a port of ours, and frames cross through it`() async throws {
    try await withStretch { stretch in
      try stretch.ip(stretch.node, "link add cloud0 type bridge")
      try stretch.ip(stretch.node, "link set cloud0 mtu 1400 up")
      try stretch.ip(stretch.node, "link set segment0 mtu 1400 master cloud0")
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration(.bridge))
      #expect(try stretch.hostReaches(Stretch.farHost))
      #expect(try await Stretch.plan(dataplane, to: Stretch.configuration(.bridge)) == [])

      let interfaces = try await dataplane.observe().interfaces
      #expect(interfaces.first { $0.name.description == "cloud0" }?.mtu == 1400)
      #expect(interfaces.filter { $0.isOurs }.allSatisfy { $0.addresses.isEmpty })
      let own = try await NamespaceActor(in: stretch.node).run { socket in
        let ours = try Set(socket.links().filter(OwnershipMark.isOurs).map(\.index))
        return try (socket.addresses() + socket.addresses(isV6: true)).filter { ours.contains($0.linkIndex) }
      }
      #expect(own.isEmpty, "devices of ours must not speak by themselves, not even IPv6")
      try await Stretch.converge(dataplane, to: Stretch.configuration(isEmpty: true))
      #expect(try await dataplane.observe().interfaces.allSatisfy { !$0.isOurs })
    }
  }

  @Test func `at the end nothing of ours is left, and others' settings are as before`() async throws {
    try await withStretch { stretch in
      try stretch.ip(stretch.node, "link set segment0 down")
      let dataplane = try stretch.dataplane()
      let before = try await dataplane.observe()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
      #expect(
        try await dataplane.observe().state.adjustments
          == [
            InterfaceName("segment0")!: InterfaceAdjustment(
              promiscuous: true, raised: true, aggregates: true),
            InterfaceName("underlay0")!: InterfaceAdjustment(
              promiscuous: false, raised: false, aggregates: true),
          ])

      try await Stretch.converge(dataplane, to: Stretch.configuration(isEmpty: true))
      let after = try await dataplane.observe()
      #expect(after.state == DataplaneState())
      #expect(after.interfaces == before.interfaces)
      #expect(try stretch.pins.names() == [])
      #expect(
        try !PinFolder(path: PinFolder.fileSystem).names().contains(
          stretch.pins.path.split(separator: "/").last.map(String.init) ?? ""))
    }
  }

  @Test func `what is not ours is left alone`() async throws {
    try await withStretch { stretch in
      try stretch.ip(stretch.node, "link add esw-other type bridge")
      try stretch.ip(stretch.node, "link add foreign type vxlan id 9 dstport 4790")
      try stretch.ip(stretch.node, "address add 198.51.100.1/24 dev underlay0")
      try stretch.ip(stretch.node, "link set segment0 promisc on")
      for name in ["segment0", "underlay0"] { try stretch.execute(stretch.node, "ethtool -K \(name) gro on") }
      let underlay = InterfaceName("underlay0")!
      let dataplane = try stretch.dataplane()
      let index = try #require(
        try await dataplane.observe().interfaces.first { $0.name == underlay }?.index)
      let foreign = try await NamespaceActor(in: stretch.node).run { _ in
        // r0 = TC_ACT_UNSPEC; exit
        let program = try BPFProgram.load(
          named: "foreign", type: 3, instructions: [0xffff_ffff_0000_00b7, 0x95])
        let link = try BPFLink.attach(program, toInterface: Int32(index), at: .tcxIngress, .first)
        try link.pin(at: stretch.pins.path + "-foreign")
        return try link.state()
      }
      defer { _ = try? run("rm", stretch.pins.path + "-foreign") }

      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
      #expect(try await dataplane.observe().state.adjustments == [:])
      try await Stretch.converge(dataplane, to: Stretch.configuration(isEmpty: true))

      let left = try await dataplane.observe()
      let names = Set(left.interfaces.map(\.name.description))
      #expect(names.isSuperset(of: ["esw-other", "foreign", "segment0", "underlay0"]))
      #expect(
        left.interfaces.first { $0.name == underlay }?.addresses.map(\.address)
          == [IPv4Address("198.51.100.1")!])
      #expect(left.interfaces.first { $0.name.description == "segment0" }?.isPromiscuous == true)
      #expect(try BPFLink(identifier: foreign.identifier)?.state() == foreign)
    }
  }

  @Test func `notes about one namespace are not taken for those of another`() async throws {
    try await withStretch { stretch in
      // Gone with the end of the line, as a process that has ended: one at a time works with the pins.
      try await Stretch.converge(stretch.dataplane(), to: Stretch.configuration())
      let elsewhere = try LinuxDataplane(namespace: stretch.far.path, pins: stretch.pins.path)
      let name = InterfaceName("underlay0")!
      try stretch.ip(stretch.far, "link set underlay0 promisc on")
      #expect(try await elsewhere.observe().state.adjustments == [:])
      #expect(await elsewhere.execute([.restoreInterface(name)]) == [.alreadySo])
    }
  }
}

/// The kernel's numbers of everything pinned: equal only if nothing was made anew.
struct KernelIdentity: Equatable {
  let maps: [UInt32?]
  let links: [UInt32]
  let programsInLinks: [UInt32]

  init(of pins: PinFolder) throws {
    let mapFolder = pins.folder("maps")
    maps = try mapFolder.names().map { try BPFMap(pinnedAt: mapFolder.path(of: $0))?.identifier }
    let linkFolder = pins.folder("links")
    let states = try linkFolder.names().compactMap { try BPFLink(pinnedAt: linkFolder.path(of: $0))?.state() }
    links = states.map(\.identifier)
    programsInLinks = states.map(\.programIdentifier)
  }
}
