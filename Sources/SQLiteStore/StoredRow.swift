import ESWModel
import Foundation
import GRDB

/// A row of the model as a row of a table.
protocol StoredRow {
  static var table: String { get }
  static var key: String { get }

  /// By column. A value that has no place in the schema throws.
  func columns() throws -> [(name: String, value: (any DatabaseValueConvertible)?)]

  init(from reader: RowReader) throws
}

extension StoredRow {
  static var key: String { "id" }

  /// Inserts the row, or updates the one of its key; another row's unique value is an error, never replaced.
  func put(in database: Database) throws {
    let columns = try columns()
    let names = columns.map(\.name)
    let updates = names.filter { $0 != Self.key }.map { "\($0) = excluded.\($0)" }
    let sql = """
      INSERT INTO \(Self.table) (\(names.joined(separator: ", ")))
      VALUES (\(names.map { _ in "?" }.joined(separator: ", ")))
      ON CONFLICT (\(Self.key)) DO UPDATE SET \(updates.joined(separator: ", "))
      """
    try database.cachedStatement(sql: sql).execute(arguments: StatementArguments(columns.map(\.value)))
  }

  static func remove(_ key: String, from database: Database) throws {
    try database.cachedStatement(sql: "DELETE FROM \(table) WHERE \(Self.key) = ?").execute(arguments: [key])
  }

  /// All rows in the order of their keys.
  static func all(in database: Database) throws -> [Self] {
    let rows = try Row.fetchCursor(database, sql: "SELECT * FROM \(table) ORDER BY \(key)")
    var result: [Self] = []
    while let row = try rows.next() {
      result.append(try Self(from: RowReader(table: table, key: key, row: row)))
    }
    return result
  }
}

/// Reads a row's columns; whatever is not as this room writes it is `StoreError.damaged`.
struct RowReader {
  let table: String
  let key: String
  let row: Row

  func text(_ column: String) throws -> String {
    guard let text = try optionalText(column) else { throw damaged }
    return text
  }

  func optionalText(_ column: String) throws -> String? {
    // The tables are STRICT: what is in such a column is text, or null.
    row[column]
  }

  func optionalBytes(_ column: String) throws -> [UInt8]? {
    guard let value: DatabaseValue = row[column] else { throw damaged }
    if value.isNull { return nil }
    guard case .blob(let data) = value.storage else { throw damaged }
    return [UInt8](data)
  }

  func boolean(_ column: String) throws -> Bool {
    switch try integer(column, as: Int.self) {
    case 0: false
    case 1: true
    default: throw damaged
    }
  }

  func integer<Value: FixedWidthInteger>(_ column: String, as _: Value.Type = Value.self) throws -> Value {
    guard let stored: DatabaseValue = row[column], let wide = Int64.fromDatabaseValue(stored),
      let value = Value(exactly: wide)
    else { throw damaged }
    return value
  }

  func parsed<Value: LosslessStringConvertible>(_ column: String, as _: Value.Type = Value.self) throws
    -> Value
  {
    guard let value = Value(try text(column)) else { throw damaged }
    return value
  }

  func raw<Value: RawRepresentable<String>>(_ column: String, as _: Value.Type = Value.self) throws -> Value {
    guard let value = Value(rawValue: try text(column)) else { throw damaged }
    return value
  }

  func moment(_ column: String) throws -> Timestamp { Timestamp(milliseconds: try integer(column)) }

  func revision(_ column: String) throws -> Revision { Revision(try integer(column)) }

  var damaged: StoreError {
    let value: DatabaseValue? = row[key]
    return .damaged(table: table, row: value.flatMap(String.fromDatabaseValue) ?? "?")
  }
}

extension Revision {
  /// SQLite counts to 2^63 - 1.
  var stored: Int64 {
    get throws {
      guard let stored = Int64(exactly: value) else { throw StoreError.unstorable("revision \(self)") }
      return stored
    }
  }
}
