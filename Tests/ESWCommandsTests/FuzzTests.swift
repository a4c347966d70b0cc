import Foundation
import Testing

@testable import ESWCommands

/// The Python with schemathesis, as `make test` names it.
private let python = ProcessInfo.processInfo.environment["ESW_PYTHON"]

@Suite(.timeLimit(.minutes(10))) struct `The served OpenAPI document` {
  /// A short run of `make fuzz`, with a seed that stays, so that what fails here fails again.
  @Test(.enabled(if: python != nil, "ESW_PYTHON is not set; make test sets it"))
  func `is kept by the server, whatever is asked of it`() async throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fuzz/fuzz.py").path
    let run = try await Program.run(
      python ?? "python3", [script, try ESWProcess.executable().path, "--requests", "500", "--seed", "1"])
    #expect(run.status == 0, "\(run.output)\n\(run.errors)")
    #expect(run.output.contains("No failure, seeds 1 to 1."), "\(run.output)\n\(run.errors)")
  }
}
