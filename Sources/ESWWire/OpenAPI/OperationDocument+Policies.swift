import ESWModel

extension OperationDocument {
  static let rights = Area(
    name: "Keys and policies",
    summary: "Version 3.0 of the vendor's IAM: what requests are signed with, and what may be done",
    operations: keys + policies)

  private static let keys = [
    OperationDocument(
      .createAccessKey, "Make an access key; only this answer has its secret",
      body: .body([
        "credential": .body(["user_id": .identityID], optional: ["description": .resourceDescription])
      ]),
      .created(.answer(["credential": makeCredential(["secret": .string(pattern: "^[A-Za-z0-9]{40}$")])])),
      mayConflict: true),
    OperationDocument(
      .listAccessKeys, "List the access keys of a user",
      query: [Query(name: "user_id", summary: "The caller's own without it", schema: .identityID.orEmpty)],
      .ok(.answer(["credentials": .array(of: credential)]))),
    OperationDocument(.showAccessKey, "Show an access key", .ok(.answer(["credential": credential]))),
    OperationDocument(
      .updateAccessKey, "Change description of an access key, or whether it opens anything",
      body: .body([
        "credential": .body(
          [:], optional: ["status": .words("active", "inactive"), "description": .resourceDescription])
      ]), .ok(.answer(["credential": credential])), mayConflict: true),
    OperationDocument(.deleteAccessKey, "Delete an access key", .noContent, mayConflict: true),
  ]

  private static let policies = [
    OperationDocument(
      .createPolicy, "Make a policy", body: .body(["role": newPolicy]),
      .created(.answer(["role": custom])), mayConflict: true),
    OperationDocument(
      .listPolicies, "List the policies that are not built in", query: Query.pages,
      .ok(.linked("roles", of: custom, more: ["total_number": .count]))),
    OperationDocument(
      .showPolicy, "Show a policy that is not built in", .ok(.answer(["role": custom]))),
    OperationDocument(
      .updatePolicy, "Put other content into a policy", body: .body(["role": newPolicy]),
      .ok(.answer(["role": custom])), mayConflict: true),
    OperationDocument(
      .deletePolicy, "Delete a policy that is granted nowhere", .noContent, mayConflict: true),
    OperationDocument(
      .listRoles, "List policies, also those that are built in",
      query: Query.pages + [
        .filter("name"), .filter("display_name"), .filter("type"),
        Query(name: "domain_id", summary: "The domain's own: without what is built in", schema: .string()),
      ], .ok(.linked("roles", of: .policy, more: ["total_number": .count]))),
    OperationDocument(.showRole, "Show a policy, also one that is built in", .ok(.answer(["role": .policy]))),
  ]

  // MARK: Requests

  private static let newPolicy = Schema.body(
    [
      "display_name": .identityName, "type": .words("AX", "XA"),
      "policy": .body([
        "Version": .words("1.1"),
        "Statement": .array(of: newStatement, count: 1...PolicyContent.mostStatements),
      ]),
    ], optional: ["description": .resourceDescription]
  ).named("PolicyOption")

  /// Conditions and single resources are refused: they would have to be kept.
  private static let newStatement = Schema.body(
    ["Effect": .effect, "Action": .actions],
    optional: [
      "Condition": .empty,
      "Resource": .either(.words("*"), .array(of: .words("*"), count: 1...10)),
    ])

  // MARK: Answers

  private static let credential = makeCredential([:]).named("Credential")

  private static func makeCredential(_ secret: KeyValuePairs<String, Schema>) -> Schema {
    .answer(
      [
        "access": .accessKeyID, "user_id": .identityID, "status": .words("active", "inactive"),
        "description": .resourceDescription, "create_time": .moment,
      ], more: secret)
  }

  private static let custom = Schema.customPolicy
}

extension Schema {
  /// A policy, as what it is granted as is called.
  static let policy: Schema = either(builtInPolicy, customPolicy)

  fileprivate static let customPolicy: Schema = anyKind(with: [
    "name": string(pattern: "^custom_[0-9a-f]{32}$"), "type": words("AX", "XA"),
    "catalog": words("CUSTOMED"), "domain_id": identityID, "created_time": time, "updated_time": time,
  ]).named("CustomPolicy")

  private static let builtInPolicy: Schema = anyKind(with: [
    "name": identityName, "type": words("AA"), "catalog": words("BASE"), "domain_id": null,
  ]).named("BuiltInPolicy")

  private static func anyKind(with kind: KeyValuePairs<String, Schema>) -> Schema {
    answer(
      [
        "id": identityID, "display_name": identityName, "description": resourceDescription,
        "policy": answer([
          "Version": words("1.1"),
          "Statement": array(
            of: answer(["Effect": effect, "Action": actions]), count: 1...PolicyContent.mostStatements),
        ]), "links": links,
      ], more: kind)
  }

  /// Milliseconds since 1970, as text.
  private static let time = string(pattern: "^[0-9]{1,18}$")
  fileprivate static let effect = words("Allow", "Deny")
  fileprivate static let actions = array(
    of: string(
      0...ActionPattern.longest, pattern: "^[a-z0-9*_-]+:[A-Za-z0-9*_-]+:[A-Za-z0-9*_-]+$"),
    count: 1...PolicyStatement.mostActions)
}
