import ESWAdmission
import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird

/// Policies, in the vendor's words roles and custom policies; and projects, in which they are granted.
struct PolicyRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.createPolicy, create)
    routes.onAside(.listPolicies, listCustom)
    routes.on(.showPolicy, showCustom)
    routes.on(.updatePolicy, update)
    routes.on(.deletePolicy, delete)
    routes.onAside(.listRoles, list)
    routes.on(.showRole, show)
    routes.on(.createProject, createProject)
  }

  @Sendable private func create(request: Request, context: CallContext) async throws -> Response {
    let wanted = try PolicyContent(body: context.body.readableBytesView)
    let (policy, view) = try await core.commit(context) { [core] view in
      try IdentityAdmission.create(wanted, in: view.snapshot, secrets: core.secrets, now: view.now)
    }
    return try answer(policy, .created, view.snapshot, request)
  }

  @Sendable private func update(request: Request, context: CallContext) async throws -> Response {
    let wanted = try PolicyContent(body: context.body.readableBytesView)
    let id = try context.policyID
    let (policy, view) = try await core.commit(context) {
      try IdentityAdmission.update(id, wanted, in: $0.snapshot, now: $0.now)
    }
    return try answer(policy, .ok, view.snapshot, request)
  }

  @Sendable private func delete(_: Request, context: CallContext) async throws -> Response {
    let id = try context.policyID
    _ = try await core.commit(context) { try IdentityAdmission.delete(id, in: $0.snapshot) }
    return .noContent
  }

  @Sendable private func listCustom(request: Request, context: CallContext) throws -> Response {
    let snapshot = core.snapshot
    return try answer(snapshot.identity.customPolicies, snapshot, request, path: "/v3.0/OS-ROLE/roles")
  }

  @Sendable private func list(request: Request, context: CallContext) throws -> Response {
    let snapshot = core.snapshot
    let query = request.query
    let name: QueryFilter<String> = query.filter("name")
    let displayName: QueryFilter<String> = query.filter("display_name")
    let kind: QueryFilter<String> = query.filter("type")
    let isCustomOnly = query["domain_id"].map { $0 == (try? snapshot.requiredDomain.id.description) } ?? false
    let all =
      isCustomOnly ? snapshot.identity.customPolicies : Policy.builtIn + snapshot.identity.customPolicies
    let policies = all.filter {
      name.matches($0.roleName) && displayName.matches($0.name.description) && kind.matches($0.kind.rawValue)
    }
    return try answer(policies, snapshot, request, path: "/v3/roles")
  }

  @Sendable private func showCustom(request: Request, context: CallContext) throws -> Response {
    let (snapshot, id) = (core.snapshot, try context.policyID)
    guard let policy = snapshot.identity.policy(id), !policy.isBuiltIn else {
      throw IdentityRefusal.unknown(.policy, id.description)
    }
    return try answer(policy, .ok, snapshot, request)
  }

  @Sendable private func show(request: Request, context: CallContext) throws -> Response {
    let (snapshot, id) = (core.snapshot, try context.policyID)
    guard let policy = snapshot.identity.policy(id) else {
      throw IdentityRefusal.unknown(.policy, id.description)
    }
    return try answer(policy, .ok, snapshot, request)
  }

  @Sendable private func createProject(request: Request, context: CallContext) async throws -> Response {
    let wanted = try NewProject(body: context.body.readableBytesView)
    let (project, view) = try await core.commit(context) { [core] view in
      try IdentityAdmission.create(wanted, in: view.snapshot, secrets: core.secrets, now: view.now)
    }
    let (domain, base) = (try view.snapshot.requiredDomain, request.base(core))
    return .json(.created) {
      $0.object {
        $0.name("project")
        $0.project(project, domain: domain.id, at: base)
      }
    }
  }

  private func answer(
    _ policies: [Policy], _ snapshot: IntentSnapshot, _ request: Request, path: String
  ) throws -> Response {
    let (domain, base) = (try snapshot.requiredDomain, request.base(core))
    let page = try NumberedPage(request.query).slice(of: policies)
    return .json(.ok) {
      $0.object {
        $0.array("roles", page) { $0.policy($1, domain: domain.id, at: base) }
        $0.member("total_number", integer: policies.count)
        $0.links(to: base.text + path)
      }
    }
  }

  private func answer(
    _ policy: Policy, _ status: HTTPResponse.Status, _ snapshot: IntentSnapshot, _ request: Request
  ) throws -> Response {
    let (domain, base) = (try snapshot.requiredDomain, request.base(core))
    return .json(status) {
      $0.object {
        $0.name("role")
        $0.policy(policy, domain: domain.id, at: base)
      }
    }
  }
}
