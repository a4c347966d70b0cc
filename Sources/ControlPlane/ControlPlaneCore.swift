import ESWAdmission
import ESWModel
import ESWPlanning
import ESWSeams

/// What every handler needs.
struct ControlPlaneCore: Sendable {
  let store: any IntentStore
  let region: Region
  let minting: Minting
  let now: @Sendable () -> Timestamp
  let pages = PageShelf()

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

  /// Decides on the snapshot that is being written; the view has it.
  ///
  /// - Parameter context: The call on whose behalf it is done.
  func commit<Outcome: Sendable>(
    _ context: CallContext, _ decide: @escaping @Sendable (View) throws -> IntentChange<Outcome>
  ) async throws -> (outcome: Outcome, view: View) {
    let (outcome, snapshot) = try await store.commit { try decide(view(of: $0)) }
    return (outcome, view(of: snapshot))
  }
}
