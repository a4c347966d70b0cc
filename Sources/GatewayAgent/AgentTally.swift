import ESWModel
import ESWPlanning

/// Counts what an agent does, and notes what it put right (pure).
struct AgentTally {
  private let run: UInt32
  private var passes: UInt64 = 0
  private var failedPasses: UInt64 = 0
  private var duration = Duration.zero
  private var stepsApplied: UInt64 = 0
  private var stepsFailed: UInt64 = 0
  private var stepsHealed: UInt64 = 0
  private var eventLosses: UInt64 = 0
  private var healings: [Noted] = []
  private var lastNumber: UInt64 = 0

  private struct Noted {
    let number: UInt64
    let at: ContinuousClock.Instant
    let connection: ConnectionID?
    let steps: [String]
    let count: UInt32
  }

  /// - Parameter run: Another one each time that the agent is started.
  init(run: UInt32) { self.run = run }

  /// A pass that came to its end.
  mutating func add(
    _ steps: [DataplaneStep], _ outcomes: [StepOutcome], took duration: Duration, losses: UInt64
  ) {
    passes += 1
    self.duration += duration
    eventLosses = max(eventLosses, losses)
    for outcome in outcomes.prefix(steps.count) {
      switch outcome {
      case .applied: stepsApplied += 1
      case .alreadySo: break
      case .retry, .refused: stepsFailed += 1
      }
    }
  }

  mutating func addFailure(took duration: Duration) {
    passes += 1
    failedPasses += 1
    self.duration += duration
  }

  /// Steps that had to be taken although nothing else was asked for: somebody has changed what is ours.
  ///
  /// - Parameter subject: What a step is about.
  mutating func addHealing(
    _ steps: [DataplaneStep], _ outcomes: [StepOutcome], at moment: ContinuousClock.Instant,
    subject: (DataplaneStep) -> Problem.Subject
  ) {
    let applied = zip(steps, outcomes).filter { $0.1 == .applied }.map(\.0)
    guard !applied.isEmpty else { return }
    stepsHealed += UInt64(applied.count)
    var connections: Set<ConnectionID?> = []
    for step in applied where connections.count < 2 {
      if case .connection(let id) = subject(step) { connections.insert(id) } else { connections.insert(nil) }
    }
    lastNumber += 1
    healings.append(
      Noted(
        number: lastNumber, at: moment, connection: connections.count == 1 ? connections.first ?? nil : nil,
        steps: applied.prefix(Healing.mostSteps).map { String("\($0)".prefix(Healing.longestStep)) },
        count: UInt32(clamping: applied.count)))
    if healings.count > AgentCounts.mostHealings { healings.removeFirst() }
  }

  func counts(now: ContinuousClock.Instant) -> AgentCounts {
    AgentCounts(
      run: run, passes: passes, failedPasses: failedPasses, passMicroseconds: duration.wholeMicroseconds,
      stepsApplied: stepsApplied, stepsFailed: stepsFailed, stepsHealed: stepsHealed,
      eventLosses: eventLosses,
      healings: healings.map {
        Healing(
          number: $0.number, ageMilliseconds: Int64(($0.at.duration(to: now)).wholeMicroseconds / 1000),
          connection: $0.connection, steps: $0.steps, count: $0.count)
      })
  }
}

extension Duration {
  /// 0 for what is negative.
  fileprivate var wholeMicroseconds: UInt64 {
    let (seconds, fraction) = components
    guard seconds >= 0, fraction >= 0 else { return 0 }
    return UInt64(seconds) * 1_000_000 + UInt64(fraction / 1_000_000_000_000)
  }
}
