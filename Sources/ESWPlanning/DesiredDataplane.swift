package import ESWModel

/// What the kernel of a node should hold for a configuration, given what else is on the node; and what
/// cannot be done there, with the reason.
package struct DesiredDataplane: Hashable, Sendable {
  package internal(set) var state = DataplaneState()
  package private(set) var problems: [Problem] = []
  /// Whose an interface is, to name the one concerned when a step fails.
  private var subjects: [InterfaceName: Problem.Subject] = [:]
  /// Whose a tunnel address is: several instances may share an underlay.
  private var tunnelSubjects: [IPv4Address: Problem.Subject] = [:]

  /// The slow path's device; the prefix `esw` marks the names that are ours.
  package static let slowPathName = requiredName("esw-vx4789")

  /// - Complexity: O(tunnels + connections + interfaces).
  package init(for configuration: GatewayConfiguration, on observation: DataplaneObservation) {
    guard !configuration.tunnels.isEmpty else { return }
    let interfaces = Dictionary(
      observation.interfaces.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    state.datapath = .current
    addSlowPath(interfaces)
    let foreignAddresses = Self.foreignAddresses(of: observation.interfaces)
    var tunnels: [IPv4Address: TunnelConfiguration] = [:]
    for tunnel in configuration.tunnels {
      add(tunnel, interfaces, foreignAddresses)
      tunnels[tunnel.address] = tunnel
      guard observation.withoutAggregation.contains(tunnel.interface) else { continue }
      state.adjustments[tunnel.interface] = InterfaceAdjustment(
        promiscuous: false, raised: false, aggregates: true)
    }
    for connection in configuration.connections {
      guard let port = addPort(of: connection, interfaces, observation) else { continue }
      let tunnel = tunnels[connection.tunnelAddress]
      let underlay = tunnel.map { interfaces[$0.interface] == nil ? Self.nowhere : .name($0.interface) }
      // A port of a trunk has tags to get first.
      let handsOver = port.vlan == nil && observation.portsToElsewhere.contains(connection.point.name)
      add(
        connection, port: port, underlay: connection.pinsUnderlay ? underlay : nil,
        isMetered: tunnel?.limit != nil, handsOver: handsOver)
    }
    addXDP(observation.xdp)
    if let failure = observation.xdpFailure {
      addProblem(
        Problem(.leftovers, "the kernel cannot be asked about XDP, all frames go by tcx alone: \(failure)"))
    }
  }

  /// The underlay of a connection whose interface is not there: no frame comes by it.
  private static let nowhere = InterfaceReference.gone(index: .max)

  /// The instance or connection that a step is for; what serves them all belongs to the node, and what takes
  /// something away to nobody any more.
  package func subject(of step: DataplaneStep) -> Problem.Subject {
    switch step {
    case .unloadDatapath, .deleteSlowPath, .removeTunnel, .removeConnection, .removePort, .removeSource,
      .removeAddress, .deleteBridgePort, .restoreInterface, .detachProgram, .removeVirtualAddress,
      .removeMeter, .removeXDPUnderlay, .removeXDPExit:
      .leftovers
    // What XDP does not take goes by tcx.
    case .putXDPUnderlay, .putXDPExit: .leftovers
    case .attachProgram(let attachment) where attachment.program.isXDP: .leftovers
    // Frames of the connection cross all the same, and hosts speak for themselves.
    case .putVirtualAddress: .leftovers
    case .loadDatapath, .replacePrograms, .createSlowPath, .raiseSlowPath, .registerSlowPath, .putTunnel:
      .node
    case .putMeter(let address, _): tunnelSubjects[address] ?? .node
    case .addAddress(let owned): tunnelSubjects[owned.address] ?? .node
    case .createBridgePort(let inner, _, _): subjects[inner] ?? .node
    case .adjustInterface(let name, _): subjects[name] ?? .node
    case .putPort(_, let number): subject(of: number)
    case .attachProgram(let attachment):
      if case .name(let name) = attachment.interface { subjects[name] ?? .node } else { .node }
    case .putConnection(let row): .connection(row.id)
    case .putSource(_, let row): subject(of: row.connection)
    }
  }

  private func subject(of number: ConnectionNumber) -> Problem.Subject {
    state.connections[number].map { .connection($0.id) } ?? .node
  }

  private mutating func addSlowPath(_ interfaces: [InterfaceName: InterfaceFact]) {
    let name = Self.slowPathName
    if let fact = interfaces[name], !fact.isOurs {
      problems.append(
        Problem(
          .node, "an interface named \(name) exists and is not ours: rename or delete it", topic: .stepFailed)
      )
      return
    }
    state.slowPath = SlowPathDevice(
      name: name, port: RemoteEndpoint.defaultPort, isUp: true, isRegistered: true)
    state.programs.insert(ProgramAttachment(program: .slow, interface: .name(name)))
  }

  mutating func addProblem(_ problem: Problem) { problems.append(problem) }

  /// What goes wrong with an interface that several use is the node's.
  private mutating func addUser(_ subject: Problem.Subject, of name: InterfaceName) {
    subjects[name] = subjects[name] == nil ? subject : .node
  }

  /// Which interface has an address that we did not put there; addresses of loopback count too.
  private static func foreignAddresses(of interfaces: [InterfaceFact]) -> [IPv4Address: InterfaceName] {
    var result: [IPv4Address: InterfaceName] = [:]
    for interface in interfaces {
      for address in interface.addresses where !address.isOurs { result[address.address] = interface.name }
    }
    return result
  }

  private mutating func add(
    _ tunnel: TunnelConfiguration, _ interfaces: [InterfaceName: InterfaceFact],
    _ foreignAddresses: [IPv4Address: InterfaceName]
  ) {
    let subject = Problem.Subject.instance(tunnel.instance)
    state.tunnels.insert(tunnel.address)
    state.meters[tunnel.address] = tunnel.limit
    guard let underlay = interfaces[tunnel.interface] else {
      problems.append(
        Problem(
          subject, "the underlay interface \(tunnel.interface) does not exist on this node",
          topic: .underlayMissing))
      return
    }
    tunnelSubjects[tunnel.address] = subject
    addUser(subject, of: tunnel.interface)
    if !underlay.isUp {
      problems.append(
        Problem(
          subject, "the underlay interface \(tunnel.interface) is down: ip link set \(tunnel.interface) up",
          topic: .underlayDown))
    }
    state.programs.insert(ProgramAttachment(program: .underlay, interface: .name(tunnel.interface)))
    // An address that somebody else put there serves as well, and is not ours to remove.
    if let holder = foreignAddresses[tunnel.address] {
      guard holder != tunnel.interface else { return }
      let text = "the tunnel address \(tunnel.address) is on \(holder), not on \(tunnel.interface)"
      problems.append(
        Problem(subject, text + ", to which its subnet is attached", topic: .tunnelAddressElsewhere))
      return
    }
    state.ownedAddresses.insert(
      OwnedAddress(interface: tunnel.interface, address: tunnel.address, prefixLength: tunnel.prefixLength))
  }

  /// The interface at which the connection's frames enter the data path, or nil with a problem noted.
  private mutating func addPort(
    of connection: ConnectionConfiguration, _ interfaces: [InterfaceName: InterfaceFact],
    _ observation: DataplaneObservation
  ) -> PortReference? {
    let subject = Problem.Subject.connection(connection.id)
    let name = connection.point.name
    guard let fact = interfaces[name] else {
      problems.append(
        Problem(
          subject, "the attached interface \(name) does not exist on this node", topic: .attachmentMissing))
      return nil
    }
    switch connection.point {
    case .interface, .trunk:
      if let unfit = Self.unfitness(of: fact, shared: connection.point.vlan != nil) {
        problems.append(
          Problem(
            subject, "the attached interface \(name) \(unfit): its frames are left alone",
            topic: .attachmentUnfit))
        return nil
      }
      addUser(subject, of: name)
      // What we set stays ours while it is in effect; what others set is theirs.
      let ours = observation.state.adjustments[name]
      let wanted = InterfaceAdjustment(
        promiscuous: ours?.promiscuous == true || !fact.isPromiscuous,
        raised: ours?.raised == true || !fact.isUp,
        aggregates: observation.withoutAggregation.contains(name))
      if !wanted.isNothing { state.adjustments[name] = wanted }
      return .name(name, vlan: connection.point.vlan)
    case .bridge:
      guard fact.kind == "bridge" else {
        problems.append(Problem(subject, "\(name) is not a bridge", topic: .attachmentUnfit))
        return nil
      }
      let names = Self.bridgePortNames(of: connection.attachment)
      subjects[names.inner] = subject
      state.bridgePorts[names.inner] = BridgePort(
        inner: names.inner, outer: names.outer, bridge: name, areUp: true)
      return .name(names.inner)
    }
  }

  /// Why the frames of an interface may not be taken: what admission asked when it was attached may have
  /// changed since.
  ///
  /// - Parameter shared: Only those of a VLAN are.
  private static func unfitness(of fact: InterfaceFact, shared: Bool) -> String? {
    if fact.isLoopback { return "is loopback" }
    if fact.hasDefaultRoute, !shared { return "carries a default route" }
    if let master = fact.master { return "is a port of \(master)" }
    if fact.isOurs { return "is one of our own" }
    return nil
  }

  private mutating func add(
    _ connection: ConnectionConfiguration, port: PortReference, underlay: InterfaceReference?,
    isMetered: Bool, handsOver: Bool
  ) {
    state.programs.insert(ProgramAttachment(program: .local, interface: port.interface))
    state.ports[port] = connection.number
    state.connections[connection.number] = ConnectionRow(
      id: connection.id, number: connection.number, port: port,
      tunnelAddress: connection.tunnelAddress, fixedAddress: connection.fixedAddress,
      fixedMAC: connection.fixedMAC, remotes: connection.remotes, learningLimit: connection.learningLimit,
      ageingSeconds: connection.ageingSeconds, forwarding: connection.forwarding, underlay: underlay,
      isMetered: isMetered, handsOver: handsOver)
    for (index, remote) in connection.remotes.enumerated() {
      let key = SourceKey(vni: remote.vni, remote: remote.address, local: connection.tunnelAddress)
      state.sources[key] = SourceRow(
        connection: connection.number, remoteIndex: UInt8(truncatingIfNeeded: index))
    }
    for address in connection.virtualAddresses {
      state.virtualAddresses.insert(VirtualAddress(connection: connection.number, address: address))
    }
  }

  /// Names of the veth pair for an attachment: a prefix of ours and 40 bits of the attachment's id,
  /// 14 of the 15 bytes that a name may have.
  package static func bridgePortNames(of attachment: AttachmentID) -> (
    inner: InterfaceName, outer: InterfaceName
  ) {
    let digits = (0..<10).map { Character(Unicode.Scalar(hexDigit(attachment.low >> UInt64(36 - 4 * $0)))) }
    return (requiredName("eswi" + String(digits)), requiredName("eswo" + String(digits)))
  }

  /// For names that this file makes, whose form no input can change.
  private static func requiredName(_ text: String) -> InterfaceName {
    guard let name = InterfaceName(text) else { preconditionFailure("not an interface name: \(text)") }
    return name
  }
}
