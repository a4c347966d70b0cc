package import ESWModel

/// Decides which ARP probes to send: known far hosts of remotes that have been quiet, and, while a remote
/// has never answered or has no known host, a slow walk over the subnet's addresses.
///
/// Pure: time and evidence come in, probes come out. The fixed address of the connection asks.
package struct ProbeSchedule: Sendable {
  /// A remote that sent something more recently than this is not asked. Well under the evidence's
  /// lifetime (15 s by default), so that one lost answer changes no status.
  static let quietMilliseconds: Int64 = 4_000
  /// Known hosts asked of one quiet remote in a pass; one answer is enough.
  static let hostsPerRemote = 3
  /// Addresses of the walk per remote and pass (a pass is a second or less).
  static let walkPerRemote = 32
  /// Probes per pass of all connections together: a bound for a node with thousands of silent remotes.
  static let mostPerPass = 1024
  /// The least time between two rounds, whatever makes passes come faster.
  static let interval = Duration.seconds(1)

  private var cursors: [Cursor: UInt32] = [:]
  private var start = 0
  private var last: ContinuousClock.Instant?

  private struct Cursor: Hashable {
    let connection: ConnectionNumber
    let remote: Int
  }

  package init() {}

  package mutating func probes(
    for configuration: GatewayConfiguration, evidence: DataplaneEvidence, now: ContinuousClock.Instant
  ) -> [Probe] {
    if let last, now - last < Self.interval { return [] }
    last = now
    let connections = configuration.connections
    guard !connections.isEmpty else {
      cursors = [:]
      return []
    }
    var result: [Probe] = []
    start %= connections.count
    for offset in connections.indices {
      let place = (start + offset) % connections.count
      guard result.count < Self.mostPerPass else {
        start = place
        break
      }
      let connection = connections[place]
      for index in connection.remotes.indices {
        result += probes(of: connection, index, evidence.connections[connection.number])
      }
    }
    let numbers = Set(connections.map(\.number))
    if cursors.count > 4 * connections.count {
      cursors = cursors.filter { numbers.contains($0.key.connection) }
    }
    return Array(result.prefix(Self.mostPerPass))
  }

  private mutating func probes(
    of connection: ConnectionConfiguration, _ index: Int, _ evidence: DataplaneEvidence.PerConnection?
  ) -> [Probe] {
    if let age = evidence?.receivedAgeMilliseconds[index], age < Self.quietMilliseconds { return [] }
    let known = (evidence?.hosts ?? []).filter { $0.side == .remote(index) && $0.address != nil }
      .sorted { $0.seenAgeMilliseconds < $1.seenAgeMilliseconds }
      .prefix(Self.hostsPerRemote).compactMap(\.address)
    let targets = known.isEmpty ? walk(connection, index) : known
    return targets.map { target in
      Probe(
        remote: connection.remotes[index], tunnelAddress: connection.tunnelAddress,
        senderMAC: connection.fixedMAC, sender: connection.fixedAddress, target: target)
    }
  }

  /// The next addresses of the subnet; the gateway is asked first in every round of it.
  private mutating func walk(_ connection: ConnectionConfiguration, _ index: Int) -> [IPv4Address] {
    let key = Cursor(connection: connection.number, remote: index)
    let network = connection.network
    let size = network.last.value - network.first.value
    var position = cursors[key] ?? 0
    var targets: [IPv4Address] = position == 0 ? [connection.gateway] : []
    for _ in 0..<min(UInt32(Self.walkPerRemote), size) {
      let candidate = IPv4Address(network.first.value + position)
      if network.isHost(candidate), candidate != connection.fixedAddress, candidate != connection.gateway {
        targets.append(candidate)
      }
      position = position >= size ? 0 : position + 1
      if position == 0 { break }
    }
    cursors[key] = position
    return targets
  }
}
