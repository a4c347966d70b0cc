/// What an agent has done since it was started. With another `run` all numbers begin anew.
package struct AgentCounts: Hashable, Sendable, Codable {
  /// Names this run of the agent; chosen at random.
  package let run: UInt32
  /// Looks at the kernel, those that failed among them.
  package let passes: UInt64
  package let failedPasses: UInt64
  /// Of all passes together.
  package let passMicroseconds: UInt64
  package let stepsApplied: UInt64
  /// That the kernel refused, or that have to be tried again.
  package let stepsFailed: UInt64
  /// Of the steps applied: those that put right what had changed under a configuration that was in force.
  package let stepsHealed: UInt64
  /// How often the kernel had more to tell of changes than was taken off it in time (`ENOBUFS`).
  package let eventLosses: UInt64
  /// The newest, in the order of their numbers; at most `mostHealings`.
  package let healings: [Healing]

  package static let mostHealings = 32

  package init(
    run: UInt32, passes: UInt64 = 0, failedPasses: UInt64 = 0, passMicroseconds: UInt64 = 0,
    stepsApplied: UInt64 = 0, stepsFailed: UInt64 = 0, stepsHealed: UInt64 = 0, eventLosses: UInt64 = 0,
    healings: [Healing] = []
  ) {
    self.run = run
    self.passes = passes
    self.failedPasses = failedPasses
    self.passMicroseconds = passMicroseconds
    self.stepsApplied = stepsApplied
    self.stepsFailed = stepsFailed
    self.stepsHealed = stepsHealed
    self.eventLosses = eventLosses
    self.healings = healings
  }
}

/// Something of ours that was found changed by somebody else, and put right in one pass.
package struct Healing: Hashable, Sendable, Codable {
  /// 1 and up in a run, without gaps: of two reports one sees what is new, and how much was missed.
  package let number: UInt64
  /// As of the report that it stands in.
  package let ageMilliseconds: Int64
  /// Nil: not of one connection alone.
  package let connection: ConnectionID?
  /// In the words of the commands that do the same; at most `mostSteps`, each at most `longestStep` long.
  package let steps: [String]
  /// All of them.
  package let count: UInt32

  package static let mostSteps = 8
  /// In characters.
  package static let longestStep = 200

  package init(
    number: UInt64, ageMilliseconds: Int64, connection: ConnectionID?, steps: [String], count: UInt32
  ) {
    self.number = number
    self.ageMilliseconds = ageMilliseconds
    self.connection = connection
    self.steps = steps
    self.count = count
  }
}
