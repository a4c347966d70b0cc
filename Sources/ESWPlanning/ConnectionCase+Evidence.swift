import ESWModel

// How things are, in lines for people.
extension ConnectionCase {
  var remoteLines: [String] { remotes.flatMap(evidence) }

  func evidence(of remote: RemoteCase) -> [String] {
    let received = remote.seen?.receivedAgeMilliseconds.map { Self.ago(node.asOfNow($0)) } ?? "never"
    let sent = remote.seen?.sentAgeMilliseconds.map { Self.ago(node.asOfNow($0)) } ?? "never"
    var lines = ["\(remote.name): last frame in \(received), last frame out \(sent)"]
    if let echo = remote.way?.echo, echo.sent > 0 {
      lines.append("ICMP echo to \(remote.remote.address): \(Self.words(echo))")
    }
    if let probing = remote.seen?.probing, let words = Self.words(probing) {
      lines.append("\(remote.name): \(words)")
    }
    return lines
  }

  private static func words(_ figures: ProbeFigures) -> String {
    var words = "\(figures.answered) of \(figures.sent) answered"
    if figures.answered > 0, let trip = figures.roundTripMicroseconds {
      words += ", round trip \(milliseconds(trip)) ms"
    }
    return words
  }

  private static func words(_ probing: RemoteProbing) -> String? {
    var words: [String] = []
    if probing.figures.sent > 0 {
      let who =
        switch probing.reflector {
        case .dataPath: "another OpenESW's data path"
        case .host: "a host of the far side"
        case nil: "nobody"
        }
      words.append("probes through the tunnel: \(Self.words(probing.figures)) by \(who)")
    }
    let largest = [("to it", probing.largestToRemote), ("back", probing.largestToLocal)]
      .compactMap { way, bytes in bytes.map { "\($0) bytes \(way)" } }
    if !largest.isEmpty { words.append("largest frame \(largest.joined(separator: ", "))") }
    return words.isEmpty ? nil : words.joined(separator: "; ")
  }

  private static func milliseconds(_ microseconds: UInt32) -> String {
    let rest = "\(microseconds % 1000)"
    return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }

  /// Such as `0.4 s ago`.
  static func ago(_ milliseconds: Int64) -> String {
    milliseconds < 10_000
      ? "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s ago" : "\(milliseconds / 1000) s ago"
  }
}
