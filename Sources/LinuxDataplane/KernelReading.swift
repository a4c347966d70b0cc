internal import BPF
internal import CDatapath
internal import ESWModel
internal import Netlink

/// What one look at the kernel found, before it is put into the model's words. Putting it there is pure.
///
/// Of two looks the rows are compared as bytes (`MapBytes`); only what differs is taken apart
/// (`MapContents`).
struct KernelReading<Rows> {
  var links: [Link] = []
  var addresses: [Address] = []
  /// Indices of the interfaces with a default route.
  var defaultRoutes: Set<Int32> = []
  var adjusted: [UInt32: InterfaceAdjustment] = [:]
  /// Whether an interface has GRO on, by index; empty when this node leaves it as it is.
  var aggregation: [Int32: Bool] = [:]
  /// Indices of the interfaces with somebody's programs at their way out.
  var filtered: Set<Int32> = []
  /// Nil on a node that does without XDP.
  var xdp: XDPReading?
  /// Why the kernel could not be asked about XDP.
  var xdpFailure: String?
  /// Nil when nothing is pinned.
  var datapath: Datapath?
  var attachments: [PinnedAttachment] = []
  /// Nil if the maps are not ours to read.
  var rows: Rows?
}

extension KernelReading: Equatable where Rows: Equatable {}

/// A pinned link.
struct PinnedAttachment: Equatable {
  let program: ProgramAttachment.Program
  /// The interface's index when it was attached.
  let pinned: UInt32
  /// Its index now; nil: the interface has gone.
  let now: Int32?
}

/// The rows that user space writes.
struct MapContents {
  /// Index of the device that the path sends by when it needs the kernel; 0: none.
  var slowPathIndex: UInt32 = 0
  var tunnels: [esw_tunnel_key] = []
  var ports: [(esw_port_key, esw_port_row)] = []
  var connections: [(esw_connection_key, esw_connection_row)] = []
  var sources: [(esw_source_key, esw_source_row)] = []
  var virtuals: [esw_virtual_key] = []
  var meters: [(esw_meter_key, esw_meter_row)] = []
  var underlays: [(esw_underlay_key, esw_underlay_row)] = []
  var exits: [esw_exit_key] = []
  /// Connections that have all the rows the path keeps for them.
  var kept: Set<UInt32> = []

  /// What user space writes of a meter: how its row begins.
  struct Rates: BitwiseCopyable {
    let bitsPerSecond: UInt64
    let packetsPerSecond: UInt64
  }

  init() {}

  init(_ bytes: MapBytes) {
    slowPathIndex = bytes.slowPathIndex
    tunnels = Self.values(bytes.tunnels)
    ports = Self.pairs(bytes.ports)
    connections = Self.pairs(bytes.connections)
    sources = Self.pairs(bytes.sources)
    virtuals = Self.values(bytes.virtuals)
    meters = Self.pairs(bytes.meters).map { (key: esw_meter_key, rates: Rates) in
      (key, esw_meter_row(rates))
    }
    underlays = Self.pairs(bytes.underlays)
    exits = Self.values(bytes.exits)
    let activities = Set(Self.values(bytes.activities, as: UInt32.self))
    kept = activities.intersection(Self.values(bytes.states))
  }

  /// The maps' sizes were compared with the structs' when the maps were opened.
  private static func values<Value: BitwiseCopyable>(
    _ bytes: [UInt8], as _: Value.Type = Value.self
  ) -> [Value] {
    bytes.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: MemoryLayout<Value>.size).map {
        bytes.loadUnaligned(fromByteOffset: $0, as: Value.self)
      }
    }
  }

  private static func pairs<Key: BitwiseCopyable, Row: BitwiseCopyable>(_ bytes: [UInt8]) -> [(Key, Row)] {
    let keySize = MemoryLayout<Key>.size
    return bytes.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: keySize + MemoryLayout<Row>.size).map {
        (
          bytes.loadUnaligned(fromByteOffset: $0, as: Key.self),
          bytes.loadUnaligned(fromByteOffset: $0 + keySize, as: Row.self)
        )
      }
    }
  }
}

extension esw_meter_row {
  fileprivate init(_ rates: MapContents.Rates) {
    self.init()
    bits_per_second = rates.bitsPerSecond
    packets_per_second = rates.packetsPerSecond
  }
}

/// What `MapContents` is made of, as it is in the kernel: thousands of rows are compared with those of the
/// last look in no time, and read again only when one differs. What the path writes is not in it.
struct MapBytes: Equatable {
  let slowPathIndex: UInt32
  /// Keys alone.
  let tunnels: [UInt8]
  let virtuals: [UInt8]
  let states: [UInt8]
  let activities: [UInt8]
  let exits: [UInt8]
  /// Each key with its row behind it.
  let ports: [UInt8]
  let connections: [UInt8]
  let sources: [UInt8]
  let underlays: [UInt8]
  /// Each key with its rates.
  let meters: [UInt8]

