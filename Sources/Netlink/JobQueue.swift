internal import Synchronization

/// What is waiting to run on a thread that does nothing else.
final class JobQueue: Sendable {
  private struct Waiting {
    var jobs: [@Sendable () -> Void] = []
    var isClosed = false
  }

  private let waiting = Mutex(Waiting())
  private let signal: Signal

  init() throws(NetlinkError) {
    signal = try Signal()
  }

  func add(_ job: @escaping @Sendable () -> Void) {
    waiting.withLock { $0.jobs.append(job) }
    signal.raise()
  }

  /// Lets `runUntilClosed` return once all that was added has run.
  func close() {
    waiting.withLock { $0.isClosed = true }
    signal.raise()
  }

  /// Runs jobs in the order they came, on the calling thread.
  func runUntilClosed() {
    while true {
      let (jobs, isClosed) = waiting.withLock { waiting in
        let jobs = waiting.jobs
        waiting.jobs = []
        return (jobs, waiting.isClosed)
      }
      for job in jobs { job() }
      if jobs.isEmpty {
        if isClosed { return }
        signal.wait()
      }
    }
  }
}

/// One value that one thread hands to another, once.
final class Handover<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)
  private let signal: Signal

  init() throws(NetlinkError) {
    signal = try Signal()
  }

  func give(_ value: Value) {
    self.value.withLock { $0 = value }
    signal.raise()
  }

  /// Blocks until `give` was called.
  func take() -> Value {
    while true {
      signal.wait()
      if let value = value.withLock({ $0 }) { return value }
    }
  }
}
