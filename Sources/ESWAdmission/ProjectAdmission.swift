package import ESWModel

/// How an empty store gets its first caller.
package enum ProjectAdmission {
  /// As long as the vendor's, which clients may check: 20 and 40 characters.
  static let accessKeyLength = 20
  static let secretLength = 40

  /// A project and a key for it; nil, and nothing changed, if there is a project already.
  ///
  /// - Parameter randomness: The system's: 40 characters of 62 are 238 bits that nobody guesses.
  package static func bootstrap(
    projectName: String, in snapshot: IntentSnapshot, randomness: any RandomNumberGenerator & Sendable,
    now: Timestamp
  ) -> IntentChange<AccessKey?> {
    guard snapshot.projects.isEmpty else { return IntentChange(edits: [], outcome: nil) }
    var random = randomness
    guard let id = ProjectID(text(of: "0123456789abcdef", length: 32, using: &random)) else {
      preconditionFailure("32 lower-case hex digits are a project id")
    }
    let project = Project(id: id, name: projectName, createdAt: now)
    let key = AccessKey(
      id: text(of: "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", length: accessKeyLength, using: &random),
      secret: text(
        of: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length: secretLength,
        using: &random),
      project: id, createdAt: now)
    return IntentChange(edits: [.putProject(project), .putAccessKey(key)], outcome: key)
  }

  private static func text(
    of alphabet: String, length: Int, using random: inout any RandomNumberGenerator & Sendable
  ) -> String {
    let characters = Array(alphabet.utf8)
    let bytes = (0..<length).map { _ in characters[Int.random(in: 0..<characters.count, using: &random)] }
    return String(decoding: bytes, as: UTF8.self)
  }
}