  /// Nil when another version made the maps.
  init?(of maps: DatapathMaps) throws(BPFError) {
    guard let slowPathIndex = try maps.slowPathIndex() else { return nil }
    self.slowPathIndex = slowPathIndex
    tunnels = try Self.keys(maps.tunnels)
    virtuals = try Self.keys(maps.virtuals)
    states = try Self.keys(maps.states)
    // Their rows are large, and not looked at here.
    activities = try maps.activity.joinedKeys()
    ports = try Self.entries(maps.ports)
    connections = try Self.entries(maps.connections)
    sources = try Self.entries(maps.sources)
    underlays = try maps.underlays.map(Self.entries) ?? []
    exits = try maps.exits.map(Self.keys) ?? []
    // Their clocks, which the path moves, are not.
    var meters: [UInt8] = []
    try maps.meters.forEachEntry { key, row in
      meters += key
      meters += row.prefix(MemoryLayout<MapContents.Rates>.size)
    }
    self.meters = meters
  }

  private static func keys(_ map: BPFMap) throws(BPFError) -> [UInt8] {
    var all: [UInt8] = []
    try map.forEachEntry { key, _ in all += key }
    return all
  }

  private static func entries(_ map: BPFMap) throws(BPFError) -> [UInt8] {
    var all: [UInt8] = []
    try map.forEachEntry { key, row in
      all += key
      all += row
    }
    return all
  }
}

extension KernelReading<MapBytes> {
  var observation: DataplaneObservation {
    KernelReading<MapContents>(
      links: links, addresses: addresses, defaultRoutes: defaultRoutes, adjusted: adjusted,
      aggregation: aggregation, filtered: filtered, xdp: xdp, xdpFailure: xdpFailure, datapath: datapath,
      attachments: attachments,
      rows: rows.map { MapContents($0) }
    ).observation
  }
}

extension KernelReading<MapContents> {
  /// The reading in the model's words.
  var observation: DataplaneObservation {
    let names = InterfaceNames(links)
    var state = DataplaneState(datapath: datapath)
    addDevices(names, to: &state)
    state.programs = Set(
      attachments.map { attachment in
        let now = attachment.now.map { names.reference(UInt32(bitPattern: $0)) }
        return ProgramAttachment(
          program: attachment.program, interface: now ?? .gone(index: attachment.pinned))
      })
    if let rows { add(rows, names, to: &state) }
    return DataplaneObservation(
      state: state, interfaces: interfaceFacts(names), portsToElsewhere: portsToElsewhere,
      withoutAggregation: withoutAggregation, xdp: xdp?.interfaces(among: links, beside: attachments) ?? [:],
      xdpFailure: xdpFailure)
  }

  private var withoutAggregation: Set<InterfaceName> {
    Set(
      links.filter { link in
        switch aggregation[link.index] {
        case nil: false
        case .some(false): true
        case .some(true): adjusted[UInt32(bitPattern: link.index)]?.aggregates == true
        }
      }.compactMap { InterfaceName($0.name) })
  }

  private var portsToElsewhere: Set<InterfaceName> {
    Set(
      links.filter { $0.leadsElsewhere && !filtered.contains($0.index) }
        .compactMap { InterfaceName($0.name) })
  }

  private func addDevices(_ names: InterfaceNames, to state: inout DataplaneState) {
    for link in links {
      guard let name = InterfaceName(link.name) else { continue }
      if link.group == OwnershipMark.deviceGroup {
        if let vxlan = link.vxlan, vxlan.isExternal {
          state.slowPath = slowPath(link, name, vxlan)
        } else if link.kind == "veth" {
          state.bridgePorts[name] = bridgePort(link, name, names)
        }
      }
      if let adjusted = adjusted[UInt32(bitPattern: link.index)] {
        // What others have set back is not in effect any more.
        let inEffect = InterfaceAdjustment(
          promiscuous: adjusted.promiscuous && link.flags.contains(.promiscuous),
          raised: adjusted.raised && link.flags.contains(.up),
          aggregates: adjusted.aggregates && aggregation[link.index] != false)
        state.adjustments[name] = inEffect
      }
    }
    for address in addresses where address.origin == OwnershipMark.addressOrigin {
      guard let number = address.local.v4Number,
        case .name(let name) = names.reference(UInt32(bitPattern: address.linkIndex))
      else { continue }
      state.ownedAddresses.insert(
        OwnedAddress(interface: name, address: IPv4Address(number), prefixLength: address.prefixLength))
    }
  }

  private func slowPath(_ link: Link, _ name: InterfaceName, _ vxlan: VXLANSettings) -> SlowPathDevice {
    // Without forwarding the kernel would not tell the path a next hop: as good as not registered.
    let isRegistered =
      rows?.slowPathIndex == UInt32(bitPattern: link.index) && link.forwardsIPv4 == true
    return SlowPathDevice(
      name: name, port: vxlan.port, isUp: link.flags.contains(.up), isRegistered: isRegistered)
  }

