internal import Glibc

/// Starts a POSIX thread that runs `body`. The caller joins or detaches it, once.
func startThread(_ body: @escaping @Sendable () -> Void) throws(NetlinkError) -> pthread_t {
  var thread = pthread_t()
  let closure = Unmanaged.passRetained(ThreadBody(body))
  let result = pthread_create(
    &thread, nil,
    { argument in
      guard let argument else { return nil }
      Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
      return nil
    }, closure.toOpaque())
  guard result == 0 else {
    closure.release()
    throw NetlinkError(attempted: "start a thread", cause: .systemCall("pthread_create", errno: result))
  }
  return thread
}

/// Runs `body` on a thread of its own, waits until that has ended, and answers what it answered.
func onThreadOfItsOwn(_ body: @escaping @Sendable () -> Int32) throws(NetlinkError) -> Int32 {
  let result = try Handover<Int32>()
  let thread = try startThread { result.give(body()) }
  defer { pthread_join(thread, nil) }
  return result.take()
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
