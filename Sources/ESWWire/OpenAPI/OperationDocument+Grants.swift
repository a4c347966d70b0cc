extension OperationDocument {
  static let grants = Area(
    name: "Grants", summary: "Version 3 of the vendor's IAM: which policies a group has where",
    operations: operations("in a project", .grantInProject, .revokeInProject, .checkInProject, .listInProject)
      + operations(
        "in the domain, for IAM itself", .grantInDomain, .revokeInDomain, .checkInDomain, .listInDomain)
      + operations(
        "in all projects", .grantInAllProjects, .revokeInAllProjects, .checkInAllProjects, .listInAllProjects)
  )

  /// - Parameter place: Goes on behind "… to a group".
  private static func operations(
    _ place: String, _ grant: Operation, _ revoke: Operation, _ check: Operation, _ list: Operation
  ) -> [OperationDocument] {
    [
      OperationDocument(grant, "Grant a policy to a group \(place)", .noContent, mayConflict: true),
      OperationDocument(revoke, "Revoke a policy of a group \(place)", .noContent, mayConflict: true),
      OperationDocument(check, "Ask whether a group has a policy \(place): 204 or 404", .noContent),
      OperationDocument(
        list, "List the policies that a group has \(place)", .ok(.linked("roles", of: .policy))),
    ]
  }
}
