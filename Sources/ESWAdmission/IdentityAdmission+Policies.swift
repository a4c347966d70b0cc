package import ESWModel

// Policies, where they are granted, and projects.
extension IdentityAdmission {
  package static func create(
    _ request: PolicyContent, in snapshot: IntentSnapshot, secrets: SecretMinting, now: Timestamp
  ) throws(IdentityRefusal) -> Change<Policy> {
    try check(request.name, isFreeFor: nil, in: snapshot.identity)
    guard snapshot.identity.customPolicies.count < mostPolicies else {
      throw .limitReached(.policy, limit: mostPolicies)
    }
    let policy = Policy(
      id: secrets.identity(), name: request.name, description: request.description, kind: request.kind,
      statements: request.statements, createdAt: now, updatedAt: now)
    return try commit([.putPolicy(policy)], policy, in: snapshot)
  }

  package static func update(
    _ id: PolicyID, _ request: PolicyContent, in snapshot: IntentSnapshot, now: Timestamp
  ) throws(IdentityRefusal) -> Change<Policy> {
    var policy = try custom(id, in: snapshot)
    try check(request.name, isFreeFor: id, in: snapshot.identity)
    policy.name = request.name
    policy.description = request.description
    policy.kind = request.kind
    policy.statements = request.statements
    policy.updatedAt = max(now, policy.updatedAt)
    return try commit([.putPolicy(policy)], policy, in: snapshot)
  }

  package static func delete(
    _ id: PolicyID, in snapshot: IntentSnapshot
  ) throws(IdentityRefusal) -> Change<Void> {
    _ = try custom(id, in: snapshot)
    guard !snapshot.identity.grants.contains(where: { $0.policy == id }) else { throw .policyIsGranted(id) }
    return try commit([.removePolicy(id)], (), in: snapshot)
  }

  /// What is granted already stays so.
  package static func grant(
    _ grant: Grant, in snapshot: IntentSnapshot
  ) throws(IdentityRefusal) -> Change<Void> {
    try check(grant, in: snapshot)
    let grants = snapshot.identity.grants(of: grant.group)
    guard !grants.contains(grant) else { return Change(edits: [], outcome: ()) }
    guard grants.count < mostGrantsOfGroup else { throw .limitReached(.policy, limit: mostGrantsOfGroup) }
    return try commit([.putGrant(grant)], (), in: snapshot)
  }

  package static func revoke(
    _ grant: Grant, in snapshot: IntentSnapshot
  ) throws(IdentityRefusal) -> Change<Void> {
    try check(grant, in: snapshot)
    guard snapshot.identity.grants(of: grant.group).contains(grant) else {
      throw .notGranted(grant.policy, grant.group)
    }
    return try commit([.removeGrant(grant)], (), in: snapshot)
  }

  package static func create(
    _ request: NewProject, in snapshot: IntentSnapshot, secrets: SecretMinting, now: Timestamp
  ) throws(IdentityRefusal) -> Change<Project> {
    let projects = snapshot.projects
    guard !projects.contains(where: { $0.name == request.name.description }) else {
      throw .nameTaken(.project, request.name)
    }
    guard projects.count < mostProjects else { throw .limitReached(.project, limit: mostProjects) }
    let project = Project(
      id: secrets.project(), name: request.name.description, description: request.description, createdAt: now)
    return Change(edits: [.putProject(project)], outcome: project)
  }

  /// Whether the group, the policy and the project are there.
  package static func check(_ grant: Grant, in snapshot: IntentSnapshot) throws(IdentityRefusal) {
    if case .project(let id) = grant.scope, snapshot.project(id) == nil {
      throw .unknown(.project, id.description)
    }
    _ = try known(grant.group, in: snapshot)
    guard snapshot.identity.policy(grant.policy) != nil else {
      throw .unknown(.policy, grant.policy.description)
    }
  }

  private static func custom(_ id: PolicyID, in snapshot: IntentSnapshot) throws(IdentityRefusal) -> Policy {
    guard let policy = snapshot.identity.policy(id) else { throw .unknown(.policy, id.description) }
    guard !policy.isBuiltIn else { throw .policyIsBuiltIn(id) }
    return policy
  }

  private static func check(
    _ name: IdentityName, isFreeFor id: PolicyID?, in identity: IdentityDirectory
  ) throws(IdentityRefusal) {
    let others = Policy.builtIn + identity.customPolicies
    guard !others.contains(where: { $0.name == name && $0.id != id }) else { throw .nameTaken(.policy, name) }
  }
}
