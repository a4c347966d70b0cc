package import ESWModel

/// A plan with what its ids stand for.
package struct PlannedChange: Error, Sendable {
  /// Beyond these a plan tells the number only; our own choice.
  package static let mostSteps = 10_000
  static let mostPresent = 1_000
  static let mostInterruptions = 1_000
  static let mostRows = 1_000

  package let operation: Operation
  /// Whose change it is, if it is one of a project.
  package let project: ProjectID?
  package let plan: ChangePlan
  package let edits: [IntentEdit]
  /// Without the edits.
  package let snapshot: IntentSnapshot

  package init(
    _ operation: Operation, of project: ProjectID?, plan: ChangePlan, edits: [IntentEdit],
    snapshot: IntentSnapshot
  ) {
    self.operation = operation
    self.project = project
    self.plan = plan
    self.edits = edits
    self.snapshot = snapshot
  }
}

extension JSONWriter {
  /// What a change would do, as `dry_run` answers it.
  package mutating func plan(_ planned: PlannedChange) {
    let plan = planned.plan
    beginObject()
    member("operation", planned.operation.name)
    member("revision", integer: plan.revision.value)
    array("rows", planned.edits.prefix(PlannedChange.mostRows).lazy.compactMap { planned.row(of: $0) }) {
      $0.plannedRow($1)
    }
    array("nodes", plan.nodes) { $0.plan(of: $1, planned) }
    let frames = plan.nodes.flatMap(\.interruptions).map(\.frames).max() ?? .none
    member("frames", frames.rawValue)
    array("checks", plan.checks) { writer, check in
      writer.object {
        $0.member("topic", check.topic.rawValue)
        $0.member("result", check.result.rawValue)
        $0.member("text", check.text)
        $0.optional("connection_id", check.connection?.description)
      }
    }
    member("result", Self.worst(of: plan.checks).rawValue)
    endObject()
  }

  private static func worst(of checks: [PlanCheck]) -> PlanCheck.Result {
    let results = Set(checks.map(\.result))
    return results.contains(.fail) ? .fail : results.contains(.warn) ? .warn : .pass
  }

  private mutating func plannedRow(_ row: (before: AuditedRow?, after: AuditedRow?)) {
    guard let any = row.after ?? row.before else { return }
    object {
      $0.member("resource_type", any.kind)
      $0.member("resource_id", any.id)
      // An id that was made up for the plan; the change makes its own.
      $0.member("provisional", row.before == nil)
      $0.json("before", row.before?.text)
      $0.json("after", row.after?.text)
    }
  }

  private mutating func plan(of node: NodePlan, _ planned: PlannedChange) {
    object {
      $0.member("name", node.node.description)
      $0.member("generation", integer: node.generation?.value)
      $0.member("report_age_ms", integer: node.reportAgeMilliseconds)
      $0.member("exact", node.isExact)
      $0.member("step_count", integer: node.steps.count)
      $0.array("steps", node.steps.prefix(PlannedChange.mostSteps)) { writer, step in
        writer.object {
          $0.members(of: step)
          $0.member("effect", step.effect.rawValue)
        }
      }
      $0.array("present", node.present.prefix(PlannedChange.mostPresent)) { writer, step in
        writer.object { $0.members(of: step) }
      }
      $0.array("interruptions", node.interruptions.prefix(PlannedChange.mostInterruptions)) {
        $0.interruption($1, planned)
      }
      $0.member("notes", strings: node.notes)
    }
  }

  private mutating func members(of step: PlannedStep) {
    member("kind", step.step.word.rawValue)
    member("command", step.command)
    array("touches", step.touches) { writer, touched in
      writer.object {
        $0.member("kind", touched.kind.rawValue)
        $0.member("name", touched.name)
      }
    }
  }

  private mutating func interruption(_ interruption: Interruption, _ planned: PlannedChange) {
    object {
      $0.member("frames", interruption.frames.rawValue)
      $0.object("subject") { $0.subject(interruption.subject, planned) }
      $0.member("milliseconds", integer: interruption.milliseconds)
      $0.member("reason", interruption.reason)
    }
  }

  private mutating func subject(_ subject: Interruption.Subject, _ planned: PlannedChange) {
    switch subject {
    case .interface(let name):
      member("kind", "interface")
      member("name", name.description)
    case .connection(let id, let hosts):
      member("kind", "connection")
      // Another project's is named to nobody.
      if let project = planned.project, let row = planned.snapshot.connections[id, of: project] {
        member("id", id)
        member("name", row.name.description)
      }
      member("hosts", integer: hosts)
    }
  }
}

extension PlannedChange {
  fileprivate func row(of edit: IntentEdit) -> (before: AuditedRow?, after: AuditedRow?)? {
    let row = edit.audited(in: snapshot)
    return row.before == nil && row.after == nil ? nil : row
  }
}
