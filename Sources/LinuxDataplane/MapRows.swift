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
  /// - Parameter port: Index of the row's port.
  init(_ row: ConnectionRow, port: UInt32) {
    self.init()
    port_ifindex = port
    tunnel_address_be = row.tunnelAddress.networkOrder
    flags = ESW_CONNECTION_CLAMP_MSS.rawValue | (row.handsOver ? ESW_CONNECTION_PEER.rawValue : 0)
    learning_limit = row.learningLimit
    ageing_seconds = row.ageingSeconds
    fixed_address_be = row.fixedAddress.networkOrder
    withUnsafeMutableBytes(of: &fixed_mac) { $0.copyBytes(from: row.fixedMAC.bytes) }
    withUnsafeMutableBytes(of: &uuid) { $0.copyBytes(from: row.id.bytes) }
    time_to_live = 64
    // Every class is forwarded.
    withUnsafeMutableBytes(of: &rules) { bytes in for index in bytes.indices { bytes[index] = 0xFF } }
    let used = row.remotes.prefix(Int(ESW_REMOTES_MAX))
    remote_count = UInt8(used.count)
    if used.count > 0 { remotes.0 = esw_remote(used[0]) }
    if used.count > 1 { remotes.1 = esw_remote(used[1]) }
  }

  /// The row in the model's words; nil when it holds something that we do not write, so that it has to be
  /// written anew.
  func model(_ number: ConnectionNumber, name: (UInt32) -> InterfaceReference) -> ConnectionRow? {
    let used = [remotes.0, remotes.1].prefix(Int(remote_count))
    let endpoints = used.compactMap(RemoteEndpoint.init)
    guard endpoints.count == Int(remote_count),
      let mac = withUnsafeBytes(of: fixed_mac, { MACAddress(bytes: Array($0)) })
    else { return nil }
    let row = ConnectionRow(
      id: ConnectionID(bytes: withUnsafeBytes(of: uuid) { Array($0) }), number: number,
      port: name(port_ifindex), tunnelAddress: IPv4Address(networkOrder: tunnel_address_be),
      fixedAddress: IPv4Address(networkOrder: fixed_address_be), fixedMAC: mac, remotes: endpoints,
      learningLimit: learning_limit, ageingSeconds: ageing_seconds,
      handsOver: flags & ESW_CONNECTION_PEER.rawValue != 0)
    // Fields that the model has no words for (other flags, underlay) must be as we write them.
    return bytes(of: esw_connection_row(row, port: port_ifindex)) == bytes(of: self) ? row : nil
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
  fileprivate init?(_ row: esw_remote) {
    guard let vni = VNI(row.vni) else { return nil }
    self.init(
      vni: vni, address: IPv4Address(networkOrder: row.address_be), port: UInt16(bigEndian: row.port_be))
  }
}

extension ConnectionID {
  fileprivate init(bytes: [UInt8]) {
    let words = [bytes.prefix(8), bytes.dropFirst(8)].map { $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
    self.init(high: words[0], low: words[1])
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
