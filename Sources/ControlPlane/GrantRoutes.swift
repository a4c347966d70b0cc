import ESWAdmission
import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird

/// Which policies a group has where.
struct GrantRoutes {
  private enum Place: Sendable {
    case project, domain, allProjects
  }

  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    add(to: routes, .project, .grantInProject, .revokeInProject, .checkInProject, .listInProject)
    add(to: routes, .domain, .grantInDomain, .revokeInDomain, .checkInDomain, .listInDomain)
    add(
      to: routes, .allProjects, .grantInAllProjects, .revokeInAllProjects, .checkInAllProjects,
      .listInAllProjects)
  }

  private func add(
    to routes: OperationRouter, _ place: Place, _ grant: Operation, _ revoke: Operation, _ check: Operation,
    _ list: Operation
  ) {
    routes.on(grant) { _, context in
      _ = try await core.commit(context) { view in
        try IdentityAdmission.grant(try Self.grant(context, place, view.snapshot), in: view.snapshot)
      }
      return .noContent
    }
    routes.on(revoke) { _, context in
      _ = try await core.commit(context) { view in
        try IdentityAdmission.revoke(try Self.grant(context, place, view.snapshot), in: view.snapshot)
      }
      return .noContent
    }
    routes.on(check) { _, context in
      let snapshot = core.snapshot
      let grant = try Self.grant(context, place, snapshot)
      guard snapshot.identity.grants(of: grant.group).contains(grant) else {
        throw IdentityRefusal.notGranted(grant.policy, grant.group)
      }
      return .noContent
    }
    routes.onAside(list) { request, context in try self.list(request, context, place) }
  }

  private func list(_ request: Request, _ context: CallContext, _ place: Place) throws -> Response {
    let snapshot = core.snapshot
    let scope = try Self.scope(context, place, snapshot)
    let group = try context.groupID
    guard snapshot.identity.group(group) != nil else {
      throw IdentityRefusal.unknown(.group, group.description)
    }
    let domain = try snapshot.requiredDomain
    let policies = snapshot.identity.grants(of: group).filter { $0.scope == scope }
      .compactMap { snapshot.identity.policy($0.policy) }
    return .list("roles", policies, at: request.base(core), path: request.target.path) {
      $0.policy($1, domain: domain.id, at: $2)
    }
  }

  private static func grant(
    _ context: CallContext, _ place: Place, _ snapshot: IntentSnapshot
  ) throws -> Grant {
    Grant(
      group: try context.groupID, policy: try context.policyID, scope: try scope(context, place, snapshot))
  }

  private static func scope(
    _ context: CallContext, _ place: Place, _ snapshot: IntentSnapshot
  ) throws -> Grant.Scope {
    switch place {
    case .project:
      let text = context.parameters.get("project_id") ?? ""
      guard let id = ProjectID(text), snapshot.project(id) != nil else {
        throw IdentityRefusal.unknown(.project, text)
      }
      return .project(id)
    case .domain, .allProjects:
      let text = context.parameters.get("domain_id") ?? ""
      guard try snapshot.requiredDomain.id.description == text else {
        throw IdentityRefusal.unknown(.domain, text)
      }
      return place == .domain ? .domain : .allProjects
    }
  }
}
