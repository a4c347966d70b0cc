import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird

/// Where operations get their handlers. In front of each handler stands the operation's door.
struct OperationRouter {
  typealias Handler = @Sendable (Request, CallContext) async throws -> Response

  let router: Router<CallContext>

  func on(_ operation: Operation, _ handler: @escaping Handler) {
    router.on(operation.routerPath, method: operation.httpMethod) { request, context in
      context.trace.operation = operation
      try Door.admit(context, to: operation)
      return try await handler(request, context)
    }
  }
}

/// Who gets through to an operation.
enum Door {
  static func admit(_ context: CallContext, to operation: Operation) throws(CallError) {
    switch operation.door {
    case .project:
      // A key opens its own project only (contract section 8.3), and no agent's token opens any.
      guard try context.project.description == context.parameters.get("project_id") else {
        throw .foreignProject
      }
    case .agent:
      guard case .agent? = context.caller else { throw .agentToken }
    case .open: break
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
