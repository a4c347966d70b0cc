internal import BPF
internal import CDatapath
internal import ESWModel

// The rows of the data path's maps (CDatapath/include/maps.h) in the model's words and back.

extension IPv4Address {
  /// As a `_be` field holds it.
  var networkOrder: UInt32 { value.bigEndian }

  init(networkOrder: UInt32) { self.init(UInt32(bigEndian: networkOrder)) }

  /// Nil for zero, which means "none" in the rows.
  init?(optional networkOrder: UInt32) {
    guard networkOrder != 0 else { return nil }
    self.init(networkOrder: networkOrder)
  }
}

extension esw_connection_row {
  /// - Parameters:
  ///   - port: Index of the row's port.
  ///   - underlay: That of its underlay; 0: as routed.
  init(_ row: ConnectionRow, port: UInt32, underlay: UInt32) {
    self.init()
    port_ifindex = port
    (outer_tag, inner_tag) = row.port.vlan?.tags ?? (0, 0)
    tunnel_address_be = row.tunnelAddress.networkOrder
    flags = row.handsOver ? ESW_CONNECTION_PEER.rawValue : 0
    learning_limit = row.learningLimit
    ageing_seconds = row.ageingSeconds
    fixed_address_be = row.fixedAddress.networkOrder
    withUnsafeMutableBytes(of: &fixed_mac) { $0.copyBytes(from: row.fixedMAC.bytes) }
    withUnsafeMutableBytes(of: &uuid) { $0.copyBytes(from: row.id.bytes) }
    underlay_ifindex = underlay
    meter = row.isMetered ? row.tunnelAddress.value : 0
    set(row.forwarding)
    let used = row.remotes.prefix(Int(ESW_REMOTES_MAX))
    remote_count = UInt8(used.count)
    if used.count > 0 { remotes.0 = esw_remote(used[0]) }
    if used.count > 1 { remotes.1 = esw_remote(used[1]) }
  }

  private mutating func set(_ forwarding: ForwardingConfiguration) {
    time_to_live = forwarding.timeToLive
    switch forwarding.differentiation {
    case .copied: flags |= ESW_CONNECTION_COPY_DSCP.rawValue
    // RFC 2474 section 3: the upper six bits.
    case .codePoint(let codePoint): service = codePoint << 2
    }
    if forwarding.hasUDPChecksum { flags |= ESW_CONNECTION_UDP_CHECKSUM.rawValue }
    if forwarding.clampsMSS { flags |= ESW_CONNECTION_CLAMP_MSS.rawValue }
    if forwarding.answersKnown { flags |= ESW_CONNECTION_ANSWER_KNOWN.rawValue }
    withUnsafeMutableBytes(of: &rules) { bytes in
      withUnsafeBytes(of: forwarding.rules.words) { bytes.copyBytes(from: $0) }
    }
  }

  private var forwarding: ForwardingConfiguration {
    func has(_ flag: esw_connection_flag) -> Bool { flags & flag.rawValue != 0 }
    let words = withUnsafeBytes(of: rules) { $0.loadUnaligned(as: SIMD16<UInt32>.self) }
    return ForwardingConfiguration(
      rules: ForwardingRules(words: words), timeToLive: time_to_live,
      differentiation: has(ESW_CONNECTION_COPY_DSCP) ? .copied : .codePoint(service >> 2),
      hasUDPChecksum: has(ESW_CONNECTION_UDP_CHECKSUM), clampsMSS: has(ESW_CONNECTION_CLAMP_MSS),
      answersKnown: has(ESW_CONNECTION_ANSWER_KNOWN))
  }

  /// The row in the model's words; nil when it holds something that we do not write, so that it has to be
  /// written anew.
  func model(_ number: ConnectionNumber, name: (UInt32) -> InterfaceReference) -> ConnectionRow? {
    let used = [remotes.0, remotes.1].prefix(Int(remote_count))
    let endpoints = used.compactMap(RemoteEndpoint.init)
    guard endpoints.count == Int(remote_count), let tags = RowTags(outer: outer_tag, inner: inner_tag),
      let mac = withUnsafeBytes(of: fixed_mac, { MACAddress(bytes: Array($0)) })
    else { return nil }
    let row = ConnectionRow(
      id: ConnectionID(bytes: withUnsafeBytes(of: uuid) { Array($0) }), number: number,
      port: PortReference(name(port_ifindex), vlan: tags.vlan),
      tunnelAddress: IPv4Address(networkOrder: tunnel_address_be),
      fixedAddress: IPv4Address(networkOrder: fixed_address_be), fixedMAC: mac, remotes: endpoints,
      learningLimit: learning_limit, ageingSeconds: ageing_seconds, forwarding: forwarding,
      underlay: underlay_ifindex == 0 ? nil : name(underlay_ifindex), isMetered: meter != 0,
      handsOver: flags & ESW_CONNECTION_PEER.rawValue != 0)
    // What the model has no words for (other flags, somebody else's meter) must be as we write it.
    let ours = esw_connection_row(row, port: port_ifindex, underlay: underlay_ifindex)
    return bytes(of: ours) == bytes(of: self) ? row : nil
  }
}

