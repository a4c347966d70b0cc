import ArgumentParser
import ESWClient
import UnixSignals

/// `--wait`, on commands behind whose answer something goes on.
struct WaitOptions: ParsableArguments {
  @Flag(help: "Wait until it is done.") var wait = false

  @Option(help: ArgumentHelp("How long to wait at most.", valueName: "seconds")) var timeout = 300

  func validate() throws {
    guard Waiting.timeoutRange.contains(timeout) else {
      throw ValidationError(
        "--timeout must be \(Waiting.timeoutRange.lowerBound) to \(Waiting.timeoutRange.upperBound) seconds")
    }
  }

  /// - Parameter look: Asked every half second.
  /// - Returns: What was waited for, when `look` has it.
  /// - Throws: `CommandFailure` when the time is over, when `look` says that it ended badly, or on Ctrl-C.
  func waiting<Value: Sendable>(
    for subject: String, then advice: String,
    _ look: @escaping @Sendable () async throws -> Waiting.Look<Value>
  ) async throws -> Value {
    try await Waiting(subject: subject, advice: advice, patience: .seconds(timeout)).run(look)
  }
}

/// Asks again and again, and says how far it is: on a terminal in one line that is written over, else a
/// line for each change.
struct Waiting: Sendable {
  enum Look<Value: Sendable>: Sendable {
    case done(Value)
    /// With the status as it is shown.
    case goesOn(String)
    case endedBadly(String)
  }

  static let interval = Duration.milliseconds(500)
  /// The vendor's Terraform provider waits for at most half an hour (contract section 3.4).
  static let timeoutRange = 1...86_400

  let subject: String
  /// How to look without waiting.
  let advice: String
  let patience: Duration

  func run<Value: Sendable>(_ look: @escaping @Sendable () async throws -> Look<Value>) async throws -> Value
  {
    try await withThrowingTaskGroup(of: Value.self) { group in
      defer { group.cancelAll() }
      group.addTask { try await poll(look) }
      group.addTask {
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) {
          throw CommandFailure(
            .interrupted, "stopped waiting for \(subject); the request itself goes on", advice: advice)
        }
        // Cancelled: the other has ended, and is heard first.
        throw CancellationError()
      }
      group.addTask {
        // The last look may hang; without it the status is told by `poll`.
        try await Task.sleep(for: patience + Self.interval)
        throw CommandFailure(
          .timedOut, "\(subject) is not done after \(patience.components.seconds) s", advice: advice)
      }
      guard let value = try await group.next() else { throw CancellationError() }
      return value
    }
  }

  private func poll<Value: Sendable>(_ look: @Sendable () async throws -> Look<Value>) async throws -> Value {
    let start = ContinuousClock.now
    var progress = Progress(subject: subject)
    defer { progress.end() }
    while true {
      let status: String
      switch try await tolerant(look) {
      case .done(let value): return value
      case .endedBadly(let text):
        throw CommandFailure(.endedBadly, "\(subject) ended badly: \(text)", advice: advice)
      case .goesOn(let text): status = text
      }
      let waited = ContinuousClock.now - start
      guard waited < patience else {
        throw CommandFailure(
          .timedOut, "\(subject) is still \(status) after \(patience.components.seconds) s", advice: advice)
      }
      progress.show(status, waited)
      try await Task.sleep(for: min(Self.interval, patience - waited))
    }
  }
}

extension Waiting {
  /// A server that is restarted meanwhile ends no wait.
  private func tolerant<Value: Sendable>(
    _ look: @Sendable () async throws -> Look<Value>
  ) async throws -> Look<Value> {
    do {
      return try await look()
    } catch ClientError.unreachable {
      return .goesOn("not known: no answer")
    } catch ClientError.refused(let status, _, _, _) where status >= 500 || status == 429 {
      return .goesOn("not known: HTTP \(status)")
    }
  }
}

/// The line that says how far it is, on standard error.
private struct Progress {
  let subject: String
  private let isTerminal = Terminal.isErrorTerminal
  private var shown: String?

  init(subject: String) { self.subject = subject }

  mutating func show(_ status: String, _ waited: Duration) {
    let text = Table.printable("\(subject): \(status), \(waited.components.seconds) s")
    if isTerminal {
      Terminal.error("\r\u{1B}[K\(text)")
    } else if shown != status {
      Terminal.note(text)
    }
    shown = status
  }

  func end() {
    if isTerminal, shown != nil { Terminal.error("\r\u{1B}[K") }
  }
}
