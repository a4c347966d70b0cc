import ESWModel
import Foundation
import GRDB
import Synchronization

/// The tables of events and of their marks. Events are only added, and cut at their far end: of one scope,
/// and of all.
final class EventTable: Sendable {
  /// By scope, how many there are: counting them anew for each batch would read thousands of rows.
  private struct Counts {
    var scopes: [String: Int]
    var all: Int
  }

  private let counts: Mutex<Counts>
  private let mostOfScope: Int
  private let mostOfAll: Int

  init(
    from database: Database, mostOfScope: Int = EventBounds.mostOfScope,
    mostOfAll: Int = EventBounds.mostOfAll
  ) throws {
    self.mostOfScope = mostOfScope
    self.mostOfAll = mostOfAll
    var scopes: [String: Int] = [:]
    let rows = try Row.fetchCursor(database, sql: "SELECT scope, COUNT(*) AS count FROM event GROUP BY scope")
    while let row = try rows.next() {
      let reader = RowReader(table: "event", key: "scope", row: row)
      scopes[try reader.text("scope")] = try reader.integer("count")
    }
    counts = Mutex(Counts(scopes: scopes, all: scopes.values.reduce(0, +)))
  }

  var count: Int { counts.withLock { $0.all } }

  /// On the writer's queue.
  func keep(_ batch: EventBatch, in database: Database) throws {
    var counts = self.counts.withLock { $0 }
    try database.inTransaction(.immediate) {
      for event in batch.events {
        try Self.append(event, to: database)
        counts.scopes[event.scope, default: 0] += 1
        counts.all += 1
      }
      for scope in Set(batch.events.map(\.scope)) { try cut(scope, &counts, in: database) }
      try cutAll(&counts, in: database)
      for (mark, value) in batch.marks { try Self.write(mark, value, to: database) }
      return .commit
    }
    self.counts.withLock { [counts] in $0 = counts }
  }

  private static func append(_ event: Event, to database: Database) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let happening = String(decoding: try encoder.encode(event.happening), as: UTF8.self)
    try database.cachedStatement(
      sql: """
        INSERT INTO event (at, scope, node, connection, project, kind, happening)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      event.at.milliseconds, event.scope, event.node?.description, event.connection?.description,
      event.project?.description ?? "", event.happening.kind.rawValue, happening,
    ])
  }

  private static func write(_ mark: EventMark, _ value: String?, to database: Database) throws {
    guard let value else {
      try database.cachedStatement(sql: "DELETE FROM event_mark WHERE name = ?")
        .execute(arguments: [mark.description])
      return
    }
    try database.cachedStatement(
      sql: """
        INSERT INTO event_mark (name, value) VALUES (?, ?)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """
    ).execute(arguments: [mark.description, value])
  }

  private func cut(_ scope: String, _ counts: inout Counts, in database: Database) throws {
    let count = counts.scopes[scope] ?? 0
    guard count >= mostOfScope + EventBounds.lot(mostOfScope) else { return }
    try database.cachedStatement(
      sql: """
        DELETE FROM event WHERE number IN (
          SELECT number FROM event WHERE scope = ? ORDER BY number LIMIT ?)
        """
    ).execute(arguments: [scope, count - mostOfScope])
    counts.scopes[scope] = mostOfScope
    counts.all -= count - mostOfScope
  }

  private func cutAll(_ counts: inout Counts, in database: Database) throws {
    guard counts.all >= mostOfAll + EventBounds.lot(mostOfAll) else { return }
    let excess = counts.all - mostOfAll
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT scope, COUNT(*) AS count FROM (SELECT scope FROM event ORDER BY number LIMIT ?) GROUP BY scope
        """, arguments: [excess])
    try database.execute(
      sql: "DELETE FROM event WHERE number IN (SELECT number FROM event ORDER BY number LIMIT ?)",
      arguments: [excess])
    for row in rows {
      let reader = RowReader(table: "event", key: "scope", row: row)
      let (scope, gone) = (try reader.text("scope"), try reader.integer("count", as: Int.self))
      let left = (counts.scopes[scope] ?? 0) - gone
      counts.scopes[scope] = left > 0 ? left : nil
    }
    counts.all = mostOfAll
  }

  // MARK: Reading

  /// Newest first.
  static func records(_ query: EventQuery, in database: Database) throws -> [EventRecord] {
    var conditions = ["number < ?"]
    var arguments: StatementArguments = [query.before ?? .max]
    func want(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
      guard let value else { return }
      conditions.append(condition)
      arguments += [value]
    }
    want("scope = ?", query.connection.map { "connection \($0)" })
    want("kind = ?", query.kind?.rawValue)
    want("at >= ?", query.since?.milliseconds)
    want("at < ?", query.until?.milliseconds)
    func select(_ more: [String]) -> String {
      let all = (conditions + more).joined(separator: " AND ")
      return "SELECT * FROM event WHERE \(all) ORDER BY number DESC LIMIT ?"
    }
    arguments += [query.limit]
    guard let project = query.project else { return try fetch(select([]), arguments, database) }
    // Each part has an index that gives it in its order.
    return try fetch(
      """
      SELECT * FROM (SELECT * FROM (\(select(["project = '\(project)'"])))
        UNION ALL SELECT * FROM (\(select(["project = ''"])))) ORDER BY number DESC LIMIT ?
      """, arguments + arguments + [query.limit], database)
  }

  private static func fetch(
    _ sql: String, _ arguments: StatementArguments, _ database: Database
  ) throws -> [EventRecord] {
    let rows = try Row.fetchCursor(database, sql: sql, arguments: arguments)
    var records: [EventRecord] = []
    while let row = try rows.next() {
      records.append(try EventRecord(from: RowReader(table: "event", key: "number", row: row)))
    }
    return records
  }

  /// Of another version, perhaps: what is not known here is nobody's.
  static func marks(in database: Database) throws -> [EventMark: String] {
    var marks: [EventMark: String] = [:]
    let rows = try Row.fetchCursor(database, sql: "SELECT * FROM event_mark")
    while let row = try rows.next() {
      let reader = RowReader(table: "event_mark", key: "name", row: row)
      if let mark = EventMark(try reader.text("name")) { marks[mark] = try reader.text("value") }
    }
    return marks
  }
}

extension EventRecord {
  fileprivate init(from reader: RowReader) throws {
    func optional<Value: LosslessStringConvertible>(_ column: String) throws -> Value? {
      guard let text = try reader.optionalText(column), text != "" else { return nil }
      guard let value = Value(text) else { throw reader.damaged }
      return value
    }
    let happening: Happening
    do {
      happening = try JSONDecoder().decode(Happening.self, from: Data(try reader.text("happening").utf8))
    } catch is DecodingError {
      throw reader.damaged
    }
    self.init(
      number: try reader.integer("number"),
      event: Event(
        at: try reader.moment("at"), node: try optional("node"), connection: try optional("connection"),
        project: try optional("project"), happening))
  }
}
