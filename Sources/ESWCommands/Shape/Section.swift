import ESWClient

/// A list inside of what `show` shows.
struct Section {
  private let title: String
  private let rows: [JSON]
  private let columns: [Table.Column]

  init(_ title: String, _ rows: JSON, _ columns: [Table.Column]) {
    self.title = title
    self.rows = if case .array(let rows) = rows { rows } else { [] }
    self.columns = columns
  }

  /// Those that have rows, with an empty line between.
  static func text(_ sections: [Section]) -> String {
    sections.filter { !$0.rows.isEmpty }
      .map { "\($0.title)\n\(Table($0.rows, columns: $0.columns).text)" }.joined(separator: "\n\n")
  }
}
