package import ESWModel

extension ChangePlan {
  /// What the edits would do to the nodes, by what these have reported.
  ///
  /// A node carries out the difference between what it holds for the intent so far and what it is to hold for
  /// the new one: the same `DesiredDataplane` and `DataplanePlan` that it will ask itself.
  ///
  /// - Parameter snapshot: Without the edits.
  /// - Complexity: O(n log n) in the connections of the nodes concerned.
  package init(
    of edits: [IntentEdit], in snapshot: IntentSnapshot, reports: ReportSnapshot, region: Region,
    now: Timestamp
  ) {
    let after = snapshot.applying(edits)
    var differences: [NodeDifference] = []
    for node in IntentEdit.nodes(concernedBy: edits, before: snapshot, after: after) {
      let received = reports.received(from: node).flatMap { $0.report.store == snapshot.store ? $0 : nil }
      let difference = NodeDifference(
        node: node, before: GatewayConfiguration(for: node, from: snapshot),
        after: GatewayConfiguration(for: node, from: after), received: received, now: now)
      if difference.isOne { differences.append(difference) }
    }
    self.init(
      revision: snapshot.revision, nodes: differences.map(\.plan),
      checks: PlanChecks(
        of: edits, differences: differences, before: snapshot, after: after, reports: reports,
        region: region, now: now
      ).all)
  }
}

/// What a change makes of one node's configuration, and of its kernel.
struct NodeDifference {
  let node: NodeName
  let before: GatewayConfiguration
  let after: GatewayConfiguration
  /// The node's newest report.
  let received: ReportSnapshot.Received?
  let now: Timestamp
  let held: DataplaneState
  let wanted: DesiredDataplane
  /// What stood in the way before.
  let oldProblems: Set<Problem>

  init(
    node: NodeName, before: GatewayConfiguration, after: GatewayConfiguration,
    received: ReportSnapshot.Received?, now: Timestamp
  ) {
    self.node = node
    self.before = before
    self.after = after
    self.received = received
    self.now = now
    let observation =
      received?.report.observation ?? DataplaneObservation(state: DataplaneState(), interfaces: [])
    let desired = DesiredDataplane(for: before, on: observation)
    held = desired.state
    oldProblems = Set(desired.problems)
    wanted = DesiredDataplane(for: after, on: observation)
  }

  var isOne: Bool {
    before.tunnels != after.tunnels || before.connections != after.connections
      || before.permission != after.permission
  }

  /// Connections that the change brings to the node or alters there.
  var newConnections: [ConnectionConfiguration] {
    let old = Dictionary(before.connections.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    return after.connections.filter { old[$0.id] != $0 }
  }

  var newTunnels: [TunnelConfiguration] {
    let old = Set(before.tunnels)
    return after.tunnels.filter { !old.contains($0) }
  }

  var plan: NodePlan {
    // Without a report nothing is known of the node's interfaces, and every one would be missed.
    let steps = received == nil ? [] : DataplanePlan(from: held, to: wanted.state).steps
    let report = received?.report
    return NodePlan(
      node: node, generation: report?.generation,
      reportAgeMilliseconds: received.map(age),
      isExact: report?.planning != nil, steps: shown(steps, from: held), present: present(without: steps),
      interruptions: Interruption.all(
        of: steps, from: held, to: wanted.state, on: report?.interfaces ?? [],
        hosts: { received?.connection($0)?.hosts.count }),
      notes: notes(steps))
  }

  private func age(_ received: ReportSnapshot.Received) -> Int64 {
    let (age, overflow) = now.milliseconds.subtractingReportingOverflow(received.at.milliseconds)
    return overflow ? .max : max(age, 0)
  }

  private func shown(_ steps: [DataplaneStep], from state: DataplaneState) -> [PlannedStep] {
    steps.map {
      PlannedStep(step: $0, command: $0.description, effect: $0.effect(on: state), touches: $0.touches)
    }
  }

  /// Of all that the node would do if it had nothing, what the change needs and what is there.
  private func present(without steps: [DataplaneStep]) -> [PlannedStep] {
    let (numbers, tunnels) = (Set(newConnections.map(\.number)), Set(newTunnels.map(\.address)))
    guard received != nil, !numbers.isEmpty || !tunnels.isEmpty else { return [] }
    let needs = Needs(
      numbers: numbers,
      tunnels: tunnels.union(newConnections.map(\.tunnelAddress)),
      state: wanted.state, after: after)
    let taken = Set(steps)
    let all = DataplanePlan(from: DataplaneState(), to: wanted.state).steps
    return shown(all.filter { !taken.contains($0) && needs.include($0) }, from: DataplaneState())
  }

  private func notes(_ steps: [DataplaneStep]) -> [String] {
    guard let report = received?.report else {
      return ["node \(node) has not reported: which steps it will take is not known"]
    }
    var notes: [String] = []
    if report.planning == nil {
      notes.append(
        "the agent of node \(node) is an older one, which does not tell all that decides: steps on offloads "
          + "and XDP may be missing")
    }
    if let generation = report.generation, generation < before.generation {
      notes.append(
        "the node has revision \(generation) and is to have \(before.generation): what is between the two it "
          + "does as well")
    }
    if !report.observation.xdp.isEmpty, steps.contains(where: \.makesPort) {
      notes.append("whether XDP runs at the new port of the bridge shows when the port is there")
    }
    return notes
  }
}

/// What is needed for connections and tunnels of a node.
private struct Needs {
  let numbers: Set<ConnectionNumber>
  let tunnels: Set<IPv4Address>
  let interfaces: Set<InterfaceName>

