import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `The underlay may change` {
  /// What happens to the way to the remote after it worked; nobody tells the data plane.
  enum Change: String, CaseIterable, Sendable {
    case neighbour, route, routeAway, address, lowered
  }

  @Test(arguments: Change.allCases)
  func `and frames follow without help`(change: Change) async throws {
    try await withStretch { stretch in
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try stretch.hostReaches(Stretch.farHost))
      try make(change, stretch)
      #expect(try stretch.hostReaches(Stretch.farHost, tries: 10), "\(change)")
      #expect(try await Stretch.plan(dataplane, to: Stretch.configuration()) == [])
    }
  }

  private func make(_ change: Change, _ stretch: Stretch) throws {
    let (node, far) = (stretch.node, stretch.far)
    switch change {
    case .neighbour:
      // The remote has another network card: it says so, as a host does that comes up.
      try stretch.execute(far, "sysctl -qw net.ipv4.conf.underlay0.arp_notify=1")
      try stretch.ip(far, "link set underlay0 down")
      try stretch.ip(far, "link set underlay0 address 02:00:00:00:00:99")
      try stretch.ip(far, "link set underlay0 up")
    case .route, .routeAway:
      // A second cable, and the remote's address is reached by it from now on.
      try stretch.ip(node, "link add second0 type veth peer name second0 netns \(far.name)")
      try stretch.ip(node, "link set second0 up")
      try stretch.ip(far, "link set second0 up")
      try stretch.ip(node, "address add 203.0.113.1/24 dev second0")
      try stretch.ip(far, "address add 203.0.113.2/24 dev second0")
      for place in [node, far] {
        try stretch.execute(place, "sysctl -qw net.ipv4.conf.all.rp_filter=0")
      }
      try stretch.ip(node, "route add 192.0.2.2/32 via 203.0.113.2")
      if change == .routeAway {
        #expect(try stretch.hostReaches(Stretch.farHost, tries: 10))
        try stretch.ip(node, "link delete second0")
      }
    case .address:
      // Our tunnel address goes and comes back, by somebody else's hand.
      try stretch.ip(node, "address add 192.0.2.77/24 dev underlay0")
      try stretch.ip(node, "address delete 192.0.2.77/24 dev underlay0")
    case .lowered:
      try stretch.ip(node, "link set underlay0 down")
      try stretch.ip(node, "link set underlay0 up")
    }
  }
}
