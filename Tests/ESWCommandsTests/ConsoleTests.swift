import ESWModel
import Foundation
import Testing

@testable import ESWCommands

/// Where a browser can be had; without one its tests are skipped aloud.
private let browser: String? = {
  let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
  let found = folders.lazy.flatMap { ["\($0)/chromium", "\($0)/chromium-browser"] }
    .first { FileManager.default.isExecutableFile(atPath: $0) }
  if found == nil { print("SKIPPED: tests of the console need chromium; make test installs it") }
  return found
}()

@Suite(.serialized, .timeLimit(.minutes(5)), .enabled(if: browser != nil, "chromium is not installed"))
struct `The console in a browser` {
  @Test func `has parts that keep what they promise`() async throws {
    let run = try await Self.script("units.py", [])
    #expect(run.status == 0, "\(run.output)\n\(run.errors)")
    #expect(run.output.contains(", 0 failed"), "\(run.output)\n\(run.errors)")
  }

  @Test(arguments: ["walk.py", "keyboard.py", "hostile.py", "reading.py"])
  func `is used from signing in to signing out`(script: String) async throws {
    try await SimulatedServer.run { endpoint, key in
      let walk = try await Self.script(script, [endpoint, "\(SimulatedServer.node)"], as: key)
      #expect(walk.status == 0, "\(walk.output)\n\(walk.errors)")
      #expect(walk.output.contains("the walk is complete"), "\(walk.output)\n\(walk.errors)")
    }
  }

  @Test func `stays quick with a thousand connections`() async throws {
    try await SimulatedServer.runInFolder(region: Region(instanceQuota: 200)) { endpoint, key, _ in
      let walk = try await Self.script("many.py", [endpoint], as: key)
      #expect(walk.status == 0, "\(walk.output)\n\(walk.errors)")
      #expect(walk.output.contains("the walk is complete"), "\(walk.output)\n\(walk.errors)")
    }
  }

  private static func script(
    _ name: String, _ arguments: [String], as key: IssuedKey? = nil
  ) async throws -> Program.Result {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Console/\(name)").path
    let settings = key.map {
      [
        "HUAWEICLOUD_SDK_AK=\($0.id)", "HUAWEICLOUD_SDK_SK=\($0.secret)",
        "HUAWEICLOUD_SDK_PROJECT_ID=\($0.project)",
      ]
    }
    return try await Program.run(
      "env", (settings ?? []) + [vendorPython ?? "python3", "-B", path] + arguments)
  }
}
