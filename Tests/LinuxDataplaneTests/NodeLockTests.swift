import BPF
import ESWModel
import Glibc
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `One process at a time` {
  /// Another process that holds the lock on a node's pins, until it is killed.
  private static func occupy(_ pins: PinFolder) throws -> pid_t {
    let path = NodeLock.path(of: NodeLock.name(ofPins: pins.path))
    let script = """
      mkdir -p \(NodeLock.folder) && exec 9> \(path) && flock -n 9 || exit 1
      sleep 600 > /dev/null 2>&1 &
      echo $! >&9
      echo $!
      """
    return try #require(pid_t(run("sh", "-c", script).filter(\.isNumber)))
  }

  private static func expectRefusal(naming process: pid_t, _ body: () throws -> Void) {
    let error = #expect(throws: LinuxDataplane.Unusable.self) { try body() }
    #expect(error?.description.contains("another process works on this node (pid \(process))") == true)
    #expect(error?.description.contains("Stop it first") == true)
  }

  @Test func `a second one is refused, and the first goes on`() async throws {
    try await withStretch { stretch in
      var first: LinuxDataplane? = try stretch.dataplane()
      try await Stretch.converge(try #require(first), to: Stretch.configuration())
      Self.expectRefusal(naming: getpid()) { _ = try stretch.dataplane() }
      #expect(try await Stretch.plan(try #require(first), to: Stretch.configuration()) == [])
      first = nil
      #expect(try await Stretch.plan(stretch.dataplane(), to: Stretch.configuration()) == [])
    }
  }

  @Test func `a second one with other pins is refused in the same namespace`() async throws {
    try await withStretch { stretch in
      let first = try stretch.dataplane()
      Self.expectRefusal(naming: getpid()) {
        _ = try LinuxDataplane(namespace: stretch.node.path, pins: stretch.pins.path + "-other")
      }
      _ = try LinuxDataplane(namespace: stretch.far.path, pins: stretch.pins.path + "-other")
      #expect(try await first.observe().state == DataplaneState())
    }
  }

  @Test func `who was killed holds nothing any more`() async throws {
    try await withStretch { stretch in
      let process = try Self.occupy(stretch.pins)
      Self.expectRefusal(naming: process) { _ = try stretch.dataplane() }
      #expect(kill(process, SIGKILL) == 0)
      #expect(try await stretch.dataplane().observe().state == DataplaneState())
    }
  }

  @Test func `pins are not removed while another process works with them`() async throws {
    try await withStretch { stretch in
      try await Stretch.converge(stretch.dataplane(), to: Stretch.configuration())
      let pinned = try stretch.pins.names()
      let process = try Self.occupy(stretch.pins)
      Self.expectRefusal(naming: process) { try LinuxDataplane.removePins(stretch.pins.path) }
      #expect(try stretch.pins.names() == pinned)
      #expect(kill(process, SIGKILL) == 0)
    }
  }

  @Test func `a lock is a file only as long as it is held`() throws {
    let name = uniqueName("lock")
    var lock: NodeLock? = try NodeLock(named: name)
    #expect(lock != nil && access(NodeLock.path(of: name), F_OK) == 0)
    lock = nil
    #expect(access(NodeLock.path(of: name), F_OK) != 0)
  }
}
