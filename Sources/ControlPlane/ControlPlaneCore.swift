import ESWAdmission
import ESWModel
import ESWPlanning
import ESWSeams
import ESWWire
import Logging

/// What every handler needs.
struct ControlPlaneCore: Sendable {
  let store: any IntentStore
  let region: Region
  let minting: Minting
  let secrets: SecretMinting
  let now: @Sendable () -> Timestamp
  let pages = PageShelf()
  let tally = ServerTally()
  let rates = RateKeeper()
  let captures = CaptureExchange()
  let timeline: EventTimeline
  let denials: DenialJournal
  /// What stands before the host in addresses of ours in answers.
  let scheme: String
  let logger: Logger

  init(
    store: any IntentStore, region: Region, minting: Minting, secrets: SecretMinting,
    now: @escaping @Sendable () -> Timestamp, scheme: String, logger: Logger
  ) {
    self.store = store
    self.region = region
    self.minting = minting
    self.secrets = secrets
    self.now = now
    self.scheme = scheme
    self.logger = logger
    denials = DenialJournal(store: store, logger: logger)
    timeline = EventTimeline(store: store, region: region, now: now, logger: logger)
  }

  var snapshot: IntentSnapshot { store.snapshot }

  /// Intent, reports and the time, taken once for an answer, so that its rows agree.
  var view: View { View(snapshot: snapshot, reports: store.reports, region: region, now: now()) }

  func view(of snapshot: IntentSnapshot) -> View {
    View(snapshot: snapshot, reports: store.reports, region: region, now: now())
  }

  struct View: Sendable {
    let snapshot: IntentSnapshot
    let reports: ReportSnapshot
    let region: Region
    let now: Timestamp

    func status(of instance: Instance) -> InstanceStatus {
      InstanceStatus(of: instance, in: snapshot, reports: reports, region: region, now: now)
    }

    func status(of connection: Connection) -> ConnectionStatus {
      ConnectionStatus(of: connection, in: snapshot, reports: reports, region: region, now: now)
    }

    func findings(of instance: Instance) -> Findings {
      Findings(of: instance, in: snapshot, reports: reports, region: region, now: now)
    }

    func findings(of connection: Connection) -> Findings {
      Findings(of: connection, in: snapshot, reports: reports, region: region, now: now)
    }

    func word(of instance: Instance, holding span: inout MomentSpan) -> InstanceStatus.Word {
      InstanceStatus(
        of: instance, in: snapshot, reports: reports, region: region, now: now, holding: &span
      ).word
    }

    func word(of connection: Connection, holding span: inout MomentSpan) -> ConnectionStatus.Word {
      ConnectionStatus(
        of: connection, in: snapshot, reports: reports, region: region, now: now, holding: &span
      ).word
    }
  }

  /// Decides on the snapshot that is being written; the view has it. The caller is admitted on it once
  /// more: when a right or a key has been taken away, nothing is written by it from then on.
  ///
  /// A dry run ends here: the decision is the same, on the newest snapshot, and what it would do is thrown
  /// instead of done, so that no handler can do anything behind it.
  ///
  /// - Parameter context: The call on whose behalf it is done.
  /// - Throws: What `decide` throws; `PlannedChange` for a dry run.
  func commit<Outcome: Sendable>(
    _ context: CallContext, _ decide: @escaping @Sendable (View) throws -> IntentChange<Outcome>
  ) async throws -> (outcome: Outcome, view: View) {
    guard !context.isDryRun else { throw try await aside { try plan(context, decide) } }
    let author = AuditEntry.Author(context)
    let start = ContinuousClock.now
    do {
      let (outcome, snapshot) = try await store.commit { snapshot in
        _ = try Door.admit(context, in: snapshot)
        let view = view(of: snapshot)
        let change = try decide(view)
        return IntentChange(
          edits: change.edits, outcome: change.outcome,
          audit: AuditEntry.entries(of: change.edits, in: snapshot, by: author, at: view.now))
      }
      tally.commits.add(.committed, took: ContinuousClock.now - start)
      return (outcome, view(of: snapshot))
    } catch {
      tally.commits.add(.declined, took: ContinuousClock.now - start)
      throw error
    }
  }

  private func plan<Outcome>(
    _ context: CallContext, _ decide: (View) throws -> IntentChange<Outcome>
  ) throws -> PlannedChange {
    let view = view
    _ = try Door.admit(context, in: view.snapshot)
    guard let operation = context.operation else { throw CallError.noSuchPath }
    let edits = try decide(view).edits
    let plan = ChangePlan(
      of: edits, in: view.snapshot, reports: view.reports, region: region, now: view.now)
    return PlannedChange(
      operation, of: context.admittedProject, plan: plan, edits: edits, snapshot: view.snapshot)
  }

  /// Keeps that a call was refused for lack of rights. The refusal stands whether or not it can be kept.
  ///
  /// - Parameter project: Which the call was about, if there is one.
  func recordDenial(_ context: CallContext, code: String, path: String, project: ProjectID?) async {
    let entry = AuditEntry(
      at: now(), author: AuditEntry.Author(context), project: project.flatMap { snapshot.project($0)?.id },
      outcome: .denied(code: code, path: String(path.prefix(Self.longestAuditedPath))))
    await denials.keep(entry)
  }

  /// Keeps who captured what: an entry when it begins, and one when it has ended.
  ///
  /// - Parameter outcome: Nil: it begins.
  func audit(
    capture request: CaptureRequest, of connection: ConnectionID, on node: NodeName, for context: CallContext,
    outcome: CaptureOutcome?
  ) async throws {
    let begun = request.auditText(on: node, outcome: nil)
    let entry = AuditEntry(
      at: now(), author: AuditEntry.Author(context), project: context.admittedProject,
      outcome: .changed(
        kind: "capture", id: connection.description, before: outcome.map { _ in begun },
        after: outcome.map { request.auditText(on: node, outcome: $0) } ?? begun))
    _ = try await store.commit { _ in IntentChange(edits: [], outcome: (), audit: [entry]) }
  }

  /// In characters; a path may be longer than is worth keeping.
  private static let longestAuditedPath = 512
}

extension AuditEntry.Author {
  fileprivate init(_ context: CallContext) {
    // Also one who was found out by a handler, as at a login.
    var (principal, key): (Principal?, String?)
    if case .user(let caller)? = context.trace.caller { principal = caller }
    if case .key(let id)? = principal?.credential { key = id }
    self.init(
      user: principal?.user.id.description, userName: principal?.user.name.description, accessKey: key,
      source: context.source,
      operation: context.trace.operation?.name ?? "-", request: context.requestID)
  }
}
