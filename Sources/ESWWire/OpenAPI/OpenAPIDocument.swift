import ESWModel

/// The API as an OpenAPI 3.1 document, made of the table of operations and of what `OperationDocument` says
/// of each.
package enum OpenAPIDocument {
  /// As it is served.
  package static let text: [UInt8] = {
    var writer = JSONWriter(capacity: 256 << 10)
    writer.document(document(of: OperationDocument.areas))
    return writer.finish()
  }()

  static func document(of areas: [OperationDocument.Area]) -> JSONDocument {
    [
      "openapi": "3.1.0",
      "info": [
        "title": "OpenESW", "version": "1",
        "summary": "A self-hosted Enterprise Switch with the API of Huawei Cloud's",
        "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
      ],
      "servers": [["url": "/"]],
      "tags": .array(areas.map { ["name": .text($0.name), "description": .text($0.summary)] }),
      "paths": paths(of: areas),
      "components": [
        "schemas": schemas(of: areas.flatMap(\.operations)), "responses": Refusals.components,
        "headers": Refusals.headers, "securitySchemes": Doors.components,
      ],
    ]
  }

  private static func schemas(of operations: [OperationDocument]) -> JSONDocument {
    var all = Schema.error.definitions
    for schema in operations.flatMap({ $0.answersOfAll.map(\.schema) + [$0.body] }).compactMap({ $0 }) {
      all.merge(schema.definitions) { first, second in
        precondition(first == second, "two schemas have one name: \(first) and \(second)")
        return first
      }
    }
    return JSONDocument(all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  }

  private static func paths(of areas: [OperationDocument.Area]) -> JSONDocument {
    var order: [String] = []
    var items: [String: [JSONDocument.Member]] = [:]
    let all = areas.flatMap(\.operations)
    for area in areas {
      for entry in area.operations {
        let path = entry.operation.path
        if items[path] == nil {
          order.append(path)
          items[path] = parameters(of: path)
        }
        items[path]?.append(
          .init(
            name: entry.operation.method.rawValue.lowercased(), value: item(entry, tag: area.name, among: all)
          ))
      }
    }
    return JSONDocument(order.map { ($0, .object(items[$0] ?? [])) })
  }

  /// Those in the path; they belong to all of its methods.
  private static func parameters(of path: String) -> [JSONDocument.Member] {
    let parameters = PathParameter.names(in: path).map { name -> JSONDocument in
      let schema = PathParameter.schema(of: name) ?? .string()
      return ["name": .text(name), "in": "path", "required": true, "schema": schema.json]
    }
    return parameters.isEmpty ? [] : [.init(name: "parameters", value: .array(parameters))]
  }

  private static func item(
    _ entry: OperationDocument, tag: String, among all: [OperationDocument]
  ) -> JSONDocument {
    let operation = entry.operation
    var json: JSONDocument = [
      "operationId": .text(operation.name), "tags": [.text(tag)], "summary": .text(entry.summary),
      "security": Doors.security(of: operation.door),
    ]
    if let action = operation.action { json = json.with(["x-iam-action": .text(action.description)]) }
    let query = entry.queryOfAll
    if !query.isEmpty { json = json.with(["parameters": .array(query.map(parameter))]) }
    if let body = entry.body {
      json = json.with(["requestBody": ["required": true, "content": content(body, [entry.bodyType])]])
    }
    let answers = entry.answersOfAll.map { shown in
      let own = entry.answers.first { $0.status == shown.status }
      return (
        "\(shown.status)",
        answer(shown, links: own.map { links(from: entry, $0, to: all) } ?? .object([]))
      )
    }
    return json.with(["responses": JSONDocument(answers + Refusals.of(entry))])
  }

  private static func parameter(_ query: OperationDocument.Query) -> JSONDocument {
    [
      "name": .text(query.name), "in": "query", "required": .boolean(query.isRequired),
      "description": .text(query.summary), "schema": query.schema.json,
    ]
  }

  private static func answer(_ answer: OperationDocument.Answer, links: JSONDocument) -> JSONDocument {
    let headers = answer.headers.map { name -> (String, JSONDocument) in
      (name, ["required": true, "schema": Schema.string().json])
    }
    var json: JSONDocument = [
      "description": .text(answer.summary), "headers": JSONDocument([Refusals.requestID] + headers),
    ]
    if let schema = answer.schema { json = json.with(["content": content(schema, answer.mediaTypes)]) }
    return links.names.isEmpty ? json : json.with(["links": links])
  }

  static func content(
    _ schema: Schema, _ mediaTypes: [String] = ["application/json"]
  ) -> JSONDocument {
    JSONDocument(mediaTypes.map { ($0, ["schema": schema.json]) })
  }
}
