import NIOCore

/// What a connection is waiting for from its client, which decides how long it may take (pure).
///
/// A request that cannot be read because its predecessor is still being answered is not late: the server
/// itself does not read it then. Of a head whose first bytes come together with the end of the request
/// before, nothing is known until more of it comes; the idle timeout ends it.
struct RequestPace {
  enum Awaited: Hashable {
    /// Nothing is owed to us: between requests, or we are at work.
    case nothing
    case head
    case body
    /// That the client takes what we have written.
    case taking
  }

  private enum Part { case none, head, body }

  private var reading = Part.head
  /// Requests whose answer is not yet written.
  private var unanswered = 0
  private var isWritable = true
  /// Something of the request that is being read has come.
  private(set) var hasBegun = false

  mutating func bytesCame() {
    if reading == .none { reading = .head }
    hasBegun = true
  }

  mutating func headEnded() {
    reading = .body
    unanswered += 1
  }

  mutating func requestEnded() {
    reading = .none
    hasBegun = false
  }

  mutating func answerEnded() { unanswered = max(0, unanswered - 1) }

  mutating func writability(is isWritable: Bool) { self.isWritable = isWritable }

  var awaited: Awaited {
    guard isWritable else { return .taking }
    switch reading {
    case .none: return .nothing
    case .head: return unanswered == 0 ? .head : .nothing
    case .body: return unanswered <= 1 ? .body : .nothing
    }
  }
}
