package import ESWModel

/// One operation of the API, as the doors, the log, the audit and the OpenAPI document name it.
///
/// The tables in `Operation+…` files are the one place that says which operations there are; the control
/// plane serves exactly these.
package struct Operation: Hashable, Sendable {
  package enum Method: String, Hashable, Sendable {
    case get = "GET"
    case put = "PUT"
    case post = "POST"
    case patch = "PATCH"
    case delete = "DELETE"
    case head = "HEAD"
  }

  /// Who gets through, before any policy is asked.
  package enum Door: Hashable, Sendable {
    /// A user, in the project that the path names as `project_id`.
    case project
    /// The agent of a node.
    case agent
    /// A user whose policies allow it in the domain: operations of IAM itself.
    case domain
    /// A user for what is the user's own, unless a policy denies it; for others' as `domain`.
    case own
    /// Any user: what is answered is the user's own.
    case user
    /// Everybody, also who is not known.
    case open
  }

  /// As the vendor's SDK names its method, or in that manner.
  package let name: String
  package let method: Method
  /// From the root, parameters as `{name}`.
  package let path: String
  package let door: Door
  /// What a policy has to allow; nil where the door is all.
  package let action: Action?

  init(_ name: String, _ method: Method, _ path: String, _ door: Door, _ action: StaticString?) {
    self.name = name
    self.method = method
    self.path = path
    self.door = door
    self.action = action.map { Action($0) }
  }

  /// Every operation that there is.
  package static let all = switches + networks + identity + additions + agents

  /// Whether it changes intent: it can be asked with `dry_run`. Logging in and reporting write no intent.
  package var isChange: Bool {
    switch method {
    case .get, .head: false
    case .put, .post, .patch, .delete: self != .createToken && door != .agent
    }
  }
}
