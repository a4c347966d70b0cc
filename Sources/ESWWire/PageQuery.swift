/// `limit` and `marker` of a list (contract section 5).
///
/// - Parameter Marker: What names a row and gives the list its order: an id, or the name of a node.
package struct PageQuery<Marker: LosslessStringConvertible & Hashable & Sendable>: Hashable, Sendable {
  /// When none is given, or 0.
  package static var defaultLimit: Int { 2000 }
  package static var limitRange: ClosedRange<Int> { 0...Int(Int32.max) }

  package let limit: Int
  /// The page begins behind it, whether the row is still there or not.
  package let marker: Marker?

  package init(_ query: QueryParameters) throws(RequestBodyError) {
    var limit = 0
    if let text = query["limit"], text != "" {
      guard text.utf8.count <= 10, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text),
        Self.limitRange.contains(number)
      else {
        throw .invalid(
          path: "limit",
          rule: "an integer from \(Self.limitRange.lowerBound) to \(Self.limitRange.upperBound)")
      }
      limit = number
    }
    self.limit = limit == 0 ? Self.defaultLimit : limit
    if let text = query["marker"], text != "" {
      guard let row = Marker(text) else { throw .invalid(path: "marker", rule: "the marker of a row") }
      marker = row
    } else {
      marker = nil
    }
  }
}

/// A filter of a list: what was not asked for, or asked for with nothing, lets every row pass.
package enum QueryFilter<Value: Hashable & Sendable>: Hashable, Sendable {
  case any
  case only(Value)
  /// Asked for a value that no row can have, such as an id that is no UUID.
  case none

  package func matches(_ value: Value) -> Bool {
    switch self {
    case .any: true
    case .only(let wanted): wanted == value
    case .none: false
    }
  }
}

extension QueryParameters {
  package func filter<Value: LosslessStringConvertible>(_ name: String) -> QueryFilter<Value> {
    guard let text = self[name], text != "" else { return .any }
    return Value(text).map { .only($0) } ?? .none
  }
}
