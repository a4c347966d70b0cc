import ESWClient
import Foundation

/// Rows as people read them: aligned columns, a heading, nothing else.
struct Table {
  struct Column: Sendable {
    let title: String
    /// Where the cell's value is in a row; empty for the row itself.
    let path: String

    init(_ title: String, _ path: String) {
      self.title = title
      self.path = path
    }
  }

  let text: String

  init(_ rows: [JSON], columns: [Column], hasHeading: Bool = true) {
    let cells = rows.map { row in columns.map { Self.printable(row[$0.path].text) } }
    text = Self.aligned((hasHeading ? [columns.map(\.title)] : []) + cells)
  }

  /// One object: a line a member, those in objects by their path, lists of objects a line an element.
  init(record: JSON) {
    text = Self.aligned(Self.members(of: record, under: "").map { [$0.name, Self.printable($0.text)] })
  }

  /// What a person looks for first; the others by name.
  private static let first = ["id", "name", "status", "description"]

  private static func members(of value: JSON, under path: String) -> [(name: String, text: String)] {
    guard case .object(let members) = value else { return [(path, value.text)] }
    let rank = { (name: String) in path.isEmpty ? first.firstIndex(of: name) ?? first.count : first.count }
    let names = members.keys.sorted { (rank($0), $0) < (rank($1), $1) }
    return names.flatMap { name -> [(name: String, text: String)] in
      let (member, place) = (members[name] ?? .null, path.isEmpty ? name : "\(path).\(name)")
      if case .array(let elements) = member, case .object? = elements.first {
        return elements.map { (place, $0.text) }
      }
      return self.members(of: member, under: place)
    }
  }

  private static func aligned(_ lines: [[String]]) -> String {
    let count = lines.first?.count ?? 0
    let widths = (0..<count).map { column in lines.map { $0[column].terminalWidth }.max() ?? 0 }
    return lines.map { line in
      zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.terminalWidth) }
        .joined(separator: "  ").trimmingTrailingSpaces
    }.joined(separator: "\n")
  }

  /// Names come from users: no control character may reach the terminal, and none that turns the direction.
  static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
          case .format where scalar.properties.isBidiControl: "\u{FFFD}"
          default: scalar
          }
        }))
  }
}

extension String {
  /// How many columns of a terminal it takes.
  var terminalWidth: Int { reduce(0) { $0 + ($1.isWide ? 2 : 1) } }

  fileprivate var trimmingTrailingSpaces: String {
    String(reversed().drop(while: { $0 == " " }).reversed())
  }
}

extension Character {
  /// The blocks that Unicode's EastAsianWidth.txt has as W or F, coarsely.
  private static let wideBlocks: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
    0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
  ]

  fileprivate var isWide: Bool {
    unicodeScalars.contains { scalar in Self.wideBlocks.contains { $0.contains(scalar.value) } }
  }
}
