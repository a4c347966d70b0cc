// Identity and access, in the paths of version 3 of the vendor's IAM, as far as the flows need it.
extension Operation {
  static let identity = tokens + users + groups + accessKeys + policies + grants

  private static let tokens = [
    createToken, listAuthProjects, listAuthDomains, showCatalog, listProjects, showProject, createProject,
  ]

  private static let auth = "/v3/auth"
  private static let projects = "/v3/projects"

  package static let createToken = Operation(
    "KeystoneCreateUserTokenByPassword", .post, auth + "/tokens", .open, nil)
  package static let listAuthProjects = Operation(
    "KeystoneListAuthProjects", .get, auth + "/projects", .user, nil)
  package static let listAuthDomains = Operation(
    "KeystoneListAuthDomains", .get, auth + "/domains", .user, nil)
  package static let showCatalog = Operation("KeystoneShowCatalog", .get, auth + "/catalog", .user, nil)
  /// Those in which the caller has a policy, without a right of its own: clients find out by it what they
  /// may use (contract section 9.3).
  package static let listProjects = Operation("KeystoneListProjects", .get, projects, .user, nil)
  package static let showProject = Operation(
    "KeystoneShowProject", .get, projects + "/{project_id}", .user, nil)
  package static let createProject = Operation(
    "KeystoneCreateProject", .post, projects, .domain, "iam:projects:createProject")
}

// Users and groups.
extension Operation {
  private static let users = [
    createUser, listUsers, showUser, updateUser, deleteUser, changePassword, listGroupsOfUser,
  ]
  private static let groups = [
    createGroup, listGroups, showGroup, updateGroup, deleteGroup, addUserToGroup, removeUserFromGroup,
    checkUserInGroup, listUsersOfGroup,
  ]

  private static let user = "/v3/users/{user_id}"
  private static let group = "/v3/groups/{group_id}"
  private static let member = group + "/users/{user_id}"

  package static let createUser = Operation(
    "KeystoneCreateUser", .post, "/v3/users", .domain, "iam:users:createUser")
  package static let listUsers = Operation(
    "KeystoneListUsers", .get, "/v3/users", .domain, "iam:users:listUsers")
  package static let showUser = Operation("KeystoneShowUser", .get, user, .own, "iam:users:getUser")
  package static let updateUser = Operation(
    "KeystoneUpdateUserByAdmin", .patch, user, .domain, "iam:users:updateUser")
  package static let deleteUser = Operation(
    "KeystoneDeleteUser", .delete, user, .domain, "iam:users:deleteUser")
  /// The caller's own, with the password so far.
  package static let changePassword = Operation(
    "KeystoneUpdateUserPassword", .post, user + "/password", .user, nil)
  package static let listGroupsOfUser = Operation(
    "KeystoneListGroupsForUser", .get, user + "/groups", .own, "iam:groups:listGroupsForUser")

  package static let createGroup = Operation(
    "KeystoneCreateGroup", .post, "/v3/groups", .domain, "iam:groups:createGroup")
  package static let listGroups = Operation(
    "KeystoneListGroups", .get, "/v3/groups", .domain, "iam:groups:listGroups")
  package static let showGroup = Operation(
    "KeystoneShowGroup", .get, group, .domain, "iam:groups:getGroup")
  package static let updateGroup = Operation(
    "KeystoneUpdateGroup", .patch, group, .domain, "iam:groups:updateGroup")
  package static let deleteGroup = Operation(
    "KeystoneDeleteGroup", .delete, group, .domain, "iam:groups:deleteGroup")
  package static let addUserToGroup = Operation(
    "KeystoneAddUserToGroup", .put, member, .domain, "iam:permissions:addUserToGroup")
  package static let removeUserFromGroup = Operation(
    "KeystoneRemoveUserFromGroup", .delete, member, .domain, "iam:permissions:removeUserFromGroup")
  package static let checkUserInGroup = Operation(
    "KeystoneCheckUserInGroup", .head, member, .domain, "iam:permissions:checkUserInGroup")
  package static let listUsersOfGroup = Operation(
    "KeystoneListUsersForGroupByAdmin", .get, group + "/users", .domain, "iam:users:listUsersForGroup")
}

// Access keys and policies.
extension Operation {
  private static let accessKeys = [
    createAccessKey, listAccessKeys, showAccessKey, updateAccessKey, deleteAccessKey,
  ]
  private static let policies = [
    createPolicy, listPolicies, showPolicy, updatePolicy, deletePolicy, listRoles, showRole,
  ]

  private static let credentials = "/v3.0/OS-CREDENTIAL/credentials"
  private static let credential = credentials + "/{access_key}"
  private static let roles = "/v3.0/OS-ROLE/roles"
  private static let role = roles + "/{role_id}"

  package static let createAccessKey = Operation(
    "CreatePermanentAccessKey", .post, credentials, .own, "iam:credentials:createCredential")
  package static let listAccessKeys = Operation(
    "ListPermanentAccessKeys", .get, credentials, .own, "iam:credentials:listCredentials")
  package static let showAccessKey = Operation(
    "ShowPermanentAccessKey", .get, credential, .own, "iam:credentials:getCredential")
  package static let updateAccessKey = Operation(
    "UpdatePermanentAccessKey", .put, credential, .own, "iam:credentials:updateCredential")
  package static let deleteAccessKey = Operation(
    "DeletePermanentAccessKey", .delete, credential, .own, "iam:credentials:deleteCredential")

  package static let createPolicy = Operation(
    "CreateCloudServiceCustomPolicy", .post, roles, .domain, "iam:roles:createRole")
  package static let listPolicies = Operation(
    "ListCustomPolicies", .get, roles, .domain, "iam:roles:listRoles")
  package static let showPolicy = Operation("ShowCustomPolicy", .get, role, .domain, "iam:roles:getRole")
  package static let updatePolicy = Operation(
    "UpdateCloudServiceCustomPolicy", .patch, role, .domain, "iam:roles:updateRole")
  package static let deletePolicy = Operation(
    "DeleteCustomPolicy", .delete, role, .domain, "iam:roles:deleteRole")
  /// Also those that are built in.
  package static let listRoles = Operation(
    "KeystoneListPermissions", .get, "/v3/roles", .domain, "iam:roles:listRoles")
  package static let showRole = Operation(
    "KeystoneShowPermission", .get, "/v3/roles/{role_id}", .domain, "iam:roles:getRole")
}
