import ESWModel
import ESWSeams
import Testing

@Suite(.timeLimit(.minutes(1))) struct `A board with the newest snapshot` {
  private let empty = IntentSnapshot(store: StoreID(high: 1, low: 1))

  /// Returns when somebody waits.
  private func waitForWaiters(_ count: Int, at board: SnapshotBoard) async {
    while board.waiterCount < count { await Task.yield() }
  }

  @Test func `lets nobody wait for what is there`() async {
    let board = SnapshotBoard(empty.applying([]))
    #expect(await board.snapshot(after: Revision(0), within: .seconds(60))?.revision == Revision(1))
  }

  @Test func `wakes who waits and forgets them`() async {
    let board = SnapshotBoard(empty)
    async let seen = board.snapshot(after: Revision(0), within: .seconds(60))
    await waitForWaiters(1, at: board)
    board.publish(empty.applying([]))
    #expect(await seen?.revision == Revision(1))
    #expect(board.waiterCount == 0)
  }

  @Test func `lets those sleep on who wait for a later one`() async {
    let board = SnapshotBoard(empty)
    async let early = board.snapshot(after: Revision(0), within: .seconds(60))
    async let late = board.snapshot(after: Revision(1), within: .seconds(60))
    await waitForWaiters(2, at: board)
    board.publish(empty.applying([]))
    #expect(await early?.revision == Revision(1))
    #expect(board.waiterCount == 1)
    board.publish(empty.applying([]).applying([]))
    #expect(await late?.revision == Revision(2))
  }

  @Test func `forgets who was cancelled`() async {
    let board = SnapshotBoard(empty)
    let task = Task { await board.snapshot(after: Revision(0), within: .seconds(60)) }
    await waitForWaiters(1, at: board)
    task.cancel()
    #expect(await task.value == nil)
    #expect(board.waiterCount == 0)
  }

  @Test func `forgets who waited to the deadline`() async {
    let board = SnapshotBoard(empty)
    #expect(await board.snapshot(after: Revision(0), within: .milliseconds(1)) == nil)
    #expect(board.waiterCount == 0)
  }

  @Test func `keeps count when all of this happens at once`() async {
    let board = SnapshotBoard(empty)
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<300 {
        group.addTask {
          let task = Task { await board.snapshot(after: Revision(0), within: .milliseconds(number % 7)) }
          if number % 3 == 0 { task.cancel() }
          _ = await task.value
        }
        if number == 200 { board.publish(empty.applying([])) }
      }
    }
    #expect(board.waiterCount == 0)
  }
}
