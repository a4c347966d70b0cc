import ESWModel

extension SimulatedDataplane {
  /// Takes a step as the kernel does: what is so already stays and says so.
  func perform(_ step: DataplaneStep) -> StepOutcome {
    let before = state
    let outcome = change(step)
    return outcome == .applied && state == before ? .alreadySo : outcome
  }

  private func change(_ step: DataplaneStep) -> StepOutcome {
    switch step {
    case .loadDatapath, .replacePrograms, .unloadDatapath: changeDatapath(step)
    case .createSlowPath, .raiseSlowPath, .registerSlowPath, .deleteSlowPath: changeSlowPath(step)
    case .addAddress(let owned): add(owned)
    case .removeAddress(let owned): remove(owned)
    case .createBridgePort(let inner, let outer, let bridge):
      createBridgePort(inner: inner, outer: outer, bridge: bridge)
    case .deleteBridgePort(let inner): delete(inner)
    case .adjustInterface(let name, let adjustment): adjust(name, adjustment)
    case .restoreInterface(let name): restore(name)
    case .attachProgram, .detachProgram, .putPermission, .putTunnel, .removeTunnel, .putConnection,
      .removeConnection,
      .putPort, .removePort, .putSource, .removeSource, .putVirtualAddress, .removeVirtualAddress,
      .putMeter, .removeMeter, .putXDPUnderlay, .removeXDPUnderlay, .putXDPExit, .removeXDPExit:
      state.datapath == nil ? Self.notLoaded : changeRow(step)
    }
  }

  private static let notLoaded = StepOutcome.refused("ENOENT: the data path is not loaded")

  private static func missing(_ name: InterfaceName) -> StepOutcome {
    .refused("ENODEV: there is no interface \(name)")
  }

  /// Why a device is not ours to change; nil: it is ours.
  private func refusal(of name: InterfaceName) -> StepOutcome? {
    guard let fact = interfaces[name] else { return Self.missing(name) }
    return fact.isOurs ? nil : .refused("\(name) exists and is not ours")
  }

  private func changeDatapath(_ step: DataplaneStep) -> StepOutcome {
    switch step {
    case .unloadDatapath:
      state = DataplaneState(
        slowPath: state.slowPath, ownedAddresses: state.ownedAddresses, bridgePorts: state.bridgePorts,
        adjustments: state.adjustments)
      state.slowPath?.isRegistered = false
      forgetEvidence()
    default: state.datapath = .current
    }
    return .applied
  }

  // MARK: Devices

  private func changeSlowPath(_ step: DataplaneStep) -> StepOutcome {
    switch step {
    case .createSlowPath(let name, let port):
      if let there = interfaces[name] {
        guard there.isOurs, state.slowPath?.name == name, state.slowPath?.port == port else {
          return .refused("EEXIST: \(name) exists and is not this device")
        }
        return .alreadySo
      }
      add(name, kind: "vxlan", isUp: false)
      state.slowPath = SlowPathDevice(name: name, port: port, isUp: false, isRegistered: false)
    case .raiseSlowPath(let name):
      if let refusal = refusal(of: name) { return refusal }
      state.slowPath?.isUp = true
      alter(name, isUp: true)
    case .registerSlowPath(let name):
      if let refusal = refusal(of: name) { return refusal }
      guard state.datapath != nil else { return Self.notLoaded }
      state.slowPath?.isRegistered = true
    case .deleteSlowPath(let name): return delete(name)
    default: return .refused("EINVAL")
    }
    return .applied
  }

  /// Deletes a device of ours; with one end of a bridge port the other goes as well.
  private func delete(_ name: InterfaceName) -> StepOutcome {
    guard interfaces[name] != nil else { return .alreadySo }
    if let refusal = refusal(of: name) { return refusal }
    if let outer = state.bridgePorts[name]?.outer { take(outer) }
    take(name)
    return .applied
  }

  private func createBridgePort(
    inner: InterfaceName, outer: InterfaceName, bridge: InterfaceName
  ) -> StepOutcome {
    guard let fact = interfaces[bridge] else { return Self.missing(bridge) }
    guard fact.kind == "bridge" else { return .refused("ENODEV: \(bridge) is not a bridge") }
    for name in [inner, outer] where interfaces[name] != nil {
      if let refusal = refusal(of: name) { return refusal }
    }
    for (name, master) in [(inner, nil), (outer, bridge)] where interfaces[name] == nil {
      add(name, kind: "veth", isUp: true, master: master)
    }
    state.bridgePorts[inner] = BridgePort(inner: inner, outer: outer, bridge: bridge, areUp: true)
    return .applied
  }

