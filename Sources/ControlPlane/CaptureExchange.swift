import ESWModel
import NIOCore
import Synchronization

/// Where users who asked for captures and the agents that make them meet: `CaptureBoard` decides, this holds
/// who waits. Nothing is kept beyond what is on its way.
final class CaptureExchange: Sendable {
  /// What the user's side hears of its capture, in order.
  enum Event: Sendable {
    case part(ByteBuffer)
    case end(ByteBuffer)
    case refused(String)
    /// It has not begun in time; whether the agent was told of it.
    case late(isTold: Bool)
    case stopped(StopReason)
  }

  enum StopReason: String, Sendable {
    case userGone = "the user went"
    case agentSilent = "the agent fell silent"
    case notAllowed = "the user may not any more"
    case overdue = "its time was over, and the user had not taken it"
    case serverStops = "the server stops"
  }

  /// What the agent hears of a part.
  enum Answer: Sendable {
    case goOn
    /// It is taken, and there is no room for the next yet: ask again, so that nobody between us takes the
    /// connection for dead.
    case notYet
    case unwanted
  }

  private struct State {
    var board = CaptureBoard()
    /// Bounded: the board lets no more wait in one than its bound and one part.
    var users: [CaptureID: AsyncStream<Event>.Continuation] = [:]
    /// Agents whose part is taken and who wait for room, by the number of their question.
    var held: [CaptureID: [Int: CheckedContinuation<Answer, Never>]] = [:]
    /// Agents that wait for orders.
    var polls: [Int: (node: NodeName, waiter: CheckedContinuation<Void, Never>)] = [:]
    /// Of polls and of agents that wait for room.
    var lastQuestion = 0
    /// Questions whose time was over before they waited.
    var over: Set<Int> = []

    mutating func nextQuestion() -> Int {
      lastQuestion += 1
      return lastQuestion
    }

    mutating func takePolls(of node: NodeName) -> [CheckedContinuation<Void, Never>] {
      let those = polls.filter { $0.value.node == node }
      for number in those.keys { polls[number] = nil }
      return those.values.map(\.waiter)
    }
  }

  private let state = Mutex(State())

  // MARK: The user's side

  /// - Returns: What comes of it; to be read once. Whoever reads it says so (`noteTaken`) and ends it
  ///   (`stop`).
  func open(_ request: CaptureRequest, on node: NodeName) throws(CaptureBoard.Refusal) -> AsyncStream<Event> {
    let (stream, continuation) = AsyncStream.makeStream(of: Event.self)
    let polls = try state.withLock { state throws(CaptureBoard.Refusal) in
      try state.board.add(request, on: node, now: .now)
      state.users[request.id] = continuation
      return state.takePolls(of: node)
    }
    for poll in polls { poll.resume() }
    return stream
  }

  func noteTaken(_ count: Int, of id: CaptureID) {
    let agents = state.withLock { state in
      state.board.noteTaken(count, of: id, now: .now) ? state.held.removeValue(forKey: id) ?? [:] : [:]
    }
    for agent in agents.values { agent.resume(returning: .goOn) }
  }

  /// Ends it, unless it has ended already; the agent hears of it with its next part.
  func stop(_ id: CaptureID, _ reason: StopReason) { end(id, with: .stopped(reason)) }

  /// Ends it if it has not begun.
  func giveUp(_ id: CaptureID) {
    guard let isTold = state.withLock({ $0.board.isTold(id) }) else { return }
    end(id, with: .late(isTold: isTold))
  }

  func isSilent(_ id: CaptureID, for limit: Duration) -> Bool {
    state.withLock { $0.board.isSilent(id, for: limit, now: .now) }
  }

  private func end(_ id: CaptureID, with event: Event) {
    let (user, agents) = state.withLock { state in
      state.board.remove(id)
      return (state.users.removeValue(forKey: id), state.held.removeValue(forKey: id) ?? [:])
    }
    user?.yield(event)
    user?.finish()
    for agent in agents.values { agent.resume(returning: .unwanted) }
  }

  // MARK: The agent's side

