package import ESWModel

/// A captured frame as one line for a terminal:
///
///     14:03:07.000123 to 198.51.100.2 vni 5010      ..:01 > ..:02  ARP who-has 10.0.0.2 tell 10.0.0.1, 60 B
///
/// When, where it was seen, who to whom, what, how long without outer headers; then its fate, where it was
/// not simply sent or delivered. Only printable ASCII.
package struct FrameLine: CustomStringConvertible, Sendable {
  /// Columns that a line keeps to; the fate alone may go beyond.
  package static let usualWidth = 160
  /// Columns that stay for what it is, whatever else there is to say.
  private static let leastContent = 64
  /// Columns of "from 198.51.100.20 vni 5010" and the like.
  private static let placeWidth = 29
  private static let pairWidth = 37

  package let description: String

  /// - Parameters:
  ///   - sentences: What the names of the data path's drop reasons mean.
  ///   - utcOffsetSeconds: Of the time of day that is shown.
  package init(_ frame: CapturedFrame, sentences: [String: String] = [:], utcOffsetSeconds: Int = 0) {
    let inner = InnerFrame(frame)
    let pair = inner.map { "\($0.source) > \($0.destination)" } ?? ""
    let start =
      Self.time(frame.moment, utcOffsetSeconds) + " " + Self.padded(Self.place(frame), Self.placeWidth) + "  "
      + Self.padded(pair, Self.pairWidth) + "  "
    let end = ", " + Self.size(frame) + (Self.fate(frame.fate, sentences).map { "  \($0)" } ?? "")
    let room = max(Self.usualWidth - start.utf8.count - end.utf8.count, Self.leastContent)
    let content = inner?.text(isCut: frame.isCut) ?? (frame.isCut ? "cut" : "too short to be a frame")
    description = start + Self.cut(printable(content), room) + end
  }

  /// Of a frame as `from` or `to`: the port, or a remote.
  private static func place(_ frame: CapturedFrame) -> String {
    switch frame.point {
    case .fromPort: "from port"
    case .toPort: "to port"
    case .fromRemote: "from " + remote(frame)
    case .toRemote: "to " + remote(frame)
    }
  }

  /// The one whose headers are at hand, and how many there are beside it.
  private static func remote(_ frame: CapturedFrame) -> String {
    guard let last = frame.remotes.last else { return "remote" }
    let port = last.port == RemoteEndpoint.defaultPort ? "" : ":\(last.port)"
    let others = frame.remotes.count > 1 ? " +\(frame.remotes.count - 1)" : ""
    return "\(last.address)\(port) vni \(last.vni)\(others)"
  }

  private static func size(_ frame: CapturedFrame) -> String {
    "\(frame.innerLength) B" + (frame.segmentSize.map { " in segments of \($0)" } ?? "")
  }

  private static func fate(_ fate: CapturedFrame.Fate, _ sentences: [String: String]) -> String? {
    switch fate {
    case .sent, .delivered: nil
    case .dropped(let reason): "dropped: \(DropReason(reason, sentences).text)"
    case .answered: "answered here"
    case .answer: "answer of the switch"
    case .kept: "for the switch"
    }
  }

  /// `hh:mm:ss.microseconds`; for a moment that no clock shows too.
  private static func time(_ moment: Int64, _ offset: Int) -> String {
    let day: Int64 = 86_400
    let billion: Int64 = 1_000_000_000
    let remainder = moment % billion
    let nanoseconds = remainder < 0 ? remainder + billion : remainder
    let seconds = (moment / billion - (remainder < 0 ? 1 : 0)) % day
    let local = ((seconds + Int64(clamping: offset) % day) % day + day) % day
    return digits(local / 3600, 2) + ":" + digits(local / 60 % 60, 2) + ":" + digits(local % 60, 2) + "."
      + digits(nanoseconds / 1000, 6)
  }

  private static func digits(_ number: Int64, _ count: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(count - text.utf8.count, 0)) + text
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.utf8.count, 0))
  }

  /// - Parameter text: ASCII.
  private static func cut(_ text: String, _ width: Int) -> String {
    text.utf8.count <= width ? text : text.prefix(max(width - 3, 0)) + "..."
  }
}
