import Foundation
import Testing

@testable import ESWCommands

@Suite(.timeLimit(.minutes(1))) struct `Programs that are started at the same time` {
  /// Far longer than the test may take.
  private static let endless = ["600"]
  private static let rounds = 12
  /// A thread waits for each output of each.
  private static let pairs = 40
  /// What is open is listed before a start: the more, the longer may something be opened meanwhile.
  private static let open = 600

  @Test func `do not keep each other from their end`() async throws {
    let files = (0..<Self.open).compactMap { _ in FileHandle(forReadingAtPath: "/dev/null") }
    defer { for file in files { try? file.close() } }
    for _ in 0..<Self.rounds {
      let sleepers = Task {
        await withTaskGroup(of: Void.self) { group in
          for _ in 0..<Self.pairs { group.addTask { _ = try? await Program.run("sleep", Self.endless) } }
        }
      }
      defer { sleepers.cancel() }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<Self.pairs {
          group.addTask {
            // It ends with its input.
            let result = try await Program.run("cat", [], input: "\(number)")
            #expect(result.output == "\(number)")
          }
        }
        try await group.waitForAll()
      }
      sleepers.cancel()
      await sleepers.value
    }
  }
}
