internal import Glibc
package import Netlink
internal import Synchronization

/// Numbered frames between two interfaces, both ways, at a steady pace until told to stop: what was lost is
/// known by its number. The sender may be late on a machine that has other work; then it catches up.
package final class FrameTraffic: Sendable {
  /// One end: its frames go out of this interface, and those of the other end are heard at it.
  package struct End: Sendable {
    let namespace: NetworkNamespace
    let interface: String
    let frame: [UInt8]

    /// - Parameter frame: What it says; the last four bytes become the number.
    package init(_ namespace: NetworkNamespace, _ interface: String, frame: [UInt8]) {
      self.namespace = namespace
      self.interface = interface
      self.frame = frame
    }
  }

  package struct Result: Sendable {
    /// By direction: the first end's frames, the second end's.
    package var sent = [0, 0]
    /// The numbers of frames that were sent and not heard.
    package var lost: [[Int]] = [[], []]
    /// Frames that the test itself could not take in.
    package var missed = 0
    /// Frames that a full queue of the kernel (`netdev_max_backlog`) dropped meanwhile, of the whole machine.
    package var droppedFromBacklog = 0
  }

  private let progress = Progress()
  private let work: Task<Result, any Error>

  /// - Parameter perSecond: Frames of each direction.
  package init(_ first: End, _ second: End, perSecond: Int) async throws {
    let sockets = [try await TrafficSocket(first), try await TrafficSocket(second)]
    let runner = try NamespaceActor()
    let progress = progress
    work = Task {
      try await runner.run { _ in
        var loop = TrafficLoop(sockets: sockets, perSecond: perSecond)
        return try loop.run(progress)
      }
    }
  }

  deinit { progress.stop() }

  /// Frames of the first end so far.
  package var sent: Int { progress.sent.load(ordering: .relaxed) }

  /// Ends it, and waits for what is on its way.
  package func stop() async throws -> Result {
    progress.stop()
    return try await work.value
  }
}

private final class Progress: Sendable {
  let mustStop = Atomic(false)
  let sent = Atomic(0)

  func stop() { mustStop.store(true, ordering: .relaxed) }
}

private struct TrafficSocket: Sendable {
  let socket: PacketSocket
  let frame: [UInt8]

  init(_ end: FrameTraffic.End) async throws {
    socket = try await PacketSocket(end.interface, in: end.namespace)
    frame = end.frame
  }
}

private struct TrafficLoop {
  /// Sent without a pause when late; below the kernel's queue of 1,000.
  private static let burst = 64
  private static let pauseMilliseconds: Int32 = 1
  /// Frames on their way when the last is sent: they need no second.
  private static let settlingNanoseconds: UInt64 = 1_000_000_000

  let sockets: [TrafficSocket]
  let perSecond: Int
  /// By direction and number.
  private var heard: [[Bool]] = [[], []]
  private var room = [UInt8](repeating: 0, count: 2048)

  init(sockets: [TrafficSocket], perSecond: Int) {
    self.sockets = sockets
    self.perSecond = perSecond
  }

  mutating func run(_ progress: Progress) throws -> FrameTraffic.Result {
    let backlogBefore = try Self.droppedFromBacklog()
    let start = Self.now()
    var sent = 0
    while !progress.mustStop.load(ordering: .relaxed) {
      let due = Int((Self.now() - start) / 1000) * perSecond / 1_000_000
      for _ in 0..<min(due - sent, Self.burst) {
        for index in 0..<2 { try say(index, sent) }
        sent += 1
      }
      progress.sent.store(sent, ordering: .relaxed)
      listen()
      if sent >= due { awaitFrames() }
    }
    let end = Self.now() + Self.settlingNanoseconds
    while Self.now() < end, heard.contains(where: { $0.contains(false) }) {
      listen()
      awaitFrames()
    }
    var result = FrameTraffic.Result()
    result.sent = [sent, sent]
    result.lost = heard.map { heard in heard.indices.filter { !heard[$0] } }
    result.missed = sockets.reduce(0) { $0 + $1.socket.missed() }
    result.droppedFromBacklog = try Self.droppedFromBacklog() - backlogBefore
    return result
  }

  private mutating func say(_ index: Int, _ number: Int) throws {
    heard[index].append(false)
    var frame = sockets[index].frame
    let at = frame.count - 4
    for byte in 0..<4 { frame[at + byte] = UInt8(truncatingIfNeeded: number >> (24 - 8 * byte)) }
    let count = send(sockets[index].socket.descriptor, frame, frame.count, 0)
    guard count == frame.count else { throw CommandFailure(description: "send frame: \(errno)") }
  }

  /// Takes in all that has come.
  private mutating func listen() {
    for index in 0..<2 {
      let wanted = sockets[1 - index].frame
      while true {
        let count = recv(sockets[index].socket.descriptor, &room, room.count, 0)
        guard count > 0 else { break }
        guard count == wanted.count, room[..<12] == wanted[..<12] else { continue }
        let number = room[(count - 4)..<count].reduce(0) { $0 << 8 | Int($1) }
        if heard[1 - index].indices.contains(number) { heard[1 - index][number] = true }
      }
    }
  }

  /// Until something comes, or it is time to send again.
  private func awaitFrames() {
    var asked = sockets.map { pollfd(fd: $0.socket.descriptor, events: Int16(POLLIN), revents: 0) }
    poll(&asked, 2, Self.pauseMilliseconds)
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Second column of each CPU's row, in hex (linux/net/core/net-procfs.c).
  private static func droppedFromBacklog() throws -> Int {
    try KernelTesting.run("cat", "/proc/net/softnet_stat").split(separator: "\n").reduce(0) { sum, row in
      let columns = row.split(separator: " ")
      return sum + (columns.count > 1 ? Int(columns[1], radix: 16) ?? 0 : 0)
    }
  }
}
