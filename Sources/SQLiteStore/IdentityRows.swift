import ESWModel
import ESWSeams
import GRDB

extension Domain: StoredRow {
  static var table: String { "domain" }

  func columns() -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    [("id", id.description), ("name", name.description), ("created_at", createdAt.milliseconds)]
  }

  init(from reader: RowReader) throws {
    self.init(
      id: try reader.parsed("id"), name: try reader.parsed("name"), createdAt: try reader.moment("created_at")
    )
  }
}

extension UserGroup: StoredRow {
  static var table: String { "user_group" }

  func columns() -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    [
      ("id", id.description), ("name", name.description), ("description", description.description),
      ("created_at", createdAt.milliseconds),
    ]
  }

  init(from reader: RowReader) throws {
    self.init(
      id: try reader.parsed("id"), name: try reader.parsed("name"),
      description: try reader.parsed("description"), createdAt: try reader.moment("created_at"))
  }
}

extension Policy: StoredRow {
  static var table: String { "policy" }

  /// A statement is a line: its effect and its actions, with spaces between, which none of them has.
  func columns() -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    let lines = statements.map { statement in
      ([statement.effect.rawValue] + statement.actions.map(\.description)).joined(separator: " ")
    }
    return [
      ("id", id.description), ("name", name.description), ("description", description.description),
      ("kind", kind.rawValue), ("statements", lines.joined(separator: "\n")),
      ("created_at", createdAt.milliseconds), ("updated_at", updatedAt.milliseconds),
    ]
  }

  init(from reader: RowReader) throws {
    let statements = try reader.text("statements").split(separator: "\n").map { line in
      let words = line.split(separator: " ").map(String.init)
      let actions = words.dropFirst().compactMap { ActionPattern($0) }
      guard let effect = words.first.flatMap({ PolicyStatement.Effect(rawValue: $0) }),
        !actions.isEmpty, actions.count == words.count - 1
      else { throw reader.damaged }
      return PolicyStatement(effect: effect, actions: actions)
    }
    guard !statements.isEmpty else { throw reader.damaged }
    self.init(
      id: try reader.parsed("id"), name: try reader.parsed("name"),
      description: try reader.parsed("description"), kind: try reader.raw("kind"), statements: statements,
      createdAt: try reader.moment("created_at"), updatedAt: try reader.moment("updated_at"))
  }
}

extension Membership {
  func put(in database: Database) throws {
    try database.cachedStatement(
      sql: "INSERT INTO membership (user, user_group) VALUES (?, ?) ON CONFLICT DO NOTHING"
    ).execute(arguments: [user.description, group.description])
  }

  func remove(from database: Database) throws {
    try database.cachedStatement(sql: "DELETE FROM membership WHERE user = ? AND user_group = ?")
      .execute(arguments: [user.description, group.description])
  }

  static func all(in database: Database) throws -> [Membership] {
    try Row.fetchAll(database, sql: "SELECT * FROM membership").map { row in
      let reader = RowReader(table: "membership", key: "user", row: row)
      return Membership(user: try reader.parsed("user"), group: try reader.parsed("user_group"))
    }
  }
}

extension Grant {
  func put(in database: Database) throws {
    try database.cachedStatement(
      sql: "INSERT INTO policy_grant (user_group, policy, scope) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    ).execute(arguments: [group.description, policy.description, scope.stored])
  }

  func remove(from database: Database) throws {
    try database.cachedStatement(
      sql: "DELETE FROM policy_grant WHERE user_group = ? AND policy = ? AND scope = ?"
    ).execute(arguments: [group.description, policy.description, scope.stored])
  }

  static func all(in database: Database) throws -> [Grant] {
    try Row.fetchAll(database, sql: "SELECT * FROM policy_grant").map { row in
      let reader = RowReader(table: "policy_grant", key: "user_group", row: row)
      guard let scope = Scope(stored: try reader.text("scope")) else { throw reader.damaged }
      return Grant(group: try reader.parsed("user_group"), policy: try reader.parsed("policy"), scope: scope)
    }
  }
}

extension Grant.Scope {
  fileprivate var stored: String {
    switch self {
    case .domain: "domain"
    case .allProjects: "projects"
    case .project(let id): id.description
    }
  }

  fileprivate init?(stored: String) {
    switch stored {
    case "domain": self = .domain
    case "projects": self = .allProjects
    default:
      guard let id = ProjectID(stored) else { return nil }
      self = .project(id)
    }
  }
}
