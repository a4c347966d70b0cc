internal import ESWModel

extension InnerFrame {
  /// What it is, in the words of the protocols.
  ///
  /// - Parameter isCut: Bytes that are missing were there, and were not taken.
  func text(isCut: Bool) -> String {
    (tags.map { "VLAN \($0) " }.joined()) + content(isCut ? "cut" : "too short")
  }

  /// - Parameter missing: What to say where bytes end too early.
  private func content(_ missing: String) -> String {
    switch body {
    case .arp(let message): message.text
    case .ip(let packet): packet.text(missing)
    case .link(let accessPoint): Self.link(accessPoint)
    case .other(EtherType.cfm, let octets): Self.loopback(octets) ?? "CFM, \(missing)"
    case .other(let type, _): Self.name(type)
    case .short(let type): "\(Self.name(type)), \(missing)"
    case .invalid(let type): "\(Self.name(type)), header not valid"
    }
  }

  private static func link(_ accessPoint: UInt8) -> String {
    switch accessPoint {
    case 0x42: "STP"
    case 0xaa: "SNAP"
    case 0xfe: "IS-IS"
    default: "LLC, access point \(hexText(UInt16(accessPoint), 2))"
    }
  }

  /// Continuity check and loopback (IEEE 802.1Q sections 21.4 and 21.7). Loopback is what nodes probe each
  /// other with.
  private static func loopback(_ octets: Octets) -> String? {
    guard let operation = octets[1] else { return nil }
    switch operation {
    case 1: return "CFM continuity check"
    case 2: return octets.longNumber(at: 4).map { "probe \($0), the answer (CFM loopback reply)" }
    case 3: return octets.longNumber(at: 4).map { "probe \($0) (CFM loopback message)" }
    default: return "CFM, operation \(operation)"
    }
  }

  static func name(_ type: UInt16) -> String {
    switch type {
    case 0..<EtherType.least: "802.3"
    case EtherType.ipv4: "IPv4"
    case EtherType.arp: "ARP"
    case EtherType.ipv6: "IPv6"
    case EtherType.cfm: "CFM"
    case 0x0842: "Wake-on-LAN"
    case 0x8035: "RARP"
    case 0x8100, 0x88a8, 0x9100: "VLAN"
    case 0x8809: "slow protocol (LACP)"
    case 0x8847, 0x8848: "MPLS"
    case 0x8863, 0x8864: "PPPoE"
    case 0x888e: "EAPOL"
    case 0x88cc: "LLDP"
    case 0x88e5: "MACsec"
    case 0x88f7: "PTP"
    default: "ethertype \(hexText(type, 4))"
    }
  }
}

/// `0x` and at least so many digits.
func hexText(_ number: UInt16, _ digits: Int) -> String {
  let text = String(number, radix: 16)
  return "0x" + String(repeating: "0", count: max(digits - text.utf8.count, 0)) + text
}

extension ARPMessage {
  /// RFC 826; RFC 5227 for probe and announcement.
  var text: String {
    switch operation {
    case 1 where sender == target: "ARP announcement, \(sender) is-at \(senderMAC)"
    case 2 where sender == target: "ARP announcement, \(sender) is-at \(senderMAC)"
    case 1: "ARP who-has \(target) tell \(sender)"
    case 2: "ARP \(sender) is-at \(senderMAC)"
    default: "ARP, operation \(operation)"
    }
  }
}

extension IPPacket {
  func text(_ missing: String) -> String {
    let addresses = "\(source) > \(destination)"
    guard fragmentOffset == 0 else { return "\(addresses) \(transportName), fragment at \(fragmentOffset)" }
    switch transport {
    case 6: return tcp.map { "\(withPorts) TCP \($0)" } ?? "\(addresses) TCP, \(missing)"
    case 17:
      guard payload.number(at: 2) != nil else { return "\(addresses) UDP, \(missing)" }
      return "\(withPorts) \(datagram)"
    case 1:
      return "\(addresses) " + (ICMPText.message(payload).map { "ICMP \($0)" } ?? "ICMP, \(missing)")
    case 58:
      return "\(addresses) " + (ICMPText.message6(payload).map { "ICMPv6 \($0)" } ?? "ICMPv6, \(missing)")
    case 112:
      guard let first = payload[0], let router = payload[1], let priority = payload[2] else {
        return "\(addresses) VRRP, \(missing)"
      }
      // RFC 9568 section 5.1: version and type in the first octet.
      return "\(addresses) VRRPv\(first >> 4) router \(router) priority \(priority)"
    default: return "\(addresses) \(transportName)"
    }
  }

  private var withPorts: String {
    guard let from = payload.number(at: 0), let to = payload.number(at: 2) else {
      return "\(source) > \(destination)"
    }
    return "\(source.description(port: from)) > \(destination.description(port: to))"
  }

  /// Flags by name (RFC 9293 section 3.1).
  private var tcp: String? {
    guard let flags = payload[13] else { return nil }
    let names = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"]
    let set = names.indices.filter { flags >> UInt8($0) & 1 == 1 }.map { names[$0] }
    return "[\(set.joined(separator: " "))]"
  }

  /// UDP by its ports, where those are only used for one thing.
  private var datagram: String {
    switch (payload.number(at: 0), payload.number(at: 2)) {
    case (67, _), (68, _), (_, 67), (_, 68): "DHCP" + (dhcpKind.map { " \($0)" } ?? "")
    case (546, 547), (547, 546), (547, 547): "DHCPv6"
    case (53, _), (_, 53): "DNS"
    case (5353, _), (_, 5353): "mDNS"
    case (123, _), (_, 123): "NTP"
    case (_, 4789): "VXLAN"
    case (_, 3784): "BFD"
    default: "UDP"
    }
  }

  /// Option 53 (RFC 2132 section 9.6), behind 8 bytes of UDP, 236 of BOOTP and the magic cookie.
  private var dhcpKind: String? {
    let names = ["discover", "offer", "request", "decline", "ack", "nak", "release", "inform"]
    guard payload.longNumber(at: 244) == 0x6382_5363 else { return nil }
    var place = 248
    // Each round takes a byte at least.
    while let code = payload[place], code != 255 {
      guard code != 0 else {
        place += 1
        continue
      }
      guard let length = payload[place + 1] else { return nil }
      if code == 53 {
        guard let kind = payload[place + 2], (1...names.count).contains(Int(kind)) else { return nil }
        return names[Int(kind) - 1]
      }
      place += 2 + Int(length)
    }
    return nil
  }

  /// IANA's protocol numbers.
  private var transportName: String {
    switch transport {
    case 1: "ICMP"
    case 2: "IGMP"
    case 6: "TCP"
    case 17: "UDP"
    case 41: "IPv6 in IP"
    case 47: "GRE"
    case 50: "ESP"
    case 51: "AH"
    case 58: "ICMPv6"
    case 88: "EIGRP"
    case 89: "OSPF"
    case 103: "PIM"
    case 112: "VRRP"
    case 132: "SCTP"
    default: "protocol \(transport)"
    }
  }
}
