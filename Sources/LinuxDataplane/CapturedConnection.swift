internal import BPF
internal import CDatapath
internal import ESWModel

/// Whose frames are captured, and what is needed to read their records.
struct CapturedConnection {
  let number: ConnectionNumber
  /// Nil: what no allow-list lets in.
  var row: esw_connection_row?

  static let strangers = CapturedConnection(number: ConnectionNumber(0), row: nil)

  /// Nil when the node has no such connection.
  init?(_ id: ConnectionID, in maps: DatapathMaps) throws(BPFError) {
    for key in try maps.connections.keys() {
      let key: esw_connection_key = try key.as(from: maps.connections)
      guard let row: esw_connection_row = try maps.connections.value(of: key), row.id == id else { continue }
      (number, self.row) = (ConnectionNumber(key.connection), row)
      return
    }
    return nil
  }

  private init(number: ConnectionNumber, row: esw_connection_row?) {
    (self.number, self.row) = (number, row)
  }

  /// What is configured may change meanwhile. False: it has been removed.
  mutating func refresh(from maps: DatapathMaps) throws(BPFError) -> Bool {
    guard row != nil else { return true }
    row = try maps.connections.value(of: esw_connection_key(connection: number.value))
    return row != nil
  }

  /// - Parameter name: Of an interface's index; nil: it is gone.
  func source(name: (UInt32) -> InterfaceName?) -> CaptureSource {
    guard let row else { return CaptureSource(connection: nil, port: nil, underlay: nil) }
    let port = row.port_ifindex == 0 ? nil : name(row.port_ifindex)
    let vlan = RowTags(outer: row.outer_tag, inner: row.inner_tag)?.vlan
    return CaptureSource(
      connection: row.id, port: port.map { "\(PortReference(.name($0), vlan: vlan))" },
      underlay: row.underlay_ifindex == 0 ? nil : name(row.underlay_ifindex)?.description)
  }

  // MARK: Records

  /// A frame of a record (`esw_captured_row` and its bytes); nil when it is none of this layout.
  ///
  /// - Parameter offset: From the clock of the records to that of people, in nanoseconds.
  func frame(of record: [UInt8], offset: Int64) -> CapturedFrame? {
    let head = MemoryLayout<esw_captured_row>.size
    guard record.count >= head else { return nil }
    let told = record.withUnsafeBytes { $0.loadUnaligned(as: esw_captured_row.self) }
    // Behind the bytes a record has padding.
    let copied = record.dropFirst(head).prefix(Int(told.copied_bytes))
    guard let point = CapturedFrame.Point(told.point), let fate = CapturedFrame.Fate(told.fate, told.reason)
    else { return nil }
    let packet = Int(told.packet_bytes)
    let remotes = remotes(told.remotes)
    let outer = outer(of: told, point, remotes.last, packet)
    return CapturedFrame(
      moment: offset &+ Int64(clamping: told.moment_ns), point: point, fate: fate,
      remotes: inOrder(remotes, outer.bytes.isEmpty ? Array(copied.prefix(34)) : outer.bytes, point),
      outer: outer.kind, length: packet + outer.bytes.count,
      segmentSize: told.segment_bytes == 0 ? nil : Int(told.segment_bytes), bytes: outer.bytes + copied)
  }

  private func remotes(_ bits: UInt8) -> [RemoteEndpoint] {
    guard let row else { return [] }
    let used: [esw_remote] = Array([row.remotes.0, row.remotes.1].prefix(Int(row.remote_count)))
    return used.indices.filter { bits & (1 << UInt8($0)) != 0 }.compactMap { RemoteEndpoint(used[$0]) }
  }

  /// That of the outer headers last.
  private func inOrder(
    _ remotes: [RemoteEndpoint], _ headers: [UInt8], _ point: CapturedFrame.Point
  ) -> [RemoteEndpoint] {
    guard remotes.count > 1, point == .toRemote, headers.count >= 34 else { return remotes }
    let destination = headers[30..<34].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    return remotes.filter { $0.address.value != destination }
      + remotes.filter { $0.address.value == destination }
  }

