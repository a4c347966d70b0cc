import Foundation

/// Runs a program of the system and waits for its end.
enum Program {
  struct Result: Sendable {
    let status: Int32
    let output: String
    let errors: String
  }

  struct Failure: Error, CustomStringConvertible {
    let command: String
    let text: String
    var description: String { "\(command): \(text)" }
  }

  /// Root's programs too, which are not on everybody's path.
  private static var path: String {
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
  }

  static func exists(_ name: String) -> Bool {
    path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
  }

  /// - Throws: When the program cannot be started; its own failure is in the result.
  static func run(_ name: String, _ arguments: [String], input: String? = nil) async throws -> Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + arguments
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = path
    environment["LC_ALL"] = "C"
    process.environment = environment
    let output = Pipe()
    let errors = Pipe()
    let source = Pipe()
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = source
    let ended = AsyncStream<Void>.makeStream()
    process.terminationHandler = { _ in ended.continuation.finish() }
    try process.run()
    if let input { try source.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
    try source.fileHandleForWriting.close()
    async let out = text(of: output)
    async let err = text(of: errors)
    let texts = await (out, err)
    for await _ in ended.stream {}
    process.waitUntilExit()
    return Result(status: process.terminationStatus, output: texts.0, errors: texts.1)
  }

  /// - Throws: `Failure` with the program's own words when it ends with another status than 0.
  static func check(_ name: String, _ arguments: [String], input: String? = nil) async throws {
    let result = try await run(name, arguments, input: input)
    guard result.status == 0 else {
      throw Failure(
        command: ([name] + arguments).joined(separator: " "),
        text: (result.errors + result.output).trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  /// Reading to the end blocks: on a queue of its own, not on the shared pool.
  private static func text(of pipe: Pipe) async -> String {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
        continuation.resume(returning: String(decoding: data, as: UTF8.self))
      }
    }
  }
}
