/// Where a connection's frames enter the data path, as it was last seen.
package struct PortFact: Hashable, Sendable, Codable {
  package enum State: String, Hashable, Sendable, Codable, CaseIterable {
    case up
    /// Up, and nothing is plugged in: no carrier, or the far end of a veth is down.
    case noCarrier
    case down
    case missing
  }

  /// The attached interface or bridge.
  package let interface: InterfaceName
  package let state: State
  /// Of the interface, in bytes of an IP packet; nil: it is missing.
  package let mtu: UInt32?
  /// Of a bridge: which of its settings send its frames through the node's firewall, as sysctl and
  /// `ip link set type bridge` name them; nil: not a bridge.
  package let filteredBy: [String]?

  package init(interface: InterfaceName, state: State, mtu: UInt32?, filteredBy: [String]? = nil) {
    self.interface = interface
    self.state = state
    self.mtu = mtu
    self.filteredBy = filteredBy
  }
}

/// Something of others on the way of our frames, which takes or drops them or may do so.
package struct InterferenceFact: Hashable, Sendable, Codable {
  package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
    /// An XDP program that is not ours takes the interface's packets first.
    case xdp
    /// A program stands before ours at the tcx ingress of the interface.
    case ingressProgram
    /// A program or filter at the way out of the interface (tcx egress, clsact egress, netfilter egress).
    case egressProgram
    /// A chain of the node's firewall through which frames of bridges go, and which drops what no rule
    /// accepts.
    case bridgeFirewall
  }

  package let kind: Kind
  /// Nil: the whole node.
  package let interface: InterfaceName?
  /// Of the program or chain, as the kernel has it: such as `drop_all` or `ip filter FORWARD`.
  package let name: String?
  /// Packets that it dropped in the last `ConnectionReport.recent`, where it counts them.
  package let recentDrops: UInt64?

  package init(kind: Kind, interface: InterfaceName?, name: String?, recentDrops: UInt64? = nil) {
    self.kind = kind
    self.interface = interface
    self.name = name
    self.recentDrops = recentDrops
  }
}
