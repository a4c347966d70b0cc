internal import BPF
internal import CDatapath
internal import ESWModel
internal import Netlink

extension StepExecution {
  mutating func loadDatapath() throws -> StepOutcome {
    try pins.load()
    forgetMaps()
    return .applied
  }

  mutating func replacePrograms() throws -> StepOutcome {
    try pins.replacePrograms()
    return .applied
  }

  mutating func unloadDatapath() throws -> StepOutcome {
    try pins.unload()
    forgetMaps()
    return .applied
  }

  // MARK: Programs

  /// `bpftool net attach tcx_ingress`, pinned.
  mutating func attach(_ attachment: ProgramAttachment) throws -> StepOutcome {
    guard case .name(let name) = attachment.interface else {
      throw Refused(text: "ENODEV: \(attachment.interface)")
    }
    let index = try index(name)
    let program = try pins.program(attachment.program.objectName)
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
    // First on the hook: what is ours is taken before anybody else's program sees it.
    let link = try BPFLink.attach(program, toInterface: Int32(bitPattern: index), at: .tcxIngress, .first)
    try link.pin(at: pins.links.path(of: pin))
    return .applied
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

  mutating func putTunnel(_ address: IPv4Address) throws -> StepOutcome {
    let maps = try maps()
    try DatapathMaps.set(
      maps.tunnels, esw_tunnel_key(address_be: address.networkOrder), to: esw_tunnel_row())
    return .applied
  }

  mutating func removeTunnel(_ address: IPv4Address) throws -> StepOutcome {
    let key = bytes(of: esw_tunnel_key(address_be: address.networkOrder))
    return try maps().tunnels.remove(key) ? .applied : .alreadySo
  }

  mutating func put(_ row: ConnectionRow) throws -> StepOutcome {
    guard case .name(let name) = row.port else { throw Refused(text: "ENODEV: \(row.port)") }
    guard row.remotes.count <= Int(ESW_REMOTES_MAX) else {
      throw Refused(text: "E2BIG: \(row.remotes.count) remotes, the data path takes \(ESW_REMOTES_MAX)")
    }
    let maps = try maps()
    let before: esw_connection_row? = try maps.connections.value(
      of: esw_connection_key(connection: row.number.value))
    let after = esw_connection_row(row, port: try index(name))
    try maps.put(after, row.number)
    // Hosts are known by side: local, or by a remote's place. When the sides are others, what was learned
    // about them is wrong until it ages.
    if let before, !before.hasSidesOf(after) { try pins.sweep(flushing: row.number) }
    return .applied
  }

  mutating func putPort(_ name: InterfaceName, _ number: ConnectionNumber) throws -> StepOutcome {
    let key = esw_port_key(ifindex: try index(name))
    try DatapathMaps.set(maps().ports, key, to: esw_port_row(connection: number.value))
    return .applied
  }

  mutating func removePort(_ port: InterfaceReference) throws -> StepOutcome {
    let index: UInt32
    switch port {
    case .gone(let gone): index = gone
    case .name(let name):
      guard let link = try link(name) else { return .alreadySo }
      index = UInt32(bitPattern: link.index)
    }
    return try maps().ports.remove(bytes(of: esw_port_key(ifindex: index))) ? .applied : .alreadySo
  }

  mutating func putSource(_ key: SourceKey, _ row: SourceRow) throws -> StepOutcome {
    try DatapathMaps.set(
      maps().sources, esw_source_key(key),
      to: esw_source_row(connection: row.connection.value, remote_index: UInt32(row.remoteIndex)))
    return .applied
  }

  mutating func removeSource(_ key: SourceKey) throws -> StepOutcome {
    try maps().sources.remove(bytes(of: esw_source_key(key))) ? .applied : .alreadySo
  }
}

extension esw_connection_row {
  fileprivate func hasSidesOf(_ other: esw_connection_row) -> Bool {
    port_ifindex == other.port_ifindex && remote_count == other.remote_count
      && bytes(of: remotes.0) == bytes(of: other.remotes.0)
      && bytes(of: remotes.1) == bytes(of: other.remotes.1)
  }
}
