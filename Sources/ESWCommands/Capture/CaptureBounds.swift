/// When a capture has enough.
struct CaptureBounds {
  static let secondsRange = 1...86_400
  static let megabytesRange = 1...1_000_000

  var seconds: Int
  var bytes: Int64
  var frames: UInt64?

  enum End: Equatable, CustomStringConvertible {
    case time(Int)
    case size(Int64)
    case frames(UInt64)
    case interrupted
    /// The connection, or the node's data path, has gone.
    case source
    /// Who reads what is written has gone.
    case reader

    var description: String {
      switch self {
      case .time(let seconds): "after \(seconds) s"
      case .size(let bytes): "at \(bytes / 1_000_000) MB"
      case .frames(let count): "at \(count) frames"
      case .interrupted: "interrupted"
      case .source: "the connection is gone from the node"
      case .reader: "nobody reads any more"
      }
    }
  }

  /// Whether a block of so many bytes still fits behind `written`.
  func end(behind written: Int64, block: Int, frames count: UInt64) -> End? {
    if let frames, count >= frames { return .frames(frames) }
    return written + Int64(block) > bytes ? .size(bytes) : nil
  }

  var description: String {
    let count = frames.map { ", \($0) frames" } ?? ""
    return "until Ctrl-C, \(seconds) s, \(bytes / 1_000_000) MB\(count)"
  }
}
