import Foundation
import SystemPackage

/// One demo at a time on a machine: its namespaces have fixed names.
final class DemoLock: Sendable {
  /// Root's folder, and only root makes namespaces: no other user's file can stand in the way.
  static let path = "/run/esw-demo.lock"

  /// That of demos whose namespaces begin so.
  static func path(prefix: String) -> String {
    prefix == DemoTopology.usualPrefix ? path : "/run/esw-demo-\(prefix).lock"
  }

  private let descriptor: Int32

  init(path: String = DemoLock.path) throws {
    descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw DemoFailure("the lock file \(path) cannot be opened: \(Errno(rawValue: errno))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let error = Errno(rawValue: errno)
      close(descriptor)
      throw DemoFailure(
        error == .wouldBlock
          ? "another demo runs on this machine (it holds \(path))"
          : "the lock file \(path) cannot be locked: \(error)")
    }
  }

  deinit { close(descriptor) }
}
