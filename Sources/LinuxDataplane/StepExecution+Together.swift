internal import BPF
internal import CDatapath
internal import ESWModel
internal import Glibc
internal import Netlink

/// Steps of one kind behind each other, as thousands of connections bring them: what is there is looked up
/// once, and the kernel is asked once for many. Each step has its own outcome all the same.
extension StepExecution {
  /// Our choice: fewer are not worth listing what is there.
  private static let leastTogether = 8

  mutating func take(_ steps: [DataplaneStep]) -> [StepOutcome] {
    var outcomes: [StepOutcome] = []
    outcomes.reserveCapacity(steps.count)
    var start = 0
    while start < steps.count {
      let kind = steps[start].kind
      let end = kind == nil ? start + 1 : steps[start...].firstIndex { $0.kind != kind } ?? steps.count
      let run = steps[start..<end]
      if run.count >= Self.leastTogether, let together = try? takeTogether(run) {
        outcomes += together
      } else {
        // One by one also after a failure in the middle: then each tells what became of it.
        for step in run { outcomes.append(take(step)) }
      }
      start = end
    }
    return outcomes
  }

  /// - Returns: Nil for steps that are better taken one by one.
  private mutating func takeTogether(_ run: ArraySlice<DataplaneStep>) throws -> [StepOutcome]? {
    guard let first = run.first else { return nil }
    switch first {
    case .addAddress: return try addAddresses(run.compactMap(\.address))
    case .removeAddress: return try removeAddresses(run.compactMap(\.address))
    case .putConnection: return try putConnections(run)
    case .removeConnection:
      let keys = run.compactMap { step -> [UInt8]? in
        guard case .removeConnection(let number) = step else { return nil }
        return bytes(of: esw_connection_key(connection: number.value))
      }
      let there = Set(try maps().connections.keys())
      try maps().removeAll(keys)
      return keys.map { there.contains($0) ? .applied : .alreadySo }
    case .putPort: return try put(run, in: maps().ports)
    case .putSource: return try put(run, in: maps().sources)
    case .putTunnel: return try put(run, in: maps().tunnels)
    case .removePort: return try remove(run, from: maps().ports)
    case .removeSource: return try remove(run, from: maps().sources)
    case .removeTunnel: return try remove(run, from: maps().tunnels)
    default: return nil
    }
  }

  // MARK: Rows

  private mutating func put(_ run: ArraySlice<DataplaneStep>, in map: BPFMap) throws -> [StepOutcome]? {
    var there: [[UInt8]: [UInt8]] = [:]
    try map.forEachEntry { there[Array($0)] = Array($1) }
    var (keys, values): ([UInt8], [UInt8]) = ([], [])
    var outcomes: [StepOutcome] = []
    for step in run {
      guard let key = try key(of: step), let value = step.row else { return nil }
      let isThere = there[key] == value
      outcomes.append(isThere ? .alreadySo : .applied)
      guard !isThere else { continue }
      keys += key
      values += value
    }
    try DatapathMaps.setAll(map, keys: keys, values: values)
    return outcomes
  }

  private mutating func remove(_ run: ArraySlice<DataplaneStep>, from map: BPFMap) throws -> [StepOutcome]? {
    let keys = try run.map { try key(of: $0) }
    let there = Set(try map.keys())
    try map.remove(keys.compactMap(\.self).filter(there.contains))
    return keys.map { key in key.map(there.contains) == true ? .applied : .alreadySo }
  }

  /// Nil for an interface that there is not.
  private mutating func key(of step: DataplaneStep) throws -> [UInt8]? {
    switch step {
    case .putPort(let port, _), .removePort(let port):
      switch port.interface {
      case .gone(let index): bytes(of: esw_port_key(port.vlan, on: index))
      case .name(let name):
        try link(name).map { bytes(of: esw_port_key(port.vlan, on: UInt32(bitPattern: $0.index))) }
      }
    case .putSource(let key, _), .removeSource(let key): bytes(of: esw_source_key(key))
    case .putTunnel(let address), .removeTunnel(let address):
      bytes(of: esw_tunnel_key(address_be: address.networkOrder))
    default: nil
    }
  }

