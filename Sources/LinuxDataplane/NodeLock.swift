internal import Glibc
internal import Synchronization

/// That one process at a time works on a node: two would undo each other's steps for ever.
///
/// A lock on a file (`flock(2)`), which the kernel lets go when the process ends, however it ends. It is
/// held until this object goes. The file names its holder, for people, and goes with the lock.
final class NodeLock: Sendable {
  /// Below /run, because no lock outlives the machine.
  static let folder = "/run/openesw"

  /// A process that was just killed takes a moment to leave.
  private static let attempts = 20
  /// In microseconds.
  private static let pause: UInt32 = 50_000

  /// Paths of the locks of this process. `flock` would refuse us our own.
  private static let held = Mutex<Set<String>>([])

  let path: String
  private let descriptor: Int32

  /// - Throws: `LinuxDataplane.Unusable` when somebody holds it, with the process and what to do.
  init(named name: String) throws {
    let path = Self.path(of: name)
    for _ in 1..<Self.attempts {
      if let descriptor = try Self.take(path) {
        (self.path, self.descriptor) = (path, descriptor)
        return
      }
      usleep(Self.pause)
    }
    guard let descriptor = try Self.take(path) else { throw Self.taken(path) }
    (self.path, self.descriptor) = (path, descriptor)
  }

  /// Nil when somebody holds it: asked once.
  init?(ifFree name: String) throws {
    let path = Self.path(of: name)
    guard let descriptor = try Self.take(path) else { return nil }
    (self.path, self.descriptor) = (path, descriptor)
  }

  deinit {
    _ = Self.held.withLock { $0.remove(path) }
    // In this order: whoever opens the file in between finds it held, or without a name, and tries again.
    unlink(path)
    // A child that is about to run another program may have the descriptor for a moment; not the lock.
    flock(descriptor, LOCK_UN)
    close(descriptor)
    // With the last lock of the machine; refused while there are others.
    rmdir(Self.folder)
  }

  /// Whoever changes what is pinned in a folder.
  static func name(ofPins path: String) -> String {
    "pins" + path.replacing("/", with: "+")
  }

  /// Whoever captures in a place of what is pinned in a folder.
  static func name(ofPlace place: UInt32, inPins path: String) -> String {
    "capture-\(place)-" + name(ofPins: path)
  }

  /// Whoever changes devices and programs of a namespace, wherever it pins them.
  static func name(ofNamespace cookie: UInt64) -> String { "namespace-\(cookie)" }

  static func path(of name: String) -> String { "\(folder)/\(name).lock" }

  /// Who works: nil when nobody does. Asks for a shared lock for a moment; who comes meanwhile tries again.
  static func worker(_ name: String) -> (isKnown: Bool, process: Int32?)? {
    if isHeldByUs(name) { return (true, getpid()) }
    let path = path(of: name)
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return errno == ENOENT ? nil : (false, nil) }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_SH | LOCK_NB) == 0 {
      flock(descriptor, LOCK_UN)
      return nil
    }
    return (true, holder(path))
  }

  static func isHeldByUs(_ name: String) -> Bool {
    held.withLock { $0.contains(path(of: name)) }
  }

  /// Nil while somebody has it.
  private static func take(_ path: String) throws -> Int32? {
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw failure("make", folder) }
    let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      // The last lock of the machine has just gone, and the folder with it.
      if errno == ENOENT { return nil }
      throw failure("open", path)
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, hasName(descriptor) else {
      close(descriptor)
      return nil
    }
    let text = "\(getpid())\n"
    // For people only: without it they are not told who.
    _ = ftruncate(descriptor, 0)
    _ = write(descriptor, text, text.utf8.count)
    _ = held.withLock { $0.insert(path) }
    return descriptor
  }

  /// False for a file that its last holder has just removed.
  private static func hasName(_ descriptor: Int32) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_nlink > 0
  }

  private static func failure(_ call: String, _ path: String) -> LinuxDataplane.Unusable {
    LinuxDataplane.Unusable(
      description: "the lock of this node: \(call) \(path): \(String(cString: strerror(errno)))")
  }

  private static func taken(_ path: String) -> LinuxDataplane.Unusable {
    let holder = holder(path).map { "pid \($0)" } ?? "its pid is not known"
    return LinuxDataplane.Unusable(
      description: """
        another process works on this node (\(holder)): it holds \(path). Stop it first, or give this one a \
        network namespace of its own
        """)
  }

  private static func holder(_ path: String) -> Int32? {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var room = [UInt8](repeating: 0, count: 16)
    let count = read(descriptor, &room, room.count)
    return Int32(String(decoding: room.prefix(max(count, 0)).prefix { $0 != 10 }, as: UTF8.self))
  }
}
