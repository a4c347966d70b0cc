internal import CLinux
internal import Glibc

/// Wakes a thread that waits, also one that waits in poll(2). A signal raised before the wait is not lost.
final class Signal: Sendable {
  /// Readable while raised.
  let descriptor: Int32

  init() throws(NetlinkError) {
    descriptor = clinux_event_counter()
    guard descriptor >= 0 else {
      throw NetlinkError(attempted: "make a signal", cause: .systemCall("eventfd", errno: -descriptor))
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  func raise() {
    var one: UInt64 = 1
    // Cannot fail: the counter would have to hold 2^64 - 1.
    _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
  }

  /// Blocks until raised, and lowers it.
  func wait() {
    var count: UInt64 = 0
    while read(descriptor, &count, MemoryLayout<UInt64>.size) < 0 && errno == EINTR {}
  }
}
