import GRDB

extension Migrations {
  /// `AUTOINCREMENT`, so that a number is never used again. A project of '' is none: such events are for all.
  static func makeEvents(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE event (
          number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
          at INTEGER NOT NULL,
          scope TEXT NOT NULL,
          node TEXT,
          connection TEXT,
          project TEXT NOT NULL,
          kind TEXT NOT NULL,
          happening TEXT NOT NULL
        ) STRICT;
        CREATE INDEX event_by_scope ON event (scope, number);
        CREATE INDEX event_by_project ON event (project, number);
        CREATE INDEX event_by_kind ON event (project, kind, number);
        CREATE TABLE event_mark (
          name TEXT NOT NULL PRIMARY KEY,
          value TEXT NOT NULL
        ) STRICT;
        """)
  }
}
