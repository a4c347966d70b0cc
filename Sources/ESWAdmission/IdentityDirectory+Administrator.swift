import ESWModel

extension IdentityDirectory {
  /// Who may do these can give anybody every other right.
  private static let administration = [
    Action("iam:permissions:grantRoleToGroupOnDomain"), Action("iam:permissions:revokeRoleFromGroupOnDomain"),
    Action("iam:permissions:addUserToGroup"), Action("iam:permissions:removeUserFromGroup"),
  ]

  /// Somebody can get in, and give rights. O(users) when nobody can.
  var hasAdministrator: Bool { users.contains { isAdministrator($0.id, needsCredential: true) } }

  func isAdministrator(_ id: UserID, needsCredential: Bool) -> Bool {
    guard let user = user(id), user.isEnabled else { return false }
    guard !needsCredential || user.password != nil || keys(of: id).contains(where: \.isActive) else {
      return false
    }
    let authorization = Authorization(
      of: Principal(user: user, credential: .token, reach: .domain), in: self)
    return Self.administration.allSatisfy { authorization.verdictInDomain(on: $0) == .allowed }
  }
}
