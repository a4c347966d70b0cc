import ESWAdmission
import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird

/// Tokens by password, and what clients find out before anything else (contract sections 9.2 and 9.3).
struct TokenRoutes {
  let core: ControlPlaneCore
  let passwords: PasswordHashing
  let throttle: LoginGate
  let tokenKey: TokenKey

  func add(to routes: OperationRouter) {
    routes.on(.createToken, createToken)
    routes.onAside(.listAuthProjects, listAuthProjects)
    routes.on(.listAuthDomains, listAuthDomains)
    routes.on(.showCatalog, showCatalog)
    routes.onAside(.listProjects, listProjects)
    routes.on(.showProject, showProject)
  }

  // MARK: Tokens

  @Sendable private func createToken(request: Request, context: CallContext) async throws -> Response {
    let wanted = try TokenRequest(body: context.body.readableBytesView)
    let known = try await throttle.admit(
      name: wanted.userName, from: context.channel.remoteAddress, now: core.now()
    ) {
      try await user(of: wanted)
    }
    // From here on it is somebody's call, also when it is refused.
    context.trace.caller = .user(Principal(user: known, credential: .token, reach: .everything))
    let reach = try reach(of: wanted, for: known)
    let claims = TokenKey.Claims(
      user: known.id, generation: known.generation, reach: reach, issuedAt: core.now())
    let token = try tokenKey.issue(claims)
    let withCatalog = request.query["nocatalog"] == nil
    var response = Response.json(.created) { writer in
      writer.object { write(claims, of: known, withCatalog: withCatalog, base: request.base(core), to: &$0) }
    }
    response.headers[.subjectToken] = token
    return response
  }

  /// - Returns: Nil for whatever is wrong, after the same work.
  private func user(of wanted: TokenRequest) async throws -> User? {
    let identity = core.snapshot.identity
    var user = IdentityName(wanted.userName).flatMap { identity.user(named: $0) }
    if identity.domain?.name.description != wanted.domainName { user = nil }
    let isRight = try await passwords.isRight(Array(wanted.password.utf8), for: user?.password)
    // It may have been changed while it was looked at.
    guard isRight, let user, let now = core.snapshot.identity.user(user.id), now.isEnabled,
      now.password == user.password
    else { return nil }
    return now
  }

  /// A project in which nothing is granted to the user is refused as one that does not exist.
  private func reach(of wanted: TokenRequest, for user: User) throws(CallError) -> Principal.Reach {
    let snapshot = core.snapshot
    switch wanted.scope {
    case nil: return .everything
    case .domain(let id, let name):
      guard let domain = snapshot.identity.domain, id ?? domain.id.description == domain.id.description,
        name ?? domain.name.description == domain.name.description
      else { throw .foreignProject }
      return .domain
    case .project(let id, let name):
      let authorization = authorization(of: user, in: snapshot)
      let project = snapshot.projects.first { project in
        (id ?? project.id.description) == project.id.description && (name ?? project.name) == project.name
      }
      guard let project, authorization.hasGrant(in: project.id) else { throw .foreignProject }
      return .project(project.id)
    }
  }

  private func write(
    _ claims: TokenKey.Claims, of user: User, withCatalog: Bool, base: BaseURL, to writer: inout JSONWriter
  ) {
    let snapshot = core.snapshot
    guard let domain = snapshot.identity.domain else { return }
    var project: Project?
    if case .project(let id) = claims.reach { project = snapshot.project(id) }
    writer.object("token") { token in
      token.member("expires_at", claims.expiresAt)
      token.member("issued_at", claims.issuedAt)
      token.member("methods", strings: CollectionOfOne("password"))
      token.object("user") {
        $0.named(user.id.description, user.name.description)
        $0.name("password_expires_at")
        $0.null()
        $0.object("domain") { $0.named(domain.id.description, domain.name.description) }
      }
      if let project {
        token.object("project") {
          $0.named(project.id.description, project.name)
          $0.object("domain") { $0.named(domain.id.description, domain.name.description) }
        }
      } else {
        token.object("domain") { $0.named(domain.id.description, domain.name.description) }
      }
      let roles = authorization(of: user, in: snapshot).policies(in: project?.id)
      token.array("roles", roles) { writer, role in
        writer.object { $0.named(role.id.description, role.name.description) }
      }
      let services = withCatalog ? services(for: project?.id, at: base) : []
      token.array("catalog", services) { $0.service($1.type, region: core.region.name, url: $1.url) }
    }
  }

  // MARK: What there is

