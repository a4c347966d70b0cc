package import ESWModel

/// Rates of switches over the last minute, from the counters of reports.
///
/// Each connection's growth is added up, so that one that is deleted, or whose counters begin anew, makes no
/// rate negative.
package struct InstanceRates: Sendable {
  /// The vendor's interval.
  package static let window = Duration.seconds(60)
  /// Reports come every second; one in so long is enough.
  static let spacing = Duration.seconds(5)
  /// A rate that ended so long ago is none any more.
  static let lifetime = Duration.seconds(30)

  private struct Total {
    var outBytes: UInt64 = 0
    var outFrames: UInt64 = 0
    var inBytes: UInt64 = 0
    var inFrames: UInt64 = 0

    mutating func add(_ out: (bytes: UInt64, frames: UInt64), _ `in`: (bytes: UInt64, frames: UInt64)) {
      outBytes &+= out.bytes
      outFrames &+= out.frames
      inBytes &+= `in`.bytes
      inFrames &+= `in`.frames
    }
  }

  private struct Counts {
    let toRemote: TrafficCount
    let toLocal: TrafficCount
  }

  private var totals: [InstanceID: Total] = [:]
  private var samples: [InstanceID: [(at: Timestamp, total: Total)]] = [:]
  private var previous: [NodeName: (at: Timestamp, counts: [ConnectionID: Counts])] = [:]

  package init() {}

  /// - Complexity: O(connections of the report), once in `spacing`.
  package mutating func take(_ received: ReportSnapshot.Received, in snapshot: IntentSnapshot) {
    let report = received.report
    let before = previous[report.node]
    if let before, (.zero..<Self.spacing).contains(received.at.since(before.at)) { return }
    var counts: [ConnectionID: Counts] = [:]
    counts.reserveCapacity(report.connections.count)
    var touched: Set<InstanceID> = []
    for connection in report.connections {
      counts[connection.id] = Counts(toRemote: connection.toRemote, toLocal: connection.toLocal)
      guard let instance = snapshot.connections[connection.id]?.instance else { continue }
      touched.insert(instance)
      // What it had counted before it was first seen says nothing of the last minute.
      guard let known = before?.counts[connection.id] else { continue }
      totals[instance, default: Total()].add(
        Self.growth(from: known.toRemote, to: connection.toRemote),
        Self.growth(from: known.toLocal, to: connection.toLocal))
    }
    previous[report.node] = (received.at, counts)
    for instance in touched { note(instance, at: received.at) }
    if samples.count > touched.count {
      for id in samples.keys where snapshot.instances[id] == nil {
        samples[id] = nil
        totals[id] = nil
      }
    }
  }

  /// Nil: not known, for want of two reports or of fresh ones.
  package func rate(of instance: InstanceID, now: Timestamp) -> InstanceRate? {
    guard let line = samples[instance], let newest = line.last, let base = line.first, line.count > 1,
      now.since(newest.at) <= Self.lifetime
    else { return nil }
    let seconds = newest.at.since(base.at) / .seconds(1)
    guard seconds > 0 else { return nil }
    func way(_ bytes: UInt64, _ frames: UInt64) -> InstanceRate.Way {
      InstanceRate.Way(bits: Double(bytes) * 8 / seconds, frames: Double(frames) / seconds)
    }
    return InstanceRate(
      outbound: way(
        newest.total.outBytes &- base.total.outBytes, newest.total.outFrames &- base.total.outFrames),
      inbound: way(newest.total.inBytes &- base.total.inBytes, newest.total.inFrames &- base.total.inFrames))
  }

  /// Keeps what a window needs: one sample from before it, or just at its begin.
  private mutating func note(_ instance: InstanceID, at moment: Timestamp) {
    var line = samples[instance] ?? []
    // A clock that was set back begins anew.
    if let last = line.last, last.at >= moment { line = [] }
    line.append((moment, totals[instance] ?? Total()))
    while line.count > 2, moment.since(line[1].at) >= Self.window { line.removeFirst() }
    samples[instance] = line
  }

  private static func growth(
    from old: TrafficCount, to new: TrafficCount
  ) -> (bytes: UInt64, frames: UInt64) {
    guard new.frames >= old.frames, new.bytes >= old.bytes else { return (new.bytes, new.frames) }
    return (new.bytes - old.bytes, new.frames - old.frames)
  }
}
