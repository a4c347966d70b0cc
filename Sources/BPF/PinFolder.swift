internal import CLinux
internal import Glibc

/// A folder of a bpf file system, whose files keep maps, programs and links alive without a process.
package struct PinFolder: Hashable, Sendable, CustomStringConvertible {
  /// Where everybody expects the bpf file system.
  package static let fileSystem = "/sys/fs/bpf"

  package let path: String

  package init(path: String) {
    self.path = path
  }

  package var description: String { path }

  package func path(of name: String) -> String { path + "/" + name }

  /// The folder that it is in; nil at the top.
  package var above: PinFolder? {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return nil }
    return PinFolder(path: String(path[..<slash]))
  }

  package func folder(_ name: String) -> PinFolder { PinFolder(path: path(of: name)) }

  /// Mounts the bpf file system where it is missing (`mount -t bpf bpf /sys/fs/bpf`).
  package static func mountFileSystem(at path: String = fileSystem) throws(BPFError) {
    let attempted = "mount a bpf file system at"
    switch clinux_is_bpf_file_system(path) {
    case 1: return
    case 0: break
    case let result: throw BPFError(attempted, path, result: result)
    }
    let result = clinux_mount("bpf", path, "bpf", 0)
    guard result == 0 else { throw BPFError(attempted, path, result: result) }
  }

  /// Whether there is a bpf file system.
  package static func isFileSystem(at path: String = fileSystem) throws(BPFError) -> Bool {
    let result = clinux_is_bpf_file_system(path)
    guard result >= 0 else { throw BPFError("look for a bpf file system at", path, result: result) }
    return result == 1
  }

  /// `mkdir -p`; no error when it is there.
  package func create() throws(BPFError) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    if errno == ENOENT, let above { try above.create() }
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw BPFError("make pin folder", path, result: -errno)
    }
  }

  /// Names of pins and folders in it, sorted; empty when it does not exist.
  package func names() throws(BPFError) -> [String] {
    guard let directory = opendir(path) else {
      if errno == ENOENT { return [] }
      throw BPFError("list pin folder", path, result: -errno)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes one pin; what it kept alive goes when nobody else uses it. False when there was none.
  @discardableResult
  package func remove(_ name: String) throws(BPFError) -> Bool {
    if unlink(path(of: name)) == 0 { return true }
    if errno == ENOENT { return false }
    throw BPFError("remove pin", path(of: name), result: -errno)
  }

  /// Removes the folder if nothing is in it; false when there is something.
  @discardableResult
  package func removeIfEmpty() throws(BPFError) -> Bool {
    if rmdir(path) == 0 || errno == ENOENT { return true }
    if errno == ENOTEMPTY { return false }
    throw BPFError("remove pin folder", path, result: -errno)
  }

  /// Removes the folder and everything in it, like `rm -r`; no error when it is not there.
  package func removeAll() throws(BPFError) {
    for name in try names() {
      if unlink(path(of: name)) == 0 || errno == ENOENT { continue }
      guard errno == EISDIR || errno == EPERM else {
        throw BPFError("remove pin", path(of: name), result: -errno)
      }
      try folder(name).removeAll()
    }
    guard rmdir(path) == 0 || errno == ENOENT else {
      throw BPFError("remove pin folder", path, result: -errno)
    }
  }
}
