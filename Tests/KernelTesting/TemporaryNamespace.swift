internal import Glibc
package import Netlink
internal import Synchronization

/// Why tests on the real kernel are skipped: for `.enabled(if: canMakeNamespaces, needsNamespaces)`.
package let needsNamespaces = "needs root: these tests make network namespaces and eBPF programs of their own"

/// Whether this process may make network namespaces; asked once.
package let canMakeNamespaces: Bool = {
  do {
    try NetworkNamespace.create(named: uniqueName("probe")).remove()
    return true
  } catch {
    return false
  }
}()

/// A name that no other test and no other process has: prefix, process, counter, purpose.
package func uniqueName(_ purpose: String) -> String {
  let number = counter.withLock { counter in
    counter += 1
    return counter
  }
  return "eswt\(getpid())-\(number)-\(purpose)"
}

private let counter = Mutex(0)

/// Runs `body` with a new namespace and removes it afterwards, also after an error.
package func withNamespace<Result>(
  _ purpose: String, _ body: (NetworkNamespace) async throws -> Result
) async throws -> Result {
  let namespace = try NetworkNamespace.create(named: uniqueName(purpose))
  do {
    let result = try await body(namespace)
    try namespace.remove()
    return result
  } catch {
    try? namespace.remove()
    throw error
  }
}

/// An actor that lives on a thread in a namespace, with a netlink socket of it.
package actor NamespaceActor {
  private let thread: NamespaceThread
  private var socket: NetlinkSocket?

  package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  package init(in namespace: NetworkNamespace? = nil) throws {
    thread = try NamespaceThread(in: namespace)
  }

  /// Runs `body` on the thread.
  package func run<Result: Sendable>(
    _ body: @Sendable (NetlinkSocket) throws -> Result
  ) throws -> Result {
    let socket = try self.socket ?? NetlinkSocket()
    self.socket = socket
    return try body(socket)
  }
}
