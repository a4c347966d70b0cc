internal import BPF
internal import CDatapath
internal import ESWModel
internal import Glibc

/// The maps that the data path works with, open in this process.
struct DatapathMaps: Sendable {
  let meta: BPFMap
  let tunnels: BPFMap
  let ports: BPFMap
  let connections: BPFMap
  let sources: BPFMap
  let states: BPFMap
  let activity: BPFMap
  let hosts: BPFMap
  let node: BPFMap
  let offenders: BPFMap
  let virtuals: BPFMap
  let neighbours: BPFMap
  let meters: BPFMap
  /// Nil: made by a version of this layout that had no XDP; newer programs bring it.
  let underlays: BPFMap?
  /// The same.
  let exits: BPFMap?
  /// Nil: made by a version that did not note what comes back of probes.
  let probes: BPFMap?
  /// Nil: made by a version that always forwarded.
  let permission: BPFMap?
  /// Nil: made by a version that could not capture.
  let captures: BPFMap?
  /// The same.
  let captured: BPFMap?
  /// The same.
  let capturing: BPFMap?

  /// Nil unless every map but those is pinned in the layout that this binary's object has.
  init?(pinnedIn folder: PinFolder, as layouts: [String: BPFMap.Layout]) throws(BPFError) {
    func open(_ name: String) throws(BPFError) -> BPFMap? {
      guard let map = try BPFMap(pinnedAt: folder.path(of: name)), map.layout == layouts[name] else {
        return nil
      }
      return map
    }
    guard let meta = try open("esw_meta"), let tunnels = try open("esw_tunnels"),
      let ports = try open("esw_ports"), let connections = try open("esw_connections"),
      let sources = try open("esw_sources"), let states = try open("esw_states"),
      let activity = try open("esw_activity"), let hosts = try open("esw_fdb"),
      let node = try open("esw_node"), let offenders = try open("esw_offenders"),
      let virtuals = try open("esw_virtuals"), let neighbours = try open("esw_neighbours"),
      let meters = try open("esw_meters")
    else { return nil }
    self.meta = meta
    self.tunnels = tunnels
    self.ports = ports
    self.connections = connections
    self.sources = sources
    self.states = states
    self.activity = activity
    self.hosts = hosts
    self.node = node
    self.offenders = offenders
    self.virtuals = virtuals
    self.neighbours = neighbours
    self.meters = meters
    underlays = try open("esw_underlays")
    exits = try open("esw_exits")
    probes = try open("esw_probes")
    permission = try open("esw_permission")
    captures = try open("esw_captures")
    captured = try open("esw_captured")
    capturing = try open("esw_capturing")
  }

  /// Whether those are there that an older version of this layout lacks.
  var areAll: Bool {
    let younger = [underlays, exits, probes, permission, captures, captured, capturing]
    return younger.allSatisfy { $0 != nil }
  }

  // MARK: The node's row

  private static let only = UInt32(0)

  /// False when the maps were made by another version: then nothing else in them may be read.
  func areOfThisVersion() throws(BPFError) -> Bool { try slowPathIndex() != nil }

  /// 0 while no device is registered; nil when the maps were made by another version.
  func slowPathIndex() throws(BPFError) -> UInt32? {
    guard let row: esw_meta_row = try meta.value(of: Self.only), row.magic == ESW_MAGIC,
      row.layout_version == ESW_LAYOUT_VERSION
    else { return nil }
    return row.external_ifindex
  }

  func setSlowPathIndex(_ index: UInt32) throws(BPFError) {
    let row = esw_meta_row(
      magic: ESW_MAGIC, layout_version: ESW_LAYOUT_VERSION, external_ifindex: index,
      arrival_proof: .random(in: 1 ... .max))
    try meta.set(Self.only, to: row)
  }

  // MARK: Rows

  /// Times that a row is written again when the kernel's allocator has to catch up with a burst (ENOMEM).
  private static let allocationAttempts = 100
  /// In microseconds; the allocator refills within a millisecond.
  private static let allocationPause: UInt32 = 200

  /// Sets a row of a map that grows, patiently.
  static func set<Key: BitwiseCopyable, Row: BitwiseCopyable>(
    _ map: BPFMap, _ key: Key, to row: Row, _ mode: BPFMap.UpdateMode = .set
  ) throws(BPFError) {
    for _ in 1..<allocationAttempts {
      do throws(BPFError) {
        try map.set(key, to: row, mode)
        return
      } catch  where error.errno == ENOMEM {
        usleep(allocationPause)
      }
    }
    try map.set(key, to: row, mode)
  }

  /// Sets many rows, patiently: keys one behind the other, and so values.
  static func setAll(_ map: BPFMap, keys: [UInt8], values: [UInt8]) throws(BPFError) {
    var done = 0
    var attempts = 0
    while true {
      let (count, failure) = map.set(keys: keys, values: values, from: done)
      guard let failure else { return }
      done += count
      attempts = count > 0 ? 0 : attempts + 1
      guard failure.errno == ENOMEM, attempts < allocationAttempts else { throw failure }
      usleep(allocationPause)
    }
  }

