import ControlPlane
import ESWWire
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore

/// The OpenAPI document as a client gets it.
struct ServedDocument: Sendable {
  struct Item: Sendable {
    let id: String
    let route: String
    let action: String?
    let pathParameters: [String]
    let responses: [String: JSONValue]
  }

  let json: JSONValue
  let operations: [Item]

  static var shared: ServedDocument { get async throws { try await fetched.value } }

  private static let fetched = Task {
    try await Lab().service().application.test(.router) { client in
      try await client.execute(uri: "/openesw/v1/openapi.json", method: .get) {
        ServedDocument(try JSONValue(parsing: $0.body.readableBytesView, mostValues: 100_000))
      }
    }
  }

  private init(_ json: JSONValue) {
    self.json = json
    operations = (json["paths"]?.members ?? [:]).flatMap { path, item -> [Item] in
      let parameters = (item["parameters"]?.elements ?? []).compactMap { $0["name"]?.text }
      return (item.members ?? [:]).compactMap { method, operation -> Item? in
        guard let id = operation["operationId"]?.text else { return nil }
        return Item(
          id: id, route: "\(method.uppercased()) \(path)", action: operation["x-iam-action"]?.text,
          pathParameters: parameters, responses: operation["responses"]?.members ?? [:])
      }
    }
  }

  /// Behind references, which point into the document.
  func resolved(_ value: JSONValue) -> JSONValue {
    guard let reference = value["$ref"]?.text else { return value }
    var target: JSONValue? = json
    for step in reference.split(separator: "/").dropFirst() { target = target?[String(step)] }
    return target ?? .null
  }
}

extension JSONValue {
  subscript(name: String) -> JSONValue? { members?[name] }

  var members: [String: JSONValue]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  var elements: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  var text: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  var number: Int64? {
    guard case .integer(let number) = self else { return nil }
    return number
  }
}
