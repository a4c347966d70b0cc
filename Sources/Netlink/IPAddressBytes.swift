internal import CLinux
internal import Glibc

/// An IP address as netlink carries it: 4 or 16 bytes in network order. The rooms above have richer types.
package struct IPAddressBytes: Hashable, Sendable, CustomStringConvertible {
  package let bytes: [UInt8]

  /// Nil unless there are 4 or 16 bytes.
  package init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    self.bytes = Array(bytes)
  }

  /// An IPv4 address from its number: 0x0a000001 is 10.0.0.1.
  package init(v4 number: UInt32) {
    bytes = withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }

  /// An address as people write it; nil when it is none (inet_pton(3)).
  package init?(_ text: String) {
    var room = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &room) == 1 {
      bytes = Array(room.prefix(4))
    } else if inet_pton(AF_INET6, text, &room) == 1 {
      bytes = room
    } else {
      return nil
    }
  }

  /// The number of an IPv4 address: 10.0.0.1 is 0x0a000001. Nil for IPv6.
  package var v4Number: UInt32? {
    bytes.count == 4 ? bytes.reduce(0) { $0 << 8 | UInt32($1) } : nil
  }

  package var bitCount: UInt8 { UInt8(bytes.count * 8) }

  /// `AF_INET` or `AF_INET6`.
  var family: UInt8 { UInt8(bytes.count == 4 ? AF_INET : AF_INET6) }

  package var description: String {
    var room = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(Int32(family), bytes, &room, socklen_t(room.count)) != nil else { return "\(bytes)" }
    return String(decoding: room.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension Attribute {
  func ipAddress() throws(NetlinkDecodingError) -> IPAddressBytes {
    guard let address = IPAddressBytes(value) else { throw .wrongSize(wanted: 4, found: value.count) }
    return address
  }
}
