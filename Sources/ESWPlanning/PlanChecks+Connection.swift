import ESWModel

// What is asked about a connection that is to be forwarded.
extension PlanChecks {
  /// Where a connection is to be, and what is known of that place.
  struct Place {
    let connection: Connection
    let instance: Instance
    let subnet: Subnet
    let node: NodeName
    let underlay: InterfaceName
    let point: AttachmentPoint
    let report: GatewayReport?
    /// All that the node is to forward.
    let forwarded: [ConnectionConfiguration]
    let tunnelAddresses: Set<IPv4Address>

    func interface(_ name: InterfaceName) -> InterfaceFact? {
      report?.interfaces.first { $0.name == name }
    }

    /// What of the way to the remote has been seen.
    func way(to remote: RemoteEndpoint) -> UnderlayFact? {
      let ways = report?.underlays?.filter { $0.remote == remote.address } ?? []
      return ways.first { $0.tunnelAddress == instance.tunnelAddress } ?? ways.first
    }
  }

  func ofConnection(_ connection: Connection) -> [PlanCheck] {
    guard let instance = after.instances[connection.instance], let subnet = after.subnets[connection.subnet]
    else { return [] }
    guard let attachment = after.tunnelAttachment(of: instance) else {
      return [
        missing(
          "the switch's tunnel subnet is attached on no node: nothing is forwarded until it is",
          connection)
      ] + vni(of: connection, report: nil)
    }
    let node = attachment.node
    guard let layer2 = after.layer2Attachment(of: connection, on: node) else {
      return [
        missing(
          "its subnet \(subnet.name) is not attached on node \(node): nothing is forwarded until it is",
          connection)
      ] + vni(of: connection, report: reports.received(from: node)?.report)
    }
    let difference = differences.first { $0.node == node }
    let place = Place(
      connection: connection, instance: instance, subnet: subnet, node: node,
      underlay: attachment.point.name, point: layer2.point, report: difference?.received?.report,
      forwarded: difference?.after.connections ?? [],
      tunnelAddresses: Set(difference?.after.tunnels.map(\.address) ?? []))
    return connection.remotes.map { remote($0, at: place) } + vni(of: connection, report: place.report)
      + [addresses(at: place)] + mtu(at: place) + [networks(at: place)]
  }

  private func missing(_ text: String, _ connection: Connection) -> PlanCheck {
    PlanCheck(.node, .warn, text, connection: connection.id)
  }

  // MARK: The remote

  private func remote(_ remote: RemoteEndpoint, at place: Place) -> PlanCheck {
    func check(_ result: PlanCheck.Result, _ text: String) -> PlanCheck {
      PlanCheck(.remote, result, "\(remote.address) \(text)", connection: place.connection.id)
    }
    if place.tunnelAddresses.contains(remote.address) {
      return check(.fail, "is a tunnel address of node \(place.node) itself: the far end has to be another")
    }
    if place.subnet.network.contains(remote.address) {
      return check(
        .fail,
        "lies in \(place.subnet.network), which is to be stretched: the tunnel would be needed to reach it")
    }
    if place.forwarded.contains(where: { $0.network.contains(remote.address) }) {
      return check(
        .fail, "lies in a subnet that node \(place.node) stretches: the tunnel would run through a tunnel")
    }
    if let route = place.way(to: remote)?.route { return judge(route, to: remote, at: place) }
    if let neighbour = neighbour(of: remote.address, at: place), neighbour != place.underlay {
      return isPort(neighbour, at: place)
        ? check(.fail, "is a neighbour at \(neighbour), where frames of a connection enter")
        : check(.warn, "is a neighbour at \(neighbour), and not at the underlay \(place.underlay)")
    }
    return check(.pass, "is outside of all that node \(place.node) stretches")
  }

  private func judge(
    _ route: UnderlayFact.Route, to remote: RemoteEndpoint, at place: Place
  ) -> PlanCheck {
    func check(_ result: PlanCheck.Result, _ text: String) -> PlanCheck {
      PlanCheck(.remote, result, "\(remote.address) \(text)", connection: place.connection.id)
    }
    switch route {
    case .unreachable(let text): return check(.fail, "is not reached from node \(place.node): \(text)")
    case .own: return check(.fail, "is an address of node \(place.node) itself")
    case .by(let name, let gateway, _):
      let by = "by \(name)" + (gateway.map { " and the router \($0)" } ?? "")
      if isPort(name, at: place) {
        return check(.fail, "is reached \(by), where frames of a connection enter")
      }
      if name != place.underlay, place.connection.forwarding.pinsUnderlay {
        return check(
          .warn, "is reached \(by): what comes back by it is dropped, only \(place.underlay) is the underlay")
      }
      if place.way(to: remote)?.nextHop == .silent {
        return check(.warn, "is reached \(by), where the next hop does not answer")
      }
      return check(.pass, "is reached \(by)")
    }
  }

  private func isPort(_ name: InterfaceName, at place: Place) -> Bool {
    place.forwarded.contains { $0.point.name == name && $0.point.vlan == nil }
  }

