import ESWModel

extension OperationDocument {
  /// Answers of this API have no `request_id` and no `page_info`; lists have links instead.
  static let tokens = Area(
    name: "Tokens and projects", summary: "Version 3 of the vendor's IAM: who somebody is, and what there is",
    operations: login + projects)

  private static let login = [
    OperationDocument(
      .createToken, "Get a token by name and password, in the header X-Subject-Token",
      query: [Query(name: "nocatalog", summary: "Whatever it says: without the catalog", schema: .string())],
      body: .body(["auth": auth]),
      .created(.answer(["token": token]), headers: ["X-Subject-Token"]), checksPassword: true),
    OperationDocument(
      .listAuthProjects, "List the projects in which the caller has a policy",
      .ok(.linked("projects", of: project))),
    OperationDocument(
      .listAuthDomains, "List the domains of the caller: the one there is",
      .ok(.linked("domains", of: domain))),
    OperationDocument(
      .showCatalog, "Show where the services of the caller's project are",
      .ok(.linked("catalog", of: service))),
  ]

  private static let projects = [
    OperationDocument(
      .listProjects, "List the projects in which the caller has a policy; all, for who may list them",
      query: Query.pages + [
        .filter("name"), .filter("domain_id"), .filter("parent_id"), .filter("enabled"), .filter("is_domain"),
      ], .ok(.linked("projects", of: project))),
    OperationDocument(.showProject, "Show a project", .ok(.answer(["project": project]))),
    OperationDocument(
      .createProject, "Make a project",
      body: .body([
        "project": .body(["name": .identityName], optional: ["description": .resourceDescription])
      ]), .created(.answer(["project": project])), mayConflict: true),
  ]

  // MARK: Requests

  private static let auth = Schema.body(
    [
      "identity": .body([
        "methods": .array(of: .words("password"), count: 1...1),
        "password": .body([
          "user": .body(["name": .string(), "password": .string(), "domain": .body(["name": .string()])])
        ]),
      ])
    ],
    optional: [
      "scope": .body([:], optional: ["project": .named, "domain": .named]).withOne(of: "project", "domain")
    ]
  ).named("CreateTokenOption")

  // MARK: Answers

  private static let token = Schema.answer(
    [
      "expires_at": .moment, "issued_at": .moment,
      "methods": .array(of: .words("password"), count: 1...1),
      "user": .answer([
        "id": .identityID, "name": .identityName, "password_expires_at": .null, "domain": .idAndName,
      ]),
      "roles": .array(of: .idAndName), "catalog": .array(of: service),
    ],
    optional: [
      "project": .answer(["id": .projectID, "name": .identityName, "domain": .idAndName]),
      "domain": .idAndName,
    ]
  ).withOne(of: "project", "domain").named("Token")

  private static let project = Schema.answer([
    "id": .projectID, "name": .identityName, "description": .resourceDescription, "domain_id": .identityID,
    "parent_id": .identityID, "is_domain": .only(false), "enabled": .only(true), "links": .links,
  ]).named("Project")

  private static let domain = Schema.answer([
    "id": .identityID, "name": .identityName, "description": .words(""), "enabled": .only(true),
    "links": .links,
  ]).named("Domain")

  private static let service = Schema.answer([
    "id": serviceName, "name": serviceName, "type": serviceName,
    "endpoints": .array(
      of: .answer([
        "id": serviceName, "interface": .words("public"), "region": .string(1...64),
        "region_id": .string(1...64), "url": .url,
      ]), count: 1...1),
  ]).named("Service")

  private static let serviceName = Schema.words("esw", "iam", "vpc")
}

extension OperationDocument.Query {
  /// `page` and `per_page`: both or none, else 400.
  static let pages = [
    Self(
      name: "page", summary: "The number of the page; with per_page only",
      schema: .integer(range(of: NumberedPage.numberRange)).orEmpty),
    Self(
      name: "per_page", summary: "Rows of a page at most; with page only",
      schema: .integer(range(of: NumberedPage.sizeRange)).orEmpty),
  ]

  private static func range(of range: ClosedRange<Int>) -> ClosedRange<Int64> {
    Int64(range.lowerBound)...Int64(range.upperBound)
  }
}

// What the rows of identity have in common.
extension Schema {
  static let identityID = string(pattern: "^[0-9a-f]{32}$")
  static let accessKeyID = string(pattern: "^[A-Z0-9]{20}$")

  /// Which characters can be seen is Unicode's matter and is not told in full here.
  static let identityName = string(
    IdentityName.lengthRange,
    pattern: #"^[^\s<>\x00-\x1f\x7f-\x9f]([^<>\x00-\x1f\x7f-\x9f]*[^\s<>\x00-\x1f\x7f-\x9f])?$"#)
  static let password = string(Password.lengthRange, pattern: #"^[^\x00-\x1f\x7f-\x9f]*$"#)
  static let url = string(pattern: #"^https?://[-A-Za-z0-9._:\[\]]{1,255}(/[ -~]*)?$"#)

  static let links = answer(["self": url, "previous": .null, "next": .null]).named("Links")

  static let idAndName = answer(["id": identityID, "name": identityName]).named("IdAndName")

  /// In requests: either says it, both have to agree.
  fileprivate static let named = body([:], optional: ["id": string(), "name": string()])
    .withSome(of: "id", "name").named("IdOrNameOption")

  /// A list of the vendor's IAM.
  static func linked(
    _ name: String, of row: Schema, more: KeyValuePairs<String, Schema> = [:]
  ) -> Schema {
    answer([name: array(of: row), "links": links], more: more)
  }
}
