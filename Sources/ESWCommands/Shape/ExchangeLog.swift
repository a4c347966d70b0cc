import ESWClient
import Synchronization

/// What this process asked of the API last. One command is one process and asks one thing at a time.
final class ExchangeLog: Sendable {
  static let shared = ExchangeLog()

  private let latest = Mutex<Exchange?>(nil)

  var last: Exchange? { latest.withLock { $0 } }

  /// - Parameter isTold: Whether it is said on standard error, too.
  func note(_ exchange: Exchange, isTold: Bool) {
    latest.withLock { $0 = exchange }
    guard isTold else { return }
    let (seconds, attoseconds) = exchange.duration.components
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    Terminal.note(
      "\(exchange.method) \(exchange.target): \(exchange.status.map { "HTTP \($0)" } ?? "no answer"), "
        + "\(milliseconds) ms" + (exchange.requestID.map { ", request \($0)" } ?? ""))
  }
}