  private func add(_ owned: OwnedAddress) -> StepOutcome {
    guard let fact = interfaces[owned.interface] else { return Self.missing(owned.interface) }
    let address = InterfaceAddress(address: owned.address, prefixLength: owned.prefixLength, isOurs: true)
    if fact.addresses.contains(where: { $0.address == owned.address && !$0.isOurs }) {
      return .refused("EEXIST: \(owned.address) on \(owned.interface) is not ours")
    }
    guard state.ownedAddresses.insert(owned).inserted else { return .alreadySo }
    alter(
      owned.interface,
      addresses: (fact.addresses.filter { $0.address != owned.address } + [address])
        .sorted { $0.address < $1.address })
    return .applied
  }

  private func remove(_ owned: OwnedAddress) -> StepOutcome {
    guard state.ownedAddresses.remove(owned) != nil else { return .alreadySo }
    let left = interfaces[owned.interface]?.addresses.filter { $0.address != owned.address || !$0.isOurs }
    alter(owned.interface, addresses: left)
    return .applied
  }

  private func adjust(_ name: InterfaceName, _ adjustment: InterfaceAdjustment) -> StepOutcome {
    guard interfaces[name] != nil else { return Self.missing(name) }
    state.adjustments[name] = adjustment
    alter(name, isUp: adjustment.raised ? true : nil, isPromiscuous: adjustment.promiscuous ? true : nil)
    return .applied
  }

  private func restore(_ name: InterfaceName) -> StepOutcome {
    guard let adjustment = state.adjustments.removeValue(forKey: name) else { return .alreadySo }
    alter(name, isUp: adjustment.raised ? false : nil, isPromiscuous: adjustment.promiscuous ? false : nil)
    return .applied
  }

  // MARK: Rows

  private func changeRow(_ step: DataplaneStep) -> StepOutcome {
    switch step {
    case .attachProgram(let attachment):
      if let refusal = refusal(ofRowsFor: attachment.interface) { return refusal }
      state.programs.insert(attachment)
    case .detachProgram(let attachment): state.programs.remove(attachment)
    case .putPermission(let row): state.permission = row
    case .putTunnel(let address): state.tunnels.insert(address)
    case .removeTunnel(let address): state.tunnels.remove(address)
    case .putConnection(let row):
      if let refusal = refusal(ofRowsFor: row.port.interface) { return refusal }
      state.connections[row.number] = row
    case .removeConnection(let number):
      state.connections[number] = nil
      forgetEvidence(of: number)
    case .putPort(let port, let number):
      if let refusal = refusal(ofRowsFor: port.interface) { return refusal }
      state.ports[port] = number
    case .removePort(let port): state.ports[port] = nil
    case .putSource(let key, let row): state.sources[key] = row
    case .removeSource(let key): state.sources[key] = nil
    case .putVirtualAddress(let virtual): state.virtualAddresses.insert(virtual)
    case .removeVirtualAddress(let virtual):
      state.virtualAddresses.remove(virtual)
      forgetHolder(of: virtual)
    case .putMeter(let address, let limit): state.meters[address] = limit
    case .removeMeter(let address): state.meters[address] = nil
    case .putXDPUnderlay(let name, let mac):
      if let refusal = refusal(ofRowsFor: .name(name)) { return refusal }
      state.xdpUnderlays[.name(name)] = mac
    case .removeXDPUnderlay(let interface): state.xdpUnderlays[interface] = nil
    case .putXDPExit(let name):
      if let refusal = refusal(ofRowsFor: .name(name)) { return refusal }
      state.xdpExits.insert(.name(name))
    case .removeXDPExit(let interface): state.xdpExits.remove(interface)
    default: return .refused("EINVAL")
    }
    return .applied
  }

  /// A row holds an index, so there must be an interface to take it from.
  private func refusal(ofRowsFor port: InterfaceReference) -> StepOutcome? {
    switch port {
    case .gone: .refused("ENODEV: \(port)")
    case .name(let name): interfaces[name] == nil ? Self.missing(name) : nil
    }
  }

  // MARK: Interfaces

  private func add(_ name: InterfaceName, kind: String, isUp: Bool, master: InterfaceName? = nil) {
    interfaces[name] = InterfaceFact(
      name: name, index: newIndex(), kind: kind, isUp: isUp, isPromiscuous: false, isLoopback: false,
      mtu: 1500, master: master, hasDefaultRoute: false, addresses: [], isOurs: true)
  }

  private func alter(
    _ name: InterfaceName, isUp: Bool? = nil, isPromiscuous: Bool? = nil,
    addresses: [InterfaceAddress]? = nil
  ) {
    guard let fact = interfaces[name] else { return }
    interfaces[name] = InterfaceFact(
      name: fact.name, index: fact.index, kind: fact.kind, isUp: isUp ?? fact.isUp,
      isPromiscuous: isPromiscuous ?? fact.isPromiscuous, isLoopback: fact.isLoopback, mtu: fact.mtu,
      master: fact.master, hasDefaultRoute: fact.hasDefaultRoute, addresses: addresses ?? fact.addresses,
      isOurs: fact.isOurs)
  }
}
