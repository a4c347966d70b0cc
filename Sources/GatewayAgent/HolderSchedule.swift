package import ESWModel

/// Decides whom to ask on the local segments who holds virtual addresses: so that a holder is found without
/// waiting for him to speak, and is known to be gone when he stops answering.
///
/// Pure: time and evidence come in, questions come out.
package struct HolderSchedule: Sendable {
  /// Between two questions to a holder who answers: every second pass, a second and a little apart.
  static let interval = Duration.milliseconds(1_500)
  /// While nobody of this side has the address everybody is asked, after doubling pauses up to this. A host
  /// that takes it speaks by itself, and a request of a remote finds one too; this is for what was missed.
  static let longestInterval = Duration.seconds(32)
  /// Who was heard more recently is asked at his own MAC (RFC 1122 section 2.3.2.1 (2)); else everybody is,
  /// because somebody else may have taken over.
  static let answersMilliseconds: Int64 = 3_000
  /// Questions per pass of all connections together, those that have waited longest: a bound for the node.
  static let mostPerPass = 1024

  private var asked: [VirtualAddress: Asked] = [:]

  private struct Asked {
    var last: ContinuousClock.Instant
    /// Questions in a row at which nobody of this side was known.
    var unheard: Int
  }

  package init() {}

  /// - Complexity: O(n log n) in the virtual addresses.
  package mutating func questions(
    for configuration: GatewayConfiguration, evidence: DataplaneEvidence, now: ContinuousClock.Instant
  ) -> [HolderQuestion] {
    var due: [(fact: VirtualAddressFact, subject: VirtualAddress, before: Asked?)] = []
    var kept: [VirtualAddress: Asked] = [:]
    for connection in configuration.connections where !connection.virtualAddresses.isEmpty {
      // What the data path does not know yet cannot be answered to it.
      for fact in evidence.connections[connection.number]?.virtualAddresses ?? [] {
        let subject = VirtualAddress(connection: connection.number, address: fact.address)
        let before = asked[subject]
        kept[subject] = before
        if let before, now - before.last < Self.pause(fact, before) { continue }
        due.append((fact, subject, before))
      }
    }
    asked = kept
    due.sort { left, right in
      guard let left = left.before?.last else { return right.before != nil }
      return right.before.map { left < $0.last } ?? false
    }
    return due.prefix(Self.mostPerPass).map { fact, subject, before in
      let unheard = fact.isAnsweredFor ? 0 : (before?.unheard ?? 0) + 1
      asked[subject] = Asked(last: now, unheard: unheard)
      return HolderQuestion(of: subject, to: Self.holder(fact))
    }
  }

  private static func pause(_ fact: VirtualAddressFact, _ before: Asked) -> Duration {
    // A holder who spoke by himself meanwhile is asked as soon as any other.
    guard !fact.isAnsweredFor, before.unheard > 0 else { return interval }
    return min(interval * (1 << min(before.unheard - 1, 8)), longestInterval)
  }

  /// Who is asked alone; nil: everybody.
  private static func holder(_ fact: VirtualAddressFact) -> MACAddress? {
    guard let holder = fact.holder, fact.isAnsweredFor, holder.seenAgeMilliseconds < answersMilliseconds
    else { return nil }
    return holder.mac
  }
}