  private func bridgePort(_ inner: Link, _ name: InterfaceName, _ names: InterfaceNames) -> BridgePort {
    guard let peer = inner.peer, peer.namespaceIdentifier == nil, let outer = names.links[peer.index],
      let outerName = InterfaceName(outer.name)
    else {
      // The other end was moved away. Its own name stands for it, so that the pair is made anew.
      return BridgePort(inner: name, outer: name, bridge: nil, areUp: false)
    }
    let bridge = outer.master.flatMap { names.links[$0] }.flatMap { InterfaceName($0.name) }
    return BridgePort(
      inner: name, outer: outerName, bridge: bridge,
      areUp: inner.flags.contains(.up) && outer.flags.contains(.up))
  }

  private func add(_ rows: MapContents, _ names: InterfaceNames, to state: inout DataplaneState) {
    state.tunnels = Set(rows.tunnels.map { IPv4Address(networkOrder: $0.address_be) })
    for (key, row) in rows.ports {
      // Tags that are none can only be somebody else's row; see `hasForeignRows`.
      guard let port = PortReference(key, names: names.reference) else { continue }
      state.ports[port] = ConnectionNumber(row.connection)
    }
    for (key, row) in rows.sources {
      // A VNI that is none can only be somebody else's row; see `hasForeignRows`.
      guard let key = SourceKey(key) else { continue }
      state.sources[key] = SourceRow(
        connection: ConnectionNumber(row.connection), remoteIndex: UInt8(truncatingIfNeeded: row.remote_index)
      )
    }
    for (key, row) in rows.connections {
      let number = ConnectionNumber(key.connection)
      let model = rows.kept.contains(key.connection) ? row.model(number, name: names.reference) : nil
      state.connections[number] = model ?? Self.unusable(number)
    }
    state.virtualAddresses = Set(rows.virtuals.map { VirtualAddress($0) })
    for (key, row) in rows.underlays {
      state.xdpUnderlays[names.reference(key.ifindex)] = withUnsafeBytes(of: row.mac) {
        MACAddress(bytes: Array($0))
      }
    }
    state.xdpExits = Set(rows.exits.map { names.reference($0.ifindex) })
    for (key, row) in rows.meters { state.meters[IPv4Address(key.meter)] = TrafficLimit(row) }
    if rows.hasForeignRows { state.datapath = .otherLayout }
  }

  /// Stands for a row that we did not write or that lacks others: equal to no wanted one.
  private static func unusable(_ number: ConnectionNumber) -> ConnectionRow {
    ConnectionRow(
      id: ConnectionID(high: 0, low: 0), number: number, port: .gone(index: 0), tunnelAddress: IPv4Address(0),
      fixedAddress: IPv4Address(0), fixedMAC: MACAddress(locallyAdministered: 0), remotes: [],
      learningLimit: 0,
      ageingSeconds: 0)
  }

  private func interfaceFacts(_ names: InterfaceNames) -> [InterfaceFact] {
    let addresses = Dictionary(grouping: addresses, by: \.linkIndex)
    return links.compactMap { link -> InterfaceFact? in
      guard let name = InterfaceName(link.name) else { return nil }
      return InterfaceFact(
        name: name, index: UInt32(bitPattern: link.index), kind: link.kind, isUp: link.flags.contains(.up),
        isPromiscuous: link.flags.contains(.promiscuous), isLoopback: link.flags.contains(.loopback),
        mtu: link.mtu, master: link.master.flatMap { names.links[$0] }.flatMap { InterfaceName($0.name) },
        hasDefaultRoute: defaultRoutes.contains(link.index),
        addresses: (addresses[link.index] ?? []).compactMap(InterfaceAddress.init).sorted {
          $0.address < $1.address
        },
        isOurs: OwnershipMark.isOurs(link))
    }.sorted { $0.name < $1.name }
  }
}

extension Link {
  /// Whether frames for it may as well be handed to the other end of its pair: that is in another namespace,
  /// which the kernel numbers only then, and nobody wants them to wait here. One that is down has `noop`
  /// until it is raised, as nobody's choice.
  var leadsElsewhere: Bool {
    kind == "veth" && peer?.namespaceIdentifier != nil
      && ["noqueue", "noop"].contains(queueing ?? "noqueue")
  }
}

extension MapContents {
  /// Rows that let in frames, and that no version of ours writes: the model cannot even name them, so the
  /// maps are made anew.
  var hasForeignRows: Bool {
    sources.contains { SourceKey($0.0) == nil }
      || ports.contains { PortReference($0.0, names: InterfaceReference.gone) == nil }
  }
}

extension InterfaceAddress {
  fileprivate init?(_ address: Address) {
    guard let number = address.local.v4Number else { return nil }
    self.init(
      address: IPv4Address(number), prefixLength: address.prefixLength,
      isOurs: address.origin == OwnershipMark.addressOrigin)
  }
}

/// The interfaces of one look, by index.
struct InterfaceNames {
  let links: [Int32: Link]

  init(_ links: [Link]) {
    self.links = Dictionary(links.map { ($0.index, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// An index of a row as the model names it.
  func reference(_ index: UInt32) -> InterfaceReference {
    links[Int32(bitPattern: index)].flatMap { InterfaceName($0.name) }.map { .name($0) }
      ?? .gone(index: index)
  }
}
