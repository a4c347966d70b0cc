import ESWClient

/// A record of the audit as people read it.
struct AuditLine {
  private let record: JSON

  init(_ record: JSON) { self.record = record }

  /// What `AuditCommand.columns` show.
  var cells: JSON {
    .object([
      "id": record["id"], "time": record["time"], "who": .string(who), "from": record["source"],
      "operation": record["operation"], "outcome": .string(outcome), "resource": .string(resource),
    ])
  }

  /// What the program does by itself has no user.
  private var who: String {
    let names = ["user_name", "user_id", "access_key"].lazy.map { record[$0].text }
    return names.first { !$0.isEmpty } ?? "esw serve"
  }

  /// The API's `changed`, said more exactly.
  private var outcome: String {
    switch (record["outcome"].text, record["before"], record["after"]) {
    case ("changed", .null, _): "created"
    case ("changed", _, .null): "deleted"
    case ("denied", _, _): "denied \(record["error_code"].text)"
    case (let outcome, _, _): outcome
    }
  }

  private var resource: String {
    record["outcome"].text == "denied"
      ? record["path"].text : "\(record["resource_type"].text) \(record["resource_id"].text)"
  }

  /// `field: old -> new` for each field that differs.
  var differences: [String] {
    let (before, after) = (Self.fields(of: record["before"]), Self.fields(of: record["after"]))
    return Set(before.keys).union(after.keys).sorted().compactMap { field in
      let (old, new) = (before[field] ?? "", after[field] ?? "")
      guard old != new else { return nil }
      return Table.printable("\(field): \(Self.shown(old)) -> \(Self.shown(new))")
    }
  }

  /// The lines of a table, each with its record's differences below.
  static func text(_ lines: [AuditLine], under table: Table, hasHeading: Bool) -> String {
    let rows = table.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let heading = rows.prefix(hasHeading ? 1 : 0)
    let records = zip(rows.dropFirst(heading.count), lines).flatMap { row, line in
      [row] + line.differences.map { "    " + $0 }
    }
    return (heading + records).joined(separator: "\n")
  }

  private static func shown(_ text: String) -> String { text.isEmpty ? "(none)" : text }

  /// By their paths. What is empty is as what is not there.
  private static func fields(of value: JSON, under path: String = "") -> [String: String] {
    guard case .object(let members) = value else { return [path: value.text] }
    return members.reduce(into: [:]) { fields, member in
      let place = path.isEmpty ? member.key : "\(path).\(member.key)"
      fields.merge(Self.fields(of: member.value, under: place)) { $1 }
    }
  }
}
