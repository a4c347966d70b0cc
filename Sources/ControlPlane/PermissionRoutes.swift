import ESWAdmission
import ESWModel
import ESWWire
import Hummingbird

/// Whether nodes may forward: our own addition.
struct PermissionRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.showPermission, show)
    routes.on(.holdNode, hold)
    routes.on(.releaseNode, release)
  }

  @Sendable private func show(_: Request, context: CallContext) async throws -> Response {
    let view = core.view
    return answer(
      try PermissionAdmission.permission(of: try node(of: context), in: view.snapshot, reports: view.reports),
      context)
  }

  @Sendable private func hold(_: Request, context: CallContext) async throws -> Response {
    let node = try node(of: context)
    let request = try HoldRequest(body: context.body.readableBytesView)
    let (permission, _) = try await core.commit(context) { view in
      try PermissionAdmission.hold(
        node, reason: request.reason, in: view.snapshot, reports: view.reports, now: view.now)
    }
    return answer(permission, context)
  }

  @Sendable private func release(_: Request, context: CallContext) async throws -> Response {
    let node = try node(of: context)
    let (permission, _) = try await core.commit(context) { view in
      try PermissionAdmission.release(node, in: view.snapshot, reports: view.reports)
    }
    return answer(permission, context)
  }

  private func node(of context: CallContext) throws(CallError) -> NodeName {
    guard let node = NodeName(context.parameters.get("node") ?? "") else { throw .noSuchPath }
    return node
  }

  private func answer(_ permission: NodePermission, _ context: CallContext) -> Response {
    context.answer {
      $0.name("permission")
      $0.permission(permission)
    }
  }
}
