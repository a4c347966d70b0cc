import ESWModel
import Testing

@testable import ESWPlanning

@Suite struct `Wanting XDP` {
  private static let mac = MACAddress("02:00:00:00:00:07")!
  private static let both = XDPInterface(entrance: .open, isExit: true, hardwareAddress: mac)
  private static let entrance = XDPInterface(entrance: .open, isExit: false, hardwareAddress: mac)
  private static let exit = XDPInterface(entrance: .closed(reason: nil), isExit: true, hardwareAddress: mac)
  private static let (underlay, segment) = (Sample.underlay, Sample.segment)
  private static let atUnderlay = ProgramAttachment(program: .xdpUnderlay, interface: .name(underlay))
  private static let atSegment = ProgramAttachment(program: .xdpLocal, interface: .name(segment))

  private func desired(
    _ xdp: [InterfaceName: XDPInterface], _ configuration: GatewayConfiguration = Sample.full().configuration
  ) -> DesiredDataplane {
    let plain = Sample.observation()
    return DesiredDataplane(
      for: configuration,
      on: DataplaneObservation(state: plain.state, interfaces: plain.interfaces, xdp: xdp))
  }

  private func programs(_ desired: DesiredDataplane) -> Set<ProgramAttachment> {
    desired.state.programs.filter { $0.program.isXDP }
  }

  @Test func `underlay and port get a program each, and each other as the way out`() {
    let desired = desired([Self.underlay: Self.both, Self.segment: Self.both])
    #expect(programs(desired) == [Self.atUnderlay, Self.atSegment])
    #expect(desired.state.xdpUnderlays == [.name(Self.underlay): Self.mac])
    #expect(desired.state.xdpExits == [.name(Self.underlay), .name(Self.segment)])
    #expect(desired.problems == [])
  }

  @Test func `one direction is enough`() {
    let inwards = desired([Self.underlay: Self.entrance, Self.segment: Self.exit])
    #expect(programs(inwards) == [Self.atUnderlay])
    #expect(inwards.state.xdpExits == [.name(Self.segment)])
    let outwards = desired([Self.underlay: Self.exit, Self.segment: Self.entrance])
    #expect(programs(outwards) == [Self.atSegment])
    #expect(outwards.state.xdpExits == [.name(Self.underlay)] && outwards.state.xdpUnderlays.isEmpty)
  }

  @Test func `without a way out nothing is attached`() {
    let desired = desired([Self.underlay: Self.entrance, Self.segment: Self.entrance])
    #expect(programs(desired).isEmpty && desired.state.xdpExits.isEmpty && desired.state.xdpUnderlays.isEmpty)
  }

  @Test func `a node that does without wants none`() {
    let desired = desired([:])
    #expect(programs(desired).isEmpty && desired.state.xdpExits.isEmpty)
  }

  @Test func `a port for VLANs alone gets none`() {
    let trunk = Sample.full(point: .trunk(Self.segment, vlan: VLAN(7)!)).configuration
    let desired = desired([Self.underlay: Self.both, Self.segment: Self.both], trunk)
    #expect(programs(desired).isEmpty && desired.state.xdpExits.isEmpty)
  }

  @Test func `an interface that is closed for a reason is told, and no status depends on it`() {
    let closed = XDPInterface(
      entrance: .closed(reason: "eth0 has somebody else's XDP program"), isExit: true,
      hardwareAddress: Self.mac)
    let desired = desired([Self.underlay: closed, Self.segment: Self.both, Sample.bridge: closed])
    #expect(programs(desired) == [Self.atSegment])
    #expect(
      desired.problems == [
        Problem(.leftovers, "eth0 has somebody else's XDP program: its frames go by tcx alone")
      ])
  }

  @Test func `rows are put before programs, and programs taken off before rows`() {
    let with = desired([Self.underlay: Self.both, Self.segment: Self.both]).state
    let without = desired([:]).state
    let putting = DataplanePlan(from: without, to: with).steps
    #expect(
      putting == [
        .putXDPUnderlay(Self.underlay, Self.mac), .putXDPExit(Self.underlay), .putXDPExit(Self.segment),
        .attachProgram(Self.atSegment), .attachProgram(Self.atUnderlay),
      ])
    let taking = DataplanePlan(from: with, to: without).steps
    #expect(
      taking == [
        .detachProgram(Self.atSegment), .detachProgram(Self.atUnderlay),
        .removeXDPUnderlay(.name(Self.underlay)), .removeXDPExit(.name(Self.underlay)),
        .removeXDPExit(.name(Self.segment)),
      ])
    #expect(
      putting.map(\.description) == [
        "map underlays: eth0 takes frames to 02:00:00:00:00:07 by XDP", "map exits: + eth0",
        "map exits: + eth1",
        "bpftool net attach xdpdrv name esw_xdp_local dev eth1",
        "bpftool net attach xdpdrv name esw_xdp_underlay dev eth0",
      ])
  }

  @Test func `another MAC address is written, and a row of an interface that is gone removed`() {
    let desired = desired([Self.underlay: Self.both, Self.segment: Self.both])
    var observed = desired.state
    observed.xdpUnderlays = [.name(Self.underlay): MACAddress(1)!, .gone(index: 9): Self.mac]
    observed.xdpExits.insert(.gone(index: 9))
    #expect(
      DataplanePlan(from: observed, to: desired.state).steps == [
        .removeXDPUnderlay(.gone(index: 9)), .removeXDPExit(.gone(index: 9)),
        .putXDPUnderlay(Self.underlay, Self.mac),
      ])
  }

  @Test func `a step that fails concerns no connection: its frames go by tcx`() {
    let desired = desired([Self.underlay: Self.both, Self.segment: Self.both])
    let steps: [DataplaneStep] = [
      .attachProgram(Self.atUnderlay), .putXDPExit(Self.segment), .putXDPUnderlay(Self.underlay, Self.mac),
      .removeXDPExit(.name(Self.segment)), .removeXDPUnderlay(.name(Self.underlay)),
    ]
    #expect(steps.allSatisfy { desired.subject(of: $0) == .leftovers })
  }
}
