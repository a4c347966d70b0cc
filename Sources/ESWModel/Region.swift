/// The size of a switch (contract section 6).
package struct Flavor: Hashable, Sendable {
  package enum Name: String, Sendable, Hashable, CaseIterable {
    case small = "l2cg.small.ha"
    case medium = "l2cg.medium.ha"
    case large = "l2cg.large.ha"
  }

  package let name: Name
  package let id: String
  /// How many connections a switch of this size may have.
  package let connections: Int
  /// Gbit/s.
  package let bandwidth: Int
  /// Packets per second.
  package let packetRate: Int

  /// Small first, as the clients' own tests expect.
  package static let all: [Flavor] = [
    Flavor(name: .small, id: "1", connections: 1, bandwidth: 3, packetRate: 500_000),
    Flavor(name: .medium, id: "2", connections: 3, bandwidth: 5, packetRate: 1_000_000),
    Flavor(name: .large, id: "3", connections: 6, bandwidth: 10, packetRate: 2_000_000),
  ]

  package static func named(_ name: Name) -> Flavor {
    switch name {
    case .small: all[0]
    case .medium: all[1]
    case .large: all[2]
    }
  }
}

/// What the operator settled for the whole region.
package struct Region: Hashable, Sendable {
  /// Region id, such as `local-1`.
  package let name: String
  /// At least two, because clients' own tests want two (contract section 6).
  package let zones: [String]
  /// How many switches a project may have (contract section 6: 5 by default).
  package let instanceQuota: Int
  /// How old evidence may be that a remote sends frames; default 15 s.
  package let evidenceLifetime: Duration
  /// How long a node may stay silent before its instances are called abnormal; default 10 s.
  package let nodeSilence: Duration

  package init(
    name: String = "local-1", zones: [String] = ["az1", "az2"], instanceQuota: Int = 5,
    evidenceLifetime: Duration = .seconds(15), nodeSilence: Duration = .seconds(10)
  ) {
    self.name = name
    self.zones = zones
    self.instanceQuota = instanceQuota
    self.evidenceLifetime = evidenceLifetime
    self.nodeSilence = nodeSilence
  }
}
