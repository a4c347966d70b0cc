import ESWAdmission
import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird

/// Users and their passwords, in the shapes of the vendor's IAM, which has no `request_id` in its bodies.
struct UserRoutes {
  let core: ControlPlaneCore
  let passwords: PasswordHashing
  let throttle: LoginGate

  func add(to routes: OperationRouter) {
    routes.on(.createUser, create)
    routes.onAside(.listUsers, list)
    routes.on(.showUser, show)
    routes.on(.updateUser, update)
    routes.on(.deleteUser, delete)
    routes.on(.changePassword, changePassword)
    routes.onAside(.listGroupsOfUser, groups)
  }

  @Sendable private func create(request: Request, context: CallContext) async throws -> Response {
    let wanted = try NewUser(body: context.body.readableBytesView)
    let password = try await hash(wanted.password)
    let (user, view) = try await core.commit(context) { [core] view in
      try IdentityAdmission.create(
        wanted, password: password, in: view.snapshot, secrets: core.secrets, now: view.now)
    }
    return try answer(user, .created, view.snapshot, request)
  }

  @Sendable private func list(request: Request, context: CallContext) throws -> Response {
    let snapshot = core.snapshot
    let domain = try snapshot.requiredDomain
    let name: QueryFilter<String> = request.query.filter("name")
    let wantedDomain: QueryFilter<String> = request.query.filter("domain_id")
    let enabled: QueryFilter<Bool> = request.query.filter("enabled")
    let users = snapshot.identity.users.filter {
      name.matches($0.name.description) && enabled.matches($0.isEnabled)
        && wantedDomain.matches(domain.id.description)
    }
    return .list("users", users, at: request.base(core), path: "/v3/users") {
      $0.user($1, domain: domain.id, at: $2)
    }
  }

  @Sendable private func show(request: Request, context: CallContext) throws -> Response {
    let (snapshot, id) = (core.snapshot, try context.userID)
    try Door.admit(context, toRowOf: id, in: snapshot)
    guard let user = snapshot.identity.user(id) else { throw IdentityRefusal.unknown(.user, id.description) }
    return try answer(user, .ok, snapshot, request)
  }

  @Sendable private func update(request: Request, context: CallContext) async throws -> Response {
    let wanted = try UserUpdate(body: context.body.readableBytesView)
    let id = try context.userID
    let password = try await hash(wanted.password)
    let (user, view) = try await core.commit(context) {
      try IdentityAdmission.update(id, wanted, password: password, in: $0.snapshot)
    }
    return try answer(user, .ok, view.snapshot, request)
  }

  @Sendable private func delete(_: Request, context: CallContext) async throws -> Response {
    let id = try context.userID
    _ = try await core.commit(context) { try IdentityAdmission.delete(id, in: $0.snapshot) }
    return .noContent
  }

  /// Who holds a credential of the user still has to know the password: attempts are counted as logins are.
  @Sendable private func changePassword(_: Request, context: CallContext) async throws -> Response {
    let wanted = try PasswordChange(body: context.body.readableBytesView)
    let (id, snapshot) = (try context.userID, core.snapshot)
    // A new password opens all that the user may do: a token of one project must not come by it.
    guard try id == context.principal.user.id, let user = snapshot.identity.user(id),
      try Door.authorization(of: context, in: snapshot).reachesDomain
    else {
      throw CallError.forbidden(Action("iam:users:updateUser"))
    }
    try await throttle.admit(
      name: user.name.description, from: context.channel.remoteAddress, now: core.now()
    ) {
      try await passwords.isRight(Array(wanted.original.utf8), for: user.password) ? () : nil
    }
    let password = try await passwords.hash(wanted.new, salt: core.secrets.salt())
    _ = try await core.commit(context) {
      try IdentityAdmission.changePassword(
        of: id, generation: user.generation, to: password, in: $0.snapshot)
    }
    return .noContent
  }

  @Sendable private func groups(request: Request, context: CallContext) throws -> Response {
    let (snapshot, id) = (core.snapshot, try context.userID)
    try Door.admit(context, toRowOf: id, in: snapshot)
    guard snapshot.identity.user(id) != nil else { throw IdentityRefusal.unknown(.user, id.description) }
    let domain = try snapshot.requiredDomain
    let groups = snapshot.identity.groups(of: id).compactMap { snapshot.identity.group($0) }
    return .list("groups", groups, at: request.base(core), path: "/v3/users/\(id)/groups") {
      $0.group($1, domain: domain.id, at: $2)
    }
  }

  private func hash(_ password: Password?) async throws -> PasswordHash? {
    guard let password else { return nil }
    return try await passwords.hash(password, salt: core.secrets.salt())
  }

  private func answer(
    _ user: User, _ status: HTTPResponse.Status, _ snapshot: IntentSnapshot, _ request: Request
  ) throws -> Response {
    let (domain, base) = (try snapshot.requiredDomain, request.base(core))
    return .json(status) {
      $0.object {
        $0.name("user")
        $0.user(user, domain: domain.id, at: base)
      }
    }
  }
}

extension IntentSnapshot {
  /// Only a store that was never started has none.
  var requiredDomain: Domain {
    get throws(IdentityRefusal) {
      guard let domain = identity.domain else { throw .unknown(.domain, "") }
      return domain
    }
  }
}

extension CallContext {
  var userID: UserID {
    get throws(IdentityRefusal) { try identityID("user_id", .user) }
  }

  var groupID: GroupID {
    get throws(IdentityRefusal) { try identityID("group_id", .group) }
  }

  var policyID: PolicyID {
    get throws(IdentityRefusal) { try identityID("role_id", .policy) }
  }

  /// What is malformed is as unknown as what does not exist.
  private func identityID<Subject>(
    _ name: String, _ kind: IdentityRefusal.Kind
  ) throws(IdentityRefusal) -> IdentityID<Subject> {
    let text = parameters.get(name) ?? ""
    guard let id = IdentityID<Subject>(text) else { throw .unknown(kind, text) }
    return id
  }
}

extension Response {
  /// A list as the vendor's IAM has it, all on one page.
  static func list<Row>(
    _ key: StaticString, _ rows: [Row], at base: BaseURL, path: String,
    _ write: (inout JSONWriter, Row, BaseURL) -> Void
  ) -> Response {
    .json(.ok) { writer in
      writer.object {
        $0.array(key, rows) { write(&$0, $1, base) }
        $0.links(to: base.text + path)
      }
    }
  }
}
