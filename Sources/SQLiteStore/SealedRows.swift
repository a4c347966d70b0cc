import ESWModel
import ESWSeams
import Foundation
import GRDB

// Rows with a secret in them, which is sealed on its way to the disk, under the name of its row.

/// A user as the disk has it: the password's hash is sealed, so that nobody who has only the file can
/// begin to guess.
struct StoredUser: StoredRow {
  static var table: String { "user" }

  private let user: User
  private let sealedPassword: [UInt8]?

  init(_ user: User, _ sealing: Sealing) throws {
    self.user = user
    sealedPassword = try user.password.map {
      try sealing.seal(Array($0.description.utf8), Self.name(of: user.id))
    }
  }

  func columns() -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    [
      ("id", user.id.description), ("name", user.name.description),
      ("description", user.description.description), ("is_enabled", user.isEnabled ? 1 : 0),
      ("sealed_password", sealedPassword.map { Data($0) }), ("generation", Int64(user.generation)),
      ("created_at", user.createdAt.milliseconds),
    ]
  }

  init(from reader: RowReader) throws {
    user = User(
      id: try reader.parsed("id"), name: try reader.parsed("name"),
      description: try reader.parsed("description"), isEnabled: try reader.boolean("is_enabled"),
      generation: try reader.integer("generation"), createdAt: try reader.moment("created_at"))
    sealedPassword = try reader.optionalBytes("sealed_password")
  }

  func opened(by sealing: Sealing) throws -> User {
    guard let sealedPassword else { return user }
    let damaged = StoreError.damaged(table: Self.table, row: user.id.description)
    guard let text = try? sealing.open(sealedPassword, Self.name(of: user.id)),
      let password = PasswordHash(String(decoding: text, as: UTF8.self))
    else { throw damaged }
    var user = user
    user.password = password
    return user
  }

  private static func name(of id: UserID) -> String { "password of user \(id)" }
}

/// An access key as the disk has it.
struct StoredKey: StoredRow {
  static var table: String { "access_key" }

  let id: String
  private let secret: [UInt8]
  private let user: UserID
  private let isActive: Bool
  private let description: ResourceDescription
  private let createdAt: Timestamp

  init(_ key: AccessKey, _ sealing: Sealing) throws {
    id = key.id
    secret = try Self.seal(Array(key.secret.utf8), of: key.id, by: sealing)
    user = key.user
    isActive = key.isActive
    description = key.description
    createdAt = key.createdAt
  }

  func columns() -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    [
      ("id", id), ("secret", Data(secret)), ("is_sealed", 1), ("user", user.description),
      ("is_active", isActive ? 1 : 0), ("description", description.description),
      ("created_at", createdAt.milliseconds),
    ]
  }

  init(from reader: RowReader) throws {
    guard try reader.boolean("is_sealed"), let secret = try reader.optionalBytes("secret") else {
      throw reader.damaged
    }
    id = try reader.text("id")
    self.secret = secret
    user = try reader.parsed("user")
    isActive = try reader.boolean("is_active")
    description = try reader.parsed("description")
    createdAt = try reader.moment("created_at")
  }

  func opened(by sealing: Sealing) throws -> AccessKey {
    guard let opened = try? sealing.open(secret, Self.name(of: id)) else {
      throw StoreError.damaged(table: Self.table, row: id)
    }
    return AccessKey(
      id: id, secret: String(decoding: opened, as: UTF8.self), user: user, isActive: isActive,
      description: description, createdAt: createdAt)
  }

  static func seal(_ secret: [UInt8], of id: String, by sealing: Sealing) throws -> [UInt8] {
    try sealing.seal(secret, name(of: id))
  }

  private static func name(of id: String) -> String { "secret of access key \(id)" }
}

/// Whether the store is sealed, and with the key at hand.
enum Seal {
  private static let (text, name) = ("this store is sealed", "probe")

  /// Seals what an older version has left in the open, and checks that the key is the one that the store was
  /// sealed with.
  ///
  /// - Parameter makeSealing: Is told whether the store is sealed already.
  /// - Throws: `StoreError.otherKey`; what `makeSealing` throws.
  static func apply(
    to pool: DatabasePool, path: String, _ makeSealing: (_ isSealed: Bool) throws -> Sealing
  ) throws -> Sealing {
    let probe = try pool.read { try Row.fetchOne($0, sql: "SELECT * FROM seal") }
    let sealing = try makeSealing(probe != nil)
    if let probe {
      let reader = RowReader(table: "seal", key: "id", row: probe)
      guard let sealed = try reader.optionalBytes("probe") else { throw reader.damaged }
      guard let opened = try? sealing.open(sealed, name), opened == Array(text.utf8) else {
        throw StoreError.otherKey(path: path)
      }
    } else {
      try pool.write { try close($0, sealing) }
    }
    try scrub(pool)
    return sealing
  }

  private static func close(_ database: Database, _ sealing: Sealing) throws {
    let rows = try Row.fetchAll(database, sql: "SELECT id, secret FROM access_key WHERE is_sealed = 0")
    for row in rows {
      let reader = RowReader(table: "access_key", key: "id", row: row)
      guard let secret = try reader.optionalBytes("secret") else { throw reader.damaged }
      let id = try reader.text("id")
      try database.execute(
        sql: "UPDATE access_key SET secret = ?, is_sealed = 1 WHERE id = ?",
        arguments: [Data(try StoredKey.seal(secret, of: id, by: sealing)), id])
    }
    try database.execute(
      sql: "INSERT INTO seal (id, probe, is_scrubbed) VALUES (1, ?, ?)",
      arguments: [Data(try sealing.seal(Array(text.utf8), name)), rows.isEmpty ? 1 : 0])
  }

  /// What stood in the open is still in free pages and in the log until the file is written anew.
  private static func scrub(_ pool: DatabasePool) throws {
    try pool.writeWithoutTransaction { database in
      guard try Int.fetchOne(database, sql: "SELECT is_scrubbed FROM seal") == 0 else { return }
      try database.execute(sql: "VACUUM")
      try database.checkpoint(.truncate)
      try database.execute(sql: "UPDATE seal SET is_scrubbed = 1")
    }
  }
}
