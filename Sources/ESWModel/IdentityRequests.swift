/// What a caller asks for of identity and access, after parsing.

package struct NewUser: Hashable, Sendable {
  package let name: IdentityName
  package let description: ResourceDescription
  package let isEnabled: Bool
  /// Not kept: what is kept of it is made before admission.
  package let password: Password?

  package init(name: IdentityName, description: ResourceDescription, isEnabled: Bool, password: Password?) {
    self.name = name
    self.description = description
    self.isEnabled = isEnabled
    self.password = password
  }
}

/// Nil leaves a field as it is.
package struct UserUpdate: Hashable, Sendable {
  package let name: IdentityName?
  package let description: ResourceDescription?
  package let isEnabled: Bool?
  package let password: Password?

  package init(
    name: IdentityName? = nil, description: ResourceDescription? = nil, isEnabled: Bool? = nil,
    password: Password? = nil
  ) {
    self.name = name
    self.description = description
    self.isEnabled = isEnabled
    self.password = password
  }
}

/// A password as its user chose it: 8 to 128 characters, none of them a control character. Length is what
/// makes it hard to guess, so no kinds of characters are demanded (NIST SP 800-63B section 5.1.1).
package struct Password: Hashable, Sendable, LosslessStringConvertible, CustomDebugStringConvertible {
  package static let lengthRange = 8...128
  package let utf8: [UInt8]

  package init?(_ text: String) {
    guard text.utf8.count <= 4 * Self.lengthRange.upperBound,
      Self.lengthRange.contains(text.unicodeScalars.count),
      !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    else { return nil }
    utf8 = Array(text.utf8)
  }

  package var description: String { String(decoding: utf8, as: UTF8.self) }
  /// It shall stand in no log.
  package var debugDescription: String { "a password" }
}

package struct PasswordChange: Hashable, Sendable {
  package let original: String
  package let new: Password

  package init(original: String, new: Password) {
    self.original = original
    self.new = new
  }
}

package struct NewGroup: Hashable, Sendable {
  package let name: IdentityName
  package let description: ResourceDescription

  package init(name: IdentityName, description: ResourceDescription) {
    self.name = name
    self.description = description
  }
}

/// Nil leaves a field as it is.
package struct GroupUpdate: Hashable, Sendable {
  package let name: IdentityName?
  package let description: ResourceDescription?

  package init(name: IdentityName?, description: ResourceDescription?) {
    self.name = name
    self.description = description
  }
}

/// A policy to be made, or what a policy is to become.
package struct PolicyContent: Hashable, Sendable {
  /// As many statements as the vendor takes.
  package static let mostStatements = 8
  package let name: IdentityName
  package let description: ResourceDescription
  package let kind: Policy.Kind
  package let statements: [PolicyStatement]

  package init(
    name: IdentityName, description: ResourceDescription, kind: Policy.Kind, statements: [PolicyStatement]
  ) {
    self.name = name
    self.description = description
    self.kind = kind
    self.statements = statements
  }
}

package struct NewAccessKey: Hashable, Sendable {
  package let user: UserID
  package let description: ResourceDescription

  package init(user: UserID, description: ResourceDescription) {
    self.user = user
    self.description = description
  }
}

/// Nil leaves a field as it is.
package struct AccessKeyUpdate: Hashable, Sendable {
  package let isActive: Bool?
  package let description: ResourceDescription?

  package init(isActive: Bool?, description: ResourceDescription?) {
    self.isActive = isActive
    self.description = description
  }
}

package struct NewProject: Hashable, Sendable {
  package let name: IdentityName
  package let description: ResourceDescription

  package init(name: IdentityName, description: ResourceDescription) {
    self.name = name
    self.description = description
  }
}

/// Who wants a token, and for what.
package struct TokenRequest: Hashable, Sendable {
  package enum Scope: Hashable, Sendable {
    /// By id or name; anything that was sent.
    case project(id: String?, name: String?)
    case domain(id: String?, name: String?)
  }

  package let userName: String
  package let domainName: String
  package let password: String
  /// Nil: everything that the user may.
  package let scope: Scope?

  package init(userName: String, domainName: String, password: String, scope: Scope?) {
    self.userName = userName
    self.domainName = domainName
    self.password = password
    self.scope = scope
  }
}
