extension OpenAPIDocument {
  /// Where to go on with what was made: from the answer `{"vpc": {"id": …}}` to every operation with
  /// `{vpc_id}` in its path, the other parameters of which are the request's own or properties of what
  /// was made.
  static func links(
    from entry: OperationDocument, _ answer: OperationDocument.Answer, to all: [OperationDocument]
  ) -> JSONDocument {
    guard entry.operation.method == .post, let schema = answer.schema else { return .object([]) }
    let made = schema.properties.first { schema.property($0)?.property("id") != nil }
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

  /// Nil where the path does not name what was made, or names something that is not known then.
  private static func parameters(
    of operation: Operation, from source: Operation, _ made: String, _ row: Schema
  ) -> [(String, JSONDocument)]? {
    let own = Set(PathParameter.names(in: source.path))
    let names = PathParameter.names(in: operation.path)
    // Jobs are listed by the id of their switch.
    let id = made == "instance" && names.contains("resource_id") ? "resource_id" : "\(made)_id"
    guard names.contains(id) else { return nil }
    var parameters: [(String, JSONDocument)] = []
    for name in names {
      if name == id {
        parameters.append((name, .text("$response.body#/\(made)/id")))
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
