import ArgumentParser
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

  /// Where the control plane serves the agent of its own process.
  ///
  /// - Throws: When the folder's path leaves no room for it in an address (`sockaddr_un`, 108 bytes).
  func agentSocket() throws -> String {
    let file = path + "/agent.sock"
    let most = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1
    guard file.utf8.count <= most else {
      throw ValidationError(
        "the data folder's path is too long for a socket in it: \(file) has \(file.utf8.count) bytes of \(most)"
      )
    }
    return file
  }

  /// The credential of agents; made when there is none yet.
  ///
  /// An empty file, as a full disk leaves it, is none: no agent could ever show that.
  func agentToken() throws -> String {
    let file = path + "/agent-token"
    if FileManager.default.fileExists(atPath: file) {
      let token = try String(contentsOfFile: file, encoding: .utf8)
        .trimmingCharacters(in: .whitespacesAndNewlines)
      if !token.isEmpty { return token }
    }
    var generator = SystemRandomNumberGenerator()
    let token = (0..<4).map { _ in String(generator.next(), radix: 36) }.joined()
    try SecretFile.write(token + "\n", to: file)
    return token
  }

  /// In a form that a shell can load and the vendor's SDK users know.
  func writeCredentials(_ key: AccessKey, endpoint: String) throws {
    try SecretFile.write(
      """
      \(Self.endpointLine)\(endpoint)
      export HUAWEICLOUD_SDK_AK=\(key.id)
      export HUAWEICLOUD_SDK_SK=\(key.secret)
      export HUAWEICLOUD_SDK_PROJECT_ID=\(key.project)

      """, to: credentials)
  }

  var hasCredentials: Bool { FileManager.default.fileExists(atPath: credentials) }

  /// Puts the endpoint where the API listens now into the credentials; every other line stays as it is.
  func updateCredentials(endpoint: String) throws {
    guard hasCredentials else { return }
    let old = try String(contentsOfFile: credentials, encoding: .utf8)
    let new = old.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.hasPrefix(Self.endpointLine) ? Self.endpointLine + endpoint : String($0) }
      .joined(separator: "\n")
    if new != old { try SecretFile.write(new, to: credentials) }
  }

  private static let endpointLine = "export ESW_ENDPOINT="
}