  /// Writes connections that are not there, and the rows that the path keeps for them; each frame finds all
  /// of its connection or nothing.
  func putNew(_ rows: [(number: ConnectionNumber, row: esw_connection_row)]) throws(BPFError) {
    for (map, row) in [(states, bytes(of: esw_state_row())), (activity, zeros(of: activity))] {
      let there = Set(try map.keys())
      let missing = rows.map { bytes(of: esw_connection_key(connection: $0.number.value)) }
        .filter { !there.contains($0) }
      var values: [UInt8] = []
      values.reserveCapacity(missing.count * row.count)
      for _ in missing { values += row }
      try Self.setAll(map, keys: missing.flatMap(\.self), values: values)
    }
    try Self.setAll(
      connections, keys: rows.flatMap { bytes(of: esw_connection_key(connection: $0.number.value)) },
      values: rows.flatMap { bytes(of: $0.row) })
  }

  /// For all CPUs.
  private func zeros(of map: BPFMap) -> [UInt8] { [UInt8](repeating: 0, count: map.transferSize) }

  /// Removes connections, those that are there; see `remove(_:)`.
  func removeAll(_ keys: [[UInt8]]) throws(BPFError) {
    for map in [connections, activity, states, probes].compactMap(\.self) { try map.remove(keys) }
  }

  /// Writes a connection and the rows that the path keeps for it; frames find all or nothing.
  func put(_ row: esw_connection_row, _ number: ConnectionNumber) throws(BPFError) {
    let key = esw_connection_key(connection: number.value)
    try createOnce(states, key, esw_state_row())
    try createOnce(activity, key, esw_activity_row())
    try Self.set(connections, key, to: row)
  }

  /// Whether the rows are there that the path keeps for a connection.
  func keepsRows(of number: ConnectionNumber) throws(BPFError) -> Bool {
    let key = bytes(of: esw_connection_key(connection: number.value))
    guard try states.value(of: key) != nil else { return false }
    return try activity.value(of: key) != nil
  }

  private func createOnce<Row: BitwiseCopyable>(
    _ map: BPFMap, _ key: esw_connection_key, _ row: Row
  ) throws(BPFError) {
    do throws(BPFError) {
      try Self.set(map, key, to: row, .create)
    } catch  where error.errno == EEXIST {
      // Counters of a connection that only changes go on.
    }
  }

  // MARK: Permission

  func permissionRow() throws(BPFError) -> PermissionRow {
    guard let row: esw_permission_row = try permission?.value(of: Self.only) else { return PermissionRow() }
    return PermissionRow(row)
  }

  // MARK: Probes

  /// Has the path note what comes back of probes of a connection.
  func keepAnswers(of number: ConnectionNumber) throws(BPFError) {
    guard let probes else { return }
    try createOnce(probes, esw_connection_key(connection: number.value), esw_probe_row())
  }

  // MARK: Meters

  /// False when it was so. Clocks go on: what was let through is paid for.
  func put(_ limit: TrafficLimit, for address: IPv4Address) throws(BPFError) -> Bool {
    let key = esw_meter_key(meter: address.value)
    let before: esw_meter_row? = try meters.value(of: key)
    var row = before ?? esw_meter_row()
    row.bits_per_second = limit.bitsPerSecond
    row.packets_per_second = limit.packetsPerSecond
    if let before, TrafficLimit(before) == limit { return false }
    try Self.set(meters, key, to: row)
    return true
  }

  /// False when it was not there.
  func removeMeter(of address: IPv4Address) throws(BPFError) -> Bool {
    try meters.remove(bytes(of: esw_meter_key(meter: address.value)))
  }

  // MARK: Virtual addresses

  /// Starts with nobody as the holder. False when it was there.
  func put(_ virtual: VirtualAddress) throws(BPFError) -> Bool {
    do throws(BPFError) {
      try Self.set(virtuals, esw_virtual_key(virtual), to: esw_virtual_row(), .create)
      return true
    } catch  where error.errno == EEXIST {
      return false
    }
  }

  /// False when it was not there.
  func remove(_ virtual: VirtualAddress) throws(BPFError) -> Bool {
    try virtuals.remove(bytes(of: esw_virtual_key(virtual)))
  }

  /// Who held what belongs to sides that are others now.
  func forgetHolders(of number: ConnectionNumber) throws(BPFError) {
    for key in try virtuals.keys() {
      let row = try key.as(esw_virtual_key.self, from: virtuals)
      guard row.connection == number.value else { continue }
      try Self.set(virtuals, row, to: esw_virtual_row())
    }
  }

  /// False when it was not there.
  func remove(_ number: ConnectionNumber) throws(BPFError) -> Bool {
    let key = bytes(of: esw_connection_key(connection: number.value))
    // The connection first: from then on no frame looks for the others.
    let wasThere = try connections.remove(key)
    try activity.remove(key)
    try states.remove(key)
    try probes?.remove(key)
    return wasThere
  }
}
