import ESWClient
import ESWModel

/// Findings for people and for programs, those of a node and those that the API tells of a connection.
enum FindingText {
  /// As the API has them.
  static func json(_ finding: Finding) -> JSON {
    .object([
      "weight": .string(finding.weight.rawValue), "topic": .string(finding.topic.rawValue),
      "subject": finding.subject.map { .string($0) } ?? .null, "what": .string(finding.what),
      "evidence": .array(finding.evidence.map { .string($0) }), "advice": .string(finding.advice),
      "commands": .array(finding.commands.map { .string($0) }),
    ])
  }

  /// - Parameter word: What it is called; its weight, if nothing else is said.
  static func block(_ finding: JSON, as word: String? = nil) -> String {
    let title = [word ?? finding["weight"].text, finding["topic"].text, finding["subject"].text]
      .filter { !$0.isEmpty }.joined(separator: " ")
    let seen = lines(finding["evidence"]).enumerated().map { place, line in
      (place == 0 ? "  seen: " : "        ") + line
    }
    let commands = lines(finding["commands"]).map { "      \($0)" }
    return (["\(title): \(finding["what"].text)"] + seen + ["  do: \(finding["advice"].text)"] + commands)
      .map(Table.printable).joined(separator: "\n")
  }

  /// What the API says of a connection: the cause, or that there is none, and what stands beside it.
  static func page(of row: JSON) -> String {
    let reason = row["reason"].text
    let head = "\(row["name"].text): \(row["status"].text)" + (reason.isEmpty ? "" : ", \(reason)")
    return ([Table.printable(head)] + blocks(of: row)).joined(separator: "\n\n")
  }

  static func blocks(of row: JSON) -> [String] {
    let others = elements(row["findings"]).map { block($0) }
    if row["cause"] != .null { return [block(row["cause"], as: "cause")] + others }
    let evidence = lines(row["evidence"]).map { Table.printable("  seen: \($0)") }
    // An older server says nothing of causes.
    guard case .array = row["findings"] else { return [] }
    return [(["nothing is known to be wrong"] + evidence).joined(separator: "\n")] + others
  }

  private static func elements(_ value: JSON) -> [JSON] {
    if case .array(let elements) = value { elements } else { [] }
  }

  private static func lines(_ value: JSON) -> [String] { elements(value).map(\.text) }
}
