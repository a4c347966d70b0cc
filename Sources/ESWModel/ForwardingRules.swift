/// What a frame is to the rules; each is of the first class that fits (`enum esw_class` of
/// CDatapath/include/maps.h, in the same order).
package enum FrameClass: String, Hashable, Sendable, Codable, CodingKeyRepresentable, CaseIterable {
  /// ARP; neighbour solicitations and advertisements of ICMPv6.
  case neighbour
  /// DHCP and DHCPv6; router solicitations, router advertisements and redirects of ICMPv6.
  case configuration
  /// VRRP advertisements (RFC 5798).
  case vrrp
  /// To a host whose side is known.
  case knownUnicast = "known_unicast"
  /// To one whose side is not known.
  case unknownUnicast = "unknown_unicast"
  /// Other broadcast.
  case broadcast
  /// Other multicast.
  case multicast
}

/// What becomes of the frames of a class: `forward`, `drop`, or frames per second.
package enum ForwardingRule: Hashable, Sendable, TextCoded {
  case forward
  case drop
  /// At most so many a second, of all hosts of a connection together in one direction; a tenth of a
  /// second's worth at once. In `rateRange`.
  case limit(framesPerSecond: UInt32)

  /// The data path has 2^32 - 1 for "forward", and 0 for "drop".
  package static let rateRange: ClosedRange<UInt32> = 1...4_294_967_294

  package init?(_ description: String) {
    switch description {
    case "forward": self = .forward
    case "drop": self = .drop
    default:
      guard let rate = UInt32(description), Self.rateRange.contains(rate) else { return nil }
      self = .limit(framesPerSecond: rate)
    }
  }

  package var description: String {
    switch self {
    case .forward: "forward"
    case .drop: "drop"
    case .limit(let framesPerSecond): "\(framesPerSecond)"
    }
  }
}

/// A rule for each class and direction. Without memory of its own: a node holds and compares thousands.
package struct ForwardingRules: Hashable, Sendable {
  /// As the data path has them, 0 for "drop" and 2^32 - 1 for "forward", first those to the remotes;
  /// classes in their order, eight places a direction.
  package private(set) var words: SIMD16<UInt32>

  package init(all rule: ForwardingRule) { words = SIMD16(repeating: Self.word(rule)) }

  package init(words: SIMD16<UInt32>) { self.words = words }

  package subscript(frames: FrameClass, direction: Direction) -> ForwardingRule {
    get { Self.rule(words[Self.place(frames, direction)]) }
    set { words[Self.place(frames, direction)] = Self.word(newValue) }
  }

  /// Sets both directions.
  package mutating func set(_ frames: FrameClass, to rule: ForwardingRule) {
    for direction in Direction.allCases { self[frames, direction] = rule }
  }

  private static func place(_ frames: FrameClass, _ direction: Direction) -> Int {
    let place =
      switch frames {
      case .neighbour: 0
      case .configuration: 1
      case .vrrp: 2
      case .knownUnicast: 3
      case .unknownUnicast: 4
      case .broadcast: 5
      case .multicast: 6
      }
    switch direction {
    case .toRemote: return place
    case .toLocal: return place + 8
    }
  }

  private static func word(_ rule: ForwardingRule) -> UInt32 {
    switch rule {
    case .forward: .max
    case .drop: 0
    case .limit(let framesPerSecond): framesPerSecond
    }
  }

  private static func rule(_ word: UInt32) -> ForwardingRule {
    switch word {
    case 0: .drop
    case .max: .forward
    default: .limit(framesPerSecond: word)
    }
  }
}

extension ForwardingRules: Codable {
  private enum CodingKeys: CodingKey {
    case toRemote, toLocal
  }

  package init(from decoder: any Decoder) throws {
    self.init(all: .forward)
    let values = try decoder.container(keyedBy: CodingKeys.self)
    for (key, direction) in [(CodingKeys.toRemote, Direction.toRemote), (.toLocal, .toLocal)] {
      for (frames, rule) in try values.decode([FrameClass: ForwardingRule].self, forKey: key) {
        self[frames, direction] = rule
      }
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    for (key, direction) in [(CodingKeys.toRemote, Direction.toRemote), (.toLocal, .toLocal)] {
      let rules = FrameClass.allCases.map { ($0, self[$0, direction]) }
      try values.encode(Dictionary(uniqueKeysWithValues: rules), forKey: key)
    }
  }
}

/// A set of rules that has a name.
package enum ForwardingProfile: String, Hashable, Sendable, Codable, CaseIterable {
  /// What a LAN is used to: all that hosts say to each other, floods limited; but no site configures the
  /// other's hosts.
  case lan
  /// What the vendor documents of its switch: no unknown unicast, broadcast or multicast, but VRRP from the
  /// remote to the local side; the node answers ARP for the hosts it knows.
  case esw
  /// Nothing by itself: each class has to be given.
  case custom

  /// Frames a second of what is flooded, in one direction of one connection. A storm is worse by orders of
  /// magnitude: a broadcast loop fills a link, 1.5 million frames a second at 1 Gbit/s. And one percent of
  /// that, the storm limit that switches are commonly set to, is far above what thousands of hosts need.
  private static let storm = ForwardingRule.limit(framesPerSecond: 15_000)
  /// ARP and ND of 10,000 hosts that each ask a new question every two seconds.
  private static let questions = ForwardingRule.limit(framesPerSecond: 5_000)
  /// Broadcast wakes every host.
  private static let broadcasts = ForwardingRule.limit(framesPerSecond: 5_000)

  package var rules: ForwardingRules {
    var rules = ForwardingRules(all: .forward)
    switch self {
    case .lan:
      rules.set(.neighbour, to: Self.questions)
      rules.set(.configuration, to: .drop)
      rules.set(.unknownUnicast, to: Self.storm)
      rules.set(.broadcast, to: Self.broadcasts)
      rules.set(.multicast, to: Self.storm)
    case .esw:
      for frames in FrameClass.allCases where frames != .knownUnicast { rules.set(frames, to: .drop) }
      rules[.vrrp, .toLocal] = .forward
    case .custom: break
    }
    return rules
  }

  /// Whether the node answers ARP and ND for hosts that it knows, instead of asking the other side.
  package var answersKnown: Bool {
    switch self {
    case .lan, .custom: false
    case .esw: true
    }
  }
}
