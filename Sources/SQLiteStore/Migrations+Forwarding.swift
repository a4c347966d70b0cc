import GRDB

extension Migrations {
  /// How connections forward; null: as one that nobody has set. And whether flavors limit, which they did
  /// not.
  static func makeForwarding(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE connection ADD COLUMN forwarding TEXT;
        ALTER TABLE meta ADD COLUMN enforces_flavors INTEGER NOT NULL DEFAULT 0
          CHECK (enforces_flavors IN (0, 1));
        """)
  }
}
