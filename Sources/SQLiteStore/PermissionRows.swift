import ESWModel
import GRDB

extension Migrations {
  /// Nodes about which operators decided; no reason and no moment: it may forward.
  static func makePermissions(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE node_permission (
          node TEXT NOT NULL PRIMARY KEY,
          epoch INTEGER NOT NULL CHECK (epoch BETWEEN 1 AND 4294967295),
          hold_reason TEXT,
          held_since INTEGER,
          CHECK ((hold_reason IS NULL) = (held_since IS NULL))
        ) STRICT;
        """)
  }
}

extension NodePermission: StoredRow {
  static var table: String { "node_permission" }
  static var key: String { "node" }

  func columns() -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    [
      ("node", node.description), ("epoch", Int64(epoch)), ("hold_reason", hold?.reason.description),
      ("held_since", hold?.since.milliseconds),
    ]
  }

  init(from reader: RowReader) throws {
    let hold = try reader.optionalText("hold_reason").map { text in
      guard let reason = ResourceDescription(text) else { throw reader.damaged }
      return Hold(reason: reason, since: try reader.moment("held_since"))
    }
    self.init(node: try reader.parsed("node"), epoch: try reader.integer("epoch"), hold: hold)
  }
}
