internal import CLinux

/// How a VXLAN device is made (`ip link add type vxlan`, `IFLA_VXLAN_*` of linux/if_link.h).
package struct VXLANSettings: Hashable, Sendable {
  static let kind = "vxlan"

  /// RFC 7348 section 5.
  package static let standardPort: UInt16 = 4789

  /// `id`: the VNI; nil for an external device, which takes it from each packet's metadata.
  package var identifier: UInt32?
  /// `external`: tunnel data come from and go to packet metadata, as eBPF programs want it.
  package var isExternal: Bool
  /// `dstport`, in UDP.
  package var port: UInt16
  /// `srcport`: UDP ports that a frame's addresses choose from, for the underlay's load sharing. The
  /// default is that of RFC 7348 section 5.
  package var sourcePorts: ClosedRange<UInt16>
  /// `local`: our address in outer headers.
  package var local: IPAddressBytes?
  /// `remote`: where frames to unknown hosts go.
  package var remote: IPAddressBytes?
  /// `learning`: the device fills its table from frames it gets.
  package var learns: Bool
  /// `dev`: index of the interface below.
  package var lowerLink: Int32?
  /// `udpcsum`: the outer UDP checksum over IPv4 is computed; without it, it is zero.
  package var computesChecksum: Bool

  package init(
    identifier: UInt32?, port: UInt16 = VXLANSettings.standardPort,
    sourcePorts: ClosedRange<UInt16> = 49152...65535, local: IPAddressBytes? = nil,
    remote: IPAddressBytes? = nil, learns: Bool = false, lowerLink: Int32? = nil,
    computesChecksum: Bool = false
  ) {
    self.identifier = identifier
    self.isExternal = identifier == nil
    self.port = port
    self.sourcePorts = sourcePorts
    self.local = local
    self.remote = remote
    self.learns = learns
    self.lowerLink = lowerLink
    self.computesChecksum = computesChecksum
  }

  /// One external device for all VNIs on `port`.
  package static func external(port: UInt16 = VXLANSettings.standardPort) -> VXLANSettings {
    VXLANSettings(identifier: nil, port: port)
  }

  /// Reads the value of `IFLA_INFO_DATA`.
  init(_ details: ArraySlice<UInt8>) throws(NetlinkDecodingError) {
    self.init(identifier: nil, port: 0)
    isExternal = false
    var reader = AttributeReader(details)
    while let attribute = try reader.next() {
      switch Int(attribute.type) {
      case IFLA_VXLAN_ID: identifier = try attribute.integer()
      case IFLA_VXLAN_PORT: port = UInt16(bigEndian: try attribute.integer())
      case IFLA_VXLAN_PORT_RANGE: sourcePorts = try Self.ports(attribute.value)
      case IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6: local = try attribute.ipAddress()
      case IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6: remote = try attribute.ipAddress()
      case IFLA_VXLAN_LEARNING: learns = try attribute.integer(as: UInt8.self) != 0
      case IFLA_VXLAN_LINK: lowerLink = try attribute.integer()
      case IFLA_VXLAN_UDP_CSUM: computesChecksum = try attribute.integer(as: UInt8.self) != 0
      case IFLA_VXLAN_COLLECT_METADATA: isExternal = try attribute.integer(as: UInt8.self) != 0
      default: break
      }
    }
    // The kernel reports VNI 0 for an external device; it has none.
    if isExternal { identifier = nil }
  }

  /// `struct ifla_vxlan_port_range`, both ends in network order. Zero or upside down: the system's range.
  private static func ports(_ bytes: ArraySlice<UInt8>) throws(NetlinkDecodingError) -> ClosedRange<UInt16> {
    let low = UInt16(bigEndian: try bytes.integer(at: 0))
    let high = UInt16(bigEndian: try bytes.integer(at: 2))
    return low <= high ? low...high : 0...0
  }

  func write(to writer: inout AttributeWriter) {
    if let identifier { writer.attribute(UInt16(IFLA_VXLAN_ID), identifier) }
    if isExternal { writer.attribute(UInt16(IFLA_VXLAN_COLLECT_METADATA), UInt8(1)) }
    writer.attribute(UInt16(IFLA_VXLAN_PORT), bigEndian: port)
    writer.attribute(
      UInt16(IFLA_VXLAN_PORT_RANGE),
      bigEndian: UInt32(sourcePorts.lowerBound) << 16 | UInt32(sourcePorts.upperBound))
    writer.attribute(UInt16(IFLA_VXLAN_LEARNING), UInt8(learns ? 1 : 0))
    writer.attribute(UInt16(IFLA_VXLAN_UDP_CSUM), UInt8(computesChecksum ? 1 : 0))
    if let local {
      let isV4 = local.bytes.count == 4
      writer.attribute(UInt16(isV4 ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6), bytes: local.bytes)
    }
    if let remote {
      let isV4 = remote.bytes.count == 4
      writer.attribute(UInt16(isV4 ? IFLA_VXLAN_GROUP : IFLA_VXLAN_GROUP6), bytes: remote.bytes)
    }
    if let lowerLink { writer.attribute(UInt16(IFLA_VXLAN_LINK), lowerLink) }
  }

  /// The words of the `ip` command.
  var words: String {
    var words = [
      identifier.map { "id \($0)" } ?? "external", "dstport \(port)",
      "srcport \(sourcePorts.lowerBound) \(sourcePorts.upperBound)", learns ? "learning" : "nolearning",
    ]
    if let local { words.append("local \(local)") }
    if let remote { words.append("remote \(remote)") }
    if let lowerLink { words.append("dev #\(lowerLink)") }
    words.append(computesChecksum ? "udpcsum" : "noudpcsum")
    return words.joined(separator: " ")
  }
}
