import ESWModel
import ESWPlanning
import ESWWire
import Hummingbird

/// Why a status is what it is: our own addition.
struct DiagnosisRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.diagnoseInstance, instance)
    routes.on(.diagnoseConnection, connection)
    routes.onAside(.listDiagnoses, connections)
    routes.onAside(.listNodes, nodes)
  }

  @Sendable private func instance(_: Request, context: CallContext) async throws -> Response {
    let id: InstanceID = try context.id("instance_id", or: CallError.unknownInstance)
    let view = core.view
    guard let instance = view.snapshot.instances[id, of: try context.project] else {
      throw CallError.unknownInstance(id.description)
    }
    let node = view.snapshot.tunnelNode(of: instance)
    return context.answer {
      $0.name("instance")
      $0.diagnosis(
        of: instance, status: view.status(of: instance), findings: view.findings(of: instance), node: node,
        heard: view.heard(node))
    }
  }

  @Sendable private func connection(_: Request, context: CallContext) async throws -> Response {
    let id: ConnectionID = try context.id("connection_id") { .unknownConnection($0, of: nil) }
    let view = core.view
    guard let connection = view.snapshot.connections[id, of: try context.project] else {
      throw CallError.unknownConnection(id.description, of: nil)
    }
    let instance = view.snapshot.instances[connection.instance]
    let node = instance.flatMap { view.snapshot.tunnelNode(of: $0) }
    return context.answer {
      $0.name("connection")
      $0.diagnosis(
        of: connection, status: view.status(of: connection), findings: view.findings(of: connection),
        node: node, heard: view.heard(node), from: instance?.tunnelAddress)
    }
  }

  /// Those of which something is wrong. By id, as connections are listed.
  ///
  /// - Complexity: O(connections of the project) when few are in trouble.
  @Sendable private func connections(request: Request, context: CallContext) async throws -> Response {
    let query = request.query
    let instance: QueryFilter<InstanceID> = query.filter("instance_id")
    let view = core.view
    var diagnosis = Diagnosis(view.snapshot, view.reports, region: core.region, now: view.now)
    var causes: [ConnectionID: Finding] = [:]
    let page = Page(
      try PageQuery(query), of: view.snapshot.connections.ids(of: try context.project),
      in: view.snapshot.connections
    ) { connection in
      guard instance.matches(connection.instance),
        let cause = diagnosis.findings(of: connection).cause
      else { return false }
      causes[connection.id] = cause
      return true
    }
    return context.answer {
      $0.pageInfo(page.info)
      $0.array("diagnoses", page.rows) { writer, connection in
        guard let cause = causes[connection.id] else { return }
        writer.trouble(
          of: connection, instance: view.snapshot.instances[connection.instance],
          status: view.status(of: connection), cause: cause)
      }
    }
  }

  /// By name; the marker is a node's name.
  ///
  /// Known: every project sees every node, with its interfaces and the strangers that knocked; only the
  /// problems of others' switches are left out. Which nodes are whose is to be said by grants of nodes,
  /// which do not exist yet.
  @Sendable private func nodes(request: Request, context: CallContext) async throws -> Response {
    let project = try context.project
    let query = request.query
    let page: PageQuery<NodeName> = try PageQuery(query)
    let name: QueryFilter<NodeName> = query.filter("name")
    let view = core.view
    let rest = view.reports.all.filter { received in
      name.matches(received.report.node) && page.marker.map { received.report.node > $0 } ?? true
    }
    let rows = rest.prefix(page.limit)
    let info = PageInfo(
      first: rows.first?.report.node, next: rest.count > rows.count ? rows.last?.report.node : nil,
      count: rows.count)
    return context.answer {
      $0.pageInfo(info)
      $0.array("nodes", rows) { writer, received in
        writer.node(HeardReport(received, now: view.now)) { view.shows($0, to: project) }
      }
    }
  }
}

extension ControlPlaneCore.View {
  fileprivate func heard(_ node: NodeName?) -> HeardReport? {
    node.flatMap { reports.received(from: $0) }.map { HeardReport($0, now: now) }
  }

  /// Problems of other projects' switches are theirs alone.
  fileprivate func shows(_ problem: Problem, to project: ProjectID) -> Bool {
    switch problem.subject {
    case .node, .configuration, .leftovers: true
    case .instance(let id): snapshot.instances[id, of: project] != nil
    case .connection(let id): snapshot.connections[id, of: project] != nil
    }
  }
}
