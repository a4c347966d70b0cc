package import ESWWire
package import Foundation
import NIOHTTP1

extension ESWClient {
  /// The operation's path with its parameters filled in.
  ///
  /// - Parameter ids: By the names that the path gives them, without `project_id`, which is the caller's.
  package func path(of operation: ESWWire.Operation, _ ids: [String: String] = [:]) -> String {
    operation.path.split(separator: "/").reduce(into: "") { path, segment in
      path += "/"
      guard segment.hasPrefix("{"), segment.hasSuffix("}") else {
        path += segment
        return
      }
      let name = String(segment.dropFirst().dropLast())
      let value = ids[name] ?? (name == "project_id" ? "\(project)" : nil)
      precondition(value != nil, "\(operation.name) wants \(name)")
      path += (value ?? "").addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? ""
    }
  }

  /// One signed request for an operation of the table.
  ///
  /// - Returns: The body of an answer below 400; empty for 204.
  /// - Throws: `ClientError`.
  @discardableResult
  package func call(
    _ operation: ESWWire.Operation, _ ids: [String: String] = [:],
    query: [(name: String, value: String)] = [],
    body: Data? = nil
  ) async throws -> Data {
    try await plan(operation, ids, query, body)
    return try await call(method(operation), path(of: operation, ids), query: query, body: body)
  }

  /// The same where the answer is JSON.
  package func answer(
    to operation: ESWWire.Operation, _ ids: [String: String] = [:],
    query: [(name: String, value: String)] = [],
    body: Data? = nil
  ) async throws -> JSON {
    try await plan(operation, ids, query, body)
    return try await call(
      method(operation), path(of: operation, ids), query: query, body: body, as: JSON.self)
  }

  /// Ends the call, if it is one of a change and changes are only planned.
  private func plan(
    _ operation: ESWWire.Operation, _ ids: [String: String], _ query: [(name: String, value: String)],
    _ body: Data?
  ) async throws {
    guard let planned, operation.isChange else { return }
    let answer = try await call(
      method(operation), path(of: operation, ids), query: query + [(DryRunQuery.name, "true")], body: body,
      as: JSON.self)
    throw planned(answer["plan"])
  }

  /// RFC 3986 section 2.3.
  private static let unreserved = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

  private func method(_ operation: ESWWire.Operation) -> HTTPMethod {
    HTTPMethod(rawValue: operation.method.rawValue)
  }
}

extension ESWWire.Operation {
  /// The names of the path's parameters, `project_id` left out.
  package var parameters: [String] {
    path.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }
      .map { String($0.dropFirst().dropLast()) }.filter { $0 != "project_id" }
  }
}

/// A request and what came of it, for who watches a client.
package struct Exchange: Hashable, Sendable {
  package let method: String
  /// With the query, as it went over the wire.
  package let target: String
  /// Nil: no answer came.
  package let status: Int?
  package let requestID: String?
  /// The answer's `Date`.
  package let serverDate: String?
  package let duration: Duration
}
