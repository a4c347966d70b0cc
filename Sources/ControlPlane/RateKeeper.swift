import ESWModel
import ESWPlanning
import Synchronization

/// The rates of all switches, as reports come in.
final class RateKeeper: Sendable {
  private let rates = Mutex(InstanceRates())

  func take(_ received: ReportSnapshot.Received, in snapshot: IntentSnapshot) {
    rates.withLock { $0.take(received, in: snapshot) }
  }

  var current: InstanceRates { rates.withLock { $0 } }
}
