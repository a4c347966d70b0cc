import Testing

/// `docs/rules.md` against the sources: a rule has a counter that exists and a test that exists.
@Suite struct `The table of the data path's rules` {
  private struct Row {
    let line: Int
    let rule: Substring
    let counters: [String]
    let tests: [String]
  }

  /// The rows whose columns end in `counter` and `test`; "same" is what the row above has.
  private static let rows: [Row] = {
    var (rows, isTable): ([Row], Bool) = ([], false)
    for (index, line) in SourceFile(path: "docs/rules.md").lines.enumerated() {
      guard line.hasPrefix("|") else {
        isTable = false
        continue
      }
      let cells = line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
      if line.hasSuffix("| counter | test |") {
        isTable = true
      } else if isTable, cells.count >= 2, !line.hasPrefix("|--") {
        func names(_ cell: Substring, above: [String]?) -> [String] {
          cell.contains("same") ? above ?? [] : cell.matches(of: /`([^`]+)`/).map { String($0.output.1) }
        }
        rows.append(
          Row(
            line: index + 1, rule: cells[0],
            counters: names(cells[cells.count - 2], above: rows.last?.counters),
            tests: names(cells[cells.count - 1], above: rows.last?.tests)))
      }
    }
    return rows
  }()

  @Test func `is found`() {
    #expect(Self.rows.count > 20)
  }

  @Test func `names a test for each rule, and only tests that there are`() {
    let suites = Set(
      Repository.tests.flatMap(\.lines).compactMap { $0.firstMatch(of: /^struct `([^`]+)`/)?.output.1 })
    for row in Self.rows {
      if row.tests.isEmpty { Issue.record("docs/rules.md:\(row.line): no test holds this rule: write one") }
      for test in row.tests where !suites.contains(Substring(test)) {
        Issue.record("docs/rules.md:\(row.line): there is no suite `\(test)`")
      }
    }
  }

  @Test func `names counters that the path and the API have`() {
    let path = SourceFile(path: "Sources/CDatapath/include/maps.h").lines.joined(separator: "\n")
    let body = SourceFile(path: "Sources/ESWWire/DiagnosisBody.swift").lines.joined(separator: "\n")
    for row in Self.rows {
      for counter in row.counters where !path.contains("\"\(counter)\"") && !body.contains("\"\(counter)\"") {
        // What stands for many: a class's drops have the class's name.
        Issue.record(
          "docs/rules.md:\(row.line): `\(counter)` is neither a drop reason nor a member of a diagnosis")
      }
    }
  }
}
