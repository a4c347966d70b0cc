package import ESWModel
import Synchronization

/// Makes what nobody must guess, or what merely must not be taken: ids, keys, salts.
package final class SecretMinting: Sendable {
  /// As long as the vendor's, which clients may check.
  static let accessKeyLength = 20
  static let secretLength = 40
  static let saltLength = 16

  private let randomness: Mutex<any RandomNumberGenerator & Sendable>

  /// - Parameter randomness: In production the system's: 40 characters of 62 are 238 bits.
  package init(randomness: any RandomNumberGenerator & Sendable) { self.randomness = Mutex(randomness) }

  package func identity<Subject>(_: Subject.Type = Subject.self) -> IdentityID<Subject> {
    randomness.withLock { IdentityID(high: $0.next(), low: $0.next()) }
  }

  package func project() -> ProjectID {
    let id = identity(Project.self)
    guard let project = ProjectID(id.description) else {
      preconditionFailure("32 lower-case hex digits are a project id")
    }
    return project
  }

  package func key(of user: UserID, description: ResourceDescription, now: Timestamp) -> AccessKey {
    AccessKey(
      id: text(of: "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", length: Self.accessKeyLength),
      secret: text(
        of: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length: Self.secretLength),
      user: user, description: description, createdAt: now)
  }

  package func salt() -> [UInt8] {
    randomness.withLock { random in
      (0..<Self.saltLength).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
    }
  }

  private func text(of alphabet: String, length: Int) -> String {
    let characters = Array(alphabet.utf8)
    return randomness.withLock { random in
      let bytes = (0..<length).map { _ in characters[Int.random(in: 0..<characters.count, using: &random)] }
      return String(decoding: bytes, as: UTF8.self)
    }
  }
}
