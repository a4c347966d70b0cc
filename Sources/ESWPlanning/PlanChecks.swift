import ESWModel

/// Questions that are put before a change is made. What admission refuses is not among them: that is the
/// answer then.
struct PlanChecks {
  /// Our choice: a tunnel attachment may bring thousands of connections to a node at once.
  static let mostConnections = 32

  let edits: [IntentEdit]
  let differences: [NodeDifference]
  let before: IntentSnapshot
  let after: IntentSnapshot
  let reports: ReportSnapshot
  let region: Region
  let now: Timestamp

  init(
    of edits: [IntentEdit], differences: [NodeDifference], before: IntentSnapshot, after: IntentSnapshot,
    reports: ReportSnapshot, region: Region, now: Timestamp
  ) {
    self.edits = edits
    self.differences = differences
    self.before = before
    self.after = after
    self.reports = reports
    self.region = region
    self.now = now
  }

  var all: [PlanCheck] {
    differences.flatMap { [silence(of: $0)] + interfaces(of: $0) } + edits.flatMap(ofEdit)
      + connections.flatMap(ofConnection)
  }

  /// Those that are made, or that a node forwards anew or in another way: the first ones.
  private var connections: [Connection] {
    var ids = Set(differences.flatMap(\.newConnections).map(\.id))
    for case .putConnection(let row) in edits where before.connections[row.id] == nil { ids.insert(row.id) }
    return ids.sorted().prefix(Self.mostConnections).compactMap { after.connections[$0] }
  }

  // MARK: The node

  private func silence(of difference: NodeDifference) -> PlanCheck {
    let node = difference.node
    guard let received = difference.received else {
      return PlanCheck(.node, .fail, "node \(node) has not reported: nobody knows whether it is there")
    }
    let silence = now.since(received.at)
    if silence > region.nodeSilence {
      let seconds = silence.components.seconds
      return PlanCheck(
        .node, .fail, "node \(node) has been silent for \(seconds) s: it will act when it is back")
    }
    if let problem = received.configurationProblem {
      return PlanCheck(.node, .fail, "node \(node) takes no new configuration: \(problem.text)")
    }
    if after.permission(of: node)?.hold != nil {
      return PlanCheck(
        .node, .warn,
        "node \(node) is held: nothing crosses it until it is released (esw node release \(node))")
    }
    return PlanCheck(.node, .pass, "node \(node) reports")
  }

  private func interfaces(of difference: NodeDifference) -> [PlanCheck] {
    guard difference.received != nil else { return [] }
    let problems = difference.wanted.problems.filter { !difference.oldProblems.contains($0) }
    if !problems.isEmpty { return problems.map(check) }
    let names =
      difference.newTunnels.map(\.interface) + difference.newConnections.map(\.point.name)
    guard !names.isEmpty else { return [] }
    let list = Set(names).sorted().prefix(Self.mostConnections).map(\.description).joined(separator: ", ")
    return [PlanCheck(.interfaces, .pass, "node \(difference.node) can use \(list)")]
  }

  private func check(_ problem: Problem) -> PlanCheck {
    var connection: ConnectionID?
    if case .connection(let id) = problem.subject { connection = id }
    // No status depends on what is called leftovers.
    return PlanCheck(
      .interfaces, problem.subject == .leftovers ? .warn : .fail, problem.text, connection: connection)
  }

  // MARK: Rows

  private func ofEdit(_ edit: IntentEdit) -> [PlanCheck] {
    switch edit {
    case .putVPC(let row): before.vpcs[row.id]?.network == row.network ? [] : [networks(of: row)]
    case .putSubnet(let row): before.subnets[row.id] == nil ? [networks(of: row)] : []
    case .putInstance(let row): before.instances[row.id] == nil ? tunnel(of: row) : []
    case .putPort(let row): before.ports[row.id] == nil ? [use(of: row)] : []
    case .putProject, .identity, .enforceFlavors, .removeVPC, .removeSubnet, .putAttachment,
      .removeAttachment, .removeInstance, .putConnection, .removeConnection, .putJob, .removeJob,
      .removePort, .putPermission:
      []
    }
  }

  private func networks(of vpc: VPC) -> PlanCheck {
    let other = after.vpcs.ids(of: vpc.project).lazy.compactMap { after.vpcs[$0] }
      .first { $0.id != vpc.id && $0.network.overlaps(vpc.network) }
    guard let other else {
      return PlanCheck(.networks, .pass, "\(vpc.network) overlaps no other VPC of the project")
    }
    return PlanCheck(
      .networks, .warn,
      "\(vpc.network) overlaps \(other.network) of VPC \(other.name): there can be no route from one to the other"
    )
  }

  private func networks(of subnet: Subnet) -> PlanCheck {
    let other = after.subnets.ids(of: subnet.project).lazy.compactMap { after.subnets[$0] }
      .first { $0.id != subnet.id && $0.network.overlaps(subnet.network) }
    guard let other else {
      return PlanCheck(.networks, .pass, "\(subnet.network) overlaps no other subnet of the project")
    }
    return PlanCheck(
      .networks, .warn,
      "\(subnet.network) overlaps \(other.network) of subnet \(other.name) in another VPC: stretched to one site, "
        + "both would be the same network there")
  }

  private func tunnel(of instance: Instance) -> [PlanCheck] {
    guard let node = after.tunnelNode(of: instance) else {
      return [
        PlanCheck(
          .node, .warn, "its tunnel subnet is attached on no node: the switch forwards nothing until it is")
      ]
    }
    guard let subnet = after.subnets[instance.tunnelSubnet],
      let difference = differences.first(where: { $0.node == node })
    else { return [] }
    if difference.after.connections.contains(where: { $0.network.overlaps(subnet.network) }) {
      return [
        PlanCheck(
          .networks, .warn,
          "the tunnel subnet \(subnet.network) overlaps a subnet that node \(node) stretches: packets of the "
            + "tunnel may take the way through a tunnel")
      ]
    }
    return [PlanCheck(.networks, .pass, "the tunnel subnet \(subnet.network) overlaps nothing stretched")]
  }

  /// By what hosts have said in a connection of the subnet.
  private func use(of port: Port) -> PlanCheck {
    guard let connection = after.connection(on: port.subnet),
      let instance = after.instances[connection.instance], let node = after.tunnelNode(of: instance),
      let report = reports.received(from: node)?.connection(connection.id)
    else {
      return PlanCheck(
        .addresses, .pass,
        "\(port.address) is nobody's here; hosts of a subnet are known once it is stretched")
    }
    guard let host = report.hosts.first(where: { $0.address == port.address }) else {
      return PlanCheck(.addresses, .pass, "no host of the subnet has been heard with \(port.address)")
    }
    let side = host.side == .local ? "on the local side" : "behind the tunnel"
    let isShared = port.owner == .virtualAddress
    return PlanCheck(
      .addresses, isShared ? .pass : .warn,
      "\(port.address) is \(isShared ? "held" : "in use") by the host \(host.mac) \(side)")
  }
}
