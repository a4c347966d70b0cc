internal import ESWModel

/// What the headers of a frame of the subnet say, as far as its bytes go; lengths in them are not believed.
struct InnerFrame {
  /// More tags or extension headers than these are nobody's.
  static let mostTags = 4
  static let mostExtensions = 8

  enum Body {
    case arp(ARPMessage)
    case ip(IPPacket)
    /// A length in place of an EtherType: 802.2, with its destination service access point.
    case link(accessPoint: UInt8)
    case other(etherType: UInt16, Octets)
    /// Its bytes end before its header does.
    case short(etherType: UInt16)
    /// A header of IP that contradicts itself.
    case invalid(etherType: UInt16)
  }

  let destination: MACAddress
  let source: MACAddress
  /// VLAN numbers of tags that are inside, outermost first.
  let tags: [UInt16]
  let body: Body

  /// Nil when not even its addresses are there.
  init?(_ frame: CapturedFrame) {
    self.init(Octets(frame.innerBytes))
  }

  init?(_ octets: Octets) {
    guard let destination = octets.octets(at: 0, count: 6).flatMap({ MACAddress(bytes: $0) }),
      let source = octets.octets(at: 6, count: 6).flatMap({ MACAddress(bytes: $0) }),
      var type = octets.number(at: 12)
    else { return nil }
    self.destination = destination
    self.source = source
    var tags: [UInt16] = []
    var place = 14
    while EtherType.tags.contains(type), tags.count < Self.mostTags,
      let tag = octets.number(at: place), let next = octets.number(at: place + 2)
    {
      tags.append(tag & 0xfff)
      type = next
      place += 4
    }
    self.tags = tags
    body = Self.body(type, octets.dropping(place))
  }

  private static func body(_ type: UInt16, _ payload: Octets) -> Body {
    switch type {
    case EtherType.arp: return ARPMessage(payload).map { .arp($0) } ?? .short(etherType: type)
    case EtherType.ipv4:
      guard let first = payload[0], payload.count >= 20 else { return .short(etherType: type) }
      guard first >> 4 == 4, first & 15 >= 5 else { return .invalid(etherType: type) }
      return IPPacket(version4: payload).map { .ip($0) } ?? .short(etherType: type)
    case EtherType.ipv6:
      guard let first = payload[0], payload.count >= 40 else { return .short(etherType: type) }
      guard first >> 4 == 6 else { return .invalid(etherType: type) }
      return IPPacket(version6: payload).map { .ip($0) } ?? .short(etherType: type)
    case 0..<EtherType.least:
      return payload[0].map { .link(accessPoint: $0) } ?? .short(etherType: type)
    default: return .other(etherType: type, payload)
    }
  }
}

enum EtherType {
  static let ipv4: UInt16 = 0x0800
  static let arp: UInt16 = 0x0806
  static let ipv6: UInt16 = 0x86dd
  static let cfm: UInt16 = 0x8902
  /// Below: a length (IEEE 802.3 section 3.2.6).
  static let least: UInt16 = 0x0600
  /// 802.1Q, 802.1ad, and what was used before the latter.
  static let tags: Set<UInt16> = [0x8100, 0x88a8, 0x9100]
}

/// ARP for IPv4 over Ethernet (RFC 826).
struct ARPMessage {
  let operation: UInt16
  let senderMAC: MACAddress
  let sender: IPv4Address
  let targetMAC: MACAddress
  let target: IPv4Address

  /// Nil when it is shorter, or of other networks.
  init?(_ octets: Octets) {
    guard octets.number(at: 0) == 1, octets.number(at: 2) == EtherType.ipv4, octets.number(at: 4) == 0x0604,
      let operation = octets.number(at: 6),
      let senderMAC = octets.octets(at: 8, count: 6).flatMap({ MACAddress(bytes: $0) }),
      let sender = octets.longNumber(at: 14),
      let targetMAC = octets.octets(at: 18, count: 6).flatMap({ MACAddress(bytes: $0) }),
      let target = octets.longNumber(at: 24)
    else { return nil }
    self.operation = operation
    self.senderMAC = senderMAC
    self.sender = IPv4Address(sender)
    self.targetMAC = targetMAC
    self.target = IPv4Address(target)
  }
}