  /// The interface in one of whose networks the address is; the longest prefix wins.
  private func neighbour(of address: IPv4Address, at place: Place) -> InterfaceName? {
    var best: (name: InterfaceName, length: UInt8)?
    for interface in place.report?.interfaces ?? [] {
      for own in interface.addresses {
        guard let network = IPv4Network(of: own.address, prefixLength: own.prefixLength),
          network.contains(address), network.prefixLength > best?.length ?? 0
        else { continue }
        best = (interface.name, network.prefixLength)
      }
    }
    return best?.name
  }

  // MARK: VNI, addresses, networks

  private func vni(of connection: Connection, report: GatewayReport?) -> [PlanCheck] {
    let others = after.connections.ids(of: connection.project).lazy.compactMap { after.connections[$0] }
    return connection.remotes.map { remote in
      func check(_ result: PlanCheck.Result, _ text: String) -> PlanCheck {
        PlanCheck(.vni, result, text, connection: connection.id)
      }
      let twin = others.first {
        $0.id != connection.id
          && $0.remotes.contains { $0.vni == remote.vni && $0.address == remote.address }
      }
      if let twin {
        return check(
          .warn,
          "connection \(twin.name) sends VNI \(remote.vni) to \(remote.address) too: there the segments are one"
        )
      }
      if let stranger = report?.strangers.first(where: { $0.source == remote.address }),
        let theirs = stranger.vni
      {
        guard theirs != remote.vni.value else {
          return check(.pass, "\(remote.address) sends VNI \(theirs) already")
        }
        return check(.warn, "\(remote.address) has sent VNI \(theirs) of late, and not \(remote.vni)")
      }
      return check(.pass, "no other connection of the project sends VNI \(remote.vni) to \(remote.address)")
    }
  }

  private func addresses(at place: Place) -> PlanCheck {
    let fixed = place.connection.fixedAddresses
    let list = fixed.map(\.description).joined(separator: ", ")
    for interface in place.report?.interfaces ?? [] {
      for own in interface.addresses where fixed.contains(own.address) {
        return PlanCheck(
          .addresses, .warn, "\(own.address) is on \(interface.name) of node \(place.node) as well",
          connection: place.connection.id)
      }
    }
    let hosts =
      reports.received(from: place.node)?.connection(place.connection.id)?.hosts ?? []
    for host in hosts {
      guard let address = host.address, fixed.contains(address) else { continue }
      return PlanCheck(
        .addresses, .warn, "the host \(host.mac) has \(address), which is the switch's own",
        connection: place.connection.id)
    }
    return PlanCheck(
      .addresses, .pass,
      "\(list) \(fixed.count == 1 ? "is" : "are") not seen elsewhere; hosts of the segment are known once it is "
        + "stretched", connection: place.connection.id)
  }

  private func networks(at place: Place) -> PlanCheck {
    let (connection, network) = (place.connection, place.subnet.network)
    func check(_ result: PlanCheck.Result, _ text: String) -> PlanCheck {
      PlanCheck(.networks, result, text, connection: connection.id)
    }
    let sites = Set(connection.remotes.map(\.address))
    let twin = after.connections.ids(of: connection.project).lazy.compactMap { after.connections[$0] }
      .first { other in
        other.id != connection.id && other.remotes.contains { sites.contains($0.address) }
          && after.subnets[other.subnet]?.network.overlaps(network) ?? false
      }
    if let twin {
      return check(.warn, "\(network) overlaps what connection \(twin.name) stretches to the same remote")
    }
    for interface in place.report?.interfaces ?? [] where interface.name != place.point.name {
      for own in interface.addresses
      where IPv4Network(of: own.address, prefixLength: own.prefixLength)?.overlaps(network) ?? false {
        return check(
          .warn,
          "\(network) overlaps \(own.address)/\(own.prefixLength) at \(interface.name) of node \(place.node)")
      }
    }
    return check(.pass, "\(network) overlaps nothing that is stretched to the same remote, or on the node")
  }

  // MARK: MTU

  /// Outer Ethernet (14), IPv4 (20), UDP (8) and VXLAN (8) headers without the outer Ethernet header, plus
  /// the inner one (14): RFC 7348 section 5.
  private static let overhead: UInt32 = 50

  private func mtu(at place: Place) -> [PlanCheck] {
    guard let port = place.interface(place.point.name), let underlay = place.interface(place.underlay) else {
      return []
    }
    let (wanted, isTooMuch) = port.mtu.addingReportingOverflow(Self.overhead)
    return place.connection.remotes.map { remote in
      var carried = underlay.mtu
      if case .by(_, _, let mtu)? = place.way(to: remote)?.route { carried = min(carried, mtu) }
      let way =
        "\(port.name) carries \(port.mtu) bytes, the way to \(remote.address) by \(underlay.name) \(carried)"
      guard isTooMuch || carried < wanted else {
        return PlanCheck(
          .mtu, .pass, "\(way): \(wanted) are needed", connection: place.connection.id)
      }
      let fits = carried > Self.overhead ? carried - Self.overhead : 0
      let clamped = place.connection.forwarding.clampsMSS ? "TCP is clamped to it, other" : "their"
      return PlanCheck(
        .mtu, .warn,
        "\(way): packets above \(fits) bytes do not fit, \(clamped) senders are told; "
          + "ip link set dev \(underlay.name) mtu \(wanted) where the way carries it",
        connection: place.connection.id)
    }
  }
}
