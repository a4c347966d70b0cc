package import ESWModel

/// The ordered kernel changes that lead from what is observed to what is desired.
///
/// The order keeps frames from meeting half a connection: rows are taken away from the outside in
/// (ports and sources, then the connection), and put from the inside out (connection, sources, ports,
/// and the programs last).
package struct DataplanePlan: Hashable, Sendable {
  package private(set) var steps: [DataplaneStep] = []

  package var isEmpty: Bool { steps.isEmpty }

  /// Nothing to do.
  package init() {}

  /// - Complexity: O(n log n) in the rows of both.
  package init(from observed: DataplaneState, to desired: DataplaneState) {
    var observed = observed
    if observed.datapath == .otherLayout || (desired.datapath == nil && observed.datapath != nil) {
      // The pins hold all rows and links: they go in one step.
      steps.append(.unloadDatapath)
      observed = observed.withoutDatapath
    }
    prepare(from: observed, to: desired)
    // Who may not forward stops before anything else is done, and who may again starts when all is.
    let isLater = desired.permission.end == .never
    if !isLater { permit(from: observed, to: desired) }
    removeRows(from: observed, to: desired)
    makeDevices(from: observed, to: desired)
    putRows(from: observed, to: desired)
    removeDevices(from: observed, to: desired)
    if isLater { permit(from: observed, to: desired) }
  }

  private mutating func permit(from observed: DataplaneState, to desired: DataplaneState) {
    guard desired.datapath != nil, observed.permission != desired.permission else { return }
    steps.append(.putPermission(desired.permission))
  }

  private mutating func prepare(from observed: DataplaneState, to desired: DataplaneState) {
    guard desired.datapath != nil else { return }
    switch observed.datapath {
    case nil, .otherLayout: steps.append(.loadDatapath)
    case .otherPrograms: steps.append(.replacePrograms)
    case .current: break
    }
  }

  private mutating func removeRows(from observed: DataplaneState, to desired: DataplaneState) {
    steps += observed.programs.subtracting(desired.programs).sorted().map { .detachProgram($0) }
    steps += observed.ports.keys.filter { desired.ports[$0] == nil }.sorted().map { .removePort($0) }
    steps += observed.sources.keys.filter { desired.sources[$0] == nil }.sorted().map { .removeSource($0) }
    steps += observed.virtualAddresses.subtracting(desired.virtualAddresses).sorted()
      .map { .removeVirtualAddress($0) }
    steps += observed.connections.keys.filter { desired.connections[$0] == nil }.sorted()
      .map { .removeConnection($0) }
    steps += observed.meters.keys.filter { desired.meters[$0] == nil }.sorted().map { .removeMeter($0) }
    steps += observed.tunnels.subtracting(desired.tunnels).sorted().map { .removeTunnel($0) }
    steps += observed.xdpUnderlays.keys.filter { desired.xdpUnderlays[$0] == nil }.sorted()
      .map { .removeXDPUnderlay($0) }
    steps += observed.xdpExits.subtracting(desired.xdpExits).sorted().map { .removeXDPExit($0) }
  }

  private mutating func makeDevices(from observed: DataplaneState, to desired: DataplaneState) {
    steps += observed.ownedAddresses.subtracting(desired.ownedAddresses).sorted().map { .removeAddress($0) }
    steps += desired.ownedAddresses.subtracting(observed.ownedAddresses).sorted().map { .addAddress($0) }
    makeSlowPath(from: observed.slowPath, to: desired.slowPath)
    for (inner, port) in desired.bridgePorts.sorted(by: { $0.key < $1.key })
    where observed.bridgePorts[inner] != port {
      guard let bridge = port.bridge else { continue }
      if let there = observed.bridgePorts[inner], there.outer != port.outer {
        steps.append(.deleteBridgePort(inner: inner))
      }
      steps.append(.createBridgePort(inner: inner, outer: port.outer, bridge: bridge))
    }
    for (name, adjustment) in desired.adjustments.sorted(by: { $0.key < $1.key })
    where observed.adjustments[name] != adjustment {
      steps.append(.adjustInterface(name, adjustment))
    }
  }

  private mutating func makeSlowPath(from observed: SlowPathDevice?, to desired: SlowPathDevice?) {
    guard let desired else { return }
    var there = observed
    if let old = there, old.name != desired.name || old.port != desired.port {
      steps.append(.deleteSlowPath(old.name))
      there = nil
    }
    if there == nil { steps.append(.createSlowPath(name: desired.name, port: desired.port)) }
    if there?.isUp != true { steps.append(.raiseSlowPath(desired.name)) }
    if there?.isRegistered != true { steps.append(.registerSlowPath(desired.name)) }
  }

  private mutating func putRows(from observed: DataplaneState, to desired: DataplaneState) {
    steps += desired.meters.sorted { $0.key < $1.key }
      .filter { observed.meters[$0.key] != $0.value }.map { .putMeter($0.key, $0.value) }
    steps += desired.connections.sorted { $0.key < $1.key }
      .filter { observed.connections[$0.key] != $0.value }.map { .putConnection($0.value) }
    steps += desired.virtualAddresses.subtracting(observed.virtualAddresses).sorted()
      .map { .putVirtualAddress($0) }
    steps += desired.sources.sorted { $0.key < $1.key }
      .filter { observed.sources[$0.key] != $0.value }.map { .putSource($0.key, $0.value) }
    for (port, number) in desired.ports.sorted(by: { $0.key < $1.key }) where observed.ports[port] != number {
      steps.append(.putPort(port, number))
    }
    steps += desired.tunnels.subtracting(observed.tunnels).sorted().map { .putTunnel($0) }
    for case (.name(let name), let mac) in desired.xdpUnderlays.sorted(by: { $0.key < $1.key })
    where observed.xdpUnderlays[.name(name)] != mac {
      steps.append(.putXDPUnderlay(name, mac))
    }
    for case .name(let name) in desired.xdpExits.subtracting(observed.xdpExits).sorted() {
      steps.append(.putXDPExit(name))
    }
    steps += desired.programs.subtracting(observed.programs).sorted().map { .attachProgram($0) }
  }

  private mutating func removeDevices(from observed: DataplaneState, to desired: DataplaneState) {
    steps += observed.bridgePorts.keys.filter { desired.bridgePorts[$0] == nil }.sorted()
      .map { .deleteBridgePort(inner: $0) }
    steps += observed.adjustments.keys.filter { desired.adjustments[$0] == nil }.sorted()
      .map { .restoreInterface($0) }
    if let slowPath = observed.slowPath, desired.slowPath == nil {
      steps.append(.deleteSlowPath(slowPath.name))
    }
  }
}

extension DataplaneState {
  /// What is left when the pins are gone: devices, addresses and adjustments.
  fileprivate var withoutDatapath: DataplaneState {
    var slowPath = slowPath
    slowPath?.isRegistered = false
    return DataplaneState(
      slowPath: slowPath, ownedAddresses: ownedAddresses, bridgePorts: bridgePorts, adjustments: adjustments)
  }
}
