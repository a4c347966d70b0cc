package import ESWModel

/// Makes what was counted of late out of totals: what a drop counter says is of interest while it moves.
///
/// Pure: time and evidence come in. Totals that fall are those of a new path, all of it counted of late.
package struct RecentCounts: Sendable {
  private typealias Totals = [ConnectionNumber: LookFacts.Recent]

  private var ring = RecentRing<Totals>(of: ConnectionReport.recent)

  package init() {}

  /// Nil: there is nothing yet to compare with.
  ///
  /// - Complexity: O(connections); connections whose totals stand still are compared and no more.
  package mutating func counts(
    of evidence: DataplaneEvidence, now: ContinuousClock.Instant
  ) -> [ConnectionNumber: LookFacts.Recent]? {
    var totals: Totals = [:]
    for (number, counted) in evidence.connections {
      let notLearned = counted.toRemote.notLearned &+ counted.toLocal.notLearned
      guard notLearned != 0 || !counted.drops.isEmpty else { continue }
      totals[number] = LookFacts.Recent(drops: counted.drops, notLearned: notLearned)
    }
    let before = ring.oldest(now: now)
    ring.add(totals, now: now)
    guard let before else { return nil }
    var recent: Totals = [:]
    for (number, total) in totals {
      let start = before[number] ?? LookFacts.Recent()
      if start == total { continue }
      recent[number] = Self.difference(total, start)
    }
    return recent
  }

  private static func difference(_ now: LookFacts.Recent, _ before: LookFacts.Recent) -> LookFacts.Recent {
    let known = Dictionary(
      before.drops.map { (Reason($0), $0.frames) }, uniquingKeysWith: { first, _ in first })
    let fell =
      now.notLearned < before.notLearned
      || now.drops.contains { $0.frames < known[Reason($0)] ?? 0 }
      || before.drops.contains { drop in !now.drops.contains { Reason($0) == Reason(drop) } }
    if fell { return now }
    let drops = now.drops.compactMap { drop -> DropCount? in
      let frames = drop.frames - (known[Reason(drop)] ?? 0)
      return frames == 0
        ? nil : DropCount(direction: drop.direction, reason: drop.reason, frames: frames)
    }
    return LookFacts.Recent(drops: drops, notLearned: now.notLearned - before.notLearned)
  }

  private struct Reason: Hashable {
    let direction: Direction
    let reason: String

    init(_ drop: DropCount) {
      direction = drop.direction
      reason = drop.reason
    }
  }
}
