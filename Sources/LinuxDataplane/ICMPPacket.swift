internal import ESWModel

/// An ICMP packet (RFC 792) as a raw socket gets it, with its IP header; of the kinds that a node hears.
enum ICMPPacket: Equatable {
  case echoReply(identifier: UInt16, sequence: UInt16, from: IPv4Address, to: IPv4Address)
  /// About a UDP packet from `source` to `destination`.
  case error(UnderlayError.Kind, from: IPv4Address, source: IPv4Address, destination: IPv4Address)

  /// Nil for what is no such packet, or damaged.
  init?(_ packet: ArraySlice<UInt8>) {
    guard let ip = IPv4Head(packet), ip.transport == 1, ip.payload.count >= Self.headLength,
      Self.hasRightSum(ip.payload)
    else { return nil }
    let icmp = ip.payload
    let (type, code) = (icmp[icmp.startIndex], icmp[icmp.startIndex + 1])
    switch type {
    case 0:
      self = .echoReply(
        identifier: icmp.number(at: 4), sequence: icmp.number(at: 6), from: ip.source, to: ip.destination)
    case 3, 11:
      guard let about = IPv4Head(icmp.dropFirst(Self.headLength)), about.transport == 17,
        about.payload.count >= Self.headLength  // RFC 792: the ports, and as much again
      else { return nil }
      let kind = type == 3 ? Self.unreachable(code, mtu: icmp.number(at: 6)) : .unreachable
      self = .error(kind, from: ip.source, source: about.source, destination: about.destination)
    default: return nil
    }
  }

  /// RFC 792, RFC 1191 section 4, RFC 1812 section 5.2.7.1.
  private static func unreachable(_ code: UInt8, mtu: UInt16) -> UnderlayError.Kind {
    switch code {
    case 3: .portUnreachable
    case 4: .tooBig(mtu: UInt32(mtu))
    case 9, 10, 13: .prohibited
    default: .unreachable
    }
  }

  private static let headLength = 8

  /// Type and code 8 and 0, the sum, the two numbers; what follows is there to be as long as a usual ping.
  static func echoRequest(identifier: UInt16, sequence: UInt16) -> [UInt8] {
    var bytes: [UInt8] = [8, 0, 0, 0]
    for number in [identifier, sequence] {
      bytes += [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
    }
    bytes += [UInt8](repeating: 0, count: 56)
    let sum = sum(bytes[...])
    bytes[2] = UInt8(truncatingIfNeeded: sum >> 8)
    bytes[3] = UInt8(truncatingIfNeeded: sum)
    return bytes
  }

  private static func hasRightSum(_ bytes: ArraySlice<UInt8>) -> Bool { sum(bytes) == 0 }

  /// RFC 1071; 0 over bytes that hold their own sum.
  static func sum(_ bytes: ArraySlice<UInt8>) -> UInt16 {
    var total: UInt32 = 0
    for (place, byte) in bytes.enumerated() {
      total &+= place.isMultiple(of: 2) ? UInt32(byte) << 8 : UInt32(byte)
    }
    while total > 0xffff { total = (total & 0xffff) + total >> 16 }
    return ~UInt16(truncatingIfNeeded: total)
  }
}

/// What we ask of an IPv4 header (RFC 791 section 3.1).
private struct IPv4Head {
  let transport: UInt8
  let source: IPv4Address
  let destination: IPv4Address
  let payload: ArraySlice<UInt8>

  init?(_ bytes: ArraySlice<UInt8>) {
    guard let first = bytes.first, first >> 4 == 4 else { return nil }
    let length = Int(first & 0xf) * 4
    guard length >= 20, bytes.count >= length else { return nil }
    transport = bytes[bytes.startIndex + 9]
    source = IPv4Address(UInt32(bytes.number(at: 12)) << 16 | UInt32(bytes.number(at: 14)))
    destination = IPv4Address(UInt32(bytes.number(at: 16)) << 16 | UInt32(bytes.number(at: 18)))
    payload = bytes.dropFirst(length)
  }
}

extension ArraySlice<UInt8> {
  /// Two bytes in network order; the caller has looked that they are there.
  fileprivate func number(at offset: Int) -> UInt16 {
    UInt16(self[startIndex + offset]) << 8 | UInt16(self[startIndex + offset + 1])
  }
}
