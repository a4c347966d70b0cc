import ESWModel
import Foundation
import GRDB
import Synchronization

/// The reports of all nodes in memory, and on the disk what a restart needs of them: the generation, the
/// problems and the interfaces of each node, written when they change, and how jobs ended.
///
/// Counters and evidence are not kept. After a restart a node shows as silent since the moment that stands
/// with its last written report, until it reports again: never as connected by old evidence.
final class ReportKeeper: Sendable {
  private struct State {
    var reports: ReportSnapshot
    /// By node, what the disk has.
    var written: [NodeName: GatewayReport]
    /// By node, the arrival number of the newest report in `reports`.
    var newest: [NodeName: UInt64] = [:]
    var arrivals: UInt64 = 0

    /// A report that was written meanwhile does not take the place of a newer one.
    mutating func put(_ received: ReportSnapshot.Received, arrival: UInt64) {
      guard arrival > newest[received.report.node] ?? 0 else { return }
      newest[received.report.node] = arrival
      reports.put(received)
    }
  }

  private let state: Mutex<State>

  init(from database: Database) throws {
    var reports = ReportSnapshot()
    var written: [NodeName: GatewayReport] = [:]
    let rows = try Row.fetchCursor(database, sql: "SELECT * FROM report ORDER BY node")
    while let row = try rows.next() {
      let reader = RowReader(table: "report", key: "node", row: row)
      // Written by another version, perhaps: the node's next report takes its place.
      let text = Data(try reader.text("report").utf8)
      guard let report = try? JSONDecoder().decode(GatewayReport.self, from: text) else { continue }
      reports.put(ReportSnapshot.Received(report: report, at: try reader.moment("received_at")))
      written[report.node] = report
    }
    for outcome in try JobOutcome.all(in: database) { reports.put(outcome) }
    state = Mutex(State(reports: reports, written: written))
  }

  var reports: ReportSnapshot { state.withLock { $0.reports } }

  /// Takes the report in, if nothing of it has to be written; else says which arrival it is.
  func accept(_ received: ReportSnapshot.Received, intent: IntentSnapshot) -> UInt64? {
    state.withLock { state in
      state.arrivals += 1
      let report = received.report
      let settled = state.reports.outcomes(settledBy: report, in: intent, receivedAt: received.at)
      if settled.isEmpty, state.written[report.node] == report.kept {
        state.put(received, arrival: state.arrivals)
        return nil
      }
      return state.arrivals
    }
  }

  /// On the writer's queue, where no commit and no other report comes between.
  func write(
    _ received: ReportSnapshot.Received, arrival: UInt64, intent: IntentSnapshot, to database: Database
  ) throws {
    let report = received.report
    let outcomes = state.withLock { state in
      state.reports.outcomes(settledBy: report, in: intent, receivedAt: received.at)
    }
    let text = String(decoding: try JSONEncoder().encode(report.kept), as: UTF8.self)
    try database.inTransaction(.immediate) {
      for outcome in outcomes { try outcome.put(in: database) }
      try database.cachedStatement(
        sql: """
          INSERT INTO report (node, received_at, report) VALUES (?, ?, ?)
          ON CONFLICT (node) DO UPDATE SET received_at = excluded.received_at, report = excluded.report
          """
      ).execute(arguments: [report.node.description, received.at.milliseconds, text])
      return .commit
    }
    state.withLock { state in
      for outcome in outcomes { state.reports.put(outcome) }
      state.written[report.node] = report.kept
      state.put(received, arrival: arrival)
    }
  }

  func forgetOutcomes(of edits: [IntentEdit]) {
    state.withLock { state in
      for case .removeJob(let job) in edits { state.reports.removeOutcome(of: job) }
    }
  }
}

extension GatewayReport {
  /// What of a report is kept over a restart.
  fileprivate var kept: GatewayReport {
    GatewayReport(
      node: node, store: store, generation: generation, dataplane: dataplane, kernelRelease: kernelRelease,
      interfaces: interfaces, problems: problems, connections: [], strangers: [])
  }
}

extension JobOutcome: StoredRow {
  static var table: String { "job_outcome" }
  static var key: String { "job" }

  func columns() -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    [("job", job.description), ("ended_at", endedAt.milliseconds), ("fail_reason", failReason)]
  }

  init(from reader: RowReader) throws {
    self.init(
      job: try reader.parsed("job"), endedAt: try reader.moment("ended_at"),
      failReason: try reader.optionalText("fail_reason"))
  }
}
