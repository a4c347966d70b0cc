internal import ESWModel

/// A frame's comment, read back.
struct FrameReading {
  private let comment: String
  private let point: CapturedFrame.Point

  init(_ comment: String, _ point: CapturedFrame.Point) {
    self.comment = comment
    self.point = point
  }

  var fate: CapturedFrame.Fate {
    if comment.hasPrefix(FrameWords.dropped) {
      let name = comment.dropFirst(FrameWords.dropped.count).prefix { $0 != " " && $0 != "." }
      return .dropped(reason: String(name))
    }
    if comment.hasPrefix(FrameWords.answered) { return .answered }
    if comment.hasPrefix(FrameWords.answer) { return .answer }
    if comment.hasPrefix(FrameWords.kept) { return .kept }
    return point == .fromPort || point == .toRemote ? .sent : .delivered
  }

  var outer: CapturedFrame.Outer {
    if comment.contains(FrameWords.withoutAddresses) { return .withoutAddresses }
    if comment.contains(FrameWords.rebuilt) { return .rebuilt }
    return point == .fromRemote || point == .toRemote ? .original : .none
  }

  var segmentSize: Int? {
    between(FrameWords.segments, FrameWords.segmentsEnd, in: comment).flatMap { Int($0) }
  }

  /// All that the comment names, else that of the outer headers.
  func remotes(_ bytes: Octets) -> [RemoteEndpoint] {
    guard point == .fromRemote || point == .toRemote else { return [] }
    if let list = between(FrameWords.remotes, FrameWords.remotesEnd, in: comment) {
      return list.split(separator: ",").prefix(8).compactMap { Self.remote($0.drop { $0 == " " }) }
    }
    let isOut = point == .toRemote
    guard let address = bytes.longNumber(at: isOut ? 30 : 26), let port = bytes.number(at: 36),
      let vni = bytes.longNumber(at: 46).flatMap({ VNI($0 >> 8) })
    else { return [] }
    return [
      RemoteEndpoint(
        vni: vni, address: IPv4Address(address), port: isOut ? port : RemoteEndpoint.defaultPort)
    ]
  }

  /// `198.51.100.2 port 4790 VNI 5010`
  private static func remote(_ text: Substring) -> RemoteEndpoint? {
    let words = text.split(separator: " ")
    guard let address = words.first.flatMap({ IPv4Address(String($0)) }),
      let vni = words.last.flatMap({ UInt32($0) }).flatMap({ VNI($0) })
    else { return nil }
    let port = between(FrameWords.port, FrameWords.vni, in: String(text)).flatMap { UInt16($0) }
    return RemoteEndpoint(vni: vni, address: address, port: port ?? RemoteEndpoint.defaultPort)
  }
}

/// What stands between two words; nil if one of them is missing.
func between(_ start: String, _ end: String, in text: String) -> String? {
  guard let begin = text.firstRange(of: start) else { return nil }
  let rest = text[begin.upperBound...]
  return rest.firstRange(of: end).map { String(rest[..<$0.lowerBound]) }
}
