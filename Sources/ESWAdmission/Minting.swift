package import ESWModel

/// Ids and the moments they stand for.
package struct Minted<Subject>: Sendable {
  package let id: Identifier<Subject>
  package let at: Timestamp
}

package final class Minting: Sendable {
  package init(above snapshot: IntentSnapshot, randomness: any RandomNumberGenerator & Sendable) {
    preconditionFailure("to come")
  }

  package func next<Subject>(_: Subject.Type = Subject.self, now: Timestamp) -> Minted<Subject> {
    preconditionFailure("to come")
  }
}
