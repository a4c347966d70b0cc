import ESWModel
import Foundation
import Glibc
import SQLiteStore
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct `A store whose process is killed` {
  /// A child commits from eight tasks, notes each commit once it is acknowledged, and is killed while
  /// others are being written.
  @Test(arguments: [40, 160, 400])
  func `has everything that was acknowledged, and no part of anything else`(killAfter: Int) async throws {
    let folder = try Folder()
    defer { folder.remove() }
    let path = folder.path
    let notes = path + "-acknowledged"
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [path = path as String, notes = notes as String, killAfter] in
      try await commitUntilKilled(path: path, notes: notes, killAfter: killAfter)
    }
    let store = try SQLiteIntentStore(path: path, newStore: testStoreID) { _ in testSealing }
    let acknowledged = try String(contentsOfFile: notes, encoding: .utf8).split(separator: "\n").map {
      try #require(UInt64($0))
    }
    #expect(acknowledged.count >= killAfter)
    for number in acknowledged { #expect(store.snapshot.vpcs[id(number)] != nil) }
    for vpc in store.snapshot.vpcs.values { #expect(store.snapshot.subnets(in: vpc.id).count == 1) }
    #expect(store.snapshot.revision.value == UInt64(store.snapshot.vpcs.count) + 1)
  }
}

private final class Counter: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }
}

private func commitUntilKilled(path: String, notes: String, killAfter: Int) async throws {
  let store = try SQLiteIntentStore(path: path, newStore: testStoreID) { _ in testSealing }
  let descriptor = open(notes, O_WRONLY | O_CREAT | O_APPEND, 0o600)
  let acknowledged = Counter()
  try await store.put(projectEdits)
  try await withThrowingTaskGroup(of: Void.self) { group in
    for task in 0..<8 as Range<UInt64> {
      group.addTask {
        for round in 0..<100_000 as Range<UInt64> {
          let number = round * 8 + task + 1
          try await store.put([.putVPC(vpc(number)), .putSubnet(subnetOfItsOwn(number))])
          let note = Array("\(number)\n".utf8)
          guard write(descriptor, note, note.count) == note.count else { return }
          if acknowledged.next() == killAfter { kill(getpid(), SIGKILL) }
        }
      }
    }
    try await group.waitForAll()
  }
}

private func subnetOfItsOwn(_ number: UInt64) -> Subnet {
  Subnet(
    id: id(number), project: alice, vpc: id(number), name: ResourceName("subnet")!, description: .empty,
    network: IPv4Network("10.1.0.0/24")!, gateway: IPv4Address("10.1.0.1")!, isDHCPEnabled: true,
    nameServers: [], availabilityZone: "az1", createdAt: noon, updatedAt: noon)
}
