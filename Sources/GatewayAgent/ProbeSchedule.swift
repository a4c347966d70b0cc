package import ESWModel

/// Decides which probes to send, and makes figures of what comes back: every remote every five seconds,
/// spread over them, whether it is quiet or not, because round trip and loss are wanted of both.
///
/// Pure: time and evidence come in, probes come out. The fixed address of the connection asks.
package struct ProbeSchedule: Sendable {
  /// Addresses of the walk per remote and round (a round is a second or so).
  static let walkPerRemote = 32
  /// Probes per round of all connections together: a bound for a node with thousands of silent remotes.
  static let mostPerRound = 1024
  /// Of these, for the largest frame: large ones.
  static let mostTrialsPerRound = 256
  /// The least time between two rounds, whatever makes passes come faster.
  static let interval = Duration.milliseconds(500)
  /// Our choice: no larger frames are tried than jumbo frames are in practice.
  static let mostBytes = largestFrame(mtu: 9_216)

  /// With its Ethernet header.
  static func largestFrame(mtu: UInt32) -> UInt32 { min(mtu, UInt32(UInt16.max)) + 14 }

  /// A probe and what it is of.
  package struct Due: Sendable {
    package let probe: Probe
    fileprivate let remote: Remote
    fileprivate let ask: RemoteProber.Ask
  }

  fileprivate struct Remote: Hashable {
    let connection: ConnectionNumber
    let index: Int
    /// Another one in its place is asked anew.
    let endpoint: RemoteEndpoint
  }

  private var probers: [Remote: RemoteProber] = [:]
  private var cursors: [Remote: UInt32] = [:]
  private var start = 0
  private var last: ContinuousClock.Instant?
  private var transactions: UInt32

  /// - Parameter transactions: Where numbers of questions begin.
  package init(transactions: UInt32 = .random(in: 0 ... .max)) { self.transactions = transactions }

  // MARK: What came back

  /// Settles what was asked, and puts what is known into the evidence.
  package mutating func take(_ evidence: inout DataplaneEvidence) {
    // By index: thousands of them are changed where they are.
    var place = probers.startIndex
    while place != probers.endIndex {
      let remote = probers[place].key
      if let seen = evidence.connections[remote.connection] {
        probers.values[place].take(seen.answers[remote.index], now: evidence.now)
        evidence.connections[remote.connection]?.probing[remote.index] =
          probers.values[place].probing(at: evidence.now)
      }
      place = probers.index(after: place)
    }
  }

  // MARK: What to ask

  /// - Parameter largest: The largest frame of a connection's port.
  package mutating func probes(
    for configuration: GatewayConfiguration, evidence: DataplaneEvidence, now: ContinuousClock.Instant,
    largest: (ConnectionConfiguration) -> UInt32?
  ) -> [Due] {
    if let last, now - last < Self.interval { return [] }
    last = now
    let connections = configuration.connections
    forget(besides: connections)
    guard !connections.isEmpty else { return [] }
    var result: [Due] = []
    var trials = 0
    start %= connections.count
    for offset in connections.indices {
      let place = (start + offset) % connections.count
      guard result.count < Self.mostPerRound else {
        start = place
        break
      }
      let connection = connections[place]
      // What the data path does not have yet would ask in vain.
      guard let seen = evidence.connections[connection.number] else { continue }
      let size = trials < Self.mostTrialsPerRound ? largest(connection).map { min($0, Self.mostBytes) } : nil
      for index in connection.remotes.indices {
        let remote = Remote(connection: connection.number, index: index, endpoint: connection.remotes[index])
        for ask in asks(of: remote, seen, largest: size, now) {
          if case .trial = ask { trials += 1 }
          result += dues(ask, remote, connection)
        }
      }
    }
    return result
  }

  /// - Parameter sent: For each of those that were due, in their order.
  package mutating func note(_ due: [Due], sent: [DataplaneMoment?]) {
    var noted: Set<Asked> = []
    for (due, moment) in zip(due, sent) {
      // Hosts that are asked together count once, from when the first was asked.
      guard noted.insert(Asked(remote: due.remote, ask: due.ask)).inserted else { continue }
      probers[due.remote]?.note(due.ask, sent: moment)
    }
  }

  private struct Asked: Hashable {
    let remote: Remote
    let ask: RemoteProber.Ask
  }

  private mutating func asks(
    of remote: Remote, _ seen: DataplaneEvidence.PerConnection, largest: UInt32?,
    _ now: ContinuousClock.Instant
  ) -> [RemoteProber.Ask] {
    if probers[remote] == nil { probers[remote] = newProber(remote, now) }
    return probers[remote]?.asks(largest: largest, seen: seen, remote: remote.index, now: now) ?? []
  }

  private func newProber(_ remote: Remote, _ now: ContinuousClock.Instant) -> RemoteProber {
    let number = UInt64(remote.connection.value) * 2 + UInt64(remote.index)
    // Neighbouring numbers are far apart: the golden ratio's fractions.
    let phase = (Double(number) * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1)
    return RemoteProber(now: now, transaction: transactions, phase: phase)
  }

  private mutating func forget(besides connections: [ConnectionConfiguration]) {
    let count = connections.reduce(0) { $0 + $1.remotes.count }
    guard probers.count > count || cursors.count > count else { return }
    let there = Set(
      connections.flatMap { connection in
        connection.remotes.enumerated().map { index, endpoint in
          Remote(connection: connection.number, index: index, endpoint: endpoint)
        }
      })
    probers = probers.filter { there.contains($0.key) }
    cursors = cursors.filter { there.contains($0.key) }
  }

  // MARK: Probes

  private mutating func dues(
    _ ask: RemoteProber.Ask, _ remote: Remote, _ connection: ConnectionConfiguration
  ) -> [Due] {
    questions(ask, remote, connection).map { question in
      let probe = Probe(
        connection: connection.number, remote: remote.endpoint, tunnelAddress: connection.tunnelAddress,
        senderMAC: connection.fixedMAC, sender: connection.fixedAddress, question: question)
      return Due(probe: probe, remote: remote, ask: ask)
    }
  }

  private mutating func questions(
    _ ask: RemoteProber.Ask, _ remote: Remote, _ connection: ConnectionConfiguration
  ) -> [Probe.Question] {
    switch ask {
    case .loopback(let transaction):
      [.loopback(.init(transaction: transaction, bytes: Probe.leastBytes, isAnsweredShort: true))]
    case .hosts(let hosts, let everybody):
      hosts.map { .arp($0.address, at: everybody ? nil : $0.mac) }
    case .trial(let transaction, let trial, nil):
      [
        .loopback(
          .init(
            transaction: transaction, bytes: trial.bytes, isAnsweredShort: trial.isAnsweredShort))
      ]
    case .trial(let transaction, let trial, let host?):
      [.echo(transaction: transaction, bytes: trial.bytes, of: host.address, at: host.mac)]
    case .walk: walk(connection, remote).map { .arp($0, at: nil) }
    }
  }

  /// The next addresses of the subnet; the gateway is asked first in every round of it.
  private mutating func walk(_ connection: ConnectionConfiguration, _ remote: Remote) -> [IPv4Address] {
    let network = connection.network
    let size = network.last.value - network.first.value
    var position = cursors[remote] ?? 0
    var targets: [IPv4Address] = position == 0 ? [connection.gateway] : []
    for _ in 0..<min(UInt32(Self.walkPerRemote), size) {
      let candidate = IPv4Address(network.first.value + position)
      if network.isHost(candidate), candidate != connection.fixedAddress, candidate != connection.gateway {
        targets.append(candidate)
      }
      position = position >= size ? 0 : position + 1
      if position == 0 { break }
    }
    cursors[remote] = position
    return targets
  }
}
