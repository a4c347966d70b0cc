import ESWModel
package import Foundation
package import NIOHTTP1

extension ESWClient {
  /// How many rows are asked for at a time (contract section 5: 2000 is the default page).
  static let pageSize = 1000

  /// One signed request whose answer is JSON.
  ///
  /// - Throws: `ClientError`; `.answer` when the body is not of the type.
  package func call<Body: Decodable>(
    _ method: HTTPMethod, _ path: String, query: [(name: String, value: String)] = [], body: Data? = nil,
    as type: Body.Type
  ) async throws -> Body {
    let data = try await call(method, path, query: query, body: body)
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw ClientError.answer("\(method) \(path): \(error)")
    }
  }

  /// All rows of a list, page by page.
  ///
  /// - Parameter key: The member that holds the rows, such as `connections`.
  package func rows(
    _ path: String, key: String, query: [(name: String, value: String)] = []
  ) async throws -> [JSON] {
    var rows: [JSON] = []
    var marker: String?
    repeat {
      var parameters = query + [("limit", "\(Self.pageSize)")]
      if let marker { parameters.append(("marker", marker)) }
      let answer = try await call(.GET, path, query: parameters, as: JSON.self)
      guard case .array(let page) = answer[key] else { throw ClientError.answer("GET \(path) has no \(key)") }
      rows += page
      if case .string(let next) = answer["page_info.next_marker"], !page.isEmpty {
        marker = next
      } else {
        marker = nil
      }
    } while marker != nil
    return rows
  }

  /// `/v3/{project}/l2cg` and what follows.
  package func switchPath(_ rest: String) -> String { "/v3/\(project)/l2cg\(rest)" }

  /// `/v1/{project}` and what follows.
  package func networkPath(_ rest: String) -> String { "/v1/\(project)\(rest)" }

  /// `/openesw/v1/{project}` and what follows: our own additions.
  package func ownPath(_ rest: String) -> String { "/openesw/v1/\(project)\(rest)" }
}
