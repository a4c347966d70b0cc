package import ESWModel

/// What policies say of an action. Deny beats allow, and what nobody allows is not allowed.
package enum Verdict: Hashable, Sendable {
  case allowed
  /// A statement denies it.
  case denied
  /// No statement speaks of it.
  case unmentioned

  package init(on action: Action, by statements: some Sequence<PolicyStatement>) {
    var verdict = Verdict.unmentioned
    for statement in statements where statement.actions.contains(where: { $0.matches(action) }) {
      switch statement.effect {
      case .deny:
        self = .denied
        return
      case .allow: verdict = .allowed
      }
    }
    self = verdict
  }
}

extension IdentityDirectory {
  /// Whether the credential is still good, and its user.
  package func holds(_ principal: Principal) -> Bool {
    guard let user = user(principal.user.id), user.isEnabled else { return false }
    switch principal.credential {
    case .key(let id): return key(id).map { $0.user == user.id && $0.isActive } ?? false
    case .token: return user.generation == principal.user.generation
    }
  }
}

/// What a principal may do, by the grants as they are now.
package struct Authorization: Sendable {
  private let principal: Principal
  private let identity: IdentityDirectory

  package init(of principal: Principal, in identity: IdentityDirectory) {
    self.principal = principal
    self.identity = identity
  }

  /// Whether the project is the principal's at all: some policy is granted in it, and the credential
  /// reaches it.
  package func hasAccess(to project: ProjectID) -> Bool {
    reaches(project) && hasGrant(in: project)
  }

  package func verdict(on action: Action, in project: ProjectID) -> Verdict {
    guard reaches(project) else { return .unmentioned }
    return Verdict(on: action, by: statements { $0 == .project(project) || $0 == .allProjects })
  }

  /// On an operation of IAM itself.
  package func verdictInDomain(on action: Action) -> Verdict {
    guard reachesDomain else { return .unmentioned }
    return Verdict(on: action, by: statements { $0 == .domain })
  }

  /// A token of one project is no good for IAM itself: it would make keys that open others.
  package var reachesDomain: Bool {
    switch principal.reach {
    case .everything, .domain: true
    case .project: false
    }
  }

  /// Some policy is granted in the project, whether the credential reaches it or not.
  package func hasGrant(in project: ProjectID) -> Bool {
    identity.groups(of: principal.user.id).contains { group in
      identity.grants(of: group).contains { $0.scope == .project(project) || $0.scope == .allProjects }
    }
  }

  /// Whether the caller may learn that there is the project: some policy is granted in it, and the credential
  /// is not of another project only. By one of the domain nothing can be done in it, and it is found out what
  /// to ask a token for.
  package func mayName(_ project: ProjectID) -> Bool {
    if case .project(let only) = principal.reach, only != project { return false }
    return hasGrant(in: project)
  }

  /// The policies that count in the project, for a token's list of roles.
  package func policies(in project: ProjectID?) -> [Policy] {
    let wanted = grants { scope in
      project.map { scope == .project($0) || scope == .allProjects } ?? (scope == .domain)
    }
    return Set(wanted.map(\.policy)).sorted().compactMap { identity.policy($0) }
  }

  private func reaches(_ project: ProjectID) -> Bool {
    switch principal.reach {
    case .everything: true
    case .domain: false
    case .project(let only): only == project
    }
  }

  private func statements(where counts: @escaping (Grant.Scope) -> Bool) -> [PolicyStatement] {
    grants(where: counts).flatMap { identity.policy($0.policy)?.statements ?? [] }
  }

  private func grants(where counts: (Grant.Scope) -> Bool) -> [Grant] {
    identity.groups(of: principal.user.id).flatMap { identity.grants(of: $0) }.filter { counts($0.scope) }
  }
}
