import ESWModel

extension DesiredDataplane {
  /// XDP where frames come in, if it can send what it takes: at underlays when a port is an exit, at ports
  /// when an underlay is. Frames with tags are tcx's, so a port that has only such gets none.
  ///
  /// An interface has one XDP program; at an underlay that is a port as well it is the underlay's.
  mutating func addXDP(_ interfaces: [InterfaceName: XDPInterface]) {
    guard !interfaces.isEmpty else { return }
    let underlays = Self.names(state.programs.filter { $0.program == .underlay }.map(\.interface))
    let ports = Self.names(state.ports.keys.filter { $0.vlan == nil }.map(\.interface)).subtracting(underlays)
    connect(underlays, to: ports, by: .xdpUnderlay, interfaces)
    connect(ports, to: underlays, by: .xdpLocal, interfaces)
    for name in underlays.union(ports).sorted() {
      guard case .closed(let reason?) = interfaces[name]?.entrance else { continue }
      addProblem(Problem(.leftovers, "\(reason): its frames go by tcx alone"))
    }
  }

  private mutating func connect(
    _ entrances: Set<InterfaceName>, to exits: Set<InterfaceName>, by program: ProgramAttachment.Program,
    _ interfaces: [InterfaceName: XDPInterface]
  ) {
    let entrances = entrances.filter { interfaces[$0]?.entrance == .open }
    let exits = exits.filter { interfaces[$0]?.isExit == true }
    guard !entrances.isEmpty, !exits.isEmpty else { return }
    for name in entrances {
      state.programs.insert(ProgramAttachment(program: program, interface: .name(name)))
      guard program == .xdpUnderlay else { continue }
      state.xdpUnderlays[.name(name)] = interfaces[name]?.hardwareAddress
    }
    state.xdpExits.formUnion(exits.map { .name($0) })
  }

  private static func names(_ references: [InterfaceReference]) -> Set<InterfaceName> {
    Set(
      references.compactMap { reference in
        if case .name(let name) = reference { name } else { nil }
      })
  }
}
