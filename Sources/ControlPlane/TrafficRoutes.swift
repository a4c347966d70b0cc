import ESWModel
import ESWPlanning
import ESWWire
import Hummingbird

/// What connections have counted, all in one call: our own addition.
struct TrafficRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) { routes.onAside(.listTraffic, list) }

  /// In the order of creation. A switch that is not there has no connections, as in the list of all.
  @Sendable private func list(request: Request, context: CallContext) async throws -> Response {
    let query = request.query
    let instance: QueryFilter<InstanceID> = query.filter("instance_id")
    let view = core.view
    let page = Page(
      try PageQuery(query), of: view.snapshot.connections.ids(of: try context.project),
      in: view.snapshot.connections
    ) { instance.matches($0.instance) }
    var nodes: [InstanceID: (node: NodeName?, received: ReportSnapshot.Received?)] = [:]
    func place(_ connection: Connection) -> (node: NodeName?, received: ReportSnapshot.Received?) {
      if let known = nodes[connection.instance] { return known }
      let node = view.snapshot.instances[connection.instance].flatMap { view.snapshot.tunnelNode(of: $0) }
      let found = (node: node, received: node.flatMap { view.reports.received(from: $0) })
      nodes[connection.instance] = found
      return found
    }
    return context.answer {
      $0.member("moment_ms", integer: view.now.milliseconds)
      $0.pageInfo(page.info)
      $0.array("traffic", page.rows) { writer, connection in
        let (node, received) = place(connection)
        writer.traffic(
          of: connection, status: view.status(of: connection).word, node: node,
          heard: received.map { HeardReport($0, now: view.now) }, seen: received?.connection(connection.id))
      }
    }
  }
}
