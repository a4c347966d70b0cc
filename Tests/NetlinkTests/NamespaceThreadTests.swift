import CLinux
import Glibc
import KernelTesting
import Testing

@testable import Netlink

/// Threads of this process, by the kernel's count.
private func threadNames() -> [String] {
  guard let directory = opendir("/proc/self/task") else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let number = withUnsafeBytes(of: entry.pointee.d_name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    names.append(number)
  }
  return names.filter { $0 != "." && $0 != ".." }
}

private actor Resident {
  let thread: NamespaceThread
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
  private(set) var count = 0

  init(_ thread: NamespaceThread) { self.thread = thread }

  func threadNumber() -> Int32 { clinux_thread_number() }
  func numberAfterOtherWork() async -> Int32 {
    await Task.detached {}.value
    return clinux_thread_number()
  }
  func add() { count += 1 }
}

@Suite struct `A thread that runs an actor` {
  @Test func `every call runs on the same thread, also after an await`() async throws {
    let resident = Resident(try NamespaceThread())
    let first = await resident.threadNumber()
    for _ in 0..<50 {
      #expect(await resident.threadNumber() == first)
      #expect(await resident.numberAfterOtherWork() == first)
    }
    let inTask = await Task.detached { await resident.threadNumber() }.value
    #expect(inTask == first)
    #expect(first != getpid())
  }

  @Test func `two actors on one thread share it`() async throws {
    let thread = try NamespaceThread()
    let one = await Resident(thread).threadNumber()
    let other = await Resident(thread).threadNumber()
    #expect(one == other)
  }

  @Test func `calls from many tasks never overlap`() async throws {
    let resident = Resident(try NamespaceThread())
    await withTaskGroup { group in
      for _ in 0..<200 { group.addTask { await resident.add() } }
    }
    #expect(await resident.count == 200)
  }

  @Test func `the thread ends when nobody keeps it`() async throws {
    var resident: Resident? = Resident(try NamespaceThread())
    let number = try #require(await resident?.threadNumber())
    #expect(threadNames().contains("\(number)"))
    resident = nil
    // The last reference may be the last job's, on the thread itself; then it ends a moment later.
    let clock = ContinuousClock()
    let limit = clock.now + .seconds(5)
    while threadNames().contains("\(number)"), clock.now < limit { await Task.yield() }
    #expect(!threadNames().contains("\(number)"))
  }

  @Test func `many threads come and go`() async throws {
    // By their own numbers: other tests' threads come and go at the same time.
    var numbers: Set<String> = []
    for _ in 0..<50 { numbers.insert("\(await Resident(try NamespaceThread()).threadNumber())") }
    let clock = ContinuousClock()
    let limit = clock.now + .seconds(5)
    while !numbers.isDisjoint(with: threadNames()), clock.now < limit { await Task.yield() }
    #expect(numbers.isDisjoint(with: threadNames()))
  }

  @Test func `a namespace that is not there is an error`() {
    let error = #expect(throws: NetlinkError.self) {
      try NamespaceThread(in: NetworkNamespace(path: "/run/netns/eswt-none"))
    }
    #expect(error?.errno == ENOENT)
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A thread in a namespace` {
  @Test func `it sees the namespace, and the rest of the process does not`() async throws {
    try await withNamespace("inside") { namespace in
      let inside = try NamespaceActor(in: namespace)
      let outside = try NamespaceActor()
      try await inside.run { try $0.perform(.addBridge(named: "eswtonly")) }
      #expect(try await inside.run { try $0.link(named: "eswtonly") } != nil)
      #expect(try await outside.run { try $0.link(named: "eswtonly") } == nil)
      #expect(try NetlinkSocket().link(named: "eswtonly") == nil)
    }
  }

  @Test func `a namespace has a number of its own`() async throws {
    try await withNamespace("one") { one in
      let inside = try NamespaceActor(in: one)
      let number = try await inside.run { try $0.namespaceCookie() }
      #expect(try await inside.run { try $0.namespaceCookie() } == number)
      #expect(try NetlinkSocket().namespaceCookie() != number)
    }
  }

  @Test func `two namespaces are two places`() async throws {
    try await withNamespace("one") { one in
      try await withNamespace("two") { two in
        let first = try NamespaceActor(in: one)
        let second = try NamespaceActor(in: two)
        try await first.run { try $0.perform(.addBridge(named: "br0")) }
        #expect(try await second.run { try $0.link(named: "br0") } == nil)
      }
    }
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `Netlink events` {
  @Test(.timeLimit(.minutes(1)))
  func `a change wakes the listener`() async throws {
    try await withNamespace("events") { namespace in
      let inside = try NamespaceActor(in: namespace)
      let changes = try await inside.run { _ in try NetlinkEvents.changes([.links, .addresses]) }
      var iterator = changes.makeAsyncIterator()
      try await inside.run { try $0.perform(.addBridge(named: "br0")) }
      #expect(await iterator.next() != nil)
      // What came before the look is one event, however much it was.
      try await inside.run { socket in
        for number in 0..<50 { try socket.perform(.addBridge(named: "b\(number)")) }
      }
      #expect(await iterator.next() != nil)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `a flood of changes wakes the listener, however few it hears of`() async throws {
    try await withNamespace("flood") { namespace in
      let inside = try NamespaceActor(in: namespace)
      let changes = try await inside.run { _ in try NetlinkEvents.changes([.links]) }
      // More than a receive buffer holds if its thread is slow; the stream keeps one element anyway.
      try await inside.run { socket in
        try socket.perform(.addBridge(named: "br0"))
        let bridge = try #require(try socket.link(named: "br0"))
        let flips = (0..<2000).map { NetlinkRequest.setAlias(bridge.index, to: "round \($0)") }
        #expect(try socket.perform(flips).isEmpty)
      }
      var iterator = changes.makeAsyncIterator()
      #expect(await iterator.next() != nil)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `cancelling the listener ends the stream`() async throws {
    try await withNamespace("cancel") { namespace in
      let changes = try await NamespaceActor(in: namespace).run { _ in try NetlinkEvents.changes([.links]) }
      let task = Task { for await _ in changes {} }
      task.cancel()
      await task.value
    }
  }
}
