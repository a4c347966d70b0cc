import ESWModel

/// Which captures go on, where, and how far each is (pure: what is heard comes in with its time).
///
/// A capture lives as long as the request of who asked for it. It waits for the agent to take it up; then the
/// agent sends one part after the other, each when the one before has room.
struct CaptureBoard {
  /// Of all nodes together; our own choice. Each holds `mostWaitingBytes` and a part at most.
  static let mostAtOnce = 32
  /// What may wait for the user before the agent has to.
  static let mostWaitingBytes = 1 << 20

  enum Refusal: Error, Hashable {
    /// The node has as many as it takes.
    case nodeFull
    case full
  }

  /// What becomes of a part.
  enum Delivery: Hashable {
    /// It is the next; the agent is to wait until there is room, or not.
    case taken(waits: Bool)
    /// It came before.
    case known(waits: Bool)
    /// Nobody wants it.
    case unwanted
  }

  private struct Capture {
    let request: CaptureRequest
    let node: NodeName
    /// The agent has been told of it.
    var isTold = false
    var nextNumber = 0
    var heard: ContinuousClock.Instant
    /// Bytes that the user has not taken yet.
    var waiting = 0
    /// All bytes so far.
    var received = 0
    /// The agent waits for room.
    var isHeld = false
  }

  private var captures: [CaptureID: Capture] = [:]

  var isEmpty: Bool { captures.isEmpty }

  mutating func add(
    _ request: CaptureRequest, on node: NodeName, now: ContinuousClock.Instant
  ) throws(Refusal) {
    guard captures.values.count(where: { $0.node == node }) < CaptureOrder.mostAtOnce else { throw .nodeFull }
    guard captures.count < Self.mostAtOnce else { throw .full }
    captures[request.id] = Capture(request: request, node: node, heard: now)
  }

  mutating func remove(_ id: CaptureID) { captures[id] = nil }

  // MARK: The agent

  /// What the agent is to begin. By id.
  func orders(of node: NodeName, besides known: Set<CaptureID>) -> [CaptureRequest] {
    captures.values.filter { $0.node == node && $0.nextNumber == 0 && !known.contains($0.request.id) }
      .map(\.request).sorted { $0.id < $1.id }
  }

  mutating func noteTold(_ requests: [CaptureRequest]) {
    for request in requests { captures[request.id]?.isTold = true }
  }

  /// - Parameter count: Its bytes.
  mutating func take(
    _ count: Int, number: Int, isLast: Bool, of id: CaptureID, from node: NodeName,
    now: ContinuousClock.Instant
  ) -> Delivery {
    guard var capture = captures[id], capture.node == node else { return .unwanted }
    capture.heard = now
    let isNext = number == capture.nextNumber
    // The last is known no more once it has come.
    guard isNext || (!isLast && number == capture.nextNumber - 1) else { return .unwanted }
    if isNext {
      // It is to wait when it has been told to; one that does not would fill what nobody bounds.
      guard capture.waiting < Self.mostWaitingBytes else { return .unwanted }
      // The agent keeps to the limit by itself: this one does not.
      guard count <= capture.request.limits.bytes - capture.received else { return .unwanted }
      capture.received += count
      capture.waiting += count
      capture.nextNumber += 1
    }
    capture.isHeld = !isLast && capture.waiting >= Self.mostWaitingBytes
    captures[id] = isLast ? nil : capture
    return isNext ? .taken(waits: capture.isHeld) : .known(waits: capture.isHeld)
  }

  /// - Returns: Whether the agent's word ends it: once it has begun, only silence or the last part do.
  mutating func refuse(_ id: CaptureID, from node: NodeName) -> Bool {
    guard let capture = captures[id], capture.node == node, capture.nextNumber == 0 else { return false }
    captures[id] = nil
    return true
  }

  // MARK: The user

  /// - Returns: Whether the agent, which waits, can go on.
  mutating func noteTaken(_ count: Int, of id: CaptureID, now: ContinuousClock.Instant) -> Bool {
    guard var capture = captures[id] else { return false }
    capture.waiting -= min(count, capture.waiting)
    let goesOn = capture.isHeld && capture.waiting < Self.mostWaitingBytes
    if goesOn { (capture.isHeld, capture.heard) = (false, now) }
    captures[id] = capture
    return goesOn
  }

  /// Of one that has not begun whether the agent was told of it; nil: it has, or is none.
  func isTold(_ id: CaptureID) -> Bool? {
    guard let capture = captures[id], capture.nextNumber == 0 else { return nil }
    return capture.isTold
  }

  /// Whether nothing has come of it for longer than `limit`, though the agent could have sent something.
  func isSilent(_ id: CaptureID, for limit: Duration, now: ContinuousClock.Instant) -> Bool {
    guard let capture = captures[id], !capture.isHeld else { return false }
    return now - capture.heard > limit
  }
}