extension VLAN {
  /// As rows name them: the tag nearer to the wire, or the only one, and the one behind it or 0.
  var tags: (outer: UInt16, inner: UInt16) {
    let own = id | UInt16(ESW_TAG_CUSTOMER)
    guard let outer else { return (own, 0) }
    let kind = outer.tagProtocol == .customer ? ESW_TAG_CUSTOMER : ESW_TAG_SERVICE
    return (outer.id | UInt16(kind), own)
  }
}

/// The tags of a row.
struct RowTags {
  /// Nil: none.
  let vlan: VLAN?

  /// Nil for those that we do not write.
  init?(outer: UInt16, inner: UInt16) {
    guard outer != 0 || inner != 0 else {
      vlan = nil
      return
    }
    let number = UInt16(ESW_TAG_VID)
    let vlan =
      inner == 0
      ? VLAN(outer & number)
      : VLAN.Outer(outer & number, outer & ~number == UInt16(ESW_TAG_CUSTOMER) ? .customer : .service)
        .flatMap { VLAN(inner & number, outer: $0) }
    guard let vlan, vlan.tags == (outer, inner) else { return nil }
    self.vlan = vlan
  }
}

extension esw_port_key {
  init(_ vlan: VLAN?, on interface: UInt32) {
    let tags = vlan?.tags ?? (outer: 0, inner: 0)
    self.init(ifindex: interface, outer_tag: tags.outer, inner_tag: tags.inner)
  }
}

extension PortReference {
  /// Nil for tags that we do not write.
  init?(_ key: esw_port_key, names: (UInt32) -> InterfaceReference) {
    guard let tags = RowTags(outer: key.outer_tag, inner: key.inner_tag) else { return nil }
    self.init(names(key.ifindex), vlan: tags.vlan)
  }
}

extension esw_remote {
  init(_ remote: RemoteEndpoint) {
    self.init()
    address_be = remote.address.networkOrder
    vni = remote.vni.value
    port_be = remote.port.bigEndian
  }
}

extension RemoteEndpoint {
  init?(_ row: esw_remote) {
    guard let vni = VNI(row.vni) else { return nil }
    self.init(
      vni: vni, address: IPv4Address(networkOrder: row.address_be), port: UInt16(bigEndian: row.port_be))
  }
}

extension ConnectionID {
  init(bytes: [UInt8]) {
    let words = [bytes.prefix(8), bytes.dropFirst(8)].map { $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
    self.init(high: words[0], low: words[1])
  }
}

extension PermissionRow {
  init(_ row: esw_permission_row) {
    let end: End =
      switch row.until_ns {
      case 0: .never
      case ESW_PERMISSION_ENDED: .past
      default: .at(DataplaneMoment(nanoseconds: row.until_ns))
      }
    self.init(epoch: row.epoch, end: end)
  }
}

extension esw_permission_row {
  init(_ row: PermissionRow) {
    self.init()
    epoch = row.epoch
    until_ns =
      switch row.end {
      case .never: 0
      case .past: ESW_PERMISSION_ENDED
      case .at(let moment): max(moment.nanoseconds, ESW_PERMISSION_ENDED)
      }
  }
}

extension TrafficLimit {
  init(_ row: esw_meter_row) {
    self.init(bitsPerSecond: row.bits_per_second, packetsPerSecond: row.packets_per_second)
  }
}

extension esw_virtual_key {
  init(_ virtual: VirtualAddress) {
    self.init(connection: virtual.connection.value, address_be: virtual.address.networkOrder)
  }
}

extension VirtualAddress {
  init(_ key: esw_virtual_key) {
    self.init(
      connection: ConnectionNumber(key.connection), address: IPv4Address(networkOrder: key.address_be))
  }
}

extension esw_source_key {
  init(_ key: SourceKey) {
    self.init(
      vni: key.vni.value, remote_address_be: key.remote.networkOrder,
      tunnel_address_be: key.local.networkOrder)
  }
}

extension SourceKey {
  /// Nil for a VNI that is none.
  init?(_ key: esw_source_key) {
    guard let vni = VNI(key.vni) else { return nil }
    self.init(
      vni: vni, remote: IPv4Address(networkOrder: key.remote_address_be),
      local: IPv4Address(networkOrder: key.tunnel_address_be))
  }
}
