internal import CLinux
internal import Glibc

/// What the driver of an interface can do with XDP (linux/netdev.h, `enum netdev_xdp_act`).
package struct XDPFeatures: OptionSet, Hashable, Sendable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Programs run in it, and may pass, drop and send back.
  package static let basic = XDPFeatures(rawValue: UInt64(CLINUX_NETDEV_XDP_ACT_BASIC))
  /// They may send to another interface.
  package static let redirect = XDPFeatures(rawValue: UInt64(CLINUX_NETDEV_XDP_ACT_REDIRECT))
  /// It sends what programs of other interfaces give it.
  package static let transmit = XDPFeatures(rawValue: UInt64(CLINUX_NETDEV_XDP_ACT_NDO_XMIT))
}

/// Asks the kernel's generic family `netdev` about interfaces (linux 6.3,
/// Documentation/netlink/specs/netdev.yaml). Like its socket it is of the namespace in which it was made, and
/// is used by one owner.
package final class DeviceFeatures {
  private let socket: NetlinkSocket
  private let family: UInt16

  package init() throws(NetlinkError) {
    socket = try NetlinkSocket(.generic)
    let request = NetlinkRequest.genericFamily(named: "netdev")
    family = try socket.decode(request, socket.query(request)) { message throws(NetlinkDecodingError) in
      try GenericFamily(message).number
    }
  }

  /// By index of the interface.
  package func all() throws(NetlinkError) -> [Int32: XDPFeatures] {
    let family = family
    let devices = try socket.dump(.listFeatures(family)) { message throws(NetlinkDecodingError) in
      try FeaturesOfDevice(message, of: family)
    }
    return Dictionary(devices.map { ($0.index, $0.features) }, uniquingKeysWith: { first, _ in first })
  }
}

extension NetlinkRequest {
  /// `genl ctrl get name NAME`; refused with ENOENT when the kernel has no such family.
  static func genericFamily(named name: String) -> NetlinkRequest {
    NetlinkRequest(type: Int(GENL_ID_CTRL), command: "genl ctrl get name \(name)") { writer in
      writer.genericHeader(UInt8(CTRL_CMD_GETFAMILY), version: 1)
      writer.attribute(UInt16(CTRL_ATTR_FAMILY_NAME), text: name)
    }
  }

  /// `ynl --spec netdev.yaml --dump dev-get`
  static func listFeatures(_ family: UInt16) -> NetlinkRequest {
    NetlinkRequest(type: Int(family), command: "netdev dev-get") { writer in
      writer.genericHeader(UInt8(CLINUX_NETDEV_CMD_DEV_GET), version: 1)
    }
  }
}

/// What the controller of generic netlink says of a family.
struct GenericFamily {
  let number: UInt16

  init(_ message: NetlinkMessage) throws(NetlinkDecodingError) {
    guard message.type == UInt16(GENL_ID_CTRL) else { throw .unexpectedType(message.type) }
    var reader = AttributeReader(try message.payload.behind(Self.headerSize))
    var number: UInt16 = 0
    while let attribute = try reader.next() {
      if attribute.type == UInt16(CTRL_ATTR_FAMILY_ID) { number = try attribute.integer() }
    }
    // Zero is no message's type: a request of it would be taken for another.
    guard number != 0 else { throw .wrongSize(wanted: MemoryLayout<UInt16>.size, found: 0) }
    self.number = number
  }

  /// `sizeof(struct genlmsghdr)`.
  static let headerSize = 4
}

/// One interface of the list.
struct FeaturesOfDevice: Hashable {
  let index: Int32
  let features: XDPFeatures

  init(_ message: NetlinkMessage, of family: UInt16) throws(NetlinkDecodingError) {
    guard message.type == family else { throw .unexpectedType(message.type) }
    var reader = AttributeReader(try message.payload.behind(GenericFamily.headerSize))
    var (index, features) = (UInt32(0), XDPFeatures())
    while let attribute = try reader.next() {
      switch Int(attribute.type) {
      case CLINUX_NETDEV_A_DEV_IFINDEX: index = try attribute.integer()
      case CLINUX_NETDEV_A_DEV_XDP_FEATURES: features = XDPFeatures(rawValue: try attribute.integer())
      default: break
      }
    }
    self.index = Int32(bitPattern: index)
    self.features = features
  }
}

extension AttributeWriter {
  /// `struct genlmsghdr`.
  fileprivate mutating func genericHeader(_ command: UInt8, version: UInt8) {
    fixed(command)
    fixed(version)
    fixed(UInt16(0))
  }
}
