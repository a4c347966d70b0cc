// What groups may: in a project, in all of them, in the domain.
extension Operation {
  static let grants = [
    grantInProject, revokeInProject, checkInProject, listInProject, grantInDomain, revokeInDomain,
    checkInDomain,
    listInDomain, grantInAllProjects, revokeInAllProjects, checkInAllProjects, listInAllProjects,
  ]

  private static let ofProject = "/v3/projects/{project_id}/groups/{group_id}/roles"
  private static let ofDomain = "/v3/domains/{domain_id}/groups/{group_id}/roles"
  private static let ofAll = "/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles"
  private static let role = "/{role_id}"
  private static let inherited = "/inherited_to_projects"

  package static let grantInProject = Operation(
    "KeystoneAssociateGroupWithProjectPermission", .put, ofProject + role, .domain,
    "iam:permissions:grantRoleToGroupOnProject")
  package static let revokeInProject = Operation(
    "KeystoneRemoveProjectPermissionFromGroup", .delete, ofProject + role, .domain,
    "iam:permissions:revokeRoleFromGroupOnProject")
  package static let checkInProject = Operation(
    "KeystoneCheckProjectPermissionForGroup", .head, ofProject + role, .domain,
    "iam:permissions:checkRoleForGroupOnProject")
  package static let listInProject = Operation(
    "KeystoneListProjectPermissionsForGroup", .get, ofProject, .domain,
    "iam:permissions:listRolesForGroupOnProject")

  package static let grantInDomain = Operation(
    "KeystoneAssociateGroupWithDomainPermission", .put, ofDomain + role, .domain,
    "iam:permissions:grantRoleToGroupOnDomain")
  package static let revokeInDomain = Operation(
    "KeystoneRemoveDomainPermissionFromGroup", .delete, ofDomain + role, .domain,
    "iam:permissions:revokeRoleFromGroupOnDomain")
  package static let checkInDomain = Operation(
    "KeystoneCheckDomainPermissionForGroup", .head, ofDomain + role, .domain,
    "iam:permissions:checkRoleForGroupOnDomain")
  package static let listInDomain = Operation(
    "KeystoneListDomainPermissionsForGroup", .get, ofDomain, .domain,
    "iam:permissions:listRolesForGroupOnDomain")

  package static let grantInAllProjects = Operation(
    "UpdateDomainGroupInheritRole", .put, ofAll + role + inherited, .domain,
    "iam:permissions:grantRoleToGroup")
  package static let revokeInAllProjects = Operation(
    "DeleteDomainGroupInheritedRole", .delete, ofAll + role + inherited, .domain,
    "iam:permissions:revokeRoleFromGroup")
  package static let checkInAllProjects = Operation(
    "KeystoneCheckroleForGroup", .head, ofAll + role + inherited, .domain,
    "iam:permissions:checkRoleForGroup")
  package static let listInAllProjects = Operation(
    "KeystoneListAllProjectPermissionsForGroup", .get, ofAll + inherited, .domain,
    "iam:permissions:listRolesForGroup")
}
