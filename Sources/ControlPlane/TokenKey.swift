import Crypto
import ESWModel
import Foundation

/// Makes and reads access tokens (contract section 9.2): what a token says is sealed in it, so that nothing
/// has to be kept of those given out, and nobody but us can read or change one.
///
/// A token is no proof by itself: at each use its user has to be enabled, and of the generation in which it
/// was made. So a new password or a disabled user voids all of a user's tokens at once.
package struct TokenKey: Sendable {
  /// The vendor's.
  static let lifetimeMilliseconds: Int64 = 24 * 3600 * 1000
  /// In characters; ours have 139.
  private static let longest = 256
  private static let purpose = Array("openesw token 1".utf8)

  private let key: SymmetricKey

  init(_ key: SymmetricKey) { self.key = key }

  /// A new one: tokens are void when the process ends.
  package init() { key = SymmetricKey(size: .bits256) }

  struct Claims: Hashable, Sendable {
    let user: UserID
    let generation: UInt32
    let reach: Principal.Reach
    let issuedAt: Timestamp

    var expiresAt: Timestamp {
      Timestamp(milliseconds: issuedAt.milliseconds + TokenKey.lifetimeMilliseconds)
    }
  }

  /// Two tokens of the same claims differ.
  func issue(_ claims: Claims) throws -> String {
    let box = try AES.GCM.seal(claims.bytes, using: key, authenticating: Self.purpose)
    guard let sealed = box.combined else { throw CryptoKitError.incorrectParameterSize }
    return sealed.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }

  /// Nil for what is no token of ours, or none any more.
  func read(_ token: String, now: Timestamp) -> Claims? {
    guard token.utf8.count <= Self.longest else { return nil }
    var text = token.replacing("-", with: "+").replacing("_", with: "/")
    text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    guard let sealed = Data(base64Encoded: text), let box = try? AES.GCM.SealedBox(combined: sealed),
      let opened = try? AES.GCM.open(box, using: key, authenticating: Self.purpose),
      let claims = Claims(bytes: [UInt8](opened)), now < claims.expiresAt
    else { return nil }
    return claims
  }
}

extension TokenKey.Claims {
  private static let noProject = String(repeating: "0", count: 32)

  /// User and project as text, generation and time in big endian: 77 bytes.
  fileprivate var bytes: [UInt8] {
    let (kind, project): (UInt8, String) =
      switch reach {
      case .everything: (0, Self.noProject)
      case .domain: (1, Self.noProject)
      case .project(let id): (2, id.description)
      }
    return [kind] + Array(user.description.utf8) + Array(project.utf8)
      + (0..<4).map { UInt8(truncatingIfNeeded: generation >> UInt32(24 - 8 * $0)) }
      + (0..<8).map { UInt8(truncatingIfNeeded: issuedAt.milliseconds >> Int64(56 - 8 * $0)) }
  }

  fileprivate init?(bytes: [UInt8]) {
    guard bytes.count == 77, let user = UserID(String(decoding: bytes[1..<33], as: UTF8.self)) else {
      return nil
    }
    let project = ProjectID(String(decoding: bytes[33..<65], as: UTF8.self))
    switch (bytes[0], project) {
    case (0, _): reach = .everything
    case (1, _): reach = .domain
    case (2, let id?): reach = .project(id)
    default: return nil
    }
    self.user = user
    generation = bytes[65..<69].reduce(0) { $0 << 8 | UInt32($1) }
    issuedAt = Timestamp(milliseconds: bytes[69..<77].reduce(0) { $0 << 8 | Int64($1) })
  }
}
