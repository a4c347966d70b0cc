import ESWClient

/// A plan as people read it.
struct PlanPage {
  private let plan: JSON

  init(_ plan: JSON) { self.plan = plan }

  /// By --quiet only the commands, one a line.
  func show(_ options: ClientOptions) throws {
    switch (options.output, options.quiet) {
    case (.json, _): try Terminal.result(plan.pretty)
    case (.table, true):
      let commands = elements(plan["nodes"]).flatMap { elements($0["steps"]) }
        .map { Table.printable($0["command"].text) }
      if !commands.isEmpty { try Terminal.result(commands.joined(separator: "\n")) }
    case (.table, false): try Terminal.result(text)
    }
  }

  var text: String {
    let parts = [headline, rows] + elements(plan["nodes"]).map(node) + [interruptions, checks]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  // MARK: Parts

  private var headline: String {
    let nodes = elements(plan["nodes"]).map { node in
      "\(node["step_count"].text) steps on \(node["name"].text)"
    }
    let reach = nodes.isEmpty ? "it reaches no node" : nodes.joined(separator: ", ")
    return Table.printable(
      "plan of \(plan["operation"].text), by revision \(plan["revision"].text): \(reach). Nothing was changed."
    )
  }

  private var rows: String {
    elements(plan["rows"]).flatMap { row -> [String] in
      let (before, after) = (row["before"], row["after"])
      let any = after == .null ? before : after
      let name = any["name"].text.isEmpty ? row["resource_id"].text : any["name"].text
      let title = "\(row["resource_type"].text) \(name)"
      switch (before, after) {
      case (.null, _): return ["make    \(title)"] + members(of: after, otherThan: .null)
      case (_, .null): return ["remove  \(title)"]
      default: return ["change  \(title)"] + members(of: after, otherThan: before)
      }
    }.map(Table.printable).joined(separator: "\n")
  }

  /// What is new of a row, without ids that were made up for the plan.
  private func members(of row: JSON, otherThan old: JSON) -> [String] {
    guard case .object(let members) = row else { return [] }
    return members.sorted { $0.key < $1.key }.compactMap { name, value in
      guard !["id", "name"].contains(name) || old != .null, value != old[name], value != .null,
        !value.text.isEmpty
      else { return nil }
      return "          \(name): " + (old[name] == .null ? "" : "\(old[name].text) -> ") + value.text
    }
  }

  private func node(_ node: JSON) -> String {
    let age = node["report_age_ms"]
    var lines = [
      "node \(node["name"].text)" + (age == .null ? "" : ", by its report of \(age.text) ms ago")
        + (node["exact"] == .boolean(true) ? "" : ", which does not tell all")
    ]
    lines += elements(node["present"]).map { "  there    \($0["command"].text)" }
    let verbs = ["made": "make", "changed": "change", "removed": "remove"]
    for (number, step) in elements(node["steps"]).enumerated() {
      let verb = verbs[step["effect"].text] ?? step["effect"].text
      lines.append("  \(pad("\(number + 1)", 3)) \(pad(verb, 7))\(step["command"].text)")
    }
    lines += elements(node["notes"]).map { "  note: \($0.text)" }
    return lines.map(Table.printable).joined(separator: "\n")
  }

  private var interruptions: String {
    guard !elements(plan["nodes"]).isEmpty else { return "" }
    let all = elements(plan["nodes"]).flatMap { elements($0["interruptions"]) }
    guard !all.isEmpty else { return "frames: none is lost" }
    return all.map { part in
      let subject = part["subject"]
      let hosts = subject["hosts"] == .null ? "" : " with \(subject["hosts"].text) hosts"
      let end = part["frames"].text == "ended"
      let time = part["milliseconds"] == .null ? "a moment" : "\(part["milliseconds"].text) ms"
      return Table.printable(
        "frames of \(subject["kind"].text) \(subject["name"].text)\(hosts) "
          + (end ? "end" : "are lost for \(time)") + ": \(part["reason"].text)")
    }.joined(separator: "\n")
  }

  private var checks: String {
    let marks = ["pass": "ok", "warn": "WARN", "fail": "FAIL"]
    return elements(plan["checks"]).map { check in
      Table.printable(
        "\(pad(marks[check["result"].text] ?? "?", 6))\(pad(check["topic"].text, 11))\(check["text"].text)")
    }.joined(separator: "\n")
  }

  // MARK: Text

  private func elements(_ value: JSON) -> [JSON] {
    if case .array(let elements) = value { elements } else { [] }
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 1))
  }
}
