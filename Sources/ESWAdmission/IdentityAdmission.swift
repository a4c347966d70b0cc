package import ESWModel

/// What may become of users, groups and access keys.
///
/// Each change is refused that would leave nobody who can administer the domain.
package enum IdentityAdmission {
  // Our own choice, far above what one region's operators need.
  package static let (mostUsers, mostGroups, mostPolicies, mostProjects) = (10_000, 1_000, 1_000, 10_000)
  package static let mostGrantsOfGroup = 1_000
  package static let mostGroupsOfUser = 100
  /// As the vendor has it: the one in use, and the one that is to replace it.
  package static let mostKeys = 2

  package typealias Change<Outcome: Sendable> = IntentChange<Outcome>

  // MARK: Users

  package static func create(
    _ request: NewUser, password: PasswordHash?, in snapshot: IntentSnapshot, secrets: SecretMinting,
    now: Timestamp
  ) throws(IdentityRefusal) -> Change<User> {
    try check(request.name, isFreeFor: nil, in: snapshot.identity)
    guard snapshot.identity.userCount < mostUsers else { throw .limitReached(.user, limit: mostUsers) }
    let user = User(
      id: secrets.identity(), name: request.name, description: request.description,
      isEnabled: request.isEnabled, password: password, createdAt: now)
    return try commit([.putUser(user)], user, in: snapshot)
  }

  package static func update(
    _ id: UserID, _ request: UserUpdate, password: PasswordHash?, in snapshot: IntentSnapshot
  ) throws(IdentityRefusal) -> Change<User> {
    var user = try known(id, in: snapshot)
    let before = user
    if let name = request.name {
      try check(name, isFreeFor: id, in: snapshot.identity)
      user.name = name
    }
    if let description = request.description { user.description = description }
    if let isEnabled = request.isEnabled { user.isEnabled = isEnabled }
    if let password { user.password = password }
    if password != nil || (before.isEnabled && !user.isEnabled) { user.generation &+= 1 }
    return try commit(user == before ? [] : [.putUser(user)], user, in: snapshot)
  }

  /// - Parameter generation: Of the user whose password was checked.
  package static func changePassword(
    of id: UserID, generation: UInt32, to password: PasswordHash, in snapshot: IntentSnapshot
  ) throws(IdentityRefusal) -> Change<Void> {
    var user = try known(id, in: snapshot)
    guard user.generation == generation else { throw .passwordChangedMeanwhile(id) }
    user.password = password
    user.generation &+= 1
    return try commit([.putUser(user)], (), in: snapshot)
  }

  /// The user's keys and memberships go too.
  package static func delete(_ id: UserID, in snapshot: IntentSnapshot) throws(IdentityRefusal) -> Change<
    Void
  > {
    _ = try known(id, in: snapshot)
    let keys = snapshot.identity.keys(of: id).map { IdentityEdit.removeKey($0.id) }
    let memberships = snapshot.identity.groups(of: id).map {
      IdentityEdit.removeMembership(Membership(user: id, group: $0))
    }
    return try commit(keys + memberships + [.removeUser(id)], (), in: snapshot)
  }

  // MARK: Groups

  package static func create(
    _ request: NewGroup, in snapshot: IntentSnapshot, secrets: SecretMinting, now: Timestamp
  ) throws(IdentityRefusal) -> Change<UserGroup> {
    let groups = snapshot.identity.groups
    guard !groups.contains(where: { $0.name == request.name }) else { throw .nameTaken(.group, request.name) }
    guard groups.count < mostGroups else { throw .limitReached(.group, limit: mostGroups) }
    let group = UserGroup(
      id: secrets.identity(), name: request.name, description: request.description, createdAt: now)
    return try commit([.putGroup(group)], group, in: snapshot)
  }

  package static func update(
    _ id: GroupID, _ request: GroupUpdate, in snapshot: IntentSnapshot
  ) throws(IdentityRefusal) -> Change<UserGroup> {
    var group = try known(id, in: snapshot)
    let before = group
    if let name = request.name {
      let isTaken = snapshot.identity.groups.contains { $0.name == name && $0.id != id }
      guard !isTaken else { throw .nameTaken(.group, name) }
      group.name = name
    }
    if let description = request.description { group.description = description }
    return try commit(group == before ? [] : [.putGroup(group)], group, in: snapshot)
  }

  /// Its memberships and grants go too.
  package static func delete(
    _ id: GroupID, in snapshot: IntentSnapshot
  ) throws(IdentityRefusal) -> Change<Void> {
    _ = try known(id, in: snapshot)
    let memberships = snapshot.identity.users(of: id).map {
      IdentityEdit.removeMembership(Membership(user: $0, group: id))
    }
    let grants = snapshot.identity.grants(of: id).map { IdentityEdit.removeGrant($0) }
    return try commit(memberships + grants + [.removeGroup(id)], (), in: snapshot)
  }

  /// A user who is in the group already stays in it.
  package static func add(
    _ user: UserID, to group: GroupID, in snapshot: IntentSnapshot
  ) throws(IdentityRefusal) -> Change<Void> {
    _ = try known(group, in: snapshot)
    _ = try known(user, in: snapshot)
    let groups = snapshot.identity.groups(of: user)
    guard !groups.contains(group) else { return Change(edits: [], outcome: ()) }
    guard groups.count < mostGroupsOfUser else { throw .limitReached(.group, limit: mostGroupsOfUser) }
    // Also this may take rights away: a group may have a policy that denies.
    return try commit([.putMembership(Membership(user: user, group: group))], (), in: snapshot)
  }

  package static func remove(
    _ user: UserID, from group: GroupID, in snapshot: IntentSnapshot
  ) throws(IdentityRefusal) -> Change<Void> {
    _ = try known(group, in: snapshot)
    _ = try known(user, in: snapshot)
    guard snapshot.identity.groups(of: user).contains(group) else { throw .notInGroup(user, group) }
    return try commit([.removeMembership(Membership(user: user, group: group))], (), in: snapshot)
  }

  // MARK: Access keys

  package static func create(
    _ request: NewAccessKey, in snapshot: IntentSnapshot, secrets: SecretMinting, now: Timestamp
  ) throws(IdentityRefusal) -> Change<AccessKey> {
    _ = try known(request.user, in: snapshot)
    guard snapshot.identity.keys(of: request.user).count < mostKeys else {
      throw .limitReached(.accessKey, limit: mostKeys)
    }
    let key = secrets.key(of: request.user, description: request.description, now: now)
    return try commit([.putKey(key)], key, in: snapshot)
  }

  package static func update(
    key id: String, _ request: AccessKeyUpdate, in snapshot: IntentSnapshot
  ) throws(IdentityRefusal) -> Change<AccessKey> {
    guard var key = snapshot.identity.key(id) else { throw .unknown(.accessKey, id) }
    let before = key
    if let isActive = request.isActive { key.isActive = isActive }
    if let description = request.description { key.description = description }
    return try commit(key == before ? [] : [.putKey(key)], key, in: snapshot)
  }

  package static func delete(
    key id: String, in snapshot: IntentSnapshot
  ) throws(IdentityRefusal) -> Change<Void> {
    guard snapshot.identity.key(id) != nil else { throw .unknown(.accessKey, id) }
    return try commit([.removeKey(id)], (), in: snapshot)
  }

  // MARK: Rules of all

  static func known(_ id: UserID, in snapshot: IntentSnapshot) throws(IdentityRefusal) -> User {
    guard let user = snapshot.identity.user(id) else { throw .unknown(.user, id.description) }
    return user
  }

  static func known(_ id: GroupID, in snapshot: IntentSnapshot) throws(IdentityRefusal) -> UserGroup {
    guard let group = snapshot.identity.group(id) else { throw .unknown(.group, id.description) }
    return group
  }

  private static func check(
    _ name: IdentityName, isFreeFor id: UserID?, in identity: IdentityDirectory
  ) throws(IdentityRefusal) {
    guard let other = identity.user(named: name), other.id != id else { return }
    throw .nameTaken(.user, name)
  }

  static func commit<Outcome: Sendable>(
    _ edits: [IdentityEdit], _ outcome: Outcome, in snapshot: IntentSnapshot
  ) throws(IdentityRefusal) -> Change<Outcome> {
    // Who has locked himself out already, by other means, may still change things.
    guard !snapshot.identity.hasAdministrator || snapshot.identity.applying(edits).hasAdministrator else {
      throw .lastAdministrator
    }
    return Change(edits: edits.map { .identity($0) }, outcome: outcome)
  }
}
