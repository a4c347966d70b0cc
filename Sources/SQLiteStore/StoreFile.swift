import ESWModel
import GRDB
import Glibc
import Synchronization

/// The database file: made for its owner only, held by one process, written through to the disk.
struct StoreFile: Sendable {
  let pool: DatabasePool
  let checkpoints: Checkpoints
  private let lock: FileLock

  /// - Parameter newStore: The name that a new store gets.
  init(path: String, newStore: StoreID) throws {
    lock = try FileLock(of: path)
    do {
      try Self.makeFile(path)
      pool = try Self.openPool(path)
      try Self.migrate(pool, path: path, newStore: newStore)
      checkpoints = try Checkpoints(path: path)
    } catch {
      throw Self.explain(error, path: path)
    }
  }

  /// Waits for what is being written. Afterwards the store may be opened again.
  func close() async throws {
    try await pool.writeWithoutTransaction { _ in }
    try await checkpoints.close()
    try pool.close()
    lock.release()
  }

  /// The file holds secrets: mode 0600 before SQLite sees it, which gives its other files the same. The
  /// folder is synced too, or a new file could be gone after a power cut, with all that was acknowledged.
  private static func makeFile(_ path: String) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw StoreError.cannotOpen(path: path, reason: errorText()) }
    defer { Glibc.close(descriptor) }
    guard fchmod(descriptor, 0o600) == 0 else {
      throw StoreError.cannotOpen(path: path, reason: errorText())
    }
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard parent >= 0 else { throw StoreError.cannotOpen(path: path, reason: errorText()) }
    defer { Glibc.close(parent) }
    guard fsync(parent) == 0 else { throw StoreError.cannotOpen(path: path, reason: errorText()) }
  }

  /// A pool puts `synchronous` at NORMAL when it enters WAL mode, after `prepareDatabase`: so FULL is set
  /// on the open pool, and read back. (SQLite, "PRAGMA synchronous": only FULL makes a commit in WAL mode
  /// outlive a power cut.)
  private static func openPool(_ path: String) throws -> DatabasePool {
    var configuration = Configuration()
    configuration.label = "store"
    configuration.maximumReaderCount = 1
    configuration.busyMode = .timeout(5)
    let pool = try DatabasePool(path: path, configuration: configuration)
    try pool.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA synchronous = FULL")
      // What a savepoint may have to take back is kept in memory: in a file it was more writes than the log.
      try database.execute(sql: "PRAGMA temp_store = MEMORY")
      try database.execute(sql: "PRAGMA wal_autocheckpoint = \(Checkpoints.longestLog)")
      let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? -1
      guard synchronous == 2 else { throw StoreError.notDurable(synchronous: synchronous) }
    }
    return pool
  }

  private static func migrate(_ pool: DatabasePool, path: String, newStore: StoreID) throws {
    let migrator = Migrations.all
    guard try pool.read({ try !migrator.hasBeenSuperseded($0) }) else {
      throw StoreError.newerSchema(path: path)
    }
    try migrator.migrate(pool)
    try pool.write { database in
      try database.execute(
        sql: "INSERT OR IGNORE INTO meta (id, store, revision, next_connection_number) VALUES (1, ?, 0, 1)",
        arguments: [newStore.description])
    }
  }

  private static func explain(_ error: any Error, path: String) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    return switch error.resultCode {
    case .SQLITE_NOTADB: StoreError.notDatabase(path: path)
    case .SQLITE_BUSY: StoreError.inUse(path: path)
    default: StoreError.cannotOpen(path: path, reason: error.message ?? error.resultCode.description)
    }
  }
}

/// Keeps a second process away from a store: SQLite's own locks let several write in turns, each with its
/// own snapshot beside the other's. The kernel drops it with the process, however that ends.
private final class FileLock: Sendable {
  private let descriptor: Mutex<Int32?>

  init(of path: String) throws {
    let opened = open(path + "-lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard opened >= 0 else { throw StoreError.cannotOpen(path: path, reason: errorText()) }
    descriptor = Mutex(opened)
    guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
      throw errno == EWOULDBLOCK
        ? StoreError.inUse(path: path) : .cannotOpen(path: path, reason: errorText())
    }
  }

  deinit { release() }

  func release() {
    descriptor.withLock { descriptor in
      guard let opened = descriptor.take() else { return }
      // Closing alone is not enough: a child that is just being made still has the descriptor, and with it
      // the lock, until it runs its own program.
      flock(opened, LOCK_UN)
      Glibc.close(opened)
    }
  }
}

private func errorText() -> String { String(cString: strerror(errno)) }
