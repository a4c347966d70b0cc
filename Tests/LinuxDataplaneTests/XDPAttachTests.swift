import BPF
import CDatapath
import ESWModel
import ESWPlanning
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `XDP programs on the real kernel` {
  private static let underlay = InterfaceReference.name(InterfaceName("underlay0")!)
  private static let segment = InterfaceReference.name(InterfaceName("segment0")!)
  private static let programs: Set<ProgramAttachment> = [
    .init(program: .xdpUnderlay, interface: underlay), .init(program: .xdpLocal, interface: segment),
  ]

  private func withReadyStretch(_ body: (Stretch) async throws -> Void) async throws {
    try await Stretch.$xdp.withValue(.on) { try await withStretch(body) }
  }

  private func dataplane(_ stretch: Stretch, _ use: XDPUse) throws -> LinuxDataplane {
    try LinuxDataplane(namespace: stretch.node.path, pins: stretch.pins.path, xdp: use)
  }

  private func hasXDP(_ stretch: Stretch, _ interface: String) throws -> Bool {
    try stretch.execute(stretch.node, "ip link show dev \(interface)").contains("xdp")
  }

  @Test func `are attached in the driver at both sides, with the ways out and the underlay's address`()
    async throws
  {
    try await withReadyStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      let state = try await dataplane.observe().state
      #expect(state.programs.isSuperset(of: Self.programs))
      #expect(state.xdpExits == [Self.underlay, Self.segment])
      let mac = try await FrameTap("underlay0", in: stretch.node).mac
      #expect(state.xdpUnderlays == [Self.underlay: mac])
      // "xdp": in the driver; "xdpgeneric" would be behind it.
      for name in ["underlay0", "segment0"] {
        #expect(try stretch.execute(stretch.node, "ip link show dev \(name)").contains(" xdp "))
      }
    }
  }

  @Test func `are found by the next process, and taken off by one that does without`() async throws {
    try await withReadyStretch { stretch in
      // Gone with the end of the line: one at a time works with the pins.
      try await Stretch.converge(dataplane(stretch, .on), to: Stretch.configuration())
      let before = try KernelIdentity(of: stretch.pins)
      #expect(try await Stretch.converge(dataplane(stretch, .on), to: Stretch.configuration()) == [])
      #expect(try KernelIdentity(of: stretch.pins) == before)
      // Virtual interfaces are not for `auto`.
      for use in [XDPUse.off, .auto] {
        try await Stretch.converge(dataplane(stretch, .on), to: Stretch.configuration())
        #expect(try hasXDP(stretch, "underlay0") && hasXDP(stretch, "segment0"))
        let without = try dataplane(stretch, use)
        let steps = try await Stretch.converge(without, to: Stretch.configuration())
        #expect(
          steps.prefix(2).allSatisfy { if case .detachProgram = $0 { true } else { false } }, "\(steps)")
        #expect(try !hasXDP(stretch, "underlay0") && !hasXDP(stretch, "segment0"))
        let state = try await without.observe().state
        #expect(state.xdpExits.isEmpty && state.xdpUnderlays.isEmpty)
        #expect(try stretch.hostReaches(Stretch.farHost))
      }
    }
  }

  @Test func `go with everything else`() async throws {
    try await withReadyStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      try await Stretch.converge(dataplane, to: Stretch.configuration(isEmpty: true))
      #expect(try !hasXDP(stretch, "underlay0") && !hasXDP(stretch, "segment0"))
      #expect(try await dataplane.observe().state == DataplaneState())
    }
  }

  @Test func `are not attached where nothing would take what they send`() async throws {
    try await withReadyStretch { stretch in
      // Without GRO the far end of the port does not poll, and so takes no frames of XDP.
      try stretch.execute(stretch.host, "ethtool -K local0 gro off")
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try !hasXDP(stretch, "underlay0") && hasXDP(stretch, "segment0"))
      #expect(try await dataplane.observe().state.xdpExits == [Self.underlay])
      #expect(try stretch.hostReaches(Stretch.farHost))
    }
  }

  @Test func `leave an interface to somebody else's, which is told`() async throws {
    try await withReadyStretch { stretch in
      let foreign = try await NamespaceActor(in: stretch.node).run { socket in
        let index = try #require(try socket.link(named: "underlay0")?.index)
        // r0 = XDP_PASS; exit
        let program = try BPFProgram.load(
          named: "foreign", type: 6, instructions: [0x0000_0002_0000_00b7, 0x95])
        return try BPFLink.attach(program, toInterface: index, at: .xdp, .driver)
      }
      let before = try foreign.state()
      let dataplane = try stretch.dataplane()
      for _ in 0..<3 {
        let observed = try await dataplane.observe()
        let desired = DesiredDataplane(for: Stretch.configuration(), on: observed)
        #expect(desired.problems.map(\.subject) == [.leftovers])
        #expect(desired.problems.first?.text.contains("underlay0 has somebody else's XDP program") == true)
        let plan = DataplanePlan(from: observed.state, to: desired.state)
        for outcome in await dataplane.execute(plan.steps) { #expect(outcome == .applied) }
      }
      #expect(try foreign.state() == before)
      #expect(try hasXDP(stretch, "segment0"))
      #expect(try stretch.hostReaches(Stretch.farHost))
      // Who asks for it all the same hears why not.
      let step = DataplaneStep.attachProgram(.init(program: .xdpUnderlay, interface: Self.underlay))
      let outcome = try #require(await dataplane.execute([step]).first)
      guard case .retry(let text) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      #expect(text.hasPrefix("EBUSY") && text.contains("underlay0"))
      try foreign.detach()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try await dataplane.observe().state.programs.isSuperset(of: Self.programs))
    }
  }

  enum Damage: CaseIterable {
    case linkDetached, linkUnpinned, exitRemoved, exitOfNobody, addressChanged, rowOfNobody, rowSpoilt,
      mapUnpinned
  }

  @Test(arguments: Damage.allCases)
  func `are healed with their rows`(_ damage: Damage) async throws {
    try await withReadyStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      try await hurt(damage, stretch)
      #expect(try await Stretch.converge(dataplane, to: Stretch.configuration()) != [])
      let state = try await dataplane.observe().state
      #expect(state.programs.isSuperset(of: Self.programs))
      #expect(state.xdpExits == [Self.underlay, Self.segment])
      let mac = try await FrameTap("underlay0", in: stretch.node).mac
      #expect(state.xdpUnderlays == [Self.underlay: mac])
      #expect(try stretch.hostReaches(Stretch.farHost))
    }
  }

  private func hurt(_ damage: Damage, _ stretch: Stretch) async throws {
    let pins = DatapathPins(root: stretch.pins)
    let maps = try #require(try pins.openMaps())
    let (underlays, exits) = (try #require(maps.underlays), try #require(maps.exits))
    switch damage {
    case .linkDetached:
      let links = try #require(try pins.contents()).links.filter { $0.program.isXDP }
      for link in links { try link.link.detach() }
    case .linkUnpinned:
      for link in try #require(try pins.contents()).links where link.program.isXDP {
        try pins.links.remove(link.name)
      }
    case .exitRemoved: try exits.remove(exits.keys())
    case .exitOfNobody:
      // The kernel takes none that is not there; one that we do not use.
      try await NamespaceActor(in: stretch.node).run { _ in
        try exits.set(esw_exit_key(ifindex: 1), to: esw_exit_row(ifindex: 1))
      }
    case .addressChanged: try stretch.ip(stretch.node, "link set underlay0 address 02:00:00:00:55:55")
    case .rowOfNobody: try underlays.set(esw_underlay_key(ifindex: 4711), to: esw_underlay_row())
    case .rowSpoilt:
      let key = try #require(try underlays.keys().first)
      try underlays.set(key, to: bytes(of: esw_underlay_row()))
    case .mapUnpinned: try pins.maps.remove("esw_exits")
    }
  }

  @Test func `come with an upgrade to maps of a version without XDP, and no host is forgotten`() async throws
  {
    try await withReadyStretch { stretch in
      let pins = DatapathPins(root: stretch.pins)
      try await Stretch.converge(dataplane(stretch, .off), to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
      let before = try #require(try pins.openMaps()).hosts.identifier
      // As that version left it: neither the maps nor the programs.
      for name in ["esw_exits", "esw_underlays"] { try pins.maps.remove(name) }
      for name in ["esw_xdp_local", "esw_xdp_underlay"] { try pins.programs.remove(name) }
      try run("mv", pins.programs.path, stretch.pins.path(of: "programs-before"))
      let dataplane = try dataplane(stretch, .on)
      #expect(try await dataplane.observe().state.datapath == .otherPrograms)
      let steps = try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(steps.first == .replacePrograms && !steps.contains(.unloadDatapath))
      #expect(try await dataplane.observe().state.programs.isSuperset(of: Self.programs))
      #expect(try #require(try pins.openMaps()).hosts.identifier == before)
    }
  }
}
