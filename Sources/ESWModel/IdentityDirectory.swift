import HashTreeCollections

/// All rows of identity and access at one revision, with what is looked up of them at every request.
package struct IdentityDirectory: Sendable {
  /// Nil only before the first start has made it.
  package private(set) var domain: Domain?
  private var usersByID: TreeDictionary<UserID, User> = [:]
  private var usersByName: TreeDictionary<IdentityName, UserID> = [:]
  private var groupsByID: TreeDictionary<GroupID, UserGroup> = [:]
  private var groupsByUser: TreeDictionary<UserID, [GroupID]> = [:]
  private var usersByGroup: TreeDictionary<GroupID, [UserID]> = [:]
  private var policiesByID: TreeDictionary<PolicyID, Policy> = [:]
  private var grantsByGroup: TreeDictionary<GroupID, [Grant]> = [:]
  private var keysByID: TreeDictionary<String, AccessKey> = [:]
  private var keysByUser: TreeDictionary<UserID, [String]> = [:]

  init() {}

  package func user(_ id: UserID) -> User? { usersByID[id] }
  package func user(named name: IdentityName) -> User? { usersByName[name].flatMap { usersByID[$0] } }
  package func group(_ id: GroupID) -> UserGroup? { groupsByID[id] }

  /// Also one that is built in.
  package func policy(_ id: PolicyID) -> Policy? {
    policiesByID[id] ?? Policy.builtIn.first { $0.id == id }
  }

  package func key(_ id: String) -> AccessKey? { keysByID[id] }

  package var userCount: Int { usersByID.count }

  // Each by id.
  package var users: [User] { usersByID.values.sorted { $0.id < $1.id } }
  package var groups: [UserGroup] { groupsByID.values.sorted { $0.id < $1.id } }
  package var customPolicies: [Policy] { policiesByID.values.sorted { $0.id < $1.id } }
  package var keys: [AccessKey] { keysByID.values.sorted { $0.id < $1.id } }
  package var grants: [Grant] { grantsByGroup.values.flatMap { $0 }.sorted() }

  package var memberships: [Membership] {
    users.flatMap { user in groups(of: user.id).map { Membership(user: user.id, group: $0) } }
  }

  package func groups(of user: UserID) -> [GroupID] { groupsByUser[user] ?? [] }
  package func users(of group: GroupID) -> [UserID] { usersByGroup[group] ?? [] }
  package func grants(of group: GroupID) -> [Grant] { grantsByGroup[group] ?? [] }
  package func keys(of user: UserID) -> [AccessKey] { (keysByUser[user] ?? []).compactMap { keysByID[$0] } }

  package func applying(_ edits: [IdentityEdit]) -> IdentityDirectory {
    var result = self
    for edit in edits { result.apply(edit) }
    return result
  }

  mutating func apply(_ edit: IdentityEdit) {
    switch edit {
    case .putDomain(let domain): self.domain = domain
    case .putUser(let user):
      if let old = usersByID[user.id] { usersByName[old.name] = nil }
      usersByID[user.id] = user
      usersByName[user.name] = user.id
    case .removeUser(let id):
      if let user = usersByID.removeValue(forKey: id) { usersByName[user.name] = nil }
    case .putGroup(let group): groupsByID[group.id] = group
    case .removeGroup(let id): groupsByID[id] = nil
    case .putMembership(let membership):
      groupsByUser.add(membership.group, to: membership.user)
      usersByGroup.add(membership.user, to: membership.group)
    case .removeMembership(let membership):
      groupsByUser.drop(membership.group, from: membership.user)
      usersByGroup.drop(membership.user, from: membership.group)
    case .putPolicy(let policy): policiesByID[policy.id] = policy
    case .removePolicy(let id): policiesByID[id] = nil
    case .putGrant(let grant): grantsByGroup.add(grant, to: grant.group)
    case .removeGrant(let grant): grantsByGroup.drop(grant, from: grant.group)
    case .putKey(let key):
      keysByID[key.id] = key
      keysByUser.add(key.id, to: key.user)
    case .removeKey(let id):
      if let key = keysByID.removeValue(forKey: id) { keysByUser.drop(id, from: key.user) }
    }
  }
}

/// One change of one row of identity and access. What belongs to a removed row is removed by edits of its
/// own, before it.
package enum IdentityEdit: Hashable, Sendable {
  case putDomain(Domain)
  case putUser(User)
  case removeUser(UserID)
  case putGroup(UserGroup)
  case removeGroup(GroupID)
  case putMembership(Membership)
  case removeMembership(Membership)
  case putPolicy(Policy)
  case removePolicy(PolicyID)
  case putGrant(Grant)
  case removeGrant(Grant)
  case putKey(AccessKey)
  case removeKey(String)
}

extension TreeDictionary {
  /// Once.
  fileprivate mutating func add<Element: Comparable>(_ element: Element, to key: Key)
  where Value == [Element] {
    var elements = self[key] ?? []
    guard !elements.contains(element) else { return }
    elements.insertSorted(element)
    self[key] = elements
  }

  mutating func drop<Element: Comparable>(_ element: Element, from key: Key) where Value == [Element] {
    self[key]?.removeSorted(element)
    if self[key]?.isEmpty == true { self[key] = nil }
  }
}
