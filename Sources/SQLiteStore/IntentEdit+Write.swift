import ESWModel
import ESWSeams
import GRDB

extension IntentEdit {
  func write(to database: Database, sealing: Sealing) throws {
    switch self {
    case .putProject(let row): try row.put(in: database)
    case .enforceFlavors(let enforces):
      try database.execute(sql: "UPDATE meta SET enforces_flavors = ?", arguments: [enforces])
    case .putPermission(let row): try row.put(in: database)
    case .identity(let edit): try edit.write(to: database, sealing: sealing)
    case .putVPC(let row): try row.put(in: database)
    case .removeVPC(let id): try VPC.remove(id.description, from: database)
    case .putSubnet(let row): try row.put(in: database)
    case .removeSubnet(let id): try Subnet.remove(id.description, from: database)
    case .putAttachment(let row): try row.put(in: database)
    case .removeAttachment(let id): try Attachment.remove(id.description, from: database)
    case .putInstance(let row): try row.put(in: database)
    case .removeInstance(let id): try Instance.remove(id.description, from: database)
    case .putConnection(let row): try row.put(in: database)
    case .removeConnection(let id): try ConnectionBody.remove(id.description, from: database)
    case .putJob(let row): try row.put(in: database)
    case .removeJob(let id): try Job.remove(id.description, from: database)
    case .putPort(let row): try row.put(in: database)
    case .removePort(let id): try Port.remove(id.description, from: database)
    }
  }
}

extension IdentityEdit {
  fileprivate func write(to database: Database, sealing: Sealing) throws {
    switch self {
    case .putDomain(let row): try row.put(in: database)
    case .putUser(let user): try StoredUser(user, sealing).put(in: database)
    case .removeUser(let id): try StoredUser.remove(id.description, from: database)
    case .putGroup(let row): try row.put(in: database)
    case .removeGroup(let id): try UserGroup.remove(id.description, from: database)
    case .putMembership(let row): try row.put(in: database)
    case .removeMembership(let row): try row.remove(from: database)
    case .putPolicy(let row): try row.put(in: database)
    case .removePolicy(let id): try Policy.remove(id.description, from: database)
    case .putGrant(let row): try row.put(in: database)
    case .removeGrant(let row): try row.remove(from: database)
    case .putKey(let key): try StoredKey(key, sealing).put(in: database)
    case .removeKey(let id): try StoredKey.remove(id, from: database)
    }
  }
}

extension IntentSnapshot {
  /// Reads the whole intent back.
  init(from database: Database, sealing: Sealing) throws {
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM meta") else {
      throw StoreError.damaged(table: "meta", row: "1")
    }
    let reader = RowReader(table: "meta", key: "id", row: row)
    self.init(
      store: try reader.parsed("store"), revision: try reader.revision("revision"),
      nextConnectionNumber: try reader.integer("next_connection_number"),
      enforcesFlavors: try reader.boolean("enforces_flavors"))
    load(try Project.all(in: database).map { .putProject($0) })
    load(try Self.identity(in: database, sealing).map { .identity($0) })
    load(try VPC.all(in: database).map { .putVPC($0) })
    load(try Subnet.all(in: database).map { .putSubnet($0) })
    load(try Attachment.all(in: database).map { .putAttachment($0) })
    load(try Instance.all(in: database).map { .putInstance($0) })
    load(try Connection.all(in: database).map { .putConnection($0) })
    load(try Job.all(in: database).map { .putJob($0) })
    load(try Port.all(in: database).map { .putPort($0) })
    load(try NodePermission.all(in: database).map { .putPermission($0) })
  }

  private static func identity(in database: Database, _ sealing: Sealing) throws -> [IdentityEdit] {
    try Domain.all(in: database).map { .putDomain($0) }
      + StoredUser.all(in: database).map { .putUser(try $0.opened(by: sealing)) }
      + UserGroup.all(in: database).map { .putGroup($0) }
      + Membership.all(in: database).map { .putMembership($0) }
      + Policy.all(in: database).map { .putPolicy($0) } + Grant.all(in: database).map { .putGrant($0) }
      + StoredKey.all(in: database).map { .putKey(try $0.opened(by: sealing)) }
  }

  /// Moves the counters on, if nobody else has.
  static func advance(_ database: Database, from before: IntentSnapshot, to after: IntentSnapshot) throws {
    try database.cachedStatement(
      sql: "UPDATE meta SET revision = ?, next_connection_number = ? WHERE store = ? AND revision = ?"
    ).execute(arguments: [
      try after.revision.stored, Int64(after.nextConnectionNumber), before.store.description,
      try before.revision.stored,
    ])
    guard database.changesCount == 1 else { throw StoreError.changedElsewhere }
  }
}
