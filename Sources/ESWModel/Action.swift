/// What a policy allows or denies: `service:resource:verb`, such as `esw:connection:list` (contract
/// section 1).
package struct Action: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let description: String

  /// - Parameter name: One of our own words; not checked.
  package init(_ name: StaticString) { description = "\(name)" }

  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}
