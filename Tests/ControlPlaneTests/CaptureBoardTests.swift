import ESWModel
import NIOCore
import Testing

@testable import ControlPlane

@Suite struct `A board of captures` {
  private static let node = NodeName("node-1")!
  private static let other = NodeName("node-2")!
  private static let start = ContinuousClock.now

  private static func request(_ number: UInt64, bytes: Int = 8 << 20) -> CaptureRequest {
    CaptureRequest(
      id: CaptureID(high: 0, low: number),
      order: CaptureOrder(connection: ConnectionID(high: 0, low: 1))!,
      limits: CaptureLimits(seconds: 10, bytes: bytes)!)
  }

  private static func board(_ numbers: UInt64...) throws -> CaptureBoard {
    var board = CaptureBoard()
    for number in numbers { try board.add(request(number), on: node, now: start) }
    return board
  }

  private static let first = request(1).id

  private static func take(
    _ board: inout CaptureBoard, _ count: Int, number: Int, isLast: Bool = false, at seconds: Int = 0,
    from node: NodeName = node
  ) -> CaptureBoard.Delivery {
    board.take(
      count, number: number, isLast: isLast, of: first, from: node, now: start + .seconds(seconds))
  }

  @Test func `has four of a node, and more of others`() throws {
    var board = try Self.board(1, 2, 3, 4)
    #expect(throws: CaptureBoard.Refusal.nodeFull) {
      try board.add(Self.request(5), on: Self.node, now: Self.start)
    }
    try board.add(Self.request(5), on: Self.other, now: Self.start)
    board.remove(Self.first)
    try board.add(Self.request(6), on: Self.node, now: Self.start)
  }

  @Test func `takes nothing more of an agent that does not wait for room`() throws {
    var board = try Self.board(1)
    let most = CaptureBoard.mostWaitingBytes
    #expect(Self.take(&board, most, number: 0) == .taken(waits: true))
    #expect(Self.take(&board, 1, number: 1) == .unwanted)
    _ = board.noteTaken(most, of: Self.first, now: Self.start)
    #expect(Self.take(&board, 1, number: 1) == .taken(waits: false))
  }

  @Test func `has so many of all nodes and no more`() throws {
    var board = CaptureBoard()
    for number in 0..<UInt64(CaptureBoard.mostAtOnce) {
      try board.add(Self.request(number), on: NodeName("n\(number / 4)")!, now: Self.start)
    }
    #expect(throws: CaptureBoard.Refusal.full) {
      try board.add(Self.request(99), on: Self.node, now: Self.start)
    }
  }

  @Test func `tells an agent what it does not know, until that has begun`() throws {
    var board = try Self.board(1, 2)
    #expect(board.orders(of: Self.node, besides: []).map(\.id.low) == [1, 2])
    #expect(board.orders(of: Self.node, besides: [Self.first]).map(\.id.low) == [2])
    #expect(board.orders(of: Self.other, besides: []) == [])
    #expect(Self.take(&board, 100, number: 0) == .taken(waits: false))
    #expect(board.orders(of: Self.node, besides: []).map(\.id.low) == [2])
  }

  @Test func `knows of one that has not begun whether the agent was told`() throws {
    var board = try Self.board(1)
    #expect(board.isTold(Self.first) == false)
    board.noteTold([Self.request(1)])
    #expect(board.isTold(Self.first) == true)
    _ = Self.take(&board, 100, number: 0)
    #expect(board.isTold(Self.first) == nil)
  }

  @Test func `lets the agent wait while the user has much to take, and go on then`() throws {
    var board = try Self.board(1)
    let most = CaptureBoard.mostWaitingBytes
    #expect(Self.take(&board, most - 1, number: 0) == .taken(waits: false))
    #expect(Self.take(&board, 1, number: 1) == .taken(waits: true))
    #expect(board.noteTaken(0, of: Self.first, now: Self.start) == false)
    #expect(board.noteTaken(1, of: Self.first, now: Self.start) == true)
    // It has been told so once.
    #expect(board.noteTaken(1, of: Self.first, now: Self.start) == false)
  }

  @Test func `takes a part that comes again as the one that it is`() throws {
    var board = try Self.board(1)
    #expect(Self.take(&board, 100, number: 0) == .taken(waits: false))
    #expect(Self.take(&board, 100, number: 0) == .known(waits: false))
    #expect(Self.take(&board, 100, number: 1) == .taken(waits: false))
    #expect(Self.take(&board, 100, number: 0) == .unwanted)
    #expect(Self.take(&board, 100, number: 3) == .unwanted)
  }

  @Test func `wants nothing of another node, of nobody's capture, or behind the last`() throws {
    var board = try Self.board(1)
    #expect(Self.take(&board, 1, number: 0, from: Self.other) == .unwanted)
    #expect(Self.take(&board, 1, number: 0, isLast: true) == .taken(waits: false))
    #expect(Self.take(&board, 1, number: 1) == .unwanted)
    #expect(board.isEmpty)
  }

  @Test func `wants nothing beyond the limit of bytes`() throws {
    var board = CaptureBoard()
    try board.add(Self.request(1, bytes: 5000), on: Self.node, now: Self.start)
    #expect(Self.take(&board, 4000, number: 0) == .taken(waits: false))
    #expect(Self.take(&board, 1001, number: 1) == .unwanted)
    #expect(Self.take(&board, 1000, number: 1) == .taken(waits: false))
  }

  @Test func `calls an agent silent that could send, and not one that waits for room`() throws {
    var board = try Self.board(1)
    let limit = Duration.seconds(10)
    func isSilent(_ seconds: Int) -> Bool {
      board.isSilent(Self.first, for: limit, now: Self.start + .seconds(seconds))
    }
    #expect(!isSilent(10))
    #expect(isSilent(11))
    #expect(Self.take(&board, CaptureBoard.mostWaitingBytes, number: 0, at: 20) == .taken(waits: true))
    #expect(!isSilent(100))
    #expect(board.noteTaken(1, of: Self.first, now: Self.start + .seconds(100)) == true)
    #expect(!isSilent(110))
    #expect(isSilent(111))
  }

  @Test func `believes an agent that one could not begin, unless it has`() throws {
    var board = try Self.board(1, 2)
    #expect(board.refuse(Self.first, from: Self.other) == false)
    #expect(board.refuse(Self.first, from: Self.node) == true)
    #expect(board.refuse(Self.first, from: Self.node) == false)
    let second = Self.request(2).id
    _ = board.take(1, number: 0, isLast: false, of: second, from: Self.node, now: Self.start)
    #expect(board.refuse(second, from: Self.node) == false)
  }
}

