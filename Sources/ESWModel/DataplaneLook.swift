/// A way from a tunnel address of a node to a remote VTEP, whatever connections take it.
package struct UnderlayWay: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let tunnelAddress: IPv4Address
  package let remote: IPv4Address

  package init(from tunnelAddress: IPv4Address, to remote: IPv4Address) {
    self.tunnelAddress = tunnelAddress
    self.remote = remote
  }

  package var description: String { "\(tunnelAddress) to \(remote)" }

  package static func < (left: Self, right: Self) -> Bool {
    (left.tunnelAddress, left.remote) < (right.tunnelAddress, right.remote)
  }
}

/// An ICMP echo request (RFC 792) along a way.
package struct Echo: Hashable, Sendable {
  package let way: UnderlayWay
  /// Tells the requests of all ways apart; those of one number are so far apart that nobody waits for the
  /// earlier one any more.
  package let sequence: UInt16

  package init(_ way: UnderlayWay, sequence: UInt16) {
    self.way = way
    self.sequence = sequence
  }
}

/// What of a node is looked at beside our own state, and what is sent meanwhile.
package struct LookQuestions: Hashable, Sendable {
  /// Whose route and next hop are read.
  package var ways: [UnderlayWay]
  /// Sent now; answers come with a later look.
  package var echoes: [Echo]
  /// UDP ports of remotes: ICMP errors about packets to these are heard.
  package var vxlanPorts: Set<UInt16>
  /// Interfaces and bridges of attachments.
  package var attached: Set<InterfaceName>
  /// Interfaces by which our frames come and go: whose programs and filters are read.
  package var passages: [InterfaceName]
  /// Whether the chains of the firewall are read.
  package var readsFirewall: Bool

  package init(
    ways: [UnderlayWay] = [], echoes: [Echo] = [], vxlanPorts: Set<UInt16> = [],
    attached: Set<InterfaceName> = [], passages: [InterfaceName] = [], readsFirewall: Bool = false
  ) {
    self.ways = ways
    self.echoes = echoes
    self.vxlanPorts = vxlanPorts
    self.attached = attached
    self.passages = passages
    self.readsFirewall = readsFirewall
  }
}

/// What a look has found.
package struct LookAnswers: Hashable, Sendable {
  package struct Way: Hashable, Sendable {
    /// Nil: cannot be asked, such as while the tunnel address is not on the node.
    package var route: UnderlayFact.Route?
    package var nextHop: UnderlayFact.NextHop?

    package init(route: UnderlayFact.Route?, nextHop: UnderlayFact.NextHop? = nil) {
      self.route = route
      self.nextHop = nextHop
    }
  }

  package struct EchoAnswer: Hashable, Sendable {
    package let echo: Echo
    /// Nil where the clock was set meanwhile.
    package let roundTripMicroseconds: UInt32?

    package init(_ echo: Echo, roundTripMicroseconds: UInt32?) {
      self.echo = echo
      self.roundTripMicroseconds = roundTripMicroseconds
    }
  }

  /// An ICMP error about a VXLAN packet of ours.
  package struct ReportedError: Hashable, Sendable {
    package let way: UnderlayWay
    package let kind: UnderlayError.Kind
    package let reporter: IPv4Address

    package init(_ way: UnderlayWay, _ kind: UnderlayError.Kind, from reporter: IPv4Address) {
      self.way = way
      self.kind = kind
      self.reporter = reporter
    }
  }

  /// Something of others on the way of our frames.
  package struct Interference: Hashable, Sendable {
    package let kind: InterferenceFact.Kind
    /// Nil: the whole node.
    package let interface: InterfaceName?
    package let name: String?
    /// Packets that it dropped since it is there; nil: it does not count them.
    package let drops: UInt64?

    package init(
      _ kind: InterferenceFact.Kind, at interface: InterfaceName?, named name: String?, drops: UInt64? = nil
    ) {
      self.kind = kind
      self.interface = interface
      self.name = name
      self.drops = drops
    }
  }

  package var ways: [UnderlayWay: Way] = [:]
  /// To echoes of earlier looks.
  package var echoes: [EchoAnswer] = []
  /// Since the last look, the latest last.
  package var errors: [ReportedError] = []
  /// Of the attached.
  package var ports: [InterfaceName: PortFact] = [:]
  /// Of each passage that was asked about; none there: an empty list.
  package var passages: [InterfaceName: [Interference]] = [:]
  /// Nil: not asked.
  package var firewall: [Interference]?
  /// What could not be looked at, in words for the operator; the rest was.
  package var failures: [String] = []

  package init() {}
}

/// What of many looks stands in a report.
package struct LookFacts: Hashable, Sendable {
  /// Of one connection, in the last `ConnectionReport.recent`.
  package struct Recent: Hashable, Sendable {
    package var drops: [DropCount]
    package var notLearned: UInt64

    package init(drops: [DropCount] = [], notLearned: UInt64 = 0) {
      self.drops = drops
      self.notLearned = notLearned
    }
  }

  package var underlays: [UnderlayFact]
  package var interferences: [InterferenceFact]
  package var ports: [InterfaceName: PortFact]
  /// Of those that had any; nil: not known yet.
  package var recent: [ConnectionNumber: Recent]?

  package init(
    underlays: [UnderlayFact] = [], interferences: [InterferenceFact] = [],
    ports: [InterfaceName: PortFact] = [:], recent: [ConnectionNumber: Recent]? = nil
  ) {
    self.underlays = underlays
    self.interferences = interferences
    self.ports = ports
    self.recent = recent
  }
}
