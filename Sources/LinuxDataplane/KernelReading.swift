internal import BPF
internal import CDatapath
internal import ESWModel
internal import Netlink

/// What one look at the kernel found, before it is put into the model's words. Putting it there is pure.
struct KernelReading {
  var links: [Link] = []
  var addresses: [Address] = []
  /// Indices of the interfaces with a default route.
  var defaultRoutes: Set<Int32> = []
  var adjusted: [UInt32: InterfaceAdjustment] = [:]
  /// Nil when nothing is pinned.
  var datapath: Datapath?
  /// The pinned links: program, index when attached, and index now (nil: the interface has gone).
  var attachments: [(program: ProgramAttachment.Program, pinned: UInt32, now: Int32?)] = []
  /// Nil if the maps are not ours to read.
  var rows: MapContents?
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
  /// Connections that have all the rows the path keeps for them.
  var kept: Set<UInt32> = []

  init() {}

  /// Nil when another version made the maps.
  init?(of maps: DatapathMaps) throws(BPFError) {
    guard let slowPathIndex = try maps.slowPathIndex() else { return nil }
    self.slowPathIndex = slowPathIndex
    tunnels = try Self.pairs(maps.tunnels, esw_tunnel_key.self, esw_tunnel_row.self).map(\.0)
    ports = try Self.pairs(maps.ports)
    connections = try Self.pairs(maps.connections)
    sources = try Self.pairs(maps.sources)
    virtuals = try Self.pairs(maps.virtuals, esw_virtual_key.self, esw_virtual_row.self).map(\.0)
    let states = try maps.states.keys()
    let activities = try Set(maps.activity.keys())
    kept = Set(
      states.filter(activities.contains).map { $0.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) } })
  }

  /// The maps' sizes were compared with the structs' when the maps were opened.
  private static func pairs<Key: BitwiseCopyable, Row: BitwiseCopyable>(
    _ map: BPFMap, _: Key.Type = Key.self, _: Row.Type = Row.self
  ) throws(BPFError) -> [(Key, Row)] {
    var pairs: [(Key, Row)] = []
    try map.forEachEntry { key, row in
      pairs.append((key.loadUnaligned(as: Key.self), row.loadUnaligned(as: Row.self)))
    }
    return pairs
  }
}

extension KernelReading {
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
      state: state, interfaces: interfaceFacts(names), portsToElsewhere: portsToElsewhere)
  }

  /// The kernel numbers a peer's namespace only when it is another one.
  private var portsToElsewhere: Set<InterfaceName> {
    Set(
      links.filter { $0.kind == "veth" && $0.peer?.namespaceIdentifier != nil }
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
          raised: adjusted.raised && link.flags.contains(.up))
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
      state.ports[names.reference(key.ifindex)] = ConnectionNumber(row.connection)
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

extension MapContents {
  /// Rows that let in frames, and that no version of ours writes: the model cannot even name them, so the
  /// maps are made anew.
  var hasForeignRows: Bool { sources.contains { SourceKey($0.0) == nil } }
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
