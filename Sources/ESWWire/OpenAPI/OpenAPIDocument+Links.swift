extension OpenAPIDocument {
  /// Where to go on with what was made: from the answer `{"vpc": {"id": …}}` to every operation with
  /// `{vpc_id}` in its path, the other parameters of which are the request's own or properties of what
  /// was made.
  static func links(
    from entry: OperationDocument, _ answer: OperationDocument.Answer, to all: [OperationDocument]
  ) -> JSONDocument {
    guard entry.operation.method == .post, let schema = answer.schema else { return .object([]) }
    let made = schema.properties.first { schema.property($0).flatMap { key(of: $0) } != nil }
    guard let made, let row = schema.property(made) else { return .object([]) }
    let links = all.compactMap { other -> (String, JSONDocument)? in
      guard let parameters = parameters(of: other.operation, from: entry.operation, made, row) else {
        return nil
      }
      return (
        other.operation.name,
        ["operationId": .text(other.operation.name), "parameters": JSONDocument(parameters)]
      )
    }
    return JSONDocument(links)
  }

  /// The property that names a row; access keys have no id beside themselves.
  private static func key(of row: Schema) -> String? {
    ["id", "access"].first { row.properties.contains($0) }
  }

  /// Nil where the path does not name what was made, or names something that is not known then.
  private static func parameters(
    of operation: Operation, from source: Operation, _ made: String, _ row: Schema
  ) -> [(String, JSONDocument)]? {
    let own = Set(PathParameter.names(in: source.path))
    let names = PathParameter.names(in: operation.path)
    // Jobs are listed by the id of their switch.
    let isJobs = made == "instance" && names.contains("resource_id")
    let id = isJobs ? "resource_id" : made == "credential" ? "access_key" : "\(made)_id"
    guard let key = key(of: row), names.contains(id) else { return nil }
    // A project is the place of most operations, not what they are about.
    guard made != "project" || operation.door != .project else { return nil }
    var parameters: [(String, JSONDocument)] = []
    for name in names {
      if name == id {
        parameters.append((name, .text("$response.body#/\(made)/\(key)")))
      } else if own.contains(name) {
        parameters.append((name, .text("$request.path.\(name)")))
      } else if row.properties.contains(name) {
        parameters.append((name, .text("$response.body#/\(made)/\(name)")))
      } else {
        return nil
      }
    }
    return parameters
  }
}
