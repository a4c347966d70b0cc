package import ESWModel

/// Finds what happened, from what nodes report and from what can be said of it when (pure).
///
/// A report is the newest and not all there were, and it names some hosts and not all: so it is asked since
/// when a host is where it is, and how often it moved, and not whether it was in the report before. What was
/// told is marked with the events, so that a restart tells nothing twice.
package struct EventWatch: Sendable {
  /// How much later than it was a moment can seem, that is known by its age in a report.
  static let slack = Duration.seconds(2)
  /// A stranger that is heard again after so long is news.
  static let strangerQuiet = Duration.seconds(600)
  static let mostStrangers = 1_024
  /// Of one report; what is over is counted.
  static let mostHostEvents = 1_000
  static let mostHostEventsOfConnection = 64
  static let mostStrangerEvents = 16
  /// Of one node: statuses are looked at no more often.
  static let spacing = Duration.seconds(1)

  struct HostKey: Hashable {
    let connection: ConnectionID
    let mac: MACAddress
  }

  struct StrangerKey: Hashable {
    let reason: String
    let source: IPv4Address?
    let vni: UInt32?
  }

  /// What is remembered of a node.
  struct Memory {
    /// When the newest report came that was looked at; of an earlier run too.
    var toldThrough: Timestamp?
    /// It has reported in this run of ours: else it is we who have not listened.
    var isHeard = false
    var isSilent = false
    var healed: (run: UInt32, number: UInt64)?
    var hosts: [HostList] = []
    /// Told of late, with the moment.
    var recent: [HostKey: (moves: UInt32, at: Timestamp)] = [:]
    var held: Set<HostKey> = []
    var strangers: [StrangerKey: Timestamp] = [:]
    var statuses: [ConnectionID: ConnectionStatus.Word] = [:]
    var judged: (at: Timestamp, report: Timestamp, revision: Revision)?
    /// From when on a status can be another by time alone.
    var due = Timestamp(milliseconds: .max)
  }

  /// The hosts of a connection in a report, and enough to see that nobody came or went.
  struct HostList {
    let id: ConnectionID
    let facts: [HostFact]
    let remotes: [RemoteEvidence]
    let frames: UInt64
    let fold: UInt64
    /// There are no others.
    let isWhole: Bool
  }

  let region: Region
  let startedAt: Timestamp
  var nodes: [NodeName: Memory] = [:]
  /// By an earlier run, of connections that no node has reported yet.
  var statuses: [ConnectionID: ConnectionStatus.Word] = [:]
  var hasTidied = false

  /// - Parameters:
  ///   - marks: That an earlier run has left.
  ///   - recent: The newest events, the last first: what was told a moment ago is not told again.
  package init(
    marks: [EventMark: String], recent: [EventRecord], region: Region, startedAt: Timestamp
  ) {
    self.region = region
    self.startedAt = startedAt
    for (mark, value) in marks {
      switch mark {
      case .status(let id): statuses[id] = ConnectionStatus.Word(rawValue: value)
      case .silence(let node): nodes[node, default: Memory()].isSilent = true
      case .told(let node):
        nodes[node, default: Memory()].toldThrough = Int64(value).map { Timestamp(milliseconds: $0) }
      case .healed(let node):
        let parts = value.split(separator: " ")
        guard parts.count == 2, let run = UInt32(parts[0]), let number = UInt64(parts[1]) else { continue }
        nodes[node, default: Memory()].healed = (run, number)
      }
    }
    for record in recent { remember(record.event) }
  }

  private mutating func remember(_ event: Event) {
    guard let node = event.node else { return }
    func key(_ host: HostSighting) -> HostKey? {
      event.connection.map { HostKey(connection: $0, mac: host.mac) }
    }
    // They come newest first: of what is there twice, the first counts.
    func note(_ host: HostSighting, _ moves: UInt32) {
      guard let key = key(host), nodes[node]?.recent[key] == nil else { return }
      nodes[node, default: Memory()].recent[key] = (moves, event.at)
    }
    switch event.happening {
    case .hostLearned(let host): note(host, 0)
    case .hostMoved(let host, let moves): note(host, moves)
    case .duplicateHeld(let host):
      if let key = key(host), startedAt.since(event.at) < .seconds(60) {
        nodes[node, default: Memory()].held.insert(key)
      }
    case .sourceRefused(let stranger):
      let key = StrangerKey(reason: stranger.reason, source: stranger.source, vni: stranger.vni)
      if nodes[node]?.strangers[key] == nil { nodes[node, default: Memory()].strangers[key] = event.at }
    case .hostGone, .statusChanged, .nodeSilent, .nodeBack, .driftHealed, .leftOut: break
    }
  }

  /// What a report tells of. Reports of a node come in their order.
  ///
  /// - Complexity: O(hosts of the report), a few nanoseconds each where nothing happens.
  package mutating func take(
    _ received: ReportSnapshot.Received, in snapshot: IntentSnapshot
  ) -> EventBatch {
    let report = received.report
    guard report.store == snapshot.store else { return EventBatch() }
    var memory = nodes[report.node] ?? Memory()
    var telling = Telling(node: report.node, at: received.at, snapshot: snapshot)
    memory.isHeard = true
    if memory.isSilent {
      memory.isSilent = false
      telling.tell(.nodeBack)
      telling.batch.marks[.silence(report.node)] = .some(nil)
    }
    telling.tellHealings(of: report, &memory)
    // Where the look at the node failed, that nothing is told of hosts says nothing of them.
    if !report.problems.contains(where: { $0.subject == .node }) {
      let through = memory.toldThrough.map { min($0, received.at) }
      telling.tellHosts(of: report, through: through, &memory)
      telling.tellStrangers(of: report, through: through, &memory)
      memory.toldThrough = received.at
    }
    nodes[report.node] = memory
    return telling.finish()
  }
}

/// The events of one look at one node.
struct Telling {
  let node: NodeName
  let at: Timestamp
  let snapshot: IntentSnapshot
  var batch = EventBatch()
  var leftOut: UInt64 = 0

  init(node: NodeName, at: Timestamp, snapshot: IntentSnapshot) {
    self.node = node
    self.at = at
    self.snapshot = snapshot
  }

  mutating func tell(_ happening: Happening, at moment: Timestamp? = nil) {
    batch.events.append(Event(at: moment ?? at, node: node, happening))
  }

  /// Of a connection that is no more nothing is told: whose it was is not known.
  mutating func tell(_ happening: Happening, of connection: ConnectionID, at moment: Timestamp? = nil) {
    guard let project = snapshot.connections[connection]?.project else { return }
    batch.events.append(
      Event(at: moment ?? at, node: node, connection: connection, project: project, happening))
  }

  /// In the order of their moments.
  consuming func finish() -> EventBatch {
    if leftOut > 0 { tell(.leftOut(count: leftOut)) }
    guard !batch.events.isEmpty else { return batch }
    let order = batch.events.indices.sorted {
      (batch.events[$0].at, $0) < (batch.events[$1].at, $1)
    }
    batch.events = order.map { batch.events[$0] }
    batch.marks[.told(node)] = .some("\(at.milliseconds)")
    return batch
  }
}
