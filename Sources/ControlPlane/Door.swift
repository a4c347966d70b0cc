import ESWAdmission
import ESWModel
import ESWWire
import Hummingbird

/// Who gets through to an operation. Asked when a request comes, and once more when it writes.
enum Door {
  /// - Returns: The project that the path names, for an operation of a project.
  static func admit(_ context: CallContext, in snapshot: IntentSnapshot) throws(CallError) -> ProjectID? {
    guard let operation = context.operation else { throw .noSuchPath }
    switch operation.door {
    case .open: return nil
    case .agent:
      guard case .agent? = context.caller else { throw .agentToken }
      return nil
    case .scraper:
      guard case .scraper? = context.caller else { throw .agentToken }
      return nil
    case .project:
      let named = context.parameters.get("project_id").flatMap { ProjectID($0) }
      return try admit(context.principal, to: operation, of: named, in: snapshot)
    case .domain:
      let authorization = try authorization(of: context, in: snapshot)
      if let action = operation.action, authorization.verdictInDomain(on: action) != .allowed {
        throw .forbidden(action)
      }
      return nil
    case .own:
      // Whose it is, the handler finds out: `admit(_:to:of:in:)`.
      let authorization = try authorization(of: context, in: snapshot)
      if let action = operation.action {
        guard authorization.reachesDomain, authorization.verdictInDomain(on: action) != .denied else {
          throw .forbidden(action)
        }
      }
      return nil
    case .user:
      _ = try authorization(of: context, in: snapshot)
      return nil
    }
  }

  /// For an operation of the door `own`, once it is known whose the row is.
  ///
  /// - Throws: `.forbidden` for another user's, unless policies allow it.
  static func admit(_ context: CallContext, toRowOf user: UserID, in snapshot: IntentSnapshot)
    throws(CallError)
  {
    guard try context.principal.user.id != user else { return }
    try admitToOthers(context, in: snapshot)
  }

  /// For an operation of the door `own`: on rows that are not the caller's, whether they are there or not.
  static func admitToOthers(_ context: CallContext, in snapshot: IntentSnapshot) throws(CallError) {
    guard let action = context.operation?.action else { return }
    guard try authorization(of: context, in: snapshot).verdictInDomain(on: action) == .allowed else {
      throw .forbidden(action)
    }
  }

  static func authorization(
    of context: CallContext, in snapshot: IntentSnapshot
  ) throws(CallError) -> Authorization {
    try authorization(of: context.principal, in: snapshot)
  }

  private static func authorization(
    of principal: Principal, in snapshot: IntentSnapshot
  ) throws(CallError) -> Authorization {
    guard snapshot.identity.holds(principal) else { throw .credentialVoid }
    return Authorization(of: principal, in: snapshot.identity)
  }

  /// A project in which nothing is granted to the caller answers as one that does not exist (contract
  /// section 8.3); no agent's token opens any.
  ///
  /// - Parameter named: What the path has for a project.
  /// - Returns: The project.
  static func admit(
    _ principal: Principal, to operation: Operation, of named: ProjectID?, in snapshot: IntentSnapshot
  ) throws(CallError) -> ProjectID {
    let authorization = try authorization(of: principal, in: snapshot)
    guard let project = named, snapshot.project(project) != nil, authorization.hasAccess(to: project)
    else { throw .foreignProject }
    if let action = operation.action, authorization.verdict(on: action, in: project) != .allowed {
      throw .forbidden(action)
    }
    return project
  }
}