  @Sendable private func listAuthProjects(request: Request, context: CallContext) throws -> Response {
    let projects = try visibleProjects(of: context)
    return try list(projects, request, path: "/v3/auth/projects")
  }

  @Sendable private func listProjects(request: Request, context: CallContext) throws -> Response {
    let query = request.query
    let name: QueryFilter<String> = query.filter("name")
    let domain: QueryFilter<String> = query.filter("domain_id")
    let parent: QueryFilter<String> = query.filter("parent_id")
    let own = try core.snapshot.requiredDomain.id.description
    let isNone = query["enabled"] == "false" || query["is_domain"] == "true"
    let projects = try visibleProjects(of: context).filter {
      name.matches($0.name) && domain.matches(own) && parent.matches(own) && !isNone
    }
    return try list(NumberedPage(query).slice(of: projects), request, path: "/v3/projects")
  }

  @Sendable private func showProject(request: Request, context: CallContext) throws -> Response {
    let id = context.parameters.get("project_id") ?? ""
    guard let project = try visibleProjects(of: context).first(where: { $0.id.description == id }) else {
      throw CallError.unknownIdentity("project", id)
    }
    let domain = try core.snapshot.requiredDomain
    return .json(.ok) {
      $0.object {
        $0.name("project")
        $0.project(project, domain: domain.id, at: request.base(core))
      }
    }
  }

  @Sendable private func listAuthDomains(request: Request, context: CallContext) throws -> Response {
    let (domain, base) = (try core.snapshot.requiredDomain, request.base(core))
    return .json(.ok) {
      $0.object {
        $0.array("domains", CollectionOfOne(domain)) { $0.domain($1, at: base) }
        $0.links(to: base.text + "/v3/auth/domains")
      }
    }
  }

  @Sendable private func showCatalog(request: Request, context: CallContext) throws -> Response {
    let base = request.base(core)
    let projects = try visibleProjects(of: context).map(\.id)
    var project = projects.count == 1 ? projects.first : nil
    if case .project(let only) = try context.principal.reach { project = only }
    // It is not signed, and chooses only among what is the caller's.
    if let wanted = request.headers[.projectID] {
      project = projects.first { $0.description == wanted } ?? project
    }
    let services = services(for: project, at: base)
    return .json(.ok) {
      $0.object {
        $0.array("catalog", services) { $0.service($1.type, region: core.region.name, url: $1.url) }
        $0.links(to: base.text + "/v3/auth/catalog")
      }
    }
  }

  /// By id. Who may list projects in the domain sees all; a token of one project, that one.
  private func visibleProjects(of context: CallContext) throws(CallError) -> [Project] {
    let snapshot = core.snapshot
    let authorization = try Door.authorization(of: context, in: snapshot)
    let seesAll = authorization.verdictInDomain(on: Action("iam:projects:listProjects")) == .allowed
    return snapshot.projects.filter { seesAll || authorization.mayName($0.id) }
  }

  private func list(_ projects: some Sequence<Project>, _ request: Request, path: String) throws -> Response {
    let (domain, base) = (try core.snapshot.requiredDomain, request.base(core))
    return .json(.ok) {
      $0.object {
        $0.array("projects", projects) { $0.project($1, domain: domain.id, at: base) }
        $0.links(to: base.text + path)
      }
    }
  }

  private func authorization(of user: User, in snapshot: IntentSnapshot) -> Authorization {
    Authorization(
      of: Principal(user: user, credential: .token, reach: .everything), in: snapshot.identity)
  }

  private func services(for project: ProjectID?, at base: BaseURL) -> [(type: String, url: String)] {
    let iam = (type: "iam", url: base.text + "/v3")
    guard let project else { return [iam] }
    return [("esw", base.text + "/v3/\(project)"), iam, ("vpc", base.text + "/v1/\(project)")]
  }

}

extension Request {
  /// By the host that the caller used, so that it is one that the caller reaches.
  func base(_ core: ControlPlaneCore) -> BaseURL {
    let host = head.authority ?? ""
    let isHost =
      host.utf8.count <= 255
      && host.utf8.allSatisfy { byte in
        switch byte {
        case 48...57, 65...90, 97...122: true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"): true
        case UInt8(ascii: "["), UInt8(ascii: "]"): true
        default: false
        }
      }
    return BaseURL("\(core.scheme)://\(isHost && !host.isEmpty ? host : "localhost")")
  }
}

extension HTTPField.Name {
  static let subjectToken = known("X-Subject-Token")
  static let projectID = known("X-Project-Id")
  static let authToken = known("X-Auth-Token")

  private static func known(_ name: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(name) else { preconditionFailure("a token of RFC 9110 section 5.1") }
    return name
  }
}
