internal import CLinux
internal import Glibc

/// A thread of its own, in a network namespace of its own if wanted, that runs the jobs of actors.
///
/// Netlink and `bpf()` calls block, so they must not run on the shared pool; and a namespace belongs to a
/// thread, so what opens sockets and links there must always run on the same one. An actor says
///
///     nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
///
/// and keeps the `NamespaceThread` in a `let`. The thread ends when nobody keeps it any more, after the
/// jobs that were already given to it.
package final class NamespaceThread: SerialExecutor {
  private let queue: JobQueue
  private let thread: pthread_t

  /// Starts the thread and enters `namespace` (`ip netns exec`); nil stays in the namespace of the caller.
  package init(in namespace: NetworkNamespace? = nil) throws(NetlinkError) {
    let queue = try JobQueue()
    let entered = try Handover<Int32>()
    let thread = try startThread {
      clinux_name_thread("netlink")
      entered.give(Self.enter(namespace))
      queue.runUntilClosed()
    }
    let result = entered.take()
    guard result == 0 else {
      queue.close()
      pthread_join(thread, nil)
      throw NetlinkError(
        attempted: "enter namespace \(namespace?.path ?? "")",
        cause: .systemCall("open, setns", errno: -result))
    }
    self.queue = queue
    self.thread = thread
  }

  deinit {
    queue.close()
    // The last reference may be dropped by a job of this very thread, which cannot wait for itself.
    if pthread_equal(thread, pthread_self()) != 0 {
      pthread_detach(thread)
    } else {
      pthread_join(thread, nil)
    }
  }

  /// Runs `body` on the thread and blocks the calling one until it is done: for short things, and never on
  /// the thread itself.
  package func runAndWait<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    precondition(pthread_equal(thread, pthread_self()) == 0, "the thread cannot wait for itself")
    let outcome = try Handover<Result<Value, any Error>>()
    queue.add { outcome.give(Result { try body() }) }
    return try outcome.take().get()
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let unowned = UnownedJob(job)
    // The closure keeps the executor alive until the job has run.
    queue.add { unowned.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }

  package func checkIsolated() {
    precondition(pthread_equal(thread, pthread_self()) != 0, "not on the thread of the namespace")
  }

  private static func enter(_ namespace: NetworkNamespace?) -> Int32 {
    guard let namespace else { return 0 }
    let descriptor = open(namespace.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return -errno }
    defer { close(descriptor) }
    return clinux_enter_network_namespace(descriptor)
  }
}
