import ESWClient

/// Rates as people read them.
struct TrafficTable {
  let text: String
  let headline: String

  static let columns: [Table.Column] = [
    .init("CONNECTION", "name"), .init("STATUS", "status"), .init("OUT F/S", "out_frames"),
    .init("OUT BIT/S", "out_bits"), .init("IN F/S", "in_frames"), .init("IN BIT/S", "in_bits"),
    .init("DROP/S", "drops"), .init("MOSTLY", "reason"), .init("HOSTS", "hosts"),
    .init("LAST IN", "age"),
  ]

  /// - Parameter rows: At most so many are shown; nil: all.
  init(_ rates: [TrafficRates], rows: Int? = nil, hasHeading: Bool = true) {
    let shown = rows.map { Array(rates.prefix($0)) } ?? rates
    text = Table(shown.map(Self.row), columns: Self.columns, hasHeading: hasHeading).text
    let ways = rates.flatMap { [$0.toRemote, $0.toLocal] }.compactMap { $0 }
    let total = { (value: (TrafficRates.Way) -> Double) in Self.short(ways.reduce(0) { $0 + value($1) }) }
    let connected = rates.count { $0.row["status"].text == "connected" }
    headline =
      "\(rates.count) connections, \(connected) connected: \(total(\.frames)) frames/s, "
      + "\(total(\.bits)) bit/s, \(total(\.drops)) drops/s"
      + (shown.count < rates.count ? "; the first \(shown.count)" : "")
  }

  private static func row(_ rate: TrafficRates) -> JSON {
    func cell(_ way: TrafficRates.Way?, _ value: KeyPath<TrafficRates.Way, Double>) -> JSON {
      .string(way.map { short($0[keyPath: value]) } ?? "-")
    }
    let ways = [rate.toRemote, rate.toLocal].compactMap { $0 }
    let drops = ways.isEmpty ? "-" : short(ways.reduce(0) { $0 + $1.drops })
    return .object([
      "name": rate.row["name"], "status": rate.row["status"], "out_frames": cell(rate.toRemote, \.frames),
      "out_bits": cell(rate.toRemote, \.bits), "in_frames": cell(rate.toLocal, \.frames),
      "in_bits": cell(rate.toLocal, \.bits), "drops": .string(drops),
      "reason": rate.mainReason.map { .string($0) } ?? .null, "hosts": rate.row["hosts"],
      "age": .string(age(rate.row["received_age_ms"])),
    ])
  }

  /// Three digits and the SI prefix: `1.23M`; below ten thousand whole.
  static func short(_ value: Double) -> String {
    guard value >= 9_999.5 else { return "\(Int(value.rounded()))" }
    var (scaled, prefixes) = (value, ["k", "M", "G", "T", "P", "E"][...])
    var prefix = ""
    while scaled >= 999.5, let next = prefixes.popFirst() {
      scaled /= 1000
      prefix = next
    }
    let factor = scaled >= 99.95 ? 1 : scaled >= 9.995 ? 10 : 100
    let (whole, rest) = Int((scaled * Double(factor)).rounded()).quotientAndRemainder(dividingBy: factor)
    return factor == 1 ? "\(whole)\(prefix)" : "\(whole).\(String("\(factor + rest)".dropFirst()))\(prefix)"
  }

  static func age(_ milliseconds: JSON) -> String {
    guard case .integer(let age) = milliseconds else { return "never" }
    switch age {
    case ..<1000: return "\(age) ms"
    case ..<120_000: return "\(age / 1000) s"
    case ..<7_200_000: return "\(age / 60_000) min"
    case ..<172_800_000: return "\(age / 3_600_000) h"
    default: return "\(age / 86_400_000) d"
    }
  }
}
