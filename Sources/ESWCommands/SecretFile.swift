import Foundation
import SystemPackage

/// Writes what only the owner may read: nobody else can at any moment, and a crash leaves the old text or
/// the new one.
enum SecretFile {
  /// - Throws: `Errno`; nothing is replaced then.
  static func write(_ text: String, to file: String) throws {
    let draft = "\(file).\(UInt64.random(in: 0 ... .max))"
    let descriptor = try FileDescriptor.open(
      FilePath(draft), .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
      permissions: .ownerReadWrite)
    do {
      try descriptor.closeAfter {
        try descriptor.writeAll(text.utf8)
        guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
      }
      guard rename(draft, file) == 0 else { throw Errno(rawValue: errno) }
    } catch {
      unlink(draft)
      throw error
    }
    try flushFolder(of: file)
  }

  /// The new name is on disk only once its folder is.
  private static func flushFolder(of file: String) throws {
    let folder = try FileDescriptor.open(
      FilePath(file).removingLastComponent(), .readOnly, options: [.directory, .closeOnExec])
    try folder.closeAfter {
      guard fsync(folder.rawValue) == 0 else { throw Errno(rawValue: errno) }
    }
  }
}
