import ESWAdmission
import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird

/// Groups and who is in them.
struct GroupRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.createGroup, create)
    routes.onAside(.listGroups, list)
    routes.on(.showGroup, show)
    routes.on(.updateGroup, update)
    routes.on(.deleteGroup, delete)
    routes.on(.addUserToGroup, add)
    routes.on(.removeUserFromGroup, remove)
    routes.on(.checkUserInGroup, check)
    routes.onAside(.listUsersOfGroup, users)
  }

  @Sendable private func create(request: Request, context: CallContext) async throws -> Response {
    let wanted = try NewGroup(body: context.body.readableBytesView)
    let (group, view) = try await core.commit(context) { [core] view in
      try IdentityAdmission.create(wanted, in: view.snapshot, secrets: core.secrets, now: view.now)
    }
    return try answer(group, .created, view.snapshot, request)
  }

  @Sendable private func list(request: Request, context: CallContext) throws -> Response {
    let snapshot = core.snapshot
    let domain = try snapshot.requiredDomain
    let name: QueryFilter<String> = request.query.filter("name")
    let wantedDomain: QueryFilter<String> = request.query.filter("domain_id")
    let groups = snapshot.identity.groups.filter {
      name.matches($0.name.description) && wantedDomain.matches(domain.id.description)
    }
    return .list("groups", groups, at: request.base(core), path: "/v3/groups") {
      $0.group($1, domain: domain.id, at: $2)
    }
  }

  @Sendable private func show(request: Request, context: CallContext) throws -> Response {
    let snapshot = core.snapshot
    return try answer(try group(of: context, in: snapshot), .ok, snapshot, request)
  }

  @Sendable private func update(request: Request, context: CallContext) async throws -> Response {
    let wanted = try GroupUpdate(body: context.body.readableBytesView)
    let id = try context.groupID
    let (group, view) = try await core.commit(context) {
      try IdentityAdmission.update(id, wanted, in: $0.snapshot)
    }
    return try answer(group, .ok, view.snapshot, request)
  }

  @Sendable private func delete(_: Request, context: CallContext) async throws -> Response {
    let id = try context.groupID
    _ = try await core.commit(context) { try IdentityAdmission.delete(id, in: $0.snapshot) }
    return .noContent
  }

  @Sendable private func add(_: Request, context: CallContext) async throws -> Response {
    let (group, user) = (try context.groupID, try context.userID)
    _ = try await core.commit(context) { try IdentityAdmission.add(user, to: group, in: $0.snapshot) }
    return .noContent
  }

  @Sendable private func remove(_: Request, context: CallContext) async throws -> Response {
    let (group, user) = (try context.groupID, try context.userID)
    _ = try await core.commit(context) { try IdentityAdmission.remove(user, from: group, in: $0.snapshot) }
    return .noContent
  }

  @Sendable private func check(_: Request, context: CallContext) throws -> Response {
    let (group, user) = (try context.groupID, try context.userID)
    guard core.snapshot.identity.groups(of: user).contains(group) else {
      throw IdentityRefusal.notInGroup(user, group)
    }
    return .noContent
  }

  @Sendable private func users(request: Request, context: CallContext) throws -> Response {
    let snapshot = core.snapshot
    let group = try group(of: context, in: snapshot)
    let domain = try snapshot.requiredDomain
    let users = snapshot.identity.users(of: group.id).compactMap { snapshot.identity.user($0) }
    return .list("users", users, at: request.base(core), path: "/v3/groups/\(group.id)/users") {
      $0.user($1, domain: domain.id, at: $2)
    }
  }

  private func group(of context: CallContext, in snapshot: IntentSnapshot) throws -> UserGroup {
    let id = try context.groupID
    guard let group = snapshot.identity.group(id) else {
      throw IdentityRefusal.unknown(.group, id.description)
    }
    return group
  }

  private func answer(
    _ group: UserGroup, _ status: HTTPResponse.Status, _ snapshot: IntentSnapshot, _ request: Request
  ) throws -> Response {
    let (domain, base) = (try snapshot.requiredDomain, request.base(core))
    return .json(status) {
      $0.object {
        $0.name("group")
        $0.group(group, domain: domain.id, at: base)
      }
    }
  }
}
