/// What a node knows of the way from a tunnel address of its own to a remote VTEP, whatever connections take
/// it. Ages are as of the report that it stands in; nil: not asked, or not known.
package struct UnderlayFact: Hashable, Sendable, Codable {
  package let tunnelAddress: IPv4Address
  package let remote: IPv4Address
  /// What the kernel's routing says.
  package let route: Route?
  /// Whether the next hop's link-layer address is known.
  package let nextHop: NextHop?
  /// ICMP echo to the remote.
  package let echo: ProbeFigures?
  /// The last ICMP error that our VXLAN brought about.
  package let error: UnderlayError?

  package init(
    tunnelAddress: IPv4Address, remote: IPv4Address, route: Route?, nextHop: NextHop? = nil,
    echo: ProbeFigures? = nil, error: UnderlayError? = nil
  ) {
    self.tunnelAddress = tunnelAddress
    self.remote = remote
    self.route = route
    self.nextHop = nextHop
    self.echo = echo
    self.error = error
  }

  package enum Route: Hashable, Sendable, Codable {
    /// In the words of `ip route get`, such as "Network is unreachable".
    case unreachable(String)
    /// By an interface. Without a gateway the remote is a neighbour itself. What the way carries, in bytes of
    /// an IP packet, is the interface's MTU, or less where a route or a router has said so.
    case by(InterfaceName, gateway: IPv4Address?, mtu: UInt32)
    /// The address is the node's own.
    case own
  }

  package enum NextHop: String, Hashable, Sendable, Codable, CaseIterable {
    /// Its link-layer address is known (`ip neighbour`: reachable, stale, delay, probe, permanent, noarp).
    case resolved
    /// Nobody answered (failed, incomplete).
    case silent
    /// Not asked for yet.
    case unknown
  }
}

/// An ICMP error about a VXLAN packet of ours.
package struct UnderlayError: Hashable, Sendable, Codable {
  package enum Kind: Hashable, Sendable, Codable {
    /// Nobody listens at the UDP port (type 3 code 3).
    case portUnreachable
    /// Type 3, codes 9, 10, 13.
    case prohibited
    /// Type 3, codes 0, 1 and others; type 11.
    case unreachable
    /// Type 3 code 4, with the MTU of the next link.
    case tooBig(mtu: UInt32)
  }

  package let kind: Kind
  /// Who said so.
  package let reporter: IPv4Address
  package let ageMilliseconds: Int64

  package init(kind: Kind, reporter: IPv4Address, ageMilliseconds: Int64) {
    self.kind = kind
    self.reporter = reporter
    self.ageMilliseconds = ageMilliseconds
  }
}
