internal import CLinux
internal import Glibc

/// A network namespace, by a path that leads to it: `/run/netns/NAME` or `/proc/PID/ns/net`.
package struct NetworkNamespace: Hashable, Sendable, CustomStringConvertible {
  /// Where `ip netns` keeps its names.
  package static let namedFolder = "/run/netns"

  package let path: String

  package init(path: String) {
    self.path = path
  }

  /// The namespace that `ip netns` calls `name`.
  package init(named name: String) {
    path = Self.namedFolder + "/" + name
  }

  package var description: String { path }

  /// `ip netns add NAME`: a new, empty namespace, kept alive by its name. EEXIST when the name is taken.
  package static func create(named name: String) throws(NetlinkError) -> NetworkNamespace {
    let namespace = NetworkNamespace(named: name)
    let attempted = "ip netns add \(name)"
    try prepareNamedFolder(attempted)
    let file = open(namespace.path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o444)
    guard file >= 0 else {
      throw NetlinkError(attempted: attempted, cause: .systemCall("open", errno: errno))
    }
    close(file)

    // A thread that ends afterwards: ours has to stay where it is.
    let path = namespace.path
    let result = try onThreadOfItsOwn {
      let unshared = clinux_new_network_namespace()
      guard unshared == 0 else { return unshared }
      let own = "/proc/self/task/\(clinux_thread_number())/ns/net"
      return clinux_mount(own, path, "none", clinux_mount_bind())
    }
    guard result == 0 else {
      unlink(namespace.path)
      throw NetlinkError(attempted: attempted, cause: .systemCall("unshare, mount", errno: -result))
    }
    return namespace
  }

  /// `ip netns delete NAME`. It lives on while threads, sockets or moved descriptors are in it.
  package func remove() throws(NetlinkError) {
    let attempted = "ip netns delete \(path)"
    let unmounted = clinux_unmount(path)
    guard unmounted == 0 || unmounted == -EINVAL else {
      throw NetlinkError(attempted: attempted, cause: .systemCall("umount2", errno: -unmounted))
    }
    guard unlink(path) == 0 else {
      throw NetlinkError(attempted: attempted, cause: .systemCall("unlink", errno: errno))
    }
  }

  /// Calls `body` with a descriptor of the namespace, as `NetlinkRequest.move` takes it.
  package func withDescriptor<Result>(_ body: (Int32) throws -> Result) throws -> Result {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw NetlinkError(attempted: "open namespace \(path)", cause: .systemCall("open", errno: errno))
    }
    defer { close(descriptor) }
    return try body(descriptor)
  }

  /// The folder must be a shared mount, so that other mount namespaces see names that come and go.
  private static func prepareNamedFolder(_ attempted: String) throws(NetlinkError) {
    guard mkdir(namedFolder, 0o755) == 0 || errno == EEXIST else {
      throw NetlinkError(attempted: attempted, cause: .systemCall("mkdir", errno: errno))
    }
    // EINVAL: it is no mount yet.
    guard clinux_mount("", namedFolder, "none", clinux_mount_recursive_shared()) == -EINVAL else { return }
    let bound = clinux_mount(namedFolder, namedFolder, "none", clinux_mount_bind())
    let result = bound == 0 ? clinux_mount("", namedFolder, "none", clinux_mount_recursive_shared()) : bound
    guard result == 0 else {
      throw NetlinkError(attempted: attempted, cause: .systemCall("mount", errno: -result))
    }
  }
}
