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
      context.trace.operation = operation
      do throws(CallError) {
        try Door.admit(context, to: operation)
      } catch {
        await core.audit(error, request, context)
        throw error
      }
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
    guard answer.status == .forbidden else { return }
    await recordDenial(
      context, code: answer.code, path: request.target.path,
      project: context.parameters.get("project_id").flatMap { ProjectID($0) })
  }
}
