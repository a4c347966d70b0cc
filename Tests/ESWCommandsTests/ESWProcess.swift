import AsyncHTTPClient
import ESWClient
import ESWModel
import Foundation
import Testing

@testable import ESWCommands

/// The built program, as a user runs it.
final class ESWProcess {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private let process = Process()
  private let output: URL

  /// - Parameter arguments: Of `esw`.
  init(_ arguments: [String]) throws {
    output = FileManager.default.temporaryDirectory.appendingPathComponent("esw-\(UUID().uuidString).log")
    try Data().write(to: output)
    let handle = try FileHandle(forWritingTo: output)
    process.executableURL = try Self.executable()
    process.arguments = arguments
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    try Program.start(process)
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    try? FileManager.default.removeItem(at: output)
  }

  static func executable() throws -> URL {
    let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    for candidate in [folder, folder.deletingLastPathComponent(), Bundle.main.bundleURL] {
      let file = candidate.appendingPathComponent("esw")
      if FileManager.default.isExecutableFile(atPath: file.path) { return file }
    }
    throw Failure(description: "the program esw is not built beside \(folder.path)")
  }

  var text: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

  func signal(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// - Returns: The exit status, or minus the signal that ended it.
  func waitForExit(within limit: Duration = .seconds(60)) async throws -> Int32 {
    let deadline = ContinuousClock.now + limit
    while process.isRunning {
      guard ContinuousClock.now < deadline else {
        throw Failure(description: "still runs after \(limit):\n\(text)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
  }

  /// Waits for a text in what it prints.
  func wait(for wanted: String, within limit: Duration = .seconds(30)) async throws {
    let deadline = ContinuousClock.now + limit
    while !text.contains(wanted) {
      guard process.isRunning, ContinuousClock.now < deadline else {
        throw Failure(description: "no \"\(wanted)\" in:\n\(text)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}

/// `esw serve` on a data folder of its own, and a client of it.
final class ServeProcess {
  let folder: String
  private let arguments: [String]
  private(set) var process: ESWProcess
  private(set) var endpoint = ""

  /// - Parameter folder: Nil: a new one. It is removed at the end.
  init(_ arguments: [String] = [], folder: String? = nil, listen: String = "127.0.0.1:0") async throws {
    let folder = folder ?? NSTemporaryDirectory() + "esw-serve-\(UUID().uuidString)"
    self.folder = folder
    self.arguments = ["serve", "--listen", listen, "--data", folder] + arguments
    process = try ESWProcess(self.arguments)
    try await awaitEndpoint()
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Kills it without warning, and starts it again on the same folder.
  func killAndRestart() async throws {
    try await kill()
    try await restart()
  }

  func kill() async throws {
    process.signal(SIGKILL)
    _ = try await process.waitForExit()
  }

  /// As an operator stops it.
  func stop() async throws {
    process.signal(SIGTERM)
    #expect(try await process.waitForExit() == 0)
  }

  /// - Parameter isReady: Waits until it listens; else it may be killed at any moment of its start.
  func restart(untilReady isReady: Bool = true) async throws {
    process = try ESWProcess(arguments)
    if isReady { try await awaitEndpoint() }
  }

  func client(http: HTTPClient = .shared) throws -> ESWClient {
    var values: [String: String] = [:]
    for line in try String(contentsOfFile: folder + "/credentials", encoding: .utf8).split(separator: "\n") {
      let parts = line.dropFirst("export ".count).split(separator: "=", maxSplits: 1)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
    return try ESWClient(
      endpoint: endpoint,
      credentials: .init(
        keyID: values["HUAWEICLOUD_SDK_AK"] ?? "", secret: values["HUAWEICLOUD_SDK_SK"] ?? "",
        project: try #require(ProjectID(values["HUAWEICLOUD_SDK_PROJECT_ID"] ?? ""))), http: http)
  }

  private func awaitEndpoint() async throws {
    try await process.wait(for: "listens on http")
    let after = process.text.components(separatedBy: "listens on ")[1]
    endpoint = String(after.prefix { !$0.isNewline })
  }
}
