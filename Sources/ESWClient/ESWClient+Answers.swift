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

  /// The rows of a list, page by page.
  ///
  /// - Parameters:
  ///   - key: The member that holds the rows, such as `connections`.
  ///   - limit: The most rows that are wanted; nil for all.
  package func rows(
    _ path: String, key: String, query: [(name: String, value: String)] = [], limit: Int? = nil
  ) async throws -> [JSON] {
    var rows: [JSON] = []
    var marker: String?
    repeat {
      let size = min(Self.pageSize, (limit ?? .max) - rows.count)
      var parameters = query + [("limit", "\(size)")]
      if let marker { parameters.append(("marker", marker)) }
      let answer = try await call(.GET, path, query: parameters, as: JSON.self)
      guard case .array(let page) = answer[key] else { throw ClientError.answer("GET \(path) has no \(key)") }
      rows += page
      marker = Self.next(after: page, of: answer, size: size, behind: marker)
    } while marker != nil && rows.count < limit ?? .max
    return limit.map { Array(rows.prefix($0)) } ?? rows
  }

  /// Where the next page begins. Lists without `page_info`, such as those of VPCs, go on behind the last
  /// row of a full page; those of IAM, with `links`, are one page whatever is asked for.
  private static func next(after page: [JSON], of answer: JSON, size: Int, behind marker: String?) -> String?
  {
    guard let last = page.last, answer["links"] == .null else { return nil }
    switch (answer["page_info"], answer["page_info.next_marker"], last["id"]) {
    case (.null, _, .string(let id)): return page.count == size && id != marker ? id : nil
    case (_, .string(let next), _): return next
    default: return nil
    }
  }

  /// `/v3/{project}/l2cg` and what follows.
  package func switchPath(_ rest: String) -> String { "/v3/\(project)/l2cg\(rest)" }

  /// `/v1/{project}` and what follows.
  package func networkPath(_ rest: String) -> String { "/v1/\(project)\(rest)" }

  /// `/openesw/v1/{project}` and what follows: our own additions.
  package func ownPath(_ rest: String) -> String { "/openesw/v1/\(project)\(rest)" }
}