  /// Waits for orders that are not among those that the agent knows; none when none came in time, or when the
  /// caller is cancelled.
  func orders(
    of node: NodeName, besides known: Set<CaptureID>, within limit: Duration
  ) async -> [CaptureRequest] {
    let poll = state.withLock { $0.nextQuestion() }
    await withTaskCancellationHandler {
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          try? await Task.sleep(for: limit)
          self.wake(poll)
        }
        await self.waitForOrders(of: node, besides: known, as: poll)
        group.cancelAll()
      }
    } onCancel: {
      wake(poll)
    }
    return state.withLock { state in
      state.over.remove(poll)
      let orders = state.board.orders(of: node, besides: known)
      state.board.noteTold(orders)
      return orders
    }
  }

  private func waitForOrders(of node: NodeName, besides known: Set<CaptureID>, as poll: Int) async {
    await withCheckedContinuation { waiter in
      // Cancelled before it waits, nobody would wake it.
      let waits = state.withLock { state in
        guard !Task.isCancelled, !state.over.contains(poll),
          state.board.orders(of: node, besides: known).isEmpty
        else { return false }
        state.polls[poll] = (node, waiter)
        return true
      }
      if !waits { waiter.resume() }
    }
  }

  private func wake(_ poll: Int) {
    let waiter = state.withLock { state in
      let found = state.polls.removeValue(forKey: poll)
      if found == nil { state.over.insert(poll) }
      return found?.waiter
    }
    waiter?.resume()
  }

  /// Takes a part in, and returns when there is room for the next, at the latest after `patience`.
  func deliver(
    _ bytes: ByteBuffer, number: Int, isLast: Bool, of id: CaptureID, from node: NodeName,
    patience: Duration = .seconds(20)
  ) async -> Answer {
    let question = state.withLock { $0.nextQuestion() }
    let answer = await withTaskGroup(of: Void.self) { group in
      defer { group.cancelAll() }
      group.addTask {
        guard (try? await Task.sleep(for: patience)) != nil else { return }
        self.putOff(question, of: id)
      }
      return await self.deliver(bytes, number: number, isLast: isLast, of: id, from: node, as: question)
    }
    state.withLock { _ = $0.over.remove(question) }
    return answer
  }

  private func putOff(_ question: Int, of id: CaptureID) {
    let agent = state.withLock { state in
      let found = state.held[id]?.removeValue(forKey: question)
      if found == nil { state.over.insert(question) }
      return found
    }
    agent?.resume(returning: .notYet)
  }

  private func deliver(
    _ bytes: ByteBuffer, number: Int, isLast: Bool, of id: CaptureID, from node: NodeName, as question: Int
  ) async -> Answer {
    await withCheckedContinuation { agent in
      let (answer, user) = state.withLock { state -> (Answer?, AsyncStream<Event>.Continuation?) in
        let delivery = state.board.take(
          bytes.readableBytes, number: number, isLast: isLast, of: id, from: node, now: .now)
        switch delivery {
        case .unwanted: return (.unwanted, nil)
        case .known(let waits), .taken(let waits):
          if case .taken = delivery, bytes.readableBytes > 0 || isLast || number == 0 {
            state.users[id]?.yield(isLast ? .end(bytes) : .part(bytes))
          }
          if waits, state.over.contains(question) { return (.notYet, nil) }
          if waits { state.held[id, default: [:]][question] = agent }
          return (waits ? nil : .goOn, isLast ? state.users.removeValue(forKey: id) : nil)
        }
      }
      user?.finish()
      if let answer { agent.resume(returning: answer) }
    }
  }

  func refuse(_ id: CaptureID, from node: NodeName, because reason: String) {
    let isRefused = state.withLock { $0.board.refuse(id, from: node) }
    if isRefused { end(id, with: .refused(reason)) }
  }
}

/// Ends its capture when nobody holds it any more: an answer whose head cannot be written is dropped unread.
final class CaptureHold: Sendable {
  let id: CaptureID
  private let exchange: CaptureExchange

  init(_ id: CaptureID, in exchange: CaptureExchange) {
    self.id = id
    self.exchange = exchange
  }

  deinit { exchange.stop(id, .userGone) }
}
