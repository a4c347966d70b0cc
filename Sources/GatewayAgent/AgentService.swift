package import ESWModel
import ESWPlanning
package import ESWSeams
package import Logging
package import PacketCapture
import ServiceLifecycle

/// A gateway node: keeps asking for a configuration, keeps the kernel equal to it, keeps reporting.
///
/// Three loops that share nothing but the actor and two mailboxes of one place each: asking (long poll),
/// passes (observe, plan, execute; at every event and at least once an interval), and sending reports. A
/// control plane that hangs holds up neither of the other two. Captures are made beside all of them. On
/// shutdown the kernel stays as it is: frames go on.
package actor AgentService: Service {
  /// What one pass did, for who wants to watch.
  package struct PassRecord: Sendable {
    package let generation: Revision?
    package let steps: [DataplaneStep]
    package let outcomes: [StepOutcome]
    package let problems: [Problem]
    package let duration: Duration
  }

  /// The shortest time from the end of a pass to the next: a storm of events is one look, not a thousand.
  static let passSpacing = Duration.milliseconds(20)
  /// After an unanswered question: first and longest pause before the next.
  static let pauses = (first: Duration.milliseconds(100), longest: Duration.seconds(5))

  /// Our choice: more steps of one pass are told as a number; each by itself for who logs at `debug`.
  static let mostStepsTold = 200

  private let node: NodeName
  private let link: any AgentLink
  private let dataplane: any Dataplane
  private let ledger: ConfigurationLedger
  private let logger: Logger
  private let passInterval: Duration
  private let observer: @Sendable (PassRecord) -> Void
  private let isProbing: Bool

  private var configuration: GatewayConfiguration?
  /// Why the newest configuration is not in force.
  private var configurationProblem: String?
  /// The node as it was last seen, for a report that has nothing newer.
  private var seen: DataplaneObservation?
  private var probes = ProbeSchedule()
  private var holders = HolderSchedule()
  private var tally = AgentTally(run: .random(in: 0 ... .max))
  private var loggedProblems: [Problem] = []
  private var loggedSilence: String?
  private var looks = LookSchedule()
  private var counts = RecentCounts()
  private var loggedBlindness: [String] = []
  /// What was seen when nothing was left to be done, and for which configuration: as long as both are the
  /// same, there is nothing to compare.
  private var settled: (for: GatewayConfiguration, on: DataplaneObservation, desired: DesiredDataplane)?

  private let captures: CaptureRunner
  private let wakes: Mailbox<Void>
  private let outgoing: Mailbox<GatewayReport>

  /// - Parameters:
  ///   - passInterval: The longest time between two full comparisons.
  ///   - writer: Of captures.
  ///   - product: As captures name what wrote them.
  ///   - isProbing: False asks nobody through the tunnels: for who measures what that costs.
  ///   - observer: Called after each pass, on the agent's way: it must be quick.
  package init(
    node: NodeName, link: any AgentLink, dataplane: any Dataplane, ledger: ConfigurationLedger,
    logger: Logger, passInterval: Duration = .seconds(1), isProbing: Bool = true,
    writer: PcapngWriter = PcapngWriter(), product: String = "OpenESW",
    observer: @escaping @Sendable (PassRecord) -> Void = { _ in }
  ) {
    self.node = node
    self.link = link
    self.dataplane = dataplane
    self.ledger = ledger
    self.logger = logger
    self.passInterval = passInterval
    self.isProbing = isProbing
    self.observer = observer
    captures = CaptureRunner(
      link: link, dataplane: dataplane, writer: writer, product: product, logger: logger)
    wakes = Mailbox()
    outgoing = Mailbox()
  }

  /// - Throws: When the ledger's file is there and cannot be read.
  package func run() async throws {
    configuration = try ledger.load()
    if let configuration {
      logger.info(
        "going on with the configuration on disk", metadata: ["generation": "\(configuration.generation)"])
    }
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.ask() }
        group.addTask { await self.send() }
        group.addTask { await self.listen() }
        group.addTask { await self.tick() }
        group.addTask { await self.makePasses() }
        group.addTask { await self.captures.run() }
        await group.waitForAll()
      }
    }
  }

  // MARK: Loops

  private func ask() async {
    var pause = Self.pauses.first
    while !Task.isCancelled {
      do {
        let answer = try await link.configuration(after: configuration?.generation, of: configuration?.store)
        pause = Self.pauses.first
        if let answer { try take(answer) }
      } catch {
        if Task.isCancelled { return }
        logger.warning(
          "no configuration from the control plane; forwarding goes on, asking again",
          metadata: ["error": "\(error)", "pause": "\(pause)"])
        try? await Task.sleep(for: pause)
        pause = min(pause * 2, Self.pauses.longest)
      }
    }
  }

  private func take(_ incoming: GatewayConfiguration) throws {
    switch ConfigurationGate.judge(incoming, for: node, after: configuration) {
    case .accept:
      do {
        try keep(incoming)
      } catch {
        configurationProblem = "the configuration cannot be kept on disk: \(error)"
        wakes.put(())
        throw error
      }
      configuration = incoming
      configurationProblem = nil
      wakes.put(())
    case .same: configurationProblem = nil
    case .refuse(let reason):
      configurationProblem = "a configuration was refused: \(reason)"
      wakes.put(())
      throw RefusedConfiguration(reason: reason)
    }
  }

  /// On disk first, then in force: a crash in between repeats the pass and loses nothing. One that says the
  /// same under a newer generation is not written again: most changes of intent are not about this node.
  private func keep(_ incoming: GatewayConfiguration) throws {
    if let configuration, configuration.says(asMuchAs: incoming) { return }
    try ledger.save(incoming)
  }

  private func send() async {
    for await report in outgoing.letters {
      do {
        try await link.send(report)
      } catch {
        if Task.isCancelled { return }
        logger.debug("report not delivered; the next one follows", metadata: ["error": "\(error)"])
      }
    }
  }

  private func listen() async {
    for await _ in dataplane.changes() { wakes.put(()) }
  }

  private func tick() async {
    while !Task.isCancelled {
      wakes.put(())
      try? await Task.sleep(for: passInterval)
    }
  }

  private func makePasses() async {
    for await _ in wakes.letters {
      await makePass()
      if Task.isCancelled { return }
      try? await Task.sleep(for: Self.passSpacing)
    }
  }

  // MARK: A pass

  private func makePass() async {
    let started = ContinuousClock.now
    do {
      var observation = try await dataplane.observe()
      guard let configuration else {
        // Nothing is removed before a configuration is known; the interfaces are told all the same,
        // because attachments are admitted by them.
        tell(nil, observation, [], DataplaneEvidence())
        return
      }
      // Only what was in force can have been changed by somebody else.
      let wasInForce = settled?.for.says(asMuchAs: configuration) ?? false
      let (desired, plan) = compare(observation, with: configuration)
      let outcomes = plan.isEmpty ? [] : await dataplane.execute(plan.steps)
      let problems = desired.problems + failures(plan.steps, outcomes, desired)
      if !plan.isEmpty {
        observation = try await dataplane.observe()
        // What we changed may have made the next change possible; look once more at once.
        if outcomes.contains(.applied) { wakes.put(()) }
      }
      var evidence = desired.state.datapath == nil ? DataplaneEvidence() : try await dataplane.evidence()
      probes.take(&evidence)
      evidence.permission = PermissionFact(observation.state.permission, now: evidence.now)
      let look = await look(for: configuration, evidence)
      log(plan.steps, outcomes, problems)
      if wasInForce {
        tally.addHealing(plan.steps, outcomes, at: .now) { desired.subject(of: $0) }
      }
      tally.add(
        plan.steps, outcomes, took: ContinuousClock.now - started, losses: evidence.eventLosses)
      observer(
        PassRecord(
          generation: configuration.generation, steps: plan.steps, outcomes: outcomes, problems: problems,
          duration: ContinuousClock.now - started))
      tell(configuration, observation, problems, evidence, look)
      // Who may not forward does not speak with the switch's addresses either.
      guard evidence.permission?.isGranted == true else { return }
      await ask(holders.questions(for: configuration, evidence: evidence, now: .now))
      guard isProbing else { return }
      try await probe(configuration, evidence, observation.interfaces)
    } catch {
      logger.error("a pass failed; the next one follows", metadata: ["error": "\(error)"])
      tally.addFailure(took: ContinuousClock.now - started)
      // The control plane must hear of it: silence would look like a dead node.
      tell(configuration, seen, [Problem(.node, "\(error)", topic: .stepFailed)], DataplaneEvidence())
    }
  }

  private func compare(
    _ observation: DataplaneObservation, with configuration: GatewayConfiguration
  ) -> (DesiredDataplane, DataplanePlan) {
    if let settled, settled.for == configuration, settled.on == observation {
      return (settled.desired, DataplanePlan())
    }
    let desired = DesiredDataplane(for: configuration, on: observation)
    let plan = DataplanePlan(from: observation.state, to: desired.state)
    settled = plan.isEmpty ? (configuration, observation, desired) : nil
    return (desired, plan)
  }

  /// What is not ours, where it is due; what could not be seen is missing in the facts and stops nothing.
  private func look(
    for configuration: GatewayConfiguration, _ evidence: DataplaneEvidence
  ) async -> LookFacts {
    let recent = counts.counts(of: evidence, now: .now)
    if let questions = looks.questions(for: configuration, now: .now) {
      let answers = await dataplane.look(at: questions)
      looks.take(answers, now: .now)
      if loggedBlindness != answers.failures {
        loggedBlindness = answers.failures
        for failure in answers.failures {
          logger.warning("something of the node cannot be looked at", metadata: ["error": "\(failure)"])
        }
      }
    }
    return looks.facts(recent: recent, now: .now)
  }

  private func probe(
    _ configuration: GatewayConfiguration, _ evidence: DataplaneEvidence, _ interfaces: [InterfaceFact]
  ) async throws {
    let mtus = Dictionary(interfaces.map { ($0.name, $0.mtu) }, uniquingKeysWith: { first, _ in first })
    let due = probes.probes(for: configuration, evidence: evidence, now: .now) { connection in
      mtus[connection.point.name].map { ProbeSchedule.largestFrame(mtu: $0) }
    }
    guard !due.isEmpty else { return }
    probes.note(due, sent: try await dataplane.probe(due.map(\.probe)))
  }

  /// Frames cross and hosts speak for themselves also when we cannot ask: it is no problem of a connection.
  private func ask(_ questions: [HolderQuestion]) async {
    guard !questions.isEmpty else { return }
    do {
      try await dataplane.ask(questions)
      loggedSilence = nil
    } catch {
      guard loggedSilence != "\(error)" else { return }
      loggedSilence = "\(error)"
      logger.warning("virtual addresses are not asked for", metadata: ["error": "\(error)"])
    }
  }

  private func failures(
    _ steps: [DataplaneStep], _ outcomes: [StepOutcome], _ desired: DesiredDataplane
  ) -> [Problem] {
    zip(steps, outcomes).compactMap { step, outcome in
      switch outcome {
      case .applied, .alreadySo: nil
      case .retry(let text), .refused(let text):
        Problem(desired.subject(of: step), "\(step): \(text)", topic: .stepFailed)
      }
    }
  }

  private func log(_ steps: [DataplaneStep], _ outcomes: [StepOutcome], _ problems: [Problem]) {
    let level: Logger.Level = steps.count > Self.mostStepsTold ? .debug : .info
    for (step, outcome) in zip(steps, outcomes) {
      logger.log(level: level, "step", metadata: ["step": "\(step)", "outcome": "\(outcome)"])
    }
    if level == .debug {
      let applied = outcomes.count { $0 == .applied }
      let others = outcomes.count { $0 != .applied && $0 != .alreadySo }
      logger.info("many steps", metadata: ["applied": "\(applied)", "failed": "\(others)"])
    }
    guard problems != loggedProblems else { return }
    loggedProblems = problems
    for problem in problems {
      logger.warning("problem", metadata: ["subject": "\(problem.subject)", "text": "\(problem.text)"])
    }
  }

  private func tell(
    _ configuration: GatewayConfiguration?, _ observation: DataplaneObservation?, _ problems: [Problem],
    _ evidence: DataplaneEvidence, _ look: LookFacts? = nil
  ) {
    seen = observation
    let own = configurationProblem.map { [Problem(.configuration, $0)] } ?? []
    outgoing.put(
      GatewayReport(
        node: node, configuration: configuration, dataplane: dataplane.kind,
        kernelRelease: dataplane.kernelRelease, interfaces: observation?.interfaces ?? [],
        problems: own + problems, evidence: evidence,
        planning: observation.map { PlanningFacts(of: $0) }, look: look, agent: tally.counts(now: .now)))
  }
}

extension GatewayConfiguration {
  /// Whether the two differ in their generation only.
  fileprivate func says(asMuchAs other: GatewayConfiguration) -> Bool {
    store == other.store && node == other.node && tunnels == other.tunnels && connections == other.connections
      && permission == other.permission
  }
}

struct RefusedConfiguration: Error, CustomStringConvertible {
  let reason: String
  var description: String { "configuration refused: \(reason)" }
}
