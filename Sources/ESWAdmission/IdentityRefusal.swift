package import ESWModel

/// A request about users, groups, policies, keys or projects that was understood and is declined.
package enum IdentityRefusal: Error, Hashable, Sendable {
  /// The rows of identity, as messages call them.
  package enum Kind: String, Hashable, Sendable {
    case domain, user, group, policy, project
    case accessKey = "access key"
  }

  /// As it came.
  case unknown(Kind, String)
  case nameTaken(Kind, IdentityName)
  case limitReached(Kind, limit: Int)
  /// Built in: it cannot be changed.
  case policyIsBuiltIn(PolicyID)
  /// Granted to a group: to delete it might widen what the group may do.
  case policyIsGranted(PolicyID)
  case notInGroup(UserID, GroupID)
  case notGranted(PolicyID, GroupID)
  /// Nobody would be left who could grant anything again.
  case lastAdministrator
  /// The user's password was changed by somebody else at the same time.
  case passwordChangedMeanwhile(UserID)
}
