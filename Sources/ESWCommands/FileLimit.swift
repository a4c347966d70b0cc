import Foundation

/// How many files this process may have open; each connection is one.
enum FileLimit {
  /// For what is no connection: the database, the kernel's objects, the agent's sockets.
  static let reserve = 256

  /// Raises the soft limit, which many systems set to 1,024, to what the process may have.
  ///
  /// - Returns: The limit from now on.
  static func raise() -> Int {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(kind, &limit) == 0 else { return 1024 }
    let old = limit.rlim_cur
    limit.rlim_cur = limit.rlim_max
    if setrlimit(kind, &limit) != 0 { limit.rlim_cur = old }
    return Int(clamping: limit.rlim_cur)
  }
}
