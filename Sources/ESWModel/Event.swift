/// Something that happened, with the moment at which it did.
package struct Event: Hashable, Sendable {
  package let at: Timestamp
  /// Where it was seen.
  package let node: NodeName?
  /// Nil for what is of no connection.
  package let connection: ConnectionID?
  /// Whose it is; nil for what is of a node: as nodes are, it is for every project to see.
  package let project: ProjectID?
  package let happening: Happening

  package init(
    at: Timestamp, node: NodeName?, connection: ConnectionID? = nil, project: ProjectID? = nil,
    _ happening: Happening
  ) {
    self.at = at
    self.node = node
    self.connection = connection
    self.project = project
    self.happening = happening
  }
}

package enum Happening: Hashable, Sendable, Codable {
  case hostLearned(HostSighting)
  /// To the side of the sighting, for the so-manieth time.
  case hostMoved(HostSighting, moves: UInt32)
  /// It has been silent for as long as hosts are remembered.
  case hostGone(HostSighting)
  /// It was heard on both sides too often, and is held on that of the sighting (RFC 7432 section 15.1).
  case duplicateHeld(HostSighting)
  case statusChanged(StatusChange)
  case nodeSilent
  case nodeBack
  /// What somebody else had changed was put right: some of the steps, and how many there were.
  case driftHealed(steps: [String], count: UInt32)
  /// VXLAN for a tunnel address of ours that no connection wants.
  case sourceRefused(StrangerSighting)
  /// So many events happened too fast to be told one by one.
  case leftOut(count: UInt64)

  package enum Kind: String, Hashable, Sendable, CaseIterable {
    case hostLearned = "host_learned"
    case hostMoved = "host_moved"
    case hostGone = "host_gone"
    case duplicateHeld = "duplicate_held"
    case statusChanged = "status_changed"
    case nodeSilent = "node_silent"
    case nodeBack = "node_back"
    case driftHealed = "drift_healed"
    case sourceRefused = "source_refused"
    case leftOut = "left_out"
  }

  package var kind: Kind {
    switch self {
    case .hostLearned: .hostLearned
    case .hostMoved: .hostMoved
    case .hostGone: .hostGone
    case .duplicateHeld: .duplicateHeld
    case .statusChanged: .statusChanged
    case .nodeSilent: .nodeSilent
    case .nodeBack: .nodeBack
    case .driftHealed: .driftHealed
    case .sourceRefused: .sourceRefused
    case .leftOut: .leftOut
    }
  }
}

/// A host, as it was seen at that time.
package struct HostSighting: Hashable, Sendable, Codable {
  package let mac: MACAddress
  package let address: IPv4Address?
  package let isLocal: Bool
  /// The VTEP of the remote that it is behind.
  package let remote: IPv4Address?

  package init(mac: MACAddress, address: IPv4Address?, isLocal: Bool, remote: IPv4Address? = nil) {
    self.mac = mac
    self.address = address
    self.isLocal = isLocal
    self.remote = remote
  }
}

package struct StatusChange: Hashable, Sendable, Codable {
  /// Nil: there was no status to be told before.
  package let from: ConnectionStatus.Word?
  package let to: ConnectionStatus.Word
  package let reason: String?

  package init(from: ConnectionStatus.Word?, to: ConnectionStatus.Word, reason: String?) {
    self.from = from
    self.to = to
    self.reason = reason
  }
}

package struct StrangerSighting: Hashable, Sendable, Codable {
  /// The data path's own name of the reason, such as `unknown_source`.
  package let reason: String
  package let source: IPv4Address?
  package let vni: UInt32?
  /// How many had come by then.
  package let frames: UInt64

  package init(reason: String, source: IPv4Address?, vni: UInt32?, frames: UInt64) {
    self.reason = reason
    self.source = source
    self.vni = vni
    self.frames = frames
  }
}

/// An event in its place in the time line.
package struct EventRecord: Hashable, Sendable {
  /// 1 and up, in the order in which they were told; numbers are never used again.
  package let number: Int64
  package let event: Event

  package init(number: Int64, event: Event) {
    self.number = number
    self.event = event
  }
}

/// Which events are wanted. Nil asks for nothing of that field.
package struct EventQuery: Hashable, Sendable {
  /// The project's own, and those that are for all to see. Nil: all there are.
  package var project: ProjectID?
  package var connection: ConnectionID?
  package var kind: Happening.Kind?
  /// From this moment on.
  package var since: Timestamp?
  /// Before this moment.
  package var until: Timestamp?
  /// Only records before this one: the time line is read from its end.
  package var before: Int64?
  /// How many at most.
  package var limit: Int

  package init(
    project: ProjectID? = nil, connection: ConnectionID? = nil, kind: Happening.Kind? = nil,
    since: Timestamp? = nil, until: Timestamp? = nil, before: Int64? = nil, limit: Int
  ) {
    self.project = project
    self.connection = connection
    self.kind = kind
    self.since = since
    self.until = until
    self.before = before
    self.limit = limit
  }

  package func matches(_ record: EventRecord) -> Bool {
    let event = record.event
    return before.map { record.number < $0 } ?? true
      && project.map { event.project == nil || event.project == $0 } ?? true
      && connection.map { event.connection == $0 } ?? true
      && kind.map { event.happening.kind == $0 } ?? true
      && since.map { event.at >= $0 } ?? true
      && until.map { event.at < $0 } ?? true
  }
}

/// What has been told already, so that a restart tells nothing twice: kept with the events.
package enum EventMark: Hashable, Sendable, LosslessStringConvertible {
  /// The word of a connection that was told last.
  case status(ConnectionID)
  /// There as long as it has been told that the node is silent, and not that it is back.
  case silence(NodeName)
  /// When the newest report was received of which something was told, in milliseconds since 1970.
  case told(NodeName)
  /// The run of the agent and the number of its newest healing that was told, with a space between.
  case healed(NodeName)

  package init?(_ description: String) {
    let parts = description.split(separator: " ", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    switch parts[0] {
    case "status":
      guard let id = ConnectionID(parts[1]) else { return nil }
      self = .status(id)
    case "silence", "told", "healed":
      guard let node = NodeName(parts[1]) else { return nil }
      self = parts[0] == "silence" ? .silence(node) : parts[0] == "told" ? .told(node) : .healed(node)
    default: return nil
    }
  }

  package var description: String {
    switch self {
    case .status(let id): "status \(id)"
    case .silence(let node): "silence \(node)"
    case .told(let node): "told \(node)"
    case .healed(let node): "healed \(node)"
    }
  }
}

/// How many events a store keeps.
package enum EventBounds {
  /// Of one connection, or of one node what is of no connection.
  package static let mostOfScope = 1_000
  package static let mostOfAll = 200_000
  /// Events are cut in lots of a tenth of their bound.
  package static func lot(_ most: Int) -> Int { max(most / 10, 1) }
}

extension Event {
  /// What shares a bound.
  package var scope: String {
    connection.map { "connection \($0)" } ?? node.map { "node \($0)" } ?? ""
  }
}

/// Events, and what their telling changes among the marks: written together or not at all.
package struct EventBatch: Hashable, Sendable {
  package var events: [Event]
  /// Nil takes the mark away.
  package var marks: [EventMark: String?]

  package init(events: [Event] = [], marks: [EventMark: String?] = [:]) {
    self.events = events
    self.marks = marks
  }

  package var isEmpty: Bool { events.isEmpty && marks.isEmpty }
}
