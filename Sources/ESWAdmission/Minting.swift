package import ESWModel
import Synchronization

/// Gives out new ids and creation times, one after the other, to whoever asks.
///
/// Asked inside `IntentStore.commit`, where one decision is made after the other, ids are in the order
/// of commits: a new row lies behind every page that somebody has read already.
package final class Minting: Sendable {
  private let generator: Mutex<IdentifierGenerator>

  /// - Parameter snapshot: Every id in it is below all new ones, whatever the clock says. O(projects).
  /// - Parameter randomness: In production the system's; a seeded one in tests.
  package init(above snapshot: IntentSnapshot, randomness: any RandomNumberGenerator & Sendable) {
    var generator = IdentifierGenerator(randomness: randomness)
    if let id = snapshot.vpcs.greatestID { generator.raise(above: id.high, id.low) }
    if let id = snapshot.subnets.greatestID { generator.raise(above: id.high, id.low) }
    if let id = snapshot.attachments.greatestID { generator.raise(above: id.high, id.low) }
    if let id = snapshot.instances.greatestID { generator.raise(above: id.high, id.low) }
    if let id = snapshot.connections.greatestID { generator.raise(above: id.high, id.low) }
    if let id = snapshot.jobs.greatestID { generator.raise(above: id.high, id.low) }
    if let id = snapshot.ports.greatestID { generator.raise(above: id.high, id.low) }
    self.generator = Mutex(generator)
  }

  package func next<Subject>(_: Subject.Type = Subject.self, now: Timestamp) -> Minted<Subject> {
    generator.withLock { $0.next(now: now) }
  }
}