enum IPAddress: Hashable, Sendable, CustomStringConvertible {
  case v4(IPv4Address)
  case v6(IPv6Address)

  var description: String {
    switch self {
    case .v4(let address): address.description
    case .v6(let address): address.description
    }
  }

  /// With a port as it is usually written.
  func description(port: UInt16) -> String {
    switch self {
    case .v4(let address): "\(address):\(port)"
    case .v6(let address): "[\(address)]:\(port)"
    }
  }
}

/// IPv4 (RFC 791) or IPv6 (RFC 8200) down to where its payload begins.
struct IPPacket {
  let source: IPAddress
  let destination: IPAddress
  /// Of what the payload is; behind extension headers.
  let transport: UInt8
  /// Bytes into the whole packet at which the payload stands; not 0 in fragments but the first.
  let fragmentOffset: Int
  let payload: Octets

  /// - Parameter octets: At least 20, version and header length looked at.
  init?(version4 octets: Octets) {
    guard let first = octets[0], let length = octets.number(at: 2), let fragment = octets.number(at: 6),
      let transport = octets[9], let source = octets.longNumber(at: 12),
      let destination = octets.longNumber(at: 16)
    else { return nil }
    self.source = .v4(IPv4Address(source))
    self.destination = .v4(IPv4Address(destination))
    self.transport = transport
    fragmentOffset = Int(fragment & 0x1fff) * 8
    // Length 0: a super-packet over 64 KiB. What is behind the length is padding of a short Ethernet frame.
    payload = (length == 0 ? octets : octets.keeping(Int(length))).dropping(Int(first & 15) * 4)
  }

  init?(version6 octets: Octets) {
    guard let length = octets.number(at: 4), var next = octets[6],
      let source = octets.octets(at: 8, count: 16).flatMap({ IPv6Address(bytes: $0) }),
      let destination = octets.octets(at: 24, count: 16).flatMap({ IPv6Address(bytes: $0) })
    else { return nil }
    var rest = octets.dropping(40)
    if length > 0 { rest = rest.keeping(Int(length)) }
    var offset = 0
    for _ in 0..<InnerFrame.mostExtensions {
      guard offset == 0, let size = Self.extensionLength(next, rest), let following = rest[0] else { break }
      if next == Self.fragment, let field = rest.number(at: 2) { offset = Int(field & 0xfff8) }
      next = following
      rest = rest.dropping(size)
    }
    self.source = .v6(source)
    self.destination = .v6(destination)
    transport = next
    fragmentOffset = offset
    payload = rest
  }

  private static let fragment: UInt8 = 44

  /// Bytes of an extension header; nil when it is none (RFC 8200 section 4, RFC 4302 section 2.2).
  private static func extensionLength(_ header: UInt8, _ octets: Octets) -> Int? {
    guard let words = octets[1] else { return nil }
    switch header {
    case 0, 43, 60: return (Int(words) + 1) * 8
    case fragment: return 8
    case 51: return (Int(words) + 2) * 4
    default: return nil
    }
  }
}

extension CapturedFrame {
  private var outerCount: Int { outer == .none ? 0 : Self.outerLength }

  /// Bytes of the frame of the subnet.
  var innerLength: Int { length > outerCount ? length - outerCount : 0 }

  /// Those of them that are at hand.
  var innerBytes: ArraySlice<UInt8> { bytes.dropFirst(outerCount) }

  var isCut: Bool { bytes.count < length }

  /// Which way it was going, or would have.
  var direction: Direction {
    switch point {
    case .fromPort, .toRemote: .toRemote
    case .fromRemote, .toPort: .toLocal
    }
  }
}
