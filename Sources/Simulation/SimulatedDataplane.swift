package import ESWModel
import ESWSeams

/// A kernel in memory: it holds real state, refuses what the kernel would refuse, and fails on request.
///
/// It forwards no frames. Far hosts can be put behind remotes; they answer probes, and that is evidence
/// as from the real data path.
package actor SimulatedDataplane: Dataplane {
  package nonisolated let kind = DataplaneKind.simulated
  package nonisolated let kernelRelease = "simulated"

  private var state = DataplaneState()
  private var interfaces: [InterfaceName: InterfaceFact] = [:]
  private var nextIndex: UInt32 = 2
  private var farHosts: [RemoteEndpoint: [IPv4Address: MACAddress]] = [:]
  private var answers: [ConnectionNumber: [Int: ContinuousClock.Instant]] = [:]
  private var learned: [ConnectionNumber: [HostFact]] = [:]
  private var faults: [@Sendable (DataplaneStep) -> StepOutcome?] = []
  private var watchers: [AsyncStream<Void>.Continuation] = []

  /// Every step that was applied, in order.
  package private(set) var journal: [DataplaneStep] = []

  package init() {}

  // MARK: The world around us

  /// Puts an interface on the node that is not ours, or replaces it.
  package func place(
    _ name: InterfaceName, kind: String? = nil, isUp: Bool = true, isPromiscuous: Bool = false,
    isLoopback: Bool = false, master: InterfaceName? = nil, hasDefaultRoute: Bool = false,
    addresses: [InterfaceAddress] = []
  ) {
    interfaces[name] = InterfaceFact(
      name: name, index: newIndex(), kind: kind, isUp: isUp, isPromiscuous: isPromiscuous,
      isLoopback: isLoopback, mtu: 1500, master: master, hasDefaultRoute: hasDefaultRoute,
      addresses: addresses, isOurs: false)
    announce()
  }

  /// Takes an interface away, as `ip link delete` does: what names it points nowhere afterwards.
  package func take(_ name: InterfaceName) {
    guard let fact = interfaces.removeValue(forKey: name) else { return }
    let gone = InterfaceReference.gone(index: fact.index)
    state.programs = Set(
      state.programs.map {
        $0.interface == .name(name) ? ProgramAttachment(program: $0.program, interface: gone) : $0
      })
    if let number = state.ports.removeValue(forKey: .name(name)) { state.ports[gone] = number }
    for (number, row) in state.connections where row.port == .name(name) {
      state.connections[number]?.port = gone
    }
    state.ownedAddresses = state.ownedAddresses.filter { $0.interface != name }
    state.bridgePorts[name] = nil
    state.adjustments[name] = nil
    if state.slowPath?.name == name { state.slowPath = nil }
    announce()
  }

  /// Alters our state behind our back, as somebody with `ip` and `bpftool` would.
  package func meddle(_ change: @Sendable (inout DataplaneState) -> Void) {
    change(&state)
    announce()
  }

  /// Puts a host behind a remote; it answers probes.
  package func placeFarHost(_ address: IPv4Address, _ mac: MACAddress, behind remote: RemoteEndpoint) {
    farHosts[remote, default: [:]][address] = mac
  }

  package func removeFarHosts() { farHosts = [:] }

  /// From now on `fault` is asked before each step; an outcome from it replaces the step.
  package func inject(_ fault: @escaping @Sendable (DataplaneStep) -> StepOutcome?) { faults.append(fault) }

  package func removeFaults() { faults = [] }

  // MARK: Dataplane

  package func observe() -> DataplaneObservation {
    DataplaneObservation(state: state, interfaces: interfaces.values.sorted { $0.name < $1.name })
  }

  package func execute(_ steps: [DataplaneStep]) -> [StepOutcome] {
    steps.map { step in
      for fault in faults {
        if let outcome = fault(step) { return outcome }
      }
      let outcome = take(step)
      if outcome == .applied { journal.append(step) }
      return outcome
    }
  }

  package func evidence() -> DataplaneEvidence {
    let now = ContinuousClock.now
    var result = DataplaneEvidence()
    for number in state.connections.keys {
      var connection = DataplaneEvidence.PerConnection()
      for (index, moment) in answers[number] ?? [:] {
        connection.receivedAgeMilliseconds[index] = (now - moment).wholeMilliseconds
      }
      connection.hosts = learned[number] ?? []
      result.connections[number] = connection
    }
    return result
  }

  package func probe(_ probes: [Probe]) {
    for probe in probes {
      let key = SourceKey(vni: probe.remote.vni, remote: probe.remote.address, local: probe.tunnelAddress)
      guard let source = state.sources[key], state.tunnels.contains(probe.tunnelAddress),
        let mac = farHosts[probe.remote]?[probe.target]
      else { continue }
      let index = Int(source.remoteIndex)
      answers[source.connection, default: [:]][index] = ContinuousClock.now
      let host = HostFact(mac: mac, address: probe.target, side: .remote(index), seenAgeMilliseconds: 0)
      learned[source.connection, default: []].removeAll { $0.mac == mac }
      learned[source.connection, default: []].append(host)
    }
  }

  package nonisolated func changes() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    Task { await self.add(continuation) }
    return stream
  }

  private func add(_ continuation: AsyncStream<Void>.Continuation) { watchers.append(continuation) }

  private func announce() {
    for watcher in watchers { watcher.yield() }
  }

  private func newIndex() -> UInt32 {
    defer { nextIndex += 1 }
    return nextIndex
  }
}

// MARK: - Steps

