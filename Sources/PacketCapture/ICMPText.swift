/// Messages of ICMP and ICMPv6 in words; nil when the bytes end before their header does.
enum ICMPText {
  /// RFC 792, RFC 1191.
  static func message(_ octets: Octets) -> String? {
    guard let type = octets[0], let code = octets[1] else { return nil }
    switch type {
    case 0: return echo("echo reply", octets)
    case 3:
      guard code == 4 else { return "unreachable: " + (unreachable[code] ?? "code \(code)") }
      return octets.number(at: 6).map { "unreachable: fragmentation needed, MTU \($0)" }
    case 5: return "redirect"
    case 8: return echo("echo request", octets)
    case 9: return "router advertisement"
    case 10: return "router solicitation"
    case 11: return code == 1 ? "fragments timed out" : "time exceeded"
    case 12: return "parameter problem"
    case 13: return "timestamp request"
    case 14: return "timestamp reply"
    default: return "type \(type) code \(code)"
    }
  }

  /// RFC 4443; RFC 4861 for neighbour discovery; RFC 3810 for listeners.
  static func message6(_ octets: Octets) -> String? {
    guard let type = octets[0], let code = octets[1] else { return nil }
    switch type {
    case 1: return "unreachable: " + (unreachable6[code] ?? "code \(code)")
    case 2: return octets.longNumber(at: 4).map { "packet too big, MTU \($0)" }
    case 3: return code == 1 ? "fragments timed out" : "time exceeded"
    case 4: return "parameter problem"
    case 128: return echo("echo request", octets)
    case 129: return echo("echo reply", octets)
    case 130: return "listener query"
    case 131, 143: return "listener report"
    case 132: return "listener done"
    case 133: return "router solicitation"
    case 134: return "router advertisement"
    case 135: return target(octets).map { "neighbor solicitation, who-has \($0)" }
    case 136: return target(octets).map { "neighbor advertisement, \($0)" }
    case 137: return "redirect"
    default: return "type \(type) code \(code)"
    }
  }

  private static func echo(_ name: String, _ octets: Octets) -> String? {
    guard let id = octets.number(at: 4), let sequence = octets.number(at: 6) else { return nil }
    return "\(name) id \(id) seq \(sequence)"
  }

  private static func target(_ octets: Octets) -> IPv6Address? {
    octets.octets(at: 8, count: 16).flatMap { IPv6Address(bytes: $0) }
  }

  private static let unreachable: [UInt8: String] = [
    0: "network", 1: "host", 2: "protocol", 3: "port", 5: "source route failed", 6: "network unknown",
    7: "host unknown", 9: "network prohibited", 10: "host prohibited", 13: "prohibited by a filter",
  ]

  private static let unreachable6: [UInt8: String] = [
    0: "no route", 1: "prohibited", 2: "beyond scope", 3: "address", 4: "port", 5: "source prohibited",
    6: "route rejects",
  ]
}
