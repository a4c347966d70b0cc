internal import BPF
internal import CDatapath
internal import ESWModel
internal import Glibc
internal import Netlink

extension StepExecution {
  mutating func loadDatapath() throws -> StepOutcome {
    let isNew = try pins.load()
    forgetPins()
    return isNew ? .applied : .alreadySo
  }

  mutating func replacePrograms() throws -> StepOutcome {
    let isNew = try pins.replacePrograms()
    // Newer programs may have brought a map.
    forgetPins()
    return isNew ? .applied : .alreadySo
  }

  mutating func unloadDatapath() throws -> StepOutcome {
    let wasThere = try pins.unload()
    forgetPins()
    return wasThere ? .applied : .alreadySo
  }

  // MARK: Programs

  /// `bpftool net attach tcx_ingress` or `xdpdrv`, pinned.
  mutating func attach(_ attachment: ProgramAttachment) throws -> StepOutcome {
    guard case .name(let name) = attachment.interface else {
      throw Refused(text: "ENODEV: \(attachment.interface)")
    }
    let index = try index(name)
    let program = try program(attachment.program)
    let pin = Self.pinName(attachment.program, index)
    if let link = try BPFLink(pinnedAt: pins.links.path(of: pin)) {
      let state = try link.state()
      if state.interfaceIndex == Int32(bitPattern: index) {
        if state.programIdentifier == program.identifier { return .alreadySo }
        try link.replaceProgram(with: program)
        return .applied
      }
      // The link of an interface that had this index before.
      try pins.links.remove(pin)
    }
    try pins.links.create()
    guard let link = try attachSoon(program, attachment.program, to: Int32(bitPattern: index)) else {
      return attachment.program.isXDP
        ? .retry("EBUSY: \(name) has somebody else's XDP program: its frames go by tcx alone")
        : .retry("EEXIST: \(program.name) is on the ingress of \(name) by a link that is not pinned")
    }
    try link.pin(at: pins.links.path(of: pin))
    return .applied
  }

  /// A link that nobody has any more leaves its hook a moment later: the kernel waits for its CPUs first.
  private static let leavingAttempts = 20
  /// In microseconds.
  private static let leavingPause: UInt32 = 5_000

  /// Nil while another link has this very program on the hook, or any has XDP, which takes one program.
  private func attachSoon(
    _ program: BPFProgram, _ kind: ProgramAttachment.Program, to index: Int32
  ) throws(BPFError) -> BPFLink? {
    for _ in 0..<Self.leavingAttempts {
      do throws(BPFError) {
        // First on the hook: what is ours is taken before anybody else's program sees it.
        return try BPFLink.attach(
          program, toInterface: index, at: kind.isXDP ? .xdp : .tcxIngress, kind.isXDP ? .driver : .first)
      } catch  where error.errno == (kind.isXDP ? EBUSY : EEXIST) {
        usleep(Self.leavingPause)
      }
    }
    return nil
  }

  mutating func detach(_ attachment: ProgramAttachment) throws -> StepOutcome {
    let index: UInt32
    switch attachment.interface {
    case .gone(let gone): index = gone
    case .name(let name):
      // Gone meanwhile: the next look shows it as such.
      guard let link = try link(name) else { return .alreadySo }
      index = UInt32(bitPattern: link.index)
    }
    let pin = Self.pinName(attachment.program, index)
    guard let link = try BPFLink(pinnedAt: pins.links.path(of: pin)) else { return .alreadySo }
    if try link.state().interfaceIndex != nil { try link.detach() }
    try pins.links.remove(pin)
    return .applied
  }

  private static func pinName(_ program: ProgramAttachment.Program, _ index: UInt32) -> String {
    "\(program.rawValue)-\(index)"
  }

  // MARK: Rows

  private static func put<Key: BitwiseCopyable, Row: BitwiseCopyable>(
    _ map: BPFMap, _ key: Key, _ row: Row
  ) throws(BPFError) -> StepOutcome {
    let before: Row? = try map.value(of: key)
    if let before, bytes(of: before) == bytes(of: row) { return .alreadySo }
    try DatapathMaps.set(map, key, to: row)
    return .applied
  }

  mutating func put(_ permission: PermissionRow) throws -> StepOutcome {
    guard let map = try maps().permission else {
      throw Refused(text: "ENOENT: the data path that is loaded knows no permission")
    }
    return try Self.put(map, UInt32(0), esw_permission_row(permission))
  }

  mutating func putTunnel(_ address: IPv4Address) throws -> StepOutcome {
    try Self.put(
      maps().tunnels, esw_tunnel_key(address_be: address.networkOrder), esw_tunnel_row())
  }

