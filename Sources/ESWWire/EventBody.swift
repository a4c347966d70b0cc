package import ESWModel

// Our own additions: what happened, and who is where.

extension JSONWriter {
  /// An event; beside what all have, only the members of its kind.
  package mutating func event(_ record: EventRecord) {
    let event = record.event
    beginObject()
    member("id", "\(record.number)")
    member("time", event.at)
    member("time_ms", integer: event.at.milliseconds)
    member("kind", event.happening.kind.rawValue)
    optional("node", event.node?.description)
    if let connection = event.connection { member("connection_id", connection) }
    happening(event.happening)
    endObject()
  }

  private mutating func happening(_ happening: Happening) {
    switch happening {
    case .hostLearned(let host), .hostGone(let host), .duplicateHeld(let host): sighting(host)
    case .hostMoved(let host, let moves):
      sighting(host)
      member("moves", integer: moves)
    case .statusChanged(let change):
      object("status") {
        $0.member("from", optional: change.from?.rawValue)
        $0.member("to", change.to.rawValue)
        $0.member("reason", optional: change.reason)
      }
    case .nodeSilent, .nodeBack: break
    case .driftHealed(let steps, let count):
      member("steps", strings: steps)
      member("count", integer: count)
    case .sourceRefused(let stranger):
      object("stranger") {
        $0.member("reason", stranger.reason)
        $0.member("source", optional: stranger.source?.description)
        $0.member("segmentation_id", integer: stranger.vni)
        $0.member("frames", integer: stranger.frames)
      }
    case .leftOut(let count): member("count", integer: count)
    }
  }

  private mutating func sighting(_ host: HostSighting) {
    object("host") {
      $0.member("mac", host.mac.description)
      $0.member("address", optional: host.address?.description)
      $0.member("side", host.isLocal ? "local" : "remote")
      $0.member("tunnel_ip", optional: host.remote?.description)
    }
  }

  /// A host in the list of all hosts.
  package mutating func host(_ host: HostFact, of connection: Connection, heard: HeardReport) {
    beginObject()
    member("connection_id", connection.id)
    member("node", heard.report.node.description)
    member("mac", host.mac.description)
    member("address", optional: host.address?.description)
    switch host.side {
    case .local:
      member("side", "local")
      member("tunnel_ip", optional: nil)
    case .remote(let index):
      member("side", "remote")
      let remote = connection.remotes.indices.contains(index) ? connection.remotes[index] : nil
      member("tunnel_ip", optional: remote?.address.description)
    }
    member("seen_age_ms", integer: heard.asOfNow(host.seenAgeMilliseconds))
    member("since_age_ms", integer: host.sinceAgeMilliseconds.map(heard.asOfNow))
    member("moves", integer: host.moves)
    member("held_ms", integer: host.heldMilliseconds.flatMap(heard.leftNow))
    endObject()
  }
}

/// Where a page of hosts goes on: a connection's id and a MAC address, with a comma between.
package struct HostMarker: Hashable, Sendable, LosslessStringConvertible {
  package let connection: ConnectionID
  package let mac: MACAddress

  package init(connection: ConnectionID, mac: MACAddress) {
    self.connection = connection
    self.mac = mac
  }

  package init?(_ description: String) {
    let parts = description.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let connection = ConnectionID(String(parts[0])),
      let mac = MACAddress(String(parts[1]))
    else { return nil }
    self.init(connection: connection, mac: mac)
  }

  package var description: String { "\(connection),\(mac)" }
}

/// Which hosts are wanted.
package struct HostFilter: Hashable, Sendable {
  private let address: QueryFilter<IPv4Address>
  /// The beginning of a MAC address: lower case, with colons.
  private let prefix: String
  private let isLocal: Bool?
  private let isHeld: Bool

  package init(_ query: QueryParameters) throws(RequestBodyError) {
    address = query.filter("address")
    prefix = (query["mac"] ?? "").lowercased()
    guard prefix.utf8.count <= 17, prefix.utf8.allSatisfy({ hexNibble($0) != nil || $0 == UInt8(ascii: ":") })
    else { throw .invalid(path: "mac", rule: "the beginning of a MAC address, such as fa:16:3e") }
    switch query["side"] ?? "" {
    case "": isLocal = nil
    case "local": isLocal = true
    case "remote": isLocal = false
    default: throw .invalid(path: "side", rule: "local or remote")
    }
    switch query["held"] ?? "" {
    case "", "false": isHeld = false
    case "true": isHeld = true
    default: throw .invalid(path: "held", rule: "true or false")
    }
  }

  package func matches(_ host: HostFact) -> Bool {
    if let isLocal, (host.side == .local) != isLocal { return false }
    if isHeld, host.heldMilliseconds == nil { return false }
    switch address {
    case .any: break
    case .none: return false
    case .only(let wanted): guard host.address == wanted else { return false }
    }
    return prefix.isEmpty || host.mac.description.hasPrefix(prefix)
  }
}

extension Timestamp {
  /// Reads `yyyy-MM-ddTHH:mm:ssZ`; anything else, and days that no month has, give nil.
  package init?(iso8601 text: String) {
    let digits = Array(text.utf8)
    let separators: [(place: Int, byte: UInt8)] = [
      (4, UInt8(ascii: "-")), (7, UInt8(ascii: "-")), (10, UInt8(ascii: "T")), (13, UInt8(ascii: ":")),
      (16, UInt8(ascii: ":")), (19, UInt8(ascii: "Z")),
    ]
    guard digits.count == 20, separators.allSatisfy({ digits[$0.place] == $0.byte }) else { return nil }
    func number(_ range: Range<Int>) -> Int64? {
      var number: Int64 = 0
      for digit in digits[range] {
        guard (48...57).contains(digit) else { return nil }
        number = number * 10 + Int64(digit - 48)
      }
      return number
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    self.init(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    guard iso8601 == text else { return nil }
  }
}
