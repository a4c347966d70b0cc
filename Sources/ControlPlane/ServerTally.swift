import ESWWire
import Synchronization

/// What the server counts of its own work, for `/metrics`.
struct ServerTally: Sendable {
  let requests = RequestTally()
  let edge = EdgeTally()
  let commits = CommitTally()

  var served: MetricsView.Served {
    var served = MetricsView.Served()
    requests.read(into: &served)
    edge.read(into: &served)
    commits.read(into: &served)
    return served
  }
}

/// Answers, by operation. Each operation has a lock of its own, which is held for some nanoseconds.
final class RequestTally: Sendable {
  /// For what is declined before it is known what it asks for.
  private static let noOperation = "none"

  private struct Line {
    var codes: [(code: Int, count: UInt64)] = []
    var times = TimeHistogram()
  }

  private final class Cell: Sendable {
    let name: String
    let line = Mutex(Line())

    init(_ name: String) { self.name = name }
  }

  private let cells: [Cell]
  private let places: [String: Int]

  init() {
    let names = Operation.all.map(\.name).sorted() + [Self.noOperation]
    cells = names.map { Cell($0) }
    places = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
  }

  func add(_ operation: Operation?, code: Int, took duration: Duration) {
    guard let place = places[operation?.name ?? Self.noOperation] else { return }
    cells[place].line.withLock { line in
      line.times.add(duration)
      if let known = line.codes.firstIndex(where: { $0.code == code }) {
        line.codes[known].count &+= 1
      } else {
        line.codes.append((code, 1))
      }
    }
  }

  fileprivate func read(into served: inout MetricsView.Served) {
    for cell in cells {
      let line = cell.line.withLock { $0 }
      guard line.times.count > 0 else { continue }
      served.times.append((cell.name, line.times))
      for (code, count) in line.codes.sorted(by: { $0.code < $1.code }) {
        served.requests.append((cell.name, code, count))
      }
    }
  }
}

/// Connections, and who was cut off before a request of his was read.
final class EdgeTally: Sendable {
  enum Refusal: String, CaseIterable {
    /// More than one address may have.
    case connectionsOfAddress = "connections_of_address"
    /// Neither request line nor headers in time.
    case slowHead = "slow_head"
    case slowBody = "slow_body"
    /// An answer was not taken in time.
    case answerNotTaken = "answer_not_taken"
    /// What is no HTTP, or too large a head.
    case unreadable
  }

  private struct Counts {
    var open: UInt64 = 0
    var accepted: UInt64 = 0
    var refused = [UInt64](repeating: 0, count: Refusal.allCases.count)
  }

  private let counts = Mutex(Counts())

  func open() {
    counts.withLock {
      $0.open += 1
      $0.accepted &+= 1
    }
  }

  func close() { counts.withLock { $0.open -= min($0.open, 1) } }

  func refuse(_ reason: Refusal) {
    guard let place = Refusal.allCases.firstIndex(of: reason) else { return }
    counts.withLock { $0.refused[place] &+= 1 }
  }

  func read(into served: inout MetricsView.Served) {
    let counts = counts.withLock { $0 }
    served.openConnections = counts.open
    served.acceptedConnections = counts.accepted
    served.refused = zip(Refusal.allCases, counts.refused).map { ($0.rawValue, $1) }
  }
}

/// Changes of intent that requests asked for.
final class CommitTally: Sendable {
  enum Outcome: String, CaseIterable {
    case committed
    /// By a rule, for lack of rights, or because too many wait.
    case declined
  }

  private let state = Mutex((counts: [UInt64](repeating: 0, count: 2), times: TimeHistogram()))

  func add(_ outcome: Outcome, took duration: Duration) {
    state.withLock {
      $0.counts[outcome == .committed ? 0 : 1] &+= 1
      $0.times.add(duration)
    }
  }

  fileprivate func read(into served: inout MetricsView.Served) {
    let state = state.withLock { $0 }
    served.commits = zip(Outcome.allCases, state.counts).map { ($0.rawValue, $1) }
    served.commitTimes = state.times
  }
}
