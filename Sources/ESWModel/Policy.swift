/// What may be done, in the vendor's words a role or custom policy of version 1.1.
package struct Policy: Hashable, Sendable {
  /// The vendor tells policies for its global services (`AX`) from those for services of a project
  /// (`XA`). Kept and shown; what a policy does is decided by its actions and by where it is granted.
  package enum Kind: String, Hashable, Sendable {
    case global = "AX"
    case project = "XA"
    /// Both.
    case any = "AA"
  }

  package let id: PolicyID
  /// No other policy's.
  package var name: IdentityName
  package var description: ResourceDescription
  package var kind: Kind
  package var statements: [PolicyStatement]
  package let createdAt: Timestamp
  package var updatedAt: Timestamp

  package init(
    id: PolicyID, name: IdentityName, description: ResourceDescription, kind: Kind,
    statements: [PolicyStatement], createdAt: Timestamp, updatedAt: Timestamp
  ) {
    self.id = id
    self.name = name
    self.description = description
    self.kind = kind
    self.statements = statements
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

/// Allows or denies some actions, on every resource of the scope in which its policy is granted.
package struct PolicyStatement: Hashable, Sendable {
  package enum Effect: String, Hashable, Sendable {
    case allow = "Allow"
    /// Beats every `allow`.
    case deny = "Deny"
  }

  /// As many as the vendor takes.
  package static let mostActions = 100
  package let effect: Effect
  /// At least one.
  package let actions: [ActionPattern]

  package init(effect: Effect, actions: [ActionPattern]) {
    self.effect = effect
    self.actions = actions
  }
}

/// Which actions a statement speaks of: `service:resource:verb` with `*` for any characters within a part.
/// Resource and verb are compared without regard to case, as the vendor does; services are lower case.
package struct ActionPattern: Hashable, Sendable, TextCoded {
  package static let longest = 128
  /// As it was written.
  package let description: String
  /// The three in lower case.
  private let parts: [[UInt8]]

  package init?(_ description: String) {
    let text = Array(description.utf8)
    guard text.count <= Self.longest else { return nil }
    let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Self.isAllowed) }),
      !parts[0].contains(where: { (65...90).contains($0) })
    else { return nil }
    self.description = description
    self.parts = parts.map { $0.map(lowerCase) }
  }

  private static func isAllowed(_ character: UInt8) -> Bool {
    switch character {
    case 48...57, 65...90, 97...122, UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
    default: false
    }
  }

  package func matches(_ action: Action) -> Bool {
    let text = action.description.utf8.map(lowerCase)
    let wanted = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    return wanted.count == parts.count && zip(parts, wanted).allSatisfy { Self.matches($0, $1) }
  }

  /// Goes back to the last star only, so the time is at most the product of both lengths.
  private static func matches(_ pattern: [UInt8], _ text: ArraySlice<UInt8>) -> Bool {
    var (place, position) = (0, text.startIndex)
    var lastStar: (place: Int, position: Int)?
    while position < text.endIndex {
      if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
        lastStar = (place, position)
        place += 1
      } else if place < pattern.count, pattern[place] == text[position] {
        place += 1
        position += 1
      } else if let star = lastStar {
        lastStar = (star.place, star.position + 1)
        (place, position) = (star.place + 1, star.position + 1)
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

/// Of an ASCII letter; other bytes as they are.
private func lowerCase(_ character: UInt8) -> UInt8 {
  (65...90).contains(character) ? character + 32 : character
}

// Policies that every store has, and that nobody can change.
extension Policy {
  package static let administrator = makeBuiltIn(
    1, "Administrator", "Everything, IAM included.",
    [PolicyStatement(effect: .allow, actions: patterns("*:*:*"))])

  package static let switchUser = makeBuiltIn(
    2, "ESW FullAccess", "Switches and the networks that they need.",
    [PolicyStatement(effect: .allow, actions: patterns("esw:*:*", "vpc:*:*", "openesw:*:*"))])

  /// Not the audit: that has names and addresses of all who came, and is for who answers for the project.
  package static let switchReader = makeBuiltIn(
    3, "ESW ReadOnlyAccess", "Looking at switches and networks.",
    [
      PolicyStatement(
        effect: .allow,
        actions: patterns(
          "esw:*:get*", "esw:*:list*", "vpc:*:get*", "vpc:*:list*", "openesw:attachment:get",
          "openesw:attachment:list", "openesw:node:list",
          "openesw:traffic:list", "openesw:*:diagnose"))
    ])

  package static let builtIn = [administrator, switchUser, switchReader]

  package var isBuiltIn: Bool { Self.builtIn.contains { $0.id == id } }

  private static func makeBuiltIn(
    _ number: UInt64, _ name: String, _ description: String, _ statements: [PolicyStatement]
  ) -> Policy {
    guard let name = IdentityName(name), let description = ResourceDescription(description) else {
      preconditionFailure("\(name) is a name of ours")
    }
    let made = Timestamp(milliseconds: 0)
    return Policy(
      id: PolicyID(high: 0, low: number), name: name, description: description, kind: .any,
      statements: statements, createdAt: made, updatedAt: made)
  }

  private static func patterns(_ patterns: String...) -> [ActionPattern] {
    patterns.compactMap { ActionPattern($0) }
  }
}
