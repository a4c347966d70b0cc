/// What goes wrong with a store, in words for the operator.
package enum StoreError: Error, Hashable, CustomStringConvertible {
  case cannotOpen(path: String, reason: String)
  case notDatabase(path: String)
  /// Made by a newer version of this program.
  case newerSchema(path: String)
  case inUse(path: String)
  /// Its secrets were sealed with another key than the one at hand.
  case otherKey(path: String)
  /// A row that this program did not write like this.
  case damaged(table: String, row: String)
  /// SQLite would not write through to the disk at every commit.
  case notDurable(synchronous: Int)
  /// Another process has changed the intent behind our back; what was asked is not done.
  case changedElsewhere
  /// A value that the schema has no place for; what was asked is not done.
  case unstorable(String)
  /// The transaction that held the change could not be committed; what was asked is not done.
  case notWritten(String)

  package var description: String {
    switch self {
    case .cannotOpen(let path, let reason): "cannot open the store \(path): \(reason)"
    case .notDatabase(let path):
      "\(path) is not a database: name another file, or move this one away to start with an empty store"
    case .newerSchema(let path):
      "the store \(path) was made by a newer version of esw: run that version, or name another file"
    case .inUse(let path): "the store \(path) is in use by another process: stop it first"
    case .otherKey(let path):
      "the store \(path) was sealed with another master key: put the key file back that belongs to it"
    case .damaged(let table, let row):
      "the store has a row that cannot be read: table \(table), row \(row): restore a backup"
    case .notDurable(let synchronous):
      "SQLite did not take PRAGMA synchronous = FULL (it says \(synchronous)): commits could be lost"
    case .changedElsewhere:
      "another process has written to the store: nothing is written until esw is started again"
    case .unstorable(let what): "the store cannot hold \(what)"
    case .notWritten(let reason): "the store could not be written: \(reason)"
    }
  }
}
