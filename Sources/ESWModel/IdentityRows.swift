/// Who may call, and what for: one type a kind of row.

/// The account that everything of a store belongs to; each store has one.
package struct Domain: Hashable, Sendable {
  package let id: DomainID
  package let name: IdentityName
  package let createdAt: Timestamp

  package init(id: DomainID, name: IdentityName, createdAt: Timestamp) {
    self.id = id
    self.name = name
    self.createdAt = createdAt
  }
}

package struct User: Hashable, Sendable {
  package let id: UserID
  /// Nobody else's.
  package var name: IdentityName
  package var description: ResourceDescription
  /// Else nothing of the user's opens anything.
  package var isEnabled: Bool
  /// Nil: no way in by password.
  package var password: PasswordHash?
  /// Tokens of another generation are void; it moves on with the password, and when the user is disabled.
  package var generation: UInt32
  package let createdAt: Timestamp

  package init(
    id: UserID, name: IdentityName, description: ResourceDescription, isEnabled: Bool = true,
    password: PasswordHash? = nil, generation: UInt32 = 1, createdAt: Timestamp
  ) {
    self.id = id
    self.name = name
    self.description = description
    self.isEnabled = isEnabled
    self.password = password
    self.generation = generation
    self.createdAt = createdAt
  }
}

/// Policies are granted to groups; users have what their groups have.
package struct UserGroup: Hashable, Sendable {
  package let id: GroupID
  /// No other group's.
  package var name: IdentityName
  package var description: ResourceDescription
  package let createdAt: Timestamp

  package init(id: GroupID, name: IdentityName, description: ResourceDescription, createdAt: Timestamp) {
    self.id = id
    self.name = name
    self.description = description
    self.createdAt = createdAt
  }
}

package struct Membership: Hashable, Sendable {
  package let user: UserID
  package let group: GroupID

  package init(user: UserID, group: GroupID) {
    self.user = user
    self.group = group
  }
}

/// A policy that a group has in a scope.
package struct Grant: Hashable, Comparable, Sendable {
  package enum Scope: Hashable, Sendable {
    /// For the operations of IAM itself.
    case domain
    /// In every project that there is or will be.
    case allProjects
    case project(ProjectID)

    /// Which scopes come first in lists.
    private var rank: (Int, String) {
      switch self {
      case .domain: (0, "")
      case .allProjects: (1, "")
      case .project(let id): (2, id.description)
      }
    }

    fileprivate static func isBefore(_ left: Self, _ right: Self) -> Bool { left.rank < right.rank }
  }

  package let group: GroupID
  package let policy: PolicyID
  package let scope: Scope

  package init(group: GroupID, policy: PolicyID, scope: Scope) {
    self.group = group
    self.policy = policy
    self.scope = scope
  }

  package static func < (left: Self, right: Self) -> Bool {
    if left.group != right.group { return left.group < right.group }
    if left.policy != right.policy { return left.policy < right.policy }
    return Scope.isBefore(left.scope, right.scope)
  }
}

/// A key and its secret, by which a user's requests are signed (contract section 9.1).
package struct AccessKey: Hashable, Sendable {
  /// Sent with every request, `Access=` of the Authorization header.
  package let id: String
  package let secret: String
  package let user: UserID
  /// Else it opens nothing.
  package var isActive: Bool
  package var description: ResourceDescription
  package let createdAt: Timestamp

  package init(
    id: String, secret: String, user: UserID, isActive: Bool = true,
    description: ResourceDescription = .empty,
    createdAt: Timestamp
  ) {
    self.id = id
    self.secret = secret
    self.user = user
    self.isActive = isActive
    self.description = description
    self.createdAt = createdAt
  }
}

/// A key as its owner gets it, once, and the project to begin in.
package struct IssuedKey: Hashable, Sendable {
  package let key: AccessKey
  package let project: ProjectID

  package init(key: AccessKey, project: ProjectID) {
    self.key = key
    self.project = project
  }

  package var id: String { key.id }
  package var secret: String { key.secret }
}
