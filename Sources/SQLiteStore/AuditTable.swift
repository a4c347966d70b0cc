import ESWModel
import GRDB

/// The table of the audit. It is only ever added to, and cut at its far end.
enum AuditTable {
  /// How many records of changes are kept at least, the newest; our own choice, some 500 MB.
  static let mostChanges: Int64 = 1_000_000
  /// Refusals have a bound of their own, so that whoever is refused again and again cannot push out what was
  /// changed.
  static let mostDenials: Int64 = 100_000
  /// Records are cut in lots of so many.
  static let lot: Int64 = 1_000

  static func append(_ entry: AuditEntry, to database: Database) throws {
    var (kind, resource, before, after): (String?, String?, String?, String?)
    var (code, path): (String?, String?)
    switch entry.outcome {
    case .changed(let changedKind, let id, let was, let became):
      (kind, resource, before, after) = (changedKind, id, was, became)
    case .denied(let deniedCode, let deniedPath): (code, path) = (deniedCode, deniedPath)
    }
    let author = entry.author
    try database.cachedStatement(
      sql: """
        INSERT INTO audit (
          at, project, user, user_name, access_key, source, operation, request, is_denied, kind, resource,
          before, after, code, path
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      entry.at.milliseconds, entry.project?.description, author.user, author.userName, author.accessKey,
      author.source, author.operation, author.request, code == nil ? 0 : 1, kind, resource, before, after,
      code, path,
    ])
    try makeRoom(isDenied: code != nil, in: database)
  }

  /// Counts the new record, and cuts the far end when a lot of records is over the bound.
  private static func makeRoom(isDenied: Bool, in database: Database) throws {
    let flag = isDenied ? 1 : 0
    try database.cachedStatement(
      sql: "UPDATE audit_size SET records = records + 1 WHERE is_denied = ?"
    ).execute(arguments: [flag])
    let count =
      try Int64.fetchOne(
        try database.cachedStatement(sql: "SELECT records FROM audit_size WHERE is_denied = ?"),
        arguments: [flag]) ?? 0
    let most = isDenied ? mostDenials : mostChanges
    guard count >= most + lot else { return }
    try database.execute(
      sql: """
        DELETE FROM audit WHERE number IN (
          SELECT number FROM audit WHERE is_denied = ? ORDER BY number LIMIT ?)
        """, arguments: [flag, count - most])
    try database.execute(
      sql: "UPDATE audit_size SET records = ? WHERE is_denied = ?", arguments: [most, flag])
  }

  static func sizes(in database: Database) throws -> (changes: UInt64, denials: UInt64) {
    func size(_ flag: Int) throws -> UInt64 {
      let size = try Int64.fetchOne(
        try database.cachedStatement(sql: "SELECT records FROM audit_size WHERE is_denied = ?"),
        arguments: [flag])
      return UInt64(clamping: size ?? 0)
    }
    return (try size(0), try size(1))
  }

  /// Newest first.
  static func records(_ query: AuditQuery, in database: Database) throws -> [AuditRecord] {
    var conditions = ["number < ?"]
    var arguments: StatementArguments = [query.before ?? .max]
    func want(_ condition: String, _ value: String?) {
      guard let value else { return }
      conditions.append(condition)
      arguments += [value]
    }
    want("project = ?", query.project?.description)
    want("user = ?", query.user)
    want("operation = ?", query.operation)
    want("resource = ?", query.resource)
    if let kind = query.kind { conditions.append("is_denied = \(kind == .denied ? 1 : 0)") }
    arguments += [query.limit]
    let rows = try Row.fetchCursor(
      database,
      sql: "SELECT * FROM audit WHERE \(conditions.joined(separator: " AND ")) ORDER BY number DESC LIMIT ?",
      arguments: arguments)
    var records: [AuditRecord] = []
    while let row = try rows.next() {
      records.append(try AuditRecord(from: RowReader(table: "audit", key: "number", row: row)))
    }
    return records
  }
}

extension AuditRecord {
  fileprivate init(from reader: RowReader) throws {
    let project = try reader.optionalText("project").map { text in
      guard let project = ProjectID(text) else { throw reader.damaged }
      return project
    }
    let outcome: AuditEntry.Outcome
    if try reader.integer("is_denied", as: Int.self) == 1 {
      outcome = .denied(code: try reader.text("code"), path: try reader.text("path"))
    } else {
      outcome = .changed(
        kind: try reader.text("kind"), id: try reader.text("resource"),
        before: try reader.optionalText("before"), after: try reader.optionalText("after"))
    }
    self.init(
      number: try reader.integer("number"),
      entry: AuditEntry(
        at: try reader.moment("at"),
        author: AuditEntry.Author(
          user: try reader.optionalText("user"), userName: try reader.optionalText("user_name"),
          accessKey: try reader.optionalText("access_key"), source: try reader.text("source"),
          operation: try reader.text("operation"), request: try reader.text("request")),
        project: project, outcome: outcome))
  }
}
