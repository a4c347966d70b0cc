/// Who calls: a user, by a credential that was checked, with as much of the user's rights as that carries.
package struct Principal: Hashable, Sendable {
  package enum Credential: Hashable, Sendable {
    case key(String)
    case token
  }

  /// How far the credential reaches. The rights within are the user's grants.
  package enum Reach: Hashable, Sendable {
    /// All projects and the domain: a key, or a token without a scope.
    case everything
    /// The operations of IAM only.
    case domain
    /// This project only.
    case project(ProjectID)
  }

  /// As it was when the request came.
  package let user: User
  package let credential: Credential
  package let reach: Reach

  package init(user: User, credential: Credential, reach: Reach) {
    self.user = user
    self.credential = credential
    self.reach = reach
  }

  /// For logs and the audit: the ids stay the same when names change, and no secret is in it.
  package var summary: String {
    switch credential {
    case .key(let id): "user \(user.id) (\(user.name)) key \(id)"
    case .token: "user \(user.id) (\(user.name)) token"
    }
  }
}
