import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird

/// Where operations get their handlers. In front of each handler stands the operation's door.
struct OperationRouter {
  typealias Handler = @Sendable (Request, CallContext) async throws -> Response

  let router: Router<CallContext>
  let core: ControlPlaneCore

  func on(_ operation: Operation, _ handler: @escaping Handler) {
    router.on(operation.routerPath, method: operation.httpMethod) { [core] request, context in
      var context = context
      context.trace.operation = operation
      context.operation = operation
      do {
        context.admittedProject = try Door.admit(context, in: core.snapshot)
        if operation.isChange { context.isDryRun = try DryRunQuery.isAsked(request.query) }
        context.trace.isDryRun = context.isDryRun
        return try await handler(request, context)
      } catch let planned as PlannedChange {
        return await aside { context.answer(planned) }
      } catch let error as CallError {
        // Also what a handler finds out itself, once it knows whose a row is.
        await core.audit(error, request, context)
        throw error
      }
    }
  }

  /// For answers that may have as many rows as there are: they are made away from the event loop.
  func onAside(_ operation: Operation, _ handler: @escaping Handler) {
    on(operation) { request, context in
      try await aside { try await handler(request, context) }
    }
  }
}

extension CallContext {
  fileprivate func answer(_ planned: PlannedChange) -> Response {
    answer {
      $0.name("plan")
      $0.plan(planned)
    }
  }
}

extension Operation {
  /// `{name}` is `:name` there.
  fileprivate var routerPath: RouterPath {
    RouterPath(path.replacing("{", with: ":").replacing("}", with: ""))
  }

  fileprivate var httpMethod: HTTPRequest.Method {
    switch method {
    case .get: .get
    case .put: .put
    case .post: .post
    case .patch: .patch
    case .delete: .delete
    case .head: .head
    }
  }
}

extension ControlPlaneCore {
  /// What a known caller was refused for lack of rights is kept.
  fileprivate func audit(_ error: CallError, _ request: Request, _ context: CallContext) async {
    let answer = ErrorAnswer(error)
    guard answer.status == .forbidden || error == .credentialVoid else { return }
    await recordDenial(
      context, code: answer.code, path: request.target.path,
      project: context.parameters.get("project_id").flatMap { ProjectID($0) })
  }
}