extension SimulatedDataplane {
  private func take(_ step: DataplaneStep) -> StepOutcome {
    switch step {
    case .loadDatapath, .replacePrograms, .unloadDatapath: takeDatapath(step)
    case .createSlowPath, .raiseSlowPath, .registerSlowPath, .deleteSlowPath: takeSlowPath(step)
    case .addAddress, .removeAddress, .createBridgePort, .deleteBridgePort, .adjustInterface,
      .restoreInterface:
      takeDevice(step)
    case .attachProgram, .detachProgram, .putTunnel, .removeTunnel, .putConnection, .removeConnection,
      .putPort, .removePort, .putSource, .removeSource:
      state.datapath == nil ? .refused("ENOENT: the data path is not loaded") : takeRow(step)
    }
  }

  private func takeDatapath(_ step: DataplaneStep) -> StepOutcome {
    switch step {
    case .unloadDatapath:
      state = DataplaneState(
        slowPath: state.slowPath, ownedAddresses: state.ownedAddresses, bridgePorts: state.bridgePorts,
        adjustments: state.adjustments)
      state.slowPath?.isRegistered = false
      answers = [:]
      learned = [:]
    default: state.datapath = .current
    }
    return .applied
  }

  private func takeSlowPath(_ step: DataplaneStep) -> StepOutcome {
    switch step {
    case .createSlowPath(let name, let port):
      guard interfaces[name] == nil else { return .refused("EEXIST: \(name) exists") }
      add(name, kind: "vxlan", isUp: false)
      state.slowPath = SlowPathDevice(name: name, port: port, isUp: false, isRegistered: false)
    case .raiseSlowPath: state.slowPath?.isUp = true
    case .registerSlowPath: state.slowPath?.isRegistered = true
    case .deleteSlowPath(let name): take(name)
    default: return .refused("EINVAL")
    }
    return .applied
  }

  private func takeDevice(_ step: DataplaneStep) -> StepOutcome {
    switch step {
    case .addAddress(let owned):
      guard interfaces[owned.interface] != nil else { return .refused("ENODEV: \(owned.interface)") }
      return state.ownedAddresses.insert(owned).inserted ? .applied : .alreadySo
    case .removeAddress(let owned): return state.ownedAddresses.remove(owned) == nil ? .alreadySo : .applied
    case .createBridgePort(let inner, let outer, let bridge):
      guard interfaces[bridge]?.kind == "bridge" else { return .refused("ENODEV: no bridge \(bridge)") }
      for name in [inner, outer] where interfaces[name] == nil { add(name, kind: "veth", isUp: true) }
      state.bridgePorts[inner] = BridgePort(inner: inner, outer: outer, bridge: bridge, areUp: true)
    case .deleteBridgePort(let inner):
      if let outer = state.bridgePorts[inner]?.outer { take(outer) }
      take(inner)
    case .adjustInterface(let name, let adjustment):
      guard interfaces[name] != nil else { return .refused("ENODEV: \(name)") }
      state.adjustments[name] = adjustment
      alter(name, isUp: adjustment.raised ? true : nil, isPromiscuous: adjustment.promiscuous ? true : nil)
    case .restoreInterface(let name):
      guard let adjustment = state.adjustments.removeValue(forKey: name) else { return .alreadySo }
      alter(name, isUp: adjustment.raised ? false : nil, isPromiscuous: adjustment.promiscuous ? false : nil)
    default: return .refused("EINVAL")
    }
    return .applied
  }

  private func takeRow(_ step: DataplaneStep) -> StepOutcome {
    switch step {
    case .attachProgram(let attachment):
      guard case .name(let name) = attachment.interface, interfaces[name] != nil else {
        return .refused("ENODEV: \(attachment.interface)")
      }
      return state.programs.insert(attachment).inserted ? .applied : .alreadySo
    case .detachProgram(let attachment):
      return state.programs.remove(attachment) == nil ? .alreadySo : .applied
    case .putTunnel(let address): state.tunnels.insert(address)
    case .removeTunnel(let address): state.tunnels.remove(address)
    case .putConnection(let row):
      if case .name(let name) = row.port, interfaces[name] == nil { return .refused("ENODEV: \(name)") }
      state.connections[row.number] = row
    case .removeConnection(let number):
      state.connections[number] = nil
      answers[number] = nil
      learned[number] = nil
    case .putPort(let name, let number):
      guard interfaces[name] != nil else { return .refused("ENODEV: \(name)") }
      state.ports[.name(name)] = number
    case .removePort(let port): state.ports[port] = nil
    case .putSource(let key, let row): state.sources[key] = row
    case .removeSource(let key): state.sources[key] = nil
    default: return .refused("EINVAL")
    }
    return .applied
  }

  private func add(_ name: InterfaceName, kind: String, isUp: Bool) {
    interfaces[name] = InterfaceFact(
      name: name, index: newIndex(), kind: kind, isUp: isUp, isPromiscuous: false, isLoopback: false,
      mtu: 1500, master: nil, hasDefaultRoute: false, addresses: [], isOurs: true)
  }

  private func alter(_ name: InterfaceName, isUp: Bool?, isPromiscuous: Bool?) {
    guard let fact = interfaces[name] else { return }
    interfaces[name] = InterfaceFact(
      name: fact.name, index: fact.index, kind: fact.kind, isUp: isUp ?? fact.isUp,
      isPromiscuous: isPromiscuous ?? fact.isPromiscuous, isLoopback: fact.isLoopback, mtu: fact.mtu,
      master: fact.master, hasDefaultRoute: fact.hasDefaultRoute, addresses: fact.addresses,
      isOurs: fact.isOurs)
  }
}

extension Duration {
  fileprivate var wholeMilliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}