  mutating func removeTunnel(_ address: IPv4Address) throws -> StepOutcome {
    let key = bytes(of: esw_tunnel_key(address_be: address.networkOrder))
    return try maps().tunnels.remove(key) ? .applied : .alreadySo
  }

  mutating func put(_ row: ConnectionRow) throws -> StepOutcome {
    guard case .name(let name) = row.port.interface else { throw Refused(text: "ENODEV: \(row.port)") }
    guard row.remotes.count <= Int(ESW_REMOTES_MAX) else {
      throw Refused(text: "E2BIG: \(row.remotes.count) remotes, the data path takes \(ESW_REMOTES_MAX)")
    }
    let maps = try maps()
    let before: esw_connection_row? = try maps.connections.value(
      of: esw_connection_key(connection: row.number.value))
    let after = esw_connection_row(row, port: try index(name), underlay: try rowIndex(row.underlay))
    let isKept = try maps.keepsRows(of: row.number)
    if isKept, let before, bytes(of: before) == bytes(of: after) { return .alreadySo }
    try maps.put(after, row.number)
    // Hosts are known by side: local, or by a remote's place. When the sides are others, what was learned
    // about them is wrong until it ages.
    if let before, !before.hasSidesOf(after) {
      try pins.sweep(flushing: row.number)
      try maps.forgetHolders(of: row.number)
    }
    return .applied
  }

  /// As a row has it, 0 for none; one that is gone is left for nothing to match.
  mutating func rowIndex(_ reference: InterfaceReference?) throws -> UInt32 {
    switch reference {
    case nil: 0
    case .name(let name): try index(name)
    case .gone(let index): index
    }
  }

  // MARK: XDP

  mutating func putXDPUnderlay(_ name: InterfaceName, _ mac: MACAddress) throws -> StepOutcome {
    var row = esw_underlay_row()
    withUnsafeMutableBytes(of: &row.mac) { $0.copyBytes(from: mac.bytes) }
    return try Self.put(Self.present(maps().underlays), esw_underlay_key(ifindex: index(name)), row)
  }

  mutating func putXDPExit(_ name: InterfaceName) throws -> StepOutcome {
    let index = try index(name)
    return try Self.put(
      Self.present(maps().exits), esw_exit_key(ifindex: index), esw_exit_row(ifindex: index))
  }

  mutating func removeXDPRow(_ map: BPFMap?, _ interface: InterfaceReference) throws -> StepOutcome {
    guard let map, let index = try goneIndex(interface) else { return .alreadySo }
    return try map.remove(bytes(of: index)) ? .applied : .alreadySo
  }

  private static func present(_ map: BPFMap?) throws -> BPFMap {
    guard let map else { throw Refused(text: "ENOENT: the data path that is loaded knows no XDP") }
    return map
  }

  /// The index of a row to remove; nil for an interface that is not there.
  private mutating func goneIndex(_ interface: InterfaceReference) throws -> UInt32? {
    switch interface {
    case .gone(let index): index
    case .name(let name): try link(name).map { UInt32(bitPattern: $0.index) }
    }
  }

  mutating func putPort(_ port: PortReference, _ number: ConnectionNumber) throws -> StepOutcome {
    guard case .name(let name) = port.interface else { throw Refused(text: "ENODEV: \(port)") }
    let key = esw_port_key(port.vlan, on: try index(name))
    return try Self.put(maps().ports, key, esw_port_row(connection: number.value))
  }

  mutating func removePort(_ port: PortReference) throws -> StepOutcome {
    let index: UInt32
    switch port.interface {
    case .gone(let gone): index = gone
    case .name(let name):
      guard let link = try link(name) else { return .alreadySo }
      index = UInt32(bitPattern: link.index)
    }
    return try maps().ports.remove(bytes(of: esw_port_key(port.vlan, on: index))) ? .applied : .alreadySo
  }

  mutating func putSource(_ key: SourceKey, _ row: SourceRow) throws -> StepOutcome {
    try Self.put(
      maps().sources, esw_source_key(key),
      esw_source_row(connection: row.connection.value, remote_index: UInt32(row.remoteIndex)))
  }

  mutating func removeSource(_ key: SourceKey) throws -> StepOutcome {
    try maps().sources.remove(bytes(of: esw_source_key(key))) ? .applied : .alreadySo
  }
}

extension esw_connection_row {
  fileprivate func hasSidesOf(_ other: esw_connection_row) -> Bool {
    port_ifindex == other.port_ifindex && outer_tag == other.outer_tag && inner_tag == other.inner_tag
      && remote_count == other.remote_count
      && bytes(of: remotes.0) == bytes(of: other.remotes.0)
      && bytes(of: remotes.1) == bytes(of: other.remotes.1)
  }
}
