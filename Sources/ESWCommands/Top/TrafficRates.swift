import ESWClient

/// How fast a connection's counters grow, between two lists of the API.
struct TrafficRates {
  /// Of one direction, a second.
  struct Way: Equatable {
    var frames = 0.0
    var bits = 0.0
    var drops = 0.0
  }

  /// The connection as the newer list has it.
  let row: JSON
  /// Nil: not known, because there is nothing older, no newer report, or the counters began anew.
  let toRemote: Way?
  let toLocal: Way?
  /// Why most of the dropped frames were dropped.
  let mainReason: String?

  /// The rates of all rows of the newer list, in its order.
  static func all(from older: TrafficSample?, to newer: TrafficSample) -> [TrafficRates] {
    let before = Dictionary(
      (older?.rows ?? []).map { ($0["id"].text, $0) }, uniquingKeysWith: { first, _ in first })
    return newer.rows.map { row in
      guard let older, let old = before[row["id"].text] else { return TrafficRates(row: row) }
      return TrafficRates(from: old, at: older.moment, to: row, at: newer.moment)
    }
  }

  private init(row: JSON, toRemote: Way? = nil, toLocal: Way? = nil, mainReason: String? = nil) {
    self.row = row
    self.toRemote = toRemote
    self.toLocal = toLocal
    self.mainReason = mainReason
  }

  /// The same row with the rates that were known before.
  func keeping(_ known: TrafficRates) -> TrafficRates {
    TrafficRates(
      row: row, toRemote: known.toRemote, toLocal: known.toLocal, mainReason: known.mainReason)
  }

  /// Both moments are the server's, in milliseconds; counters are as old as the report they are of.
  private init(from old: JSON, at oldMoment: Int64, to row: JSON, at moment: Int64) {
    guard let before = old["report_age_ms"].whole, let now = row["report_age_ms"].whole else {
      self.init(row: row)
      return
    }
    let milliseconds = Double(moment - now) - Double(oldMoment - before)
    // Below that two ages of one report, rounded, could be taken for two reports.
    guard milliseconds >= 50 else {
      self.init(row: row)
      return
    }
    let seconds = milliseconds / 1000
    let drops = Self.growth(of: old["drops"], to: row["drops"])
    self.init(
      row: row, toRemote: Self.way("to_remote", old, row, drops, seconds),
      toLocal: Self.way("to_local", old, row, drops, seconds),
      mainReason: drops.max { ($0.frames, $1.reason) < ($1.frames, $0.reason) }
        .flatMap { $0.frames > 0 ? $0.reason : nil })
  }

  private static func way(
    _ name: String, _ old: JSON, _ new: JSON, _ drops: [Drop], _ seconds: Double
  ) -> Way? {
    guard let frames = growth(old["\(name).frames"], new["\(name).frames"]),
      let bytes = growth(old["\(name).bytes"], new["\(name).bytes"])
    else { return nil }
    let dropped = drops.filter { $0.direction == name }.reduce(0) { $0 + $1.frames }
    return Way(frames: frames / seconds, bits: bytes * 8 / seconds, drops: dropped / seconds)
  }

  /// Nil where a counter is not told, or is less than it was: the path was loaded anew.
  private static func growth(_ old: JSON, _ new: JSON) -> Double? {
    guard let old = old.number, let new = new.number, new >= old else { return nil }
    return new - old
  }

  private struct Drop {
    let direction: String
    let reason: String
    let frames: Double
  }

  private static func growth(of old: JSON, to new: JSON) -> [Drop] {
    guard case .array(let rows) = new else { return [] }
    let before: [JSON] = if case .array(let rows) = old { rows } else { [] }
    return rows.map { row in
      let (direction, reason) = (row["direction"].text, row["reason"].text)
      let past = before.first { $0["direction"].text == direction && $0["reason"].text == reason }
      let (now, then) = (row["frames"].number ?? 0, past?["frames"].number ?? 0)
      return Drop(direction: direction, reason: reason, frames: max(now - then, 0))
    }
  }
}

/// The answer to one call of ListTraffic, its pages together.
struct TrafficSample {
  /// The server's, in milliseconds since 1970; of the first page.
  let moment: Int64
  let rows: [JSON]
}

extension JSON {
  fileprivate var whole: Int64? {
    if case .integer(let value) = self { value } else { nil }
  }

  /// Counters beyond 63 bits are read as such.
  fileprivate var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .null, .boolean, .string, .array, .object: nil
    }
  }
}

extension TrafficRates {
  /// What a list is sorted by; the greatest first, but for names and ages.
  enum Order: String, CaseIterable {
    case bits, frames, drops, hosts, age, name
  }

  static func sorted(_ rates: [TrafficRates], by order: Order) -> [TrafficRates] {
    func key(_ rate: TrafficRates) -> Double {
      switch order {
      case .bits: (rate.toRemote?.bits ?? 0) + (rate.toLocal?.bits ?? 0)
      case .frames: (rate.toRemote?.frames ?? 0) + (rate.toLocal?.frames ?? 0)
      case .drops: (rate.toRemote?.drops ?? 0) + (rate.toLocal?.drops ?? 0)
      case .hosts: rate.row["hosts"].number ?? 0
      case .age: -(rate.row["received_age_ms"].number ?? .greatestFiniteMagnitude)
      case .name: 0
      }
    }
    // Where the numbers are the same, names keep the rows in their places.
    return rates.map { (key: key($0), name: $0.row["name"].text, id: $0.row["id"].text, rate: $0) }
      .sorted { left, right in
        left.key != right.key ? left.key > right.key : (left.name, left.id) < (right.name, right.id)
      }
      .map(\.rate)
  }

  /// For scripts: rounded to whole numbers; null is not known.
  var json: JSON {
    func way(_ way: Way?) -> JSON {
      guard let way else { return .null }
      return .object([
        "frames_per_second": Self.whole(way.frames), "bits_per_second": Self.whole(way.bits),
        "drops_per_second": Self.whole(way.drops),
      ])
    }
    var members: [String: JSON] = ["to_remote": way(toRemote), "to_local": way(toLocal)]
    for name in ["id", "name", "instance_id", "status", "node", "hosts", "received_age_ms", "sent_age_ms"] {
      members[name] = row[name]
    }
    members["drop_reason"] = mainReason.map { .string($0) } ?? .null
    return .object(members)
  }

  private static func whole(_ value: Double) -> JSON {
    .integer(Int64(exactly: value.rounded()) ?? .max)
  }
}
