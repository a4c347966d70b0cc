/// What the OpenAPI document says of an operation beside its line in the table of operations, from which
/// it takes name, method, path with its parameters, door and action.
package struct OperationDocument: Sendable {
  package struct Query: Sendable {
    let name: String
    let summary: String
    let schema: Schema
    var isRequired = false
  }

  package struct Answer: Sendable {
    let status: Int
    let summary: String
    /// Nil: no body.
    let schema: Schema?
    /// Beside `X-Request-Id`, always there.
    var headers: [String] = []
    var mediaTypes = ["application/json"]
  }

  package let operation: Operation
  let summary: String
  let query: [Query]
  let body: Schema?
  let bodyType: String
  let answers: [Answer]
  /// 409, which most operations never answer.
  let mayConflict: Bool
  /// 401 for a wrong one and 403 for what it does not open, also behind a door that has neither.
  let checksPassword: Bool

  init(
    _ operation: Operation, _ summary: String, query: [Query] = [], body: Schema? = nil,
    bodyType: String = "application/json", _ answers: Answer..., mayConflict: Bool = false,
    checksPassword: Bool = false
  ) {
    self.operation = operation
    self.summary = summary
    self.query = query
    self.body = body
    self.bodyType = bodyType
    self.answers = answers
    self.mayConflict = mayConflict
    self.checksPassword = checksPassword
  }

  /// Operations that belong together: a tag of the document.
  package struct Area: Sendable {
    let name: String
    let summary: String
    package let operations: [OperationDocument]
  }

  package static let areas: [Area] = [
    switches, networks, ports, tokens, people, rights, grants, additions, agents, metrics,
  ]
  package static var all: [OperationDocument] { areas.flatMap(\.operations) }
}

extension OperationDocument.Answer {
  static func ok(_ schema: Schema, headers: [String] = []) -> Self {
    Self(status: 200, summary: "Done", schema: schema, headers: headers)
  }

  static func created(_ schema: Schema, headers: [String] = []) -> Self {
    Self(status: 201, summary: "Made", schema: schema, headers: headers)
  }

  static func text(_ mediaTypes: [String]) -> Self {
    Self(status: 200, summary: "Done", schema: .string(), mediaTypes: mediaTypes)
  }

  static let noContent = Self(status: 204, summary: "Done; there is nothing to tell", schema: nil)
}

extension OperationDocument.Query {
  /// `limit` and `marker` (contract section 5).
  static func paging(by marker: Schema = .uuid) -> [Self] {
    let range = PageQuery<String>.limitRange
    return [
      Self(
        name: "limit", summary: "Rows of a page at most; 0 and none: \(PageQuery<String>.defaultLimit)",
        schema: .integer(Int64(range.lowerBound)...Int64(range.upperBound)).orEmpty),
      Self(name: "marker", summary: "The page begins behind the row of this name", schema: marker.orEmpty),
    ]
  }

  /// Rows that have exactly this value; any text is taken, and one that no row can have matches none.
  static func filter(_ name: String) -> Self {
    Self(name: name, summary: "Only rows with exactly this \(name)", schema: .string())
  }
}

/// Parameters of paths, wherever they stand.
package enum PathParameter {
  /// What is of another shape is as unknown as what does not exist: 404.
  static func schema(of name: String) -> Schema? {
    switch name {
    case "project_id": .projectID
    case "user_id", "group_id", "role_id", "domain_id": .identityID
    case "access_key": .accessKeyID
    case "node": .nodeName
    case "instance_id", "connection_id", "vpc_id", "subnet_id", "attachment_id", "port_id",
      "privateip_id", "capture_id":
      .uuid
    case "resource_id": .uuid
    case "console_version", "console_file": .string()
    default: nil
    }
  }

  /// Those of an operation, in their order.
  package static func names(in path: String) -> [String] {
    path.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }
      .map { String($0.dropFirst().dropLast()) }
  }

  package static func isKnown(_ name: String) -> Bool { schema(of: name) != nil }
}