  /// Those that are not there together; one that changes may have hosts to forget, and is taken by itself.
  private mutating func putConnections(_ run: ArraySlice<DataplaneStep>) throws -> [StepOutcome]? {
    let maps = try maps()
    let there = Set(try maps.connections.keys())
    var rows: [(number: ConnectionNumber, row: esw_connection_row)] = []
    var others: [Int: DataplaneStep] = [:]
    for (index, step) in run.enumerated() {
      guard case .putConnection(let row) = step, case .name(let name) = row.port.interface,
        let link = try link(name), row.remotes.count <= Int(ESW_REMOTES_MAX),
        let underlay = try? rowIndex(row.underlay),
        !there.contains(bytes(of: esw_connection_key(connection: row.number.value)))
      else {
        others[index] = step
        continue
      }
      let port = UInt32(bitPattern: link.index)
      rows.append((row.number, esw_connection_row(row, port: port, underlay: underlay)))
    }
    try maps.putNew(rows)
    return (0..<run.count).map { place in others[place].map { take($0) } ?? .applied }
  }

  // MARK: Addresses

  private mutating func addAddresses(_ owned: [OwnedAddress]) throws -> [StepOutcome]? {
    let addresses = try owned.map { try kernelAddress($0) }
    let refusals = try socket().perform(addresses.map { .addAddress($0) })
    return zip(owned, addresses.indices).map { owned, index in
      // What is there may be ours, or somebody else's.
      refusals[index] == nil ? .applied : take(.addAddress(owned))
    }
  }

  private mutating func removeAddresses(_ owned: [OwnedAddress]) throws -> [StepOutcome]? {
    let addresses = try owned.map { try kernelAddress($0) }
    let ours = Set(
      try socket().addresses().filter { $0.origin == OwnershipMark.addressOrigin }.map(Place.init))
    let there = addresses.indices.filter { ours.contains(Place(addresses[$0])) }
    let refusals = try socket().perform(there.map { .deleteAddress(addresses[$0]) })
    var outcomes = [StepOutcome](repeating: .alreadySo, count: owned.count)
    for (place, index) in there.enumerated() {
      outcomes[index] = refusals[place] == nil ? .applied : take(.removeAddress(owned[index]))
    }
    return outcomes
  }

  /// What the kernel tells addresses apart by.
  private struct Place: Hashable {
    let link: Int32
    let address: IPAddressBytes
    let prefixLength: UInt8

    init(_ address: Address) {
      link = address.linkIndex
      self.address = address.local
      prefixLength = address.prefixLength
    }
  }
}

extension DataplaneStep {
  fileprivate enum Kind {
    case addAddress, removeAddress, putTunnel, removeTunnel, putConnection, removeConnection, putPort
    case removePort, putSource, removeSource
  }

  /// Nil for steps of which there are never many, or that the kernel has no way to take together.
  fileprivate var kind: Kind? {
    switch self {
    case .addAddress: .addAddress
    case .removeAddress: .removeAddress
    case .putTunnel: .putTunnel
    case .removeTunnel: .removeTunnel
    case .putConnection: .putConnection
    case .removeConnection: .removeConnection
    case .putPort: .putPort
    case .removePort: .removePort
    case .putSource: .putSource
    case .removeSource: .removeSource
    case .loadDatapath, .replacePrograms, .unloadDatapath, .createSlowPath, .raiseSlowPath,
      .registerSlowPath, .deleteSlowPath, .createBridgePort, .deleteBridgePort, .adjustInterface,
      .restoreInterface, .putPermission, .attachProgram, .detachProgram, .putVirtualAddress,
      .removeVirtualAddress,
      .putMeter, .removeMeter, .putXDPUnderlay, .removeXDPUnderlay, .putXDPExit, .removeXDPExit:
      nil
    }
  }

  fileprivate var address: OwnedAddress? {
    switch self {
    case .addAddress(let owned), .removeAddress(let owned): owned
    default: nil
    }
  }

  /// The row that a step puts, as bytes.
  fileprivate var row: [UInt8]? {
    switch self {
    case .putPort(_, let number): bytes(of: esw_port_row(connection: number.value))
    case .putSource(_, let row):
      bytes(of: esw_source_row(connection: row.connection.value, remote_index: UInt32(row.remoteIndex)))
    case .putTunnel: bytes(of: esw_tunnel_row())
    default: nil
    }
  }
}
