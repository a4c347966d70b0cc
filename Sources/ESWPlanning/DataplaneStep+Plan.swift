package import ESWModel

// What a step is to those who read a plan: pure tables over the kinds of steps.
extension DataplaneStep {
  /// - Parameter state: What the node has before the step.
  package func effect(on state: DataplaneState) -> PlannedStep.Effect {
    switch self {
    case .loadDatapath, .createSlowPath, .addAddress, .attachProgram, .putTunnel, .putVirtualAddress,
      .putXDPExit:
      .made
    case .createBridgePort(let inner, _, _): state.bridgePorts[inner] == nil ? .made : .changed
    case .putConnection(let row): state.connections[row.number] == nil ? .made : .changed
    case .putPort(let port, _): state.ports[port] == nil ? .made : .changed
    case .putSource(let key, _): state.sources[key] == nil ? .made : .changed
    case .putMeter(let address, _): state.meters[address] == nil ? .made : .changed
    case .putXDPUnderlay(let name, _): state.xdpUnderlays[.name(name)] == nil ? .made : .changed
    case .replacePrograms, .raiseSlowPath, .registerSlowPath, .adjustInterface, .restoreInterface,
      .putPermission:
      .changed
    case .unloadDatapath, .deleteSlowPath, .removeAddress, .deleteBridgePort, .detachProgram,
      .removeTunnel, .removeConnection, .removePort, .removeSource, .removeVirtualAddress, .removeMeter,
      .removeXDPUnderlay, .removeXDPExit:
      .removed
    }
  }

  package var touches: [PlannedStep.Touched] {
    switch self {
    case .loadDatapath, .replacePrograms, .unloadDatapath, .putPermission: [.init(.datapath, "PINS")]
    case .createSlowPath(let name, _), .raiseSlowPath(let name), .registerSlowPath(let name),
      .deleteSlowPath(let name), .adjustInterface(let name, _), .restoreInterface(let name),
      .putXDPUnderlay(let name, _), .putXDPExit(let name):
      [.init(.interface, "\(name)")]
    case .addAddress(let owned), .removeAddress(let owned):
      [.init(.interface, "\(owned.interface)"), .init(.address, "\(owned.address)")]
    case .createBridgePort(let inner, let outer, let bridge):
      [.init(.interface, "\(bridge)"), .init(.interface, "\(inner)"), .init(.interface, "\(outer)")]
    case .deleteBridgePort(let inner): [.init(.interface, "\(inner)")]
    case .attachProgram(let attachment), .detachProgram(let attachment):
      [.init(.interface, "\(attachment.interface)")]
    case .putTunnel(let address), .removeTunnel(let address), .putMeter(let address, _),
      .removeMeter(let address):
      [.init(.address, "\(address)")]
    case .putConnection(let row): [.init(.connection, "\(row.number)")]
    case .removeConnection(let number): [.init(.connection, "\(number)")]
    case .putPort(let port, let number):
      [.init(.interface, "\(port.interface)"), .init(.connection, "\(number)")]
    case .removePort(let port): [.init(.interface, "\(port.interface)")]
    case .putSource(let key, let row):
      [.init(.remote, "\(key.remote)"), .init(.connection, "\(row.connection)")]
    case .removeSource(let key): [.init(.remote, "\(key.remote)")]
    case .putVirtualAddress(let virtual), .removeVirtualAddress(let virtual):
      [.init(.address, "\(virtual.address)"), .init(.connection, "\(virtual.connection)")]
    case .removeXDPUnderlay(let interface), .removeXDPExit(let interface):
      [.init(.interface, "\(interface)")]
    }
  }
}
