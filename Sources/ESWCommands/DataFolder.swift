import ArgumentParser
import ControlPlane
import ESWModel
import ESWSeams
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
  func agentToken() throws -> String { try token(in: "agent-token") }

  /// The credential of who collects metrics; made when there is none yet.
  func metricsToken() throws -> String { try token(in: "metrics-token") }

  /// An empty file, as a full disk leaves it, is none: nobody could ever show that.
  private func token(in name: String) throws -> String {
    let file = "\(path)/\(name)"
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

  private var masterKeyFile: String { path + "/master-key" }

  /// What the secrets in the store are sealed with, in a file of its own; made for a store that has none.
  ///
  /// - Parameter isSealed: The store has secrets that only its own key opens: a new one would be of no use.
  /// - Throws: `MasterKeyError`, with words for the operator.
  func masterKey(isSealed: Bool) throws -> MasterKey {
    guard FileManager.default.fileExists(atPath: masterKeyFile) else {
      guard !isSealed else { throw MasterKeyError.missing(masterKeyFile) }
      var generator = SystemRandomNumberGenerator()
      let bytes = (0..<MasterKey.byteCount).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
      guard let key = MasterKey(bytes) else { throw MasterKeyError.malformed(masterKeyFile) }
      try SecretFile.write(Data(bytes).base64EncodedString() + "\n", to: masterKeyFile)
      return key
    }
    let text = try String(contentsOfFile: masterKeyFile, encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    guard let key = Data(base64Encoded: text).flatMap({ MasterKey([UInt8]($0)) }) else {
      throw MasterKeyError.malformed(masterKeyFile)
    }
    return key
  }

  /// In a form that a shell can load and the vendor's SDK users know.
  func writeCredentials(_ key: IssuedKey, endpoint: String) throws {
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

/// Why the secrets of a store cannot be opened.
enum MasterKeyError: Error, Hashable, CustomStringConvertible {
  case missing(String)
  case malformed(String)

  var description: String {
    switch self {
    case .missing(let file):
      "the store's secrets are sealed, and the key that opens them is not there: put \(file) back"
    case .malformed(let file):
      "\(file) is no master key (\(MasterKey.byteCount) bytes in base64): put the store's own back"
    }
  }
}
