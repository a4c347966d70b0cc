package import ESWModel
import ESWWire
import Foundation

/// The last configuration on disk, so that an agent that starts alone goes on as before.
package struct ConfigurationLedger: Sendable {
  /// There is a configuration on disk and it cannot be understood.
  package struct Unreadable: Error, CustomStringConvertible {
    package let file: String
    package let cause: any Error

    package var description: String {
      """
      the configuration on disk cannot be read: \(file) (\(cause)). Stop the agent, look at the file, and delete it \
      to start from the control plane's configuration: nothing is removed before that one is known
      """
    }
  }

  private let file: URL

  /// - Parameter folder: Made when missing, readable by its owner only.
  package init(folder: String) throws {
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    file = URL(fileURLWithPath: folder).appendingPathComponent("configuration.json")
  }

  /// Nil when there is none.
  /// - Throws: `Unreadable` when there is one that cannot be read: it is never taken for none, because then
  ///   what the kernel holds would look like nobody's.
  package func load() throws -> GatewayConfiguration? {
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    do {
      return try AgentLinkMessages.configuration(from: Data(contentsOf: file))
    } catch {
      throw Unreadable(file: file.path, cause: error)
    }
  }

  /// Replaces the file as a whole: written beside it, flushed, renamed.
  package func save(_ configuration: GatewayConfiguration) throws {
    let data = try AgentLinkMessages.encode(configuration)
    let draft = file.appendingPathExtension("new")
    guard
      FileManager.default.createFile(
        atPath: draft.path, contents: nil, attributes: [.posixPermissions: 0o600])
    else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: draft.path]) }
    let handle = try FileHandle(forWritingTo: draft)
    try handle.write(contentsOf: data)
    try handle.synchronize()
    try handle.close()
    guard rename(draft.path, file.path) == 0 else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: file.path])
    }
  }
}