@Suite(.timeLimit(.minutes(1))) struct `An exchange of captures` {
  private static let node = NodeName("node-1")!
  private static let request = CaptureRequest(
    id: CaptureID(high: 0, low: 1), order: CaptureOrder(connection: ConnectionID(high: 0, low: 1))!,
    limits: CaptureLimits(bytes: 64 << 20)!)

  @Test func `wakes the agent that waits for orders`() async throws {
    let exchange = CaptureExchange()
    async let orders = exchange.orders(of: Self.node, besides: [], within: .seconds(600))
    _ = try exchange.open(Self.request, on: Self.node)
    #expect(await orders == [Self.request])
  }

  @Test func `ends a wait for orders that is cancelled`() async throws {
    let exchange = CaptureExchange()
    let waiting = Task { await exchange.orders(of: Self.node, besides: [], within: .seconds(600)) }
    waiting.cancel()
    #expect(await waiting.value == [])
  }

  @Test func `holds the agent until the user has taken something, and lets it go when the user goes`()
    async throws
  {
    let exchange = CaptureExchange()
    let events = try exchange.open(Self.request, on: Self.node)
    let part = ByteBuffer(repeating: 7, count: CaptureBoard.mostWaitingBytes)
    async let first = exchange.deliver(part, number: 0, isLast: false, of: Self.request.id, from: Self.node)
    guard case .part(let bytes)? = await events.first(where: { _ in true }) else {
      Issue.record("no part")
      return
    }
    exchange.noteTaken(bytes.readableBytes, of: Self.request.id)
    #expect(await first == .goOn)
    async let second = exchange.deliver(part, number: 1, isLast: false, of: Self.request.id, from: Self.node)
    _ = await events.first { _ in true }
    exchange.stop(Self.request.id, .userGone)
    #expect(await second == .unwanted)
    let third = await exchange.deliver(part, number: 2, isLast: false, of: Self.request.id, from: Self.node)
    #expect(third == .unwanted)
  }

  /// Many a proxy takes a minute without an answer for the end.
  @Test func `tells an agent that it has to wait on, and is asked again without bytes`() async throws {
    let exchange = CaptureExchange()
    let events = try exchange.open(Self.request, on: Self.node)
    let part = ByteBuffer(repeating: 7, count: CaptureBoard.mostWaitingBytes)
    let patience = Duration.milliseconds(10)
    for bytes in [part, ByteBuffer(), ByteBuffer()] {
      let answer = await exchange.deliver(
        bytes, number: 0, isLast: false, of: Self.request.id, from: Self.node, patience: patience)
      #expect(answer == .notYet)
    }
    async let last = exchange.deliver(
      ByteBuffer(), number: 0, isLast: false, of: Self.request.id, from: Self.node)
    exchange.noteTaken(1, of: Self.request.id)
    #expect(await last == .goOn)
    let end = ByteBuffer(string: "end")
    let ended = await exchange.deliver(end, number: 1, isLast: true, of: Self.request.id, from: Self.node)
    #expect(ended == .goOn)
    var sizes: [Int] = []
    for await event in events {
      switch event {
      case .part(let bytes), .end(let bytes): sizes.append(bytes.readableBytes)
      default: Issue.record("\(event)")
      }
    }
    #expect(sizes == [CaptureBoard.mostWaitingBytes, 3])
  }

  @Test func `ends what nobody holds any more`() async throws {
    let exchange = CaptureExchange()
    let events = try exchange.open(Self.request, on: Self.node)
    do { _ = CaptureHold(Self.request.id, in: exchange) }
    guard case .stopped(.userGone)? = await events.first(where: { _ in true }) else {
      Issue.record("it goes on")
      return
    }
    _ = try exchange.open(Self.request, on: Self.node)
  }
}

@Suite(.timeLimit(.minutes(1))) struct `Questions of agents` {
  /// Their time may be over before they wait.
  @Test func `without patience come back`() async throws {
    let (exchange, node) = (CaptureExchange(), NodeName("node-1")!)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2_000 {
        group.addTask {
          let orders = await exchange.orders(of: node, besides: [], within: .zero)
          #expect(orders.isEmpty)
        }
      }
    }
  }
}
