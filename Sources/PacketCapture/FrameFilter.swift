package import ESWModel

/// Which captured frames are wanted: all that is set has to be true of one.
package struct FrameFilter: Hashable, Sendable {
  /// A host of the subnet by one of its addresses.
  package enum Host: Hashable, Sendable, LosslessStringConvertible {
    case mac(MACAddress)
    case ipv4(IPv4Address)
    case ipv6(IPv6Address)

    package init?(_ description: String) {
      if let mac = MACAddress(description) {
        self = .mac(mac)
      } else if let address = IPv4Address(description) {
        self = .ipv4(address)
      } else if let address = IPv6Address(description) {
        self = .ipv6(address)
      } else {
        return nil
      }
    }

    package var description: String {
      switch self {
      case .mac(let address): address.description
      case .ipv4(let address): address.description
      case .ipv6(let address): address.description
      }
    }
  }

  /// Source or destination of the inner frame, or sender or target of its ARP message.
  package var host: Host?
  package var onlyDropped: Bool
  /// The way that it was going, or would have, had it not been dropped or answered.
  package var direction: Direction?

  package init(host: Host? = nil, onlyDropped: Bool = false, direction: Direction? = nil) {
    self.host = host
    self.onlyDropped = onlyDropped
    self.direction = direction
  }

  /// A frame that is cut before the address does not match it.
  package func matches(_ frame: CapturedFrame) -> Bool {
    if let direction, direction != frame.direction { return false }
    if onlyDropped {
      guard case .dropped = frame.fate else { return false }
    }
    guard let host else { return true }
    return InnerFrame(frame)?.concerns(host) ?? false
  }
}

extension InnerFrame {
  fileprivate func concerns(_ host: FrameFilter.Host) -> Bool {
    switch (host, body) {
    case (.mac(let mac), .arp(let message)):
      mac == source || mac == destination || mac == message.senderMAC || mac == message.targetMAC
    case (.mac(let mac), _): mac == source || mac == destination
    case (.ipv4(let address), .arp(let message)): address == message.sender || address == message.target
    case (.ipv4(let address), .ip(let packet)):
      packet.source == .v4(address) || packet.destination == .v4(address)
    case (.ipv6(let address), .ip(let packet)):
      packet.source == .v6(address) || packet.destination == .v6(address)
    case (.ipv4, _), (.ipv6, _): false
    }
  }
}
