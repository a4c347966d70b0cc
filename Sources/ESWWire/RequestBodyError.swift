/// Why a request's body was not understood. It names the field and the rule, and repeats nothing of what
/// the caller sent.
package enum RequestBodyError: Error, Hashable, Sendable, CustomStringConvertible {
  case syntax(JSONSyntaxError)
  case missing(path: String)
  /// `rule` goes on behind "must be", such as `a UUID`.
  case invalid(path: String, rule: String)

  package var description: String {
    switch self {
    case .syntax(let error): "the body is not JSON: \(error.reason), at byte \(error.offset)"
    case .missing(let path): "\(path) is required"
    case .invalid(let path, let rule): "\(path) must be \(rule)"
    }
  }
}

/// A value of a request's body that knows where it stands.
struct BodyField {
  /// Such as `connection.remote_infos[0].tunnel_ip`; empty for the body itself.
  let path: String
  private let value: JSONValue

  private init(path: String, value: JSONValue) {
    self.path = path
    self.value = value
  }

  init(body: some Collection<UInt8>) throws(RequestBodyError) {
    path = ""
    do throws(JSONSyntaxError) { value = try JSONValue(parsing: body) } catch { throw .syntax(error) }
  }

  /// A member that has to be there.
  func member(_ name: String) throws(RequestBodyError) -> BodyField {
    guard let member = try optional(name) else { throw .missing(path: pathOf(name)) }
    return member
  }

  /// A member that may be left out; null counts as left out. Members that nobody asks for are ignored.
  func optional(_ name: String) throws(RequestBodyError) -> BodyField? {
    guard case .object(let members) = value else {
      throw .invalid(path: path.isEmpty ? "the body" : path, rule: "an object")
    }
    guard let member = members[name], member != .null else { return nil }
    return BodyField(path: pathOf(name), value: member)
  }

  private func pathOf(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  func text(_ rule: String) throws(RequestBodyError) -> String {
    guard case .string(let text) = value else { throw must(rule) }
    return text
  }

  /// A string that has to be one of the type's.
  func parsed<Value: LosslessStringConvertible>(_ rule: String) throws(RequestBodyError) -> Value {
    guard let parsed = Value(try text(rule)) else { throw must(rule) }
    return parsed
  }

  /// A string of so many characters.
  func text(length: ClosedRange<Int>) throws(RequestBodyError) -> String {
    let rule = "a string of \(length.lowerBound) to \(length.upperBound) characters"
    let text = try text(rule)
    guard text.utf8.count <= 4 * length.upperBound, length.contains(text.unicodeScalars.count) else {
      throw must(rule)
    }
    return text
  }

  /// A string that has only one value to choose from.
  func word(_ only: String) throws(RequestBodyError) {
    guard try text("\"\(only)\"") == only else { throw must("\"\(only)\"") }
  }

  func integer(in range: ClosedRange<Int64>) throws(RequestBodyError) -> Int64 {
    guard case .integer(let number) = value, range.contains(number) else {
      throw must("an integer from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func boolean() throws(RequestBodyError) -> Bool {
    guard case .boolean(let value) = value else { throw must("true or false") }
    return value
  }

  func elements(_ count: ClosedRange<Int>, of kind: String) throws(RequestBodyError) -> [BodyField] {
    let number =
      count.lowerBound == count.upperBound
      ? "exactly \(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
    guard case .array(let elements) = value, count.contains(elements.count) else {
      throw must("an array of \(number) \(kind)")
    }
    return elements.enumerated().map { BodyField(path: "\(path)[\($0.offset)]", value: $0.element) }
  }

  /// All members of an object, by name; null counts as left out.
  func members() throws(RequestBodyError) -> [(name: String, field: BodyField)] {
    guard case .object(let members) = value else { throw must("an object") }
    return members.filter { $0.value != .null }.sorted { $0.key < $1.key }
      .map { ($0.key, BodyField(path: pathOf($0.key), value: $0.value)) }
  }

  var isText: Bool {
    if case .string = value { true } else { false }
  }

  func isEmptyObject() throws(RequestBodyError) -> Bool {
    guard case .object(let members) = value else { throw must("an object") }
    return members.isEmpty
  }

  func must(_ rule: String) -> RequestBodyError { .invalid(path: path, rule: rule) }
}
