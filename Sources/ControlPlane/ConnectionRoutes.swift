import ESWAdmission
import ESWModel
import ESWWire
import Hummingbird

/// CreateConnection, ListConnections, ListConnectionsAllInstances, ShowConnection, UpdateConnection,
/// DeleteConnection, BindVport, UnbindVport.
struct ConnectionRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.listConnectionsAllInstances, listAll)
    routes.on(.createConnection, create)
    routes.on(.listConnections, list)
    routes.on(.showConnection, show)
    routes.on(.updateConnection, update)
    routes.on(.deleteConnection, delete)
    routes.on(.bindVport, bind)
    routes.on(.unbindVport, unbind)
  }

  @Sendable private func create(_: Request, context: CallContext) async throws -> Response {
    let instance: InstanceID = try context.id("instance_id", or: CallError.unknownInstance)
    let request = try NewConnection(body: context.body.readableBytesView)
    let project = try context.project
    let (connection, _) = try await core.commit(context) { [core] view in
      try ConnectionAdmission.create(
        request, on: instance, of: project, in: view.snapshot, minting: core.minting, now: view.now,
        status: { view.status(of: $0).word })
    }
    return context.answer(.created) {
      $0.name("connection")
      // As the contract has it: what was just accepted is being prepared.
      $0.connection(connection, status: .pending)
    }
  }

  @Sendable private func list(request: Request, context: CallContext) async throws -> Response {
    let view = core.view
    return try await context.answer(request, from: core.pages, view) { writer, span in
      let instance: InstanceID = try context.id("instance_id", or: CallError.unknownInstance)
      guard view.snapshot.instances[instance, of: try context.project] != nil else {
        throw CallError.unknownInstance(instance.description)
      }
      let query = request.query
      let (id, name): (QueryFilter<ConnectionID>, QueryFilter<String>) = (
        query.filter("id"), query.filter("name")
      )
      let page = Page(
        try PageQuery(query), of: view.snapshot.connectionIDs(of: instance), in: view.snapshot.connections
      ) {
        id.matches($0.id) && name.matches($0.name.description)
      }
      write(page, view, to: &writer, holding: &span)
    }
  }

  @Sendable private func listAll(request: Request, context: CallContext) async throws -> Response {
    let view = core.view
    return try await context.answer(request, from: core.pages, view) { writer, span in
      let query = request.query
      let (id, name): (QueryFilter<ConnectionID>, QueryFilter<String>) = (
        query.filter("id"), query.filter("name")
      )
      let instance: QueryFilter<InstanceID> = query.filter("instance_id")
      let (vpc, subnet): (QueryFilter<VPCID>, QueryFilter<SubnetID>) = (
        query.filter("vpc_id"), query.filter("virsubnet_id")
      )
      let page = Page(
        try PageQuery(query), of: view.snapshot.connections.ids(of: try context.project),
        in: view.snapshot.connections
      ) {
        id.matches($0.id) && name.matches($0.name.description) && instance.matches($0.instance)
          && vpc.matches($0.vpc) && subnet.matches($0.subnet)
      }
      write(page, view, to: &writer, holding: &span)
    }
  }

  @Sendable private func show(_: Request, context: CallContext) async throws -> Response {
    let (id, instance) = try ids(of: context)
    let view = core.view
    guard let connection = view.snapshot.connections[id, of: try context.project],
      connection.instance == instance
    else { throw CallError.unknownConnection(id.description, of: instance.description) }
    return answer(connection, view, context)
  }

  @Sendable private func update(_: Request, context: CallContext) async throws -> Response {
    let (id, instance) = try ids(of: context)
    let request = try ConnectionUpdate(body: context.body.readableBytesView)
    let project = try context.project
    let (connection, view) = try await core.commit(context) { view in
      try ConnectionAdmission.update(
        id, on: instance, name: request.name, of: project, in: view.snapshot, now: view.now)
    }
    return answer(connection, view, context)
  }

  @Sendable private func delete(_: Request, context: CallContext) async throws -> Response {
    let (id, instance) = try ids(of: context)
    let project = try context.project
    _ = try await core.commit(context) { view in
      try ConnectionAdmission.delete(
        id, on: instance, of: project, in: view.snapshot, status: { view.status(of: $0).word })
    }
    return .noContent
  }

  @Sendable private func bind(_: Request, context: CallContext) async throws -> Response {
    let (id, port) = try choice(of: context)
    let project = try context.project
    _ = try await core.commit(context) { view in
      try ConnectionAdmission.bind(
        port, to: id, of: project, in: view.snapshot, status: { view.status(of: $0).word })
    }
    return .noContent
  }

  @Sendable private func unbind(_: Request, context: CallContext) async throws -> Response {
    let (id, port) = try choice(of: context)
    let project = try context.project
    _ = try await core.commit(context) {
      try ConnectionAdmission.unbind(port, from: id, of: project, in: $0.snapshot)
    }
    return .noContent
  }

  private func choice(of context: CallContext) throws -> (ConnectionID, PortID) {
    let id: ConnectionID = try context.id("connection_id") { .unknownConnection($0, of: nil) }
    return (id, try VportChoice(body: context.body.readableBytesView).port)
  }

  private func ids(of context: CallContext) throws(CallError) -> (ConnectionID, InstanceID) {
    let instance: InstanceID = try context.id("instance_id", or: CallError.unknownInstance)
    let id: ConnectionID = try context.id("connection_id") {
      .unknownConnection($0, of: instance.description)
    }
    return (id, instance)
  }

  private func write(
    _ page: Page<Connection>, _ view: ControlPlaneCore.View, to writer: inout JSONWriter,
    holding span: inout MomentSpan
  ) {
    writer.pageInfo(page.info)
    writer.array("connections", page.rows) {
      $0.connection($1, status: view.word(of: $1, holding: &span))
    }
  }

  private func answer(
    _ connection: Connection, _ view: ControlPlaneCore.View, _ context: CallContext
  ) -> Response {
    context.answer {
      $0.name("connection")
      $0.connection(connection, status: view.status(of: connection).word)
    }
  }
}