  private func outer(
    of told: esw_captured_row, _ point: CapturedFrame.Point, _ remote: RemoteEndpoint?, _ packet: Int
  ) -> (kind: CapturedFrame.Outer, bytes: [UInt8]) {
    switch UInt32(told.outer_at) {
    case ESW_OUTER_FIRST.rawValue: (.original, [])
    case ESW_OUTER_WITHOUT_ADDRESSES.rawValue: (.withoutAddresses, [])
    case ESW_OUTER_BESIDE.rawValue:
      (.original, withUnsafeBytes(of: told.outer) { Array($0.prefix(CapturedFrame.outerLength)) })
    case ESW_OUTER_OF_DEVICE.rawValue:
      if let row, let remote {
        (.rebuilt, OuterHeaders(of: row, remote, leaves: point == .toRemote).bytes(before: packet))
      } else {
        (.none, [])
      }
    default: (.none, [])
    }
  }
}

extension CapturedFrame.Point {
  fileprivate init?(_ point: UInt8) {
    switch UInt32(point) {
    case ESW_AT_PORT_IN.rawValue: self = .fromPort
    case ESW_AT_REMOTE_OUT.rawValue: self = .toRemote
    case ESW_AT_REMOTE_IN.rawValue: self = .fromRemote
    case ESW_AT_PORT_OUT.rawValue: self = .toPort
    default: return nil
    }
  }
}

extension CapturedFrame.Fate {
  fileprivate init?(_ fate: UInt8, _ reason: UInt8) {
    switch UInt32(fate) {
    case ESW_FATE_SENT.rawValue: self = .sent
    case ESW_FATE_DELIVERED.rawValue: self = .delivered
    case ESW_FATE_DROPPED.rawValue: self = .dropped(reason: EvidenceCollection.reasonName(UInt32(reason)))
    case ESW_FATE_ANSWERED.rawValue: self = .answered
    case ESW_FATE_ANSWER.rawValue: self = .answer
    case ESW_FATE_KEPT.rawValue: self = .kept
    default: return nil
    }
  }
}

extension esw_connection_row {
  var id: ConnectionID { ConnectionID(bytes: withUnsafeBytes(of: uuid) { Array($0) }) }
}

/// Outer headers as the kernel's VXLAN device has them, as far as they are known: no MAC addresses, no UDP
/// source port, no UDP checksum.
struct OuterHeaders {
  private let source: IPv4Address
  private let destination: IPv4Address
  private let port: UInt16
  private let vni: VNI
  private let timeToLive: UInt8

  init(of row: esw_connection_row, _ remote: RemoteEndpoint, leaves: Bool) {
    let own = IPv4Address(networkOrder: row.tunnel_address_be)
    (source, destination) = leaves ? (own, remote.address) : (remote.address, own)
    port = leaves ? remote.port : RemoteEndpoint.defaultPort
    vni = remote.vni
    timeToLive = row.time_to_live
  }

  /// - Parameter length: Of the inner frame. Lengths that IPv4 cannot say are 0, as in the kernel.
  func bytes(before length: Int) -> [UInt8] {
    func words(_ values: [UInt16]) -> [UInt8] { values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] } }
    func halves(_ value: UInt32) -> [UInt16] { [UInt16(value >> 16), UInt16(value & 0xffff)] }
    let datagram = UInt16(exactly: length + 8 + 8) ?? 0
    let packet = UInt16(exactly: length + 8 + 8 + 20) ?? 0
    // RFC 791 section 3.1: don't fragment, UDP; the sum is over the rest.
    var ip: [UInt16] = [0x4500, packet, 0, 0x4000, UInt16(timeToLive) << 8 | 17, 0]
    ip += halves(source.value) + halves(destination.value)
    var sum = ip.reduce(0 as UInt32) { $0 + UInt32($1) }
    while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
    ip[5] = ~UInt16(sum)
    let link = [UInt8](repeating: 0, count: 12) + [0x08, 0x00]
    // RFC 7348 section 5: the I bit, and the VNI in the upper 24 bits.
    let rest: [UInt16] = [0, port, datagram, 0, 0x0800, 0] + halves(vni.value << 8)
    return link + words(ip) + words(rest)
  }
}
