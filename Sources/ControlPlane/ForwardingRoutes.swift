import ESWAdmission
import ESWModel
import ESWWire
import Hummingbird

/// How connections forward: our own addition.
struct ForwardingRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.showForwarding, show)
    routes.on(.updateForwarding, update)
  }

  @Sendable private func show(_: Request, context: CallContext) async throws -> Response {
    let id = try connectionID(of: context)
    guard let connection = core.snapshot.connections[id, of: try context.project] else {
      throw CallError.unknownConnection(id.description, of: nil)
    }
    return answer(connection, context)
  }

  @Sendable private func update(_: Request, context: CallContext) async throws -> Response {
    let id = try connectionID(of: context)
    let request = try ForwardingUpdate(body: context.body.readableBytesView)
    let project = try context.project
    let (connection, _) = try await core.commit(context) { view in
      try ForwardingAdmission.update(id, request, of: project, in: view.snapshot, now: view.now)
    }
    return answer(connection, context)
  }

  private func connectionID(of context: CallContext) throws -> ConnectionID {
    try context.id("connection_id") { .unknownConnection($0, of: nil) }
  }

  private func answer(_ connection: Connection, _ context: CallContext) -> Response {
    context.answer {
      $0.name("forwarding")
      $0.forwarding(of: connection)
    }
  }
}
