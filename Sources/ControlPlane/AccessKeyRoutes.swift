import ESWAdmission
import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird

/// Access keys: everybody's own, and others' for who may.
struct AccessKeyRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.createAccessKey, create)
    routes.onAside(.listAccessKeys, list)
    routes.on(.showAccessKey, show)
    routes.on(.updateAccessKey, update)
    routes.on(.deleteAccessKey, delete)
  }

  /// The one answer that has the secret in it.
  @Sendable private func create(_: Request, context: CallContext) async throws -> Response {
    let wanted = try NewAccessKey(body: context.body.readableBytesView)
    let (key, _) = try await core.commit(context) { [core] view in
      try Door.admit(context, toRowOf: wanted.user, in: view.snapshot)
      return try IdentityAdmission.create(wanted, in: view.snapshot, secrets: core.secrets, now: view.now)
    }
    return answer(key, .created, showsSecret: true)
  }

  @Sendable private func list(request: Request, context: CallContext) throws -> Response {
    let snapshot = core.snapshot
    var user = try context.principal.user.id
    if let wanted = request.query["user_id"], wanted != "" {
      guard let id = UserID(wanted) else { throw IdentityRefusal.unknown(.user, wanted) }
      user = id
    }
    try Door.admit(context, toRowOf: user, in: snapshot)
    guard snapshot.identity.user(user) != nil else {
      throw IdentityRefusal.unknown(.user, user.description)
    }
    return .json(.ok) {
      $0.object { $0.array("credentials", snapshot.identity.keys(of: user)) { $0.credential($1) } }
    }
  }

  @Sendable private func show(_: Request, context: CallContext) throws -> Response {
    answer(try Self.key(of: context, in: core.snapshot), .ok)
  }

  @Sendable private func update(_: Request, context: CallContext) async throws -> Response {
    let wanted = try AccessKeyUpdate(body: context.body.readableBytesView)
    let (key, _) = try await core.commit(context) { view in
      let key = try Self.key(of: context, in: view.snapshot)
      return try IdentityAdmission.update(key: key.id, wanted, in: view.snapshot)
    }
    return answer(key, .ok)
  }

  @Sendable private func delete(_: Request, context: CallContext) async throws -> Response {
    _ = try await core.commit(context) { view in
      let key = try Self.key(of: context, in: view.snapshot)
      return try IdentityAdmission.delete(key: key.id, in: view.snapshot)
    }
    return .noContent
  }

  /// Who has no right to others' keys learns nothing of which there are.
  private static func key(of context: CallContext, in snapshot: IntentSnapshot) throws -> AccessKey {
    let id = context.parameters.get("access_key") ?? ""
    let key = snapshot.identity.key(id)
    if try key?.user != context.principal.user.id {
      try Door.admitToOthers(context, in: snapshot)
    }
    guard let key else { throw IdentityRefusal.unknown(.accessKey, id) }
    return key
  }

  private func answer(_ key: AccessKey, _ status: HTTPResponse.Status, showsSecret: Bool = false) -> Response
  {
    .json(status) {
      $0.object {
        $0.name("credential")
        $0.credential(key, showsSecret: showsSecret)
      }
    }
  }
}
