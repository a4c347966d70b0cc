import ESWModel
import Foundation

/// Where a control plane and its agent keep what must outlive them; for the owner only.
struct DataFolder {
  let path: String

  /// Makes the folder when it is missing.
  init(_ path: String) throws {
    self.path = path
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  var database: String { path + "/openesw.sqlite" }
  var credentials: String { path + "/credentials" }
  func agent(_ node: NodeName) -> String { path + "/agent-\(node)" }

  /// The credential of agents; made at the first call.
  func agentToken() throws -> String {
    let file = path + "/agent-token"
    if let text = try? String(contentsOfFile: file, encoding: .utf8) {
      return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    var generator = SystemRandomNumberGenerator()
    let token = (0..<4).map { _ in String(generator.next(), radix: 36) }.joined()
    try Self.write(token + "\n", to: file)
    return token
  }

  /// In a form that a shell can load and the vendor's SDK users know.
  func writeCredentials(_ key: AccessKey, endpoint: String) throws {
    try Self.write(
      """
      export ESW_ENDPOINT=\(endpoint)
      export HUAWEICLOUD_SDK_AK=\(key.id)
      export HUAWEICLOUD_SDK_SK=\(key.secret)
      export HUAWEICLOUD_SDK_PROJECT_ID=\(key.project)

      """, to: credentials)
  }

  private static func write(_ text: String, to file: String) throws {
    guard
      FileManager.default.createFile(
        atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: file]) }
  }
}
