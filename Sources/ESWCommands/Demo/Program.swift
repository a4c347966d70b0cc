import Foundation
import Synchronization

/// Runs a program of the system and waits for its end; it is killed when the caller is cancelled.
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

  /// - Throws: When the program cannot be started; `CancellationError`; its own failure is in the result.
  static func run(_ name: String, _ arguments: [String], input: String? = nil) async throws -> Result {
    try Task.checkCancellation()
    let process = process(name, arguments)
    let ended = AsyncStream<Void>.makeStream()
    process.terminationHandler = { _ in ended.continuation.finish() }
    let (output, errors, source) = try starting.withLock { _ in
      let (output, errors, source) = (Pipe(), Pipe(), Pipe())
      process.standardOutput = output
      process.standardError = errors
      process.standardInput = source
      try process.run()
      return (output, errors, source)
    }
    let child = process.processIdentifier
    return try await withTaskCancellationHandler {
      if let input { try source.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
      try source.fileHandleForWriting.close()
      async let out = text(of: output)
      async let err = text(of: errors)
      let texts = await (out, err)
      // An iteration would end at once for a caller that is cancelled, with the child not yet dead.
      await Task { for await _ in ended.stream {} }.value
      process.waitUntilExit()
      try Task.checkCancellation()
      return Result(status: process.terminationStatus, output: texts.0, errors: texts.1)
    } onCancel: {
      kill(child, SIGKILL)
    }
  }

  /// A process that has no pipes.
  static func start(_ process: Process) throws {
    try starting.withLock { _ in try process.run() }
  }

  /// One start at a time, its pipes included. Foundation lists what is open before it makes the child, and
  /// has that closed there: the child inherits what is opened in between. With another's pipe it keeps that
  /// one from its end, and with the socket by which Foundation hears of another's end it hides that; both
  /// until it ends itself, which may be never.
  private static let starting = Mutex(())

  private static func process(_ name: String, _ arguments: [String]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + arguments
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = path
    environment["LC_ALL"] = "C"
    process.environment = environment
    return process
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

  /// Reading to the end blocks: on a queue of its own, which has a thread whatever else blocks. The global
  /// queues share the few threads of tasks, and a handful of programs that go on would take them all.
  private static func text(of pipe: Pipe) async -> String {
    await withCheckedContinuation { continuation in
      DispatchQueue(label: "openesw.program.output").async {
        let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
        continuation.resume(returning: String(decoding: data, as: UTF8.self))
      }
    }
  }
}
