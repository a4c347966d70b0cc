import ESWModel

extension OperationDocument {
  static let people = Area(
    name: "Users and groups", summary: "Version 3 of the vendor's IAM: who may call",
    operations: users + groups)

  private static let users = [
    OperationDocument(
      .createUser, "Make a user, who may do nothing until in a group",
      body: .body([
        "user": .body(
          ["name": .identityName],
          optional: ["description": .resourceDescription, "enabled": .boolean, "password": .password])
      ]), .created(.answer(["user": user])), mayConflict: true),
    OperationDocument(
      .listUsers, "List users", query: [.filter("name"), .filter("domain_id"), .filter("enabled")],
      .ok(.linked("users", of: user))),
    OperationDocument(.showUser, "Show a user", .ok(.answer(["user": user]))),
    OperationDocument(
      .updateUser, "Change a user; another password, or none any more, makes tokens void",
      body: .body([
        "user": .body(
          [:],
          optional: [
            "name": .identityName, "description": .resourceDescription, "enabled": .boolean,
            "password": .password,
          ])
      ]), .ok(.answer(["user": user])), mayConflict: true),
    OperationDocument(
      .deleteUser, "Delete a user, with keys and memberships", .noContent, mayConflict: true),
    OperationDocument(
      .changePassword, "Change the caller's own password",
      body: .body(["user": .body(["original_password": .string(), "password": .password])]), .noContent,
      mayConflict: true, checksPassword: true),
    OperationDocument(
      .listGroupsOfUser, "List the groups that a user is in", .ok(.linked("groups", of: group))),
  ]

  private static let groups = [
    OperationDocument(
      .createGroup, "Make a group",
      body: .body([
        "group": .body(["name": .identityName], optional: ["description": .resourceDescription])
      ]), .created(.answer(["group": group])), mayConflict: true),
    OperationDocument(
      .listGroups, "List groups", query: [.filter("name"), .filter("domain_id")],
      .ok(.linked("groups", of: group))),
    OperationDocument(.showGroup, "Show a group", .ok(.answer(["group": group]))),
    OperationDocument(
      .updateGroup, "Change name or description of a group",
      body: .body([
        "group": .body([:], optional: ["name": .identityName, "description": .resourceDescription])
      ]), .ok(.answer(["group": group])), mayConflict: true),
    OperationDocument(
      .deleteGroup, "Delete a group, with memberships and grants", .noContent, mayConflict: true),
    OperationDocument(.addUserToGroup, "Put a user into a group", .noContent, mayConflict: true),
    OperationDocument(.removeUserFromGroup, "Take a user out of a group", .noContent, mayConflict: true),
    OperationDocument(.checkUserInGroup, "Ask whether a user is in a group: 204 or 404", .noContent),
    OperationDocument(
      .listUsersOfGroup, "List the users that are in a group", .ok(.linked("users", of: user))),
  ]

  private static let user = Schema.answer([
    "id": .identityID, "name": .identityName, "description": .resourceDescription, "domain_id": .identityID,
    "enabled": .boolean, "pwd_status": .boolean, "password_expires_at": .null, "links": .links,
  ]).named("User")

  private static let group = Schema.answer([
    "id": .identityID, "name": .identityName, "description": .resourceDescription, "domain_id": .identityID,
    "create_time": .milliseconds, "links": .links,
  ]).named("Group")
}
