import ESWClient
import Foundation

/// Rows as people read them: aligned columns, a heading, nothing else.
struct Table {
  struct Column {
    let title: String
    /// Where the cell's value is in a row.
    let path: String

    init(_ title: String, _ path: String) {
      self.title = title
      self.path = path
    }
  }

  let text: String

  init(_ rows: [JSON], columns: [Column]) {
    let lines = [columns.map(\.title)] + rows.map { row in columns.map { Self.printable(row[$0.path].text) } }
    let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    text = lines.map { line in
      let cells = line.indices.map { column in
        line[column].padding(toLength: widths[column], withPad: " ", startingAt: 0)
      }
      return cells.joined(separator: "  ").trimmingTrailingSpaces
    }.joined(separator: "\n")
  }

  /// Names come from users: no control character may reach the terminal.
  private static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    String(reversed().drop(while: { $0 == " " }).reversed())
  }
}
