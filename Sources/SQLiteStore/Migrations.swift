import GRDB

/// The schema, version by version. A migration that was once released is never edited, and none uses a
/// type of ours: an old one must do in ten years what it does today.
enum Migrations {
  static var all: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 intent", migrate: makeIntent)
    migrator.registerMigration("2 reports", migrate: makeReports)
    migrator.registerMigration("3 audit", migrate: makeAudit)
    migrator.registerMigration("4 ports", migrate: makePorts)
    migrator.registerMigration("5 identity", migrate: makeIdentity)
    migrator.registerMigration("6 attachments by VLAN", migrate: makeVLANs)
    migrator.registerMigration("7 forwarding", migrate: makeForwarding)
    migrator.registerMigration("8 events", migrate: makeEvents)
    migrator.registerMigration("9 permissions of nodes", migrate: makePermissions)
    return migrator
  }

  /// Ids and addresses are text, so that an operator can read them; times are milliseconds since 1970.
  private static func makeIntent(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE meta (
          id INTEGER PRIMARY KEY CHECK (id = 1),
          store TEXT NOT NULL,
          revision INTEGER NOT NULL,
          next_connection_number INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE project (
          id TEXT NOT NULL PRIMARY KEY,
          name TEXT NOT NULL,
          created_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE access_key (
          id TEXT NOT NULL PRIMARY KEY,
          secret TEXT NOT NULL,
          project TEXT NOT NULL REFERENCES project,
          created_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE vpc (
          id TEXT NOT NULL PRIMARY KEY,
          project TEXT NOT NULL REFERENCES project,
          name TEXT NOT NULL,
          description TEXT NOT NULL,
          network TEXT NOT NULL,
          created_at INTEGER NOT NULL,
          updated_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE subnet (
          id TEXT NOT NULL PRIMARY KEY,
          project TEXT NOT NULL REFERENCES project,
          vpc TEXT NOT NULL REFERENCES vpc,
          name TEXT NOT NULL,
          description TEXT NOT NULL,
          network TEXT NOT NULL,
          gateway TEXT NOT NULL,
          is_dhcp_enabled INTEGER NOT NULL CHECK (is_dhcp_enabled IN (0, 1)),
          name_servers TEXT NOT NULL,
          availability_zone TEXT NOT NULL,
          created_at INTEGER NOT NULL,
          updated_at INTEGER NOT NULL,
          UNIQUE (vpc, network)
        ) STRICT;
        CREATE TABLE attachment (
          id TEXT NOT NULL PRIMARY KEY,
          project TEXT NOT NULL REFERENCES project,
          subnet TEXT NOT NULL REFERENCES subnet,
          node TEXT NOT NULL,
          role TEXT NOT NULL CHECK (role IN ('tunnel', 'layer2')),
          point_kind TEXT NOT NULL CHECK (point_kind IN ('interface', 'bridge')),
          point_name TEXT NOT NULL,
          created_at INTEGER NOT NULL,
          UNIQUE (subnet, node)
        ) STRICT;
        CREATE UNIQUE INDEX one_segment_an_interface ON attachment (node, point_name) WHERE role = 'layer2';
        """)
    try makeSwitches(database)
  }

  private static func makeSwitches(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE instance (
          id TEXT NOT NULL PRIMARY KEY,
          project TEXT NOT NULL REFERENCES project,
          name TEXT NOT NULL,
          description TEXT NOT NULL,
          flavor TEXT NOT NULL,
          primary_zone TEXT NOT NULL,
          standby_zone TEXT NOT NULL,
          vpc TEXT NOT NULL REFERENCES vpc,
          tunnel_subnet TEXT NOT NULL REFERENCES subnet,
          tunnel_address TEXT NOT NULL,
          created_at INTEGER NOT NULL,
          updated_at INTEGER NOT NULL,
          created_in INTEGER NOT NULL,
          UNIQUE (tunnel_subnet, tunnel_address)
        ) STRICT;
        CREATE INDEX instance_by_vpc ON instance (vpc);
        CREATE TABLE connection (
          id TEXT NOT NULL PRIMARY KEY,
          number INTEGER NOT NULL UNIQUE,
          project TEXT NOT NULL REFERENCES project,
          instance TEXT NOT NULL REFERENCES instance,
          name TEXT NOT NULL,
          vpc TEXT NOT NULL REFERENCES vpc,
          subnet TEXT NOT NULL UNIQUE REFERENCES subnet,
          active_address TEXT NOT NULL,
          standby_address TEXT NOT NULL CHECK (standby_address <> active_address),
          created_at INTEGER NOT NULL,
          updated_at INTEGER NOT NULL,
          created_in INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX connection_by_instance ON connection (instance);
        CREATE INDEX connection_by_vpc ON connection (vpc);
        CREATE TABLE remote (
          connection TEXT NOT NULL REFERENCES connection ON DELETE CASCADE,
          position INTEGER NOT NULL CHECK (position BETWEEN 0 AND 1),
          instance TEXT NOT NULL REFERENCES instance,
          vni INTEGER NOT NULL CHECK (vni BETWEEN 1 AND 16777215),
          address TEXT NOT NULL,
          port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
          PRIMARY KEY (connection, position),
          UNIQUE (instance, vni, address)
        ) STRICT;
        CREATE TABLE job (
          id TEXT NOT NULL PRIMARY KEY,
          project TEXT NOT NULL REFERENCES project,
          kind TEXT NOT NULL,
          instance TEXT NOT NULL,
          instance_name TEXT NOT NULL,
          begun_at INTEGER NOT NULL,
          created_in INTEGER NOT NULL,
          node TEXT
        ) STRICT;
        """)
  }

  /// A report is kept in the form in which it comes: it is written whole, read whole, and replaced by the
  /// next one of its node.
  private static func makeReports(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE job_outcome (
          job TEXT NOT NULL PRIMARY KEY REFERENCES job ON DELETE CASCADE,
          ended_at INTEGER NOT NULL,
          fail_reason TEXT
        ) STRICT;
        CREATE TABLE report (
          node TEXT NOT NULL PRIMARY KEY,
          received_at INTEGER NOT NULL,
          report TEXT NOT NULL
        ) STRICT;
        """)
  }

  /// `AUTOINCREMENT`, so that a number is never used again, also when the newest records are gone.
  private static func makeAudit(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE audit (
          number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
          at INTEGER NOT NULL,
          project TEXT,
          user TEXT,
          user_name TEXT,
          access_key TEXT,
          source TEXT NOT NULL,
          operation TEXT NOT NULL,
          request TEXT NOT NULL,
          is_denied INTEGER NOT NULL CHECK (is_denied IN (0, 1)),
          kind TEXT,
          resource TEXT,
          before TEXT,
          after TEXT,
          code TEXT,
          path TEXT
        ) STRICT;
        CREATE INDEX audit_by_project ON audit (project, number);
        CREATE INDEX audit_by_resource ON audit (resource, number) WHERE resource IS NOT NULL;
        CREATE INDEX audit_by_user ON audit (user, number) WHERE user IS NOT NULL;
        CREATE INDEX audit_by_outcome ON audit (is_denied, number);
        CREATE TABLE audit_size (
          is_denied INTEGER NOT NULL PRIMARY KEY CHECK (is_denied IN (0, 1)),
          records INTEGER NOT NULL
        ) STRICT;
        INSERT INTO audit_size (is_denied, records) VALUES (0, 0), (1, 0);
        """)
  }

  /// The empty text is no tag: what was attached before has none. One segment an interface becomes one a tag.
  private static func makeVLANs(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE attachment ADD COLUMN vlan TEXT NOT NULL DEFAULT '';
        DROP INDEX one_segment_an_interface;
        CREATE UNIQUE INDEX one_segment_a_tag ON attachment (node, point_name, vlan) WHERE role = 'layer2';
        """)
  }

  /// A port belongs to its subnet by id; addresses are told apart inside it.
  private static func makePorts(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE port (
          id TEXT NOT NULL PRIMARY KEY,
          project TEXT NOT NULL REFERENCES project,
          subnet TEXT NOT NULL REFERENCES subnet,
          name TEXT NOT NULL,
          owner TEXT NOT NULL CHECK (owner IN ('', 'neutron:VIP_PORT')),
          address TEXT NOT NULL,
          connection TEXT REFERENCES connection,
          created_at INTEGER NOT NULL,
          UNIQUE (subnet, address)
        ) STRICT;
        CREATE INDEX port_by_connection ON port (connection) WHERE connection IS NOT NULL;
        """)
  }
}
