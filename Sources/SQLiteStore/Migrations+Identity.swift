import GRDB

extension Migrations {
  /// Users, groups, policies and their grants, and keys that belong to users.
  ///
  /// The one key of an older store, which opened its one project, becomes a key of a user `admin` who may do
  /// everything. Its secret is still in the open here: it is sealed when the store is opened, for which the
  /// key is needed that a migration does not have.
  static func makeIdentity(_ database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE project ADD COLUMN description TEXT NOT NULL DEFAULT '';
        CREATE UNIQUE INDEX project_by_name ON project (name);
        CREATE TABLE domain (
          id TEXT NOT NULL PRIMARY KEY,
          name TEXT NOT NULL,
          created_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE user (
          id TEXT NOT NULL PRIMARY KEY,
          name TEXT NOT NULL UNIQUE,
          description TEXT NOT NULL,
          is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
          sealed_password BLOB,
          generation INTEGER NOT NULL,
          created_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE user_group (
          id TEXT NOT NULL PRIMARY KEY,
          name TEXT NOT NULL UNIQUE,
          description TEXT NOT NULL,
          created_at INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE membership (
          user TEXT NOT NULL REFERENCES user,
          user_group TEXT NOT NULL REFERENCES user_group,
          PRIMARY KEY (user, user_group)
        ) STRICT;
        CREATE INDEX membership_by_group ON membership (user_group);
        CREATE TABLE policy (
          id TEXT NOT NULL PRIMARY KEY,
          name TEXT NOT NULL UNIQUE,
          description TEXT NOT NULL,
          kind TEXT NOT NULL,
          statements TEXT NOT NULL,
          created_at INTEGER NOT NULL,
          updated_at INTEGER NOT NULL
        ) STRICT;
        -- No reference to policy: some are built in, and are no rows.
        CREATE TABLE policy_grant (
          user_group TEXT NOT NULL REFERENCES user_group,
          policy TEXT NOT NULL,
          scope TEXT NOT NULL,
          PRIMARY KEY (user_group, policy, scope)
        ) STRICT;
        """)
    try makeSealedTables(database)
    try giveOpenKeys(database)
  }

  private static func makeSealedTables(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE seal (
          id INTEGER PRIMARY KEY CHECK (id = 1),
          probe BLOB NOT NULL,
          is_scrubbed INTEGER NOT NULL CHECK (is_scrubbed IN (0, 1))
        ) STRICT;
        ALTER TABLE access_key RENAME TO open_key;
        CREATE TABLE access_key (
          id TEXT NOT NULL PRIMARY KEY,
          user TEXT NOT NULL REFERENCES user,
          secret BLOB NOT NULL,
          is_sealed INTEGER NOT NULL CHECK (is_sealed IN (0, 1)),
          is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
          description TEXT NOT NULL,
          created_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX access_key_by_user ON access_key (user);
        """)
  }

  private static func giveOpenKeys(_ database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO domain (id, name, created_at)
          SELECT lower(hex(randomblob(16))), 'default', min(created_at) FROM project HAVING count(*) > 0;
        INSERT INTO user (id, name, description, is_enabled, generation, created_at)
          SELECT lower(hex(randomblob(16))), 'admin', '', 1, 1, created_at FROM domain;
        INSERT INTO user_group (id, name, description, created_at)
          SELECT lower(hex(randomblob(16))), 'admin', '', created_at FROM domain;
        INSERT INTO membership (user, user_group) SELECT user.id, user_group.id FROM user, user_group;
        INSERT INTO policy_grant (user_group, policy, scope)
          SELECT id, '00000000000000000000000000000001', 'domain' FROM user_group
          UNION ALL SELECT id, '00000000000000000000000000000001', 'projects' FROM user_group;
        INSERT INTO access_key (id, user, secret, is_sealed, is_active, description, created_at)
          SELECT open_key.id, user.id, CAST(open_key.secret AS BLOB), 0, 1, '', open_key.created_at
          FROM open_key, user;
        DROP TABLE open_key;
        """)
  }
}
