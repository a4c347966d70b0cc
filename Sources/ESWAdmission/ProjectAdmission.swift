package import ESWModel

/// How an empty store gets its first caller, and how an operator gets back in.
package enum ProjectAdmission {
  /// Of the domain, the first user and the group of those who may do everything.
  static let (domainName, administrator, administrators) = (name("default"), name("admin"), name("admin"))

  /// A domain, a project, and an administrator with a key; nil, and nothing changed, if there is a project
  /// already.
  package static func bootstrap(
    projectName: String, in snapshot: IntentSnapshot, secrets: SecretMinting, now: Timestamp
  ) -> IntentChange<IssuedKey?> {
    guard snapshot.projects.isEmpty else { return IntentChange(edits: [], outcome: nil) }
    let project = Project(id: secrets.project(), name: projectName, createdAt: now)
    let change = administratorKey(in: snapshot, secrets: secrets, now: now)
    return IntentChange(
      edits: [.putProject(project)] + change.edits,
      outcome: IssuedKey(key: change.outcome, project: project.id))
  }

  /// A new key of the administrator, for who holds the machine and has lost every key: what is missing of
  /// the administrator, the group and its grants is made again. All that opened anything before is void: the
  /// other keys, the password and its tokens may be known to others, and be why the user was disabled.
  ///
  /// - Returns: Nil where there is no project: the first start makes a key by itself.
  package static func recover(
    in snapshot: IntentSnapshot, secrets: SecretMinting, now: Timestamp
  ) -> IntentChange<IssuedKey?> {
    guard let project = snapshot.projects.first else { return IntentChange(edits: [], outcome: nil) }
    let change = administratorKey(in: snapshot, secrets: secrets, now: now)
    return IntentChange(edits: change.edits, outcome: IssuedKey(key: change.outcome, project: project.id))
  }

  private static func administratorKey(
    in snapshot: IntentSnapshot, secrets: SecretMinting, now: Timestamp
  ) -> IntentChange<AccessKey> {
    let identity = snapshot.identity
    var edits: [IdentityEdit] = []
    if identity.domain == nil {
      edits.append(.putDomain(Domain(id: secrets.identity(), name: domainName, createdAt: now)))
    }
    let user =
      void(identity.user(named: administrator), in: identity, &edits)
      ?? User(id: secrets.identity(), name: administrator, description: .empty, createdAt: now)
    edits.append(.putUser(user))
    let group =
      identity.groups.first { $0.name == administrators }
      ?? UserGroup(id: secrets.identity(), name: administrators, description: .empty, createdAt: now)
    edits.append(.putGroup(group))
    edits.append(.putMembership(Membership(user: user.id, group: group.id)))
    for scope in [Grant.Scope.domain, .allProjects] {
      edits.append(.putGrant(Grant(group: group.id, policy: Policy.administrator.id, scope: scope)))
    }
    if !identity.applying(edits).isAdministrator(user.id, needsCredential: false) {
      edits += obstacles(to: user.id, in: group.id, of: identity)
    }
    let key = secrets.key(of: user.id, description: .empty, now: now)
    edits.append(.putKey(key))
    return IntentChange(edits: edits.map { .identity($0) }, outcome: key)
  }

  /// The user, enabled and without any credential.
  private static func void(
    _ user: User?, in identity: IdentityDirectory, _ edits: inout [IdentityEdit]
  ) -> User? {
    guard var user else { return nil }
    edits += identity.keys(of: user.id).map { .removeKey($0.id) }
    user.isEnabled = true
    user.password = nil
    user.generation &+= 1
    return user
  }

  /// What else the user's groups have may deny what the administrator's policy allows.
  private static func obstacles(
    to user: UserID, in group: GroupID, of identity: IdentityDirectory
  ) -> [IdentityEdit] {
    let others = identity.groups(of: user).filter { $0 != group }
    let grants = identity.grants(of: group).filter { $0.policy != Policy.administrator.id }
    return others.map { .removeMembership(Membership(user: user, group: $0)) }
      + grants.map { .removeGrant($0) }
  }

  private static func name(_ text: String) -> IdentityName {
    guard let name = IdentityName(text) else { preconditionFailure("\(text) is a name of ours") }
    return name
  }
}
