import ESWModel

// What every change has beside what it is: the question, and the plan for an answer.
extension OperationDocument {
  static let dryRun = Query(
    name: DryRunQuery.name,
    summary: "With true nothing is changed: the answer is what the change would do, or its refusal",
    schema: .words("true", "false"))

  var queryOfAll: [Query] { query + (operation.isChange ? [Self.dryRun] : []) }

  /// What is answered, a plan among it; the answers themselves stay as they are for the links of what is
  /// made.
  var answersOfAll: [Answer] {
    guard operation.isChange else { return answers }
    guard answers.contains(where: { $0.status == 200 }) else {
      return [
        Answer(status: 200, summary: "With dry_run=true: the plan; nothing was changed", schema: .planned)
      ] + answers
    }
    return answers.map { answer in
      guard answer.status == 200 else { return answer }
      return Answer(
        status: 200, summary: answer.summary + "; with dry_run=true the plan, and nothing was changed",
        schema: answer.schema.map { .either($0, .planned) } ?? .planned, headers: answer.headers)
    }
  }
}

extension Schema {
  static let planned = envelope(["plan": plan])

  private static let plan = answer([
    "operation": string(), "revision": count, "rows": array(of: plannedRow), "nodes": array(of: plannedNode),
    "frames": words(of: Interruption.Frames.self), "checks": array(of: check),
    "result": words(of: PlanCheck.Result.self),
  ]).named("ChangePlan")

  private static let plannedRow = answer([
    "resource_type": string(), "resource_id": string(), "provisional": boolean, "before": anyRow,
    "after": anyRow,
  ])

  /// Whatever a row of its type has, as in the audit.
  private static let anyRow = Schema(["type": "object"]).orNull

  private static let plannedNode = answer([
    "name": nodeName, "generation": count.orNull, "report_age_ms": milliseconds.orNull, "exact": boolean,
    "step_count": count, "steps": array(of: step(more: ["effect": words(of: PlannedStep.Effect.self)])),
    "present": array(of: step()), "interruptions": array(of: interruption),
    "notes": array(of: string()),
  ]).named("NodePlan")

  private static func step(more: KeyValuePairs<String, Schema> = [:]) -> Schema {
    answer(
      [
        "kind": words(of: DataplaneStep.Word.self), "command": string(),
        "touches": array(
          of: answer(["kind": words(of: PlannedStep.Touched.Kind.self), "name": string()])),
      ], more: more)
  }

  private static let interruption = answer([
    "frames": words(of: Interruption.Frames.self),
    "subject": either(
      answer(["kind": words("interface"), "name": string()]),
      answer(
        ["kind": words("connection"), "hosts": count.orNull], optional: ["id": uuid, "name": resourceName])),
    "milliseconds": milliseconds.orNull, "reason": string(),
  ]).named("Interruption")

  private static let check = answer(
    [
      "topic": words(of: PlanCheck.Topic.self), "result": words(of: PlanCheck.Result.self), "text": string(),
    ], optional: ["connection_id": uuid]
  ).named("PlanCheck")
}