  init(
    numbers: Set<ConnectionNumber>, tunnels: Set<IPv4Address>, state: DataplaneState,
    after: GatewayConfiguration
  ) {
    self.numbers = numbers
    self.tunnels = tunnels
    var interfaces = Set(after.tunnels.filter { tunnels.contains($0.address) }.map(\.interface))
    interfaces.insert(DesiredDataplane.slowPathName)
    for number in numbers {
      if case .name(let name)? = state.connections[number]?.port.interface { interfaces.insert(name) }
    }
    self.interfaces = interfaces
  }

  func include(_ step: DataplaneStep) -> Bool {
    switch step {
    case .loadDatapath, .createSlowPath, .raiseSlowPath, .registerSlowPath, .putPermission: true
    case .addAddress(let owned): tunnels.contains(owned.address)
    case .putTunnel(let address), .putMeter(let address, _): tunnels.contains(address)
    case .createBridgePort(let inner, _, _): interfaces.contains(inner)
    case .adjustInterface(let name, _), .putXDPUnderlay(let name, _), .putXDPExit(let name):
      interfaces.contains(name)
    case .attachProgram(let attachment): interfaces.contains { attachment.interface == .name($0) }
    case .putConnection(let row): numbers.contains(row.number)
    case .putPort(_, let number): numbers.contains(number)
    case .putSource(_, let row): numbers.contains(row.connection)
    case .putVirtualAddress(let virtual): numbers.contains(virtual.connection)
    // What makes something from nothing takes nothing away.
    case .replacePrograms, .unloadDatapath, .deleteSlowPath, .removeAddress, .deleteBridgePort,
      .restoreInterface, .detachProgram, .removeTunnel, .removeConnection, .removePort, .removeSource,
      .removeVirtualAddress, .removeMeter, .removeXDPUnderlay, .removeXDPExit:
      false
    }
  }
}

extension DataplaneStep {
  fileprivate var makesPort: Bool {
    if case .createBridgePort = self { true } else { false }
  }
}

extension IntentEdit {
  /// Nodes whose configuration the edits may change, by name.
  static func nodes(
    concernedBy edits: [IntentEdit], before: IntentSnapshot, after: IntentSnapshot
  ) -> [NodeName] {
    var subnets: Set<SubnetID> = []
    var nodes: Set<NodeName> = []
    for edit in edits {
      for snapshot in [before, after] {
        edit.addSubnets(in: snapshot, to: &subnets)
        if case .enforceFlavors = edit { nodes.formUnion(snapshot.attachments.values.map(\.node)) }
        if case .putPermission(let permission) = edit { nodes.insert(permission.node) }
      }
    }
    for subnet in subnets {
      nodes.formUnion(before.attachments(of: subnet).map(\.node))
      nodes.formUnion(after.attachments(of: subnet).map(\.node))
    }
    return nodes.sorted()
  }

  /// Those by whose attachments it reaches nodes.
  private func addSubnets(in snapshot: IntentSnapshot, to subnets: inout Set<SubnetID>) {
    func add(_ connection: Connection?) {
      guard let connection else { return }
      subnets.insert(connection.subnet)
      if let instance = snapshot.instances[connection.instance] { subnets.insert(instance.tunnelSubnet) }
    }
    func add(_ port: PortID) { add(snapshot.ports[port]?.connection.flatMap { snapshot.connections[$0] }) }
    switch self {
    case .putSubnet(let row): subnets.insert(row.id)
    case .removeSubnet(let id): subnets.insert(id)
    case .putAttachment(let row):
      subnets.insert(row.subnet)
      add(snapshot.connection(on: row.subnet))
    case .removeAttachment(let id):
      guard let row = snapshot.attachments[id] else { return }
      subnets.insert(row.subnet)
      add(snapshot.connection(on: row.subnet))
    case .putInstance(let row): subnets.insert(row.tunnelSubnet)
    case .removeInstance(let id):
      if let row = snapshot.instances[id] { subnets.insert(row.tunnelSubnet) }
    case .putConnection(let row): add(row)
    case .removeConnection(let id): add(snapshot.connections[id])
    case .putPort(let row): add(row.id)
    case .removePort(let id): add(id)
    // The range of a VPC is cut into subnets before anything reaches a node; jobs only watch.
    case .putProject, .identity, .putVPC, .removeVPC, .putJob, .removeJob, .enforceFlavors, .putPermission:
      break
    }
  }
}
