import ArgumentParser
import ESWModel

/// What `esw demo --break` makes go wrong once everything works.
enum DemoBreak: String, CaseIterable, ExpressibleByArgument {
  case route, nexthop, silent, unreachable, prohibited, refused, vni, source, oneway
  case mtu, blackhole, underlay, port, missing, program, netfilter
  case rule, rate, learning, duplicate, gateway, mac, fixedip

  /// What the doctor has to name.
  var topic: Finding.Topic {
    switch self {
    case .route: .noRoute
    case .nexthop: .nextHopSilent
    case .silent: .remoteSilent
    case .unreachable: .remoteUnreachable
    case .prohibited: .filteredOnTheWay
    case .refused: .portRefused
    case .vni: .otherVNI
    case .source: .otherSource
    case .oneway: .nothingComesBack
    case .mtu: .underlayTooNarrow
    case .blackhole: .largeFramesLost
    case .underlay: .underlayDown
    case .port: .attachmentDown
    case .missing: .attachmentMissing
    case .program: .foreignProgram
    case .netfilter: .bridgeNetfilter
    case .rule: .classRule
    case .rate: .classRate
    case .learning: .learningLimit
    case .duplicate: .duplicateAddress
    case .gateway: .gatewayDiffers
    case .mac: .duplicateHost
    case .fixedip: .fixedAddressTaken
    }
  }

  /// What is made, a line for `--help`.
  var summary: String {
    switch self {
    case .route: "the node loses its route to the remote"
    case .nexthop: "the router on the way does not answer ARP"
    case .silent: "the network between drops everything, silently"
    case .unreachable: "a router on the way knows no way on, and says so"
    case .prohibited: "a router on the way refuses, and says so"
    case .refused: "the far switch has no VXLAN device any more"
    case .vni: "the far switch has another VNI"
    case .source: "the far switch sends from another address"
    case .oneway: "the far switch sends to another address than ours"
    case .mtu: "the node's underlay becomes too narrow"
    case .blackhole: "a link further on becomes too narrow, and tells nobody"
    case .underlay: "the node's underlay goes down"
    case .port: "the cable of the cloud's segment is pulled"
    case .missing: "the cloud's segment is gone from the node"
    case .program: "somebody's XDP program takes the node's packets"
    case .netfilter: "the node's firewall drops what its bridge forwards"
    case .rule: "a rule of the connection drops frames between hosts"
    case .rate: "a rule of the connection lets one frame a second through"
    case .learning: "the connection may learn one host"
    case .duplicate: "a host on-prem has vm1's address"
    case .gateway: "each site has a gateway of its own"
    case .mac: "a host on-prem has vm1's MAC address"
    case .fixedip: "a host on-prem has the switch's own address"
    }
  }

  static var table: String {
    allCases.map { "  " + $0.rawValue.padding(to: 12) + $0.summary }.joined(separator: "\n")
  }

  /// Whether pings of few bytes go on as before.
  var concernsLargeFrames: Bool { self == .mtu || self == .blackhole }

  /// Whether the segment is a port of a bridge on the node.
  var wantsBridge: Bool { self == .netfilter }

  /// A change of the connection's forwarding settings, as the API takes it.
  var forwarding: String? {
    switch self {
    case .rule: #"{"forwarding":{"rules":{"known_unicast":{"to_remote":"drop","to_local":"drop"}}}}"#
    case .rate: #"{"forwarding":{"rules":{"known_unicast":{"to_remote":1,"to_local":1}}}}"#
    case .learning: #"{"forwarding":{"learning_limit":1}}"#
    default: nil
    }
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
