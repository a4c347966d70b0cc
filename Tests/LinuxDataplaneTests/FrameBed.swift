import BPF
import CDatapath
import CLinux
import ESWModel
import Glibc
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

/// A stretch with ears and mouths at both ends: `local0` of the local host, and the far site's VXLAN device.
struct FrameBed {
  let stretch: Stretch
  let dataplane: LinuxDataplane
  let atHost: ARPTap
  let atFar: ARPTap

  private func map(_ name: String) throws -> BPFMap {
    try #require(try BPFMap(pinnedAt: stretch.pins.folder("maps").path(of: name)))
  }

  /// Changes a connection's row, as whatever sets flags does.
  func change(_ body: (inout esw_connection_row) -> Void) throws {
    let connections = try map("esw_connections")
    let key = esw_connection_key(connection: 1)
    var row: esw_connection_row = try #require(try connections.value(of: key))
    body(&row)
    try connections.set(key, to: row)
  }

  /// The rows of a map of the path.
  func rows<Key: BitwiseCopyable, Row: BitwiseCopyable>(
    _ name: String, _: Key.Type, _: Row.Type
  ) throws -> [(key: Key, row: Row)] {
    var rows: [(Key, Row)] = []
    try map(name).forEachEntry { key, row in
      rows.append((key.loadUnaligned(as: Key.self), row.loadUnaligned(as: Row.self)))
    }
    return rows
  }

  /// Changes a row of a map of the path.
  func change<Key: BitwiseCopyable, Row: BitwiseCopyable>(
    _ name: String, _ key: Key, _ body: (inout Row) -> Void
  ) throws {
    let map = try map(name)
    var row: Row = try #require(try map.value(of: key))
    body(&row)
    try map.set(key, to: row)
  }

  func state() throws -> esw_state_row {
    try #require(try map("esw_states").value(of: esw_connection_key(connection: 1)))
  }

  /// A counter of both directions, of all CPUs.
  func count(_ counter: KeyPath<esw_direction_row, UInt64>) throws -> (toRemote: UInt64, toLocal: UInt64) {
    let key = bytes(of: esw_connection_key(connection: 1))
    let rows = try #require(try map("esw_activity").valuesPerCPU(of: key))
      .map { row in row.withUnsafeBytes { $0.loadUnaligned(as: esw_activity_row.self) } }
    return (
      rows.reduce(0) { $0 + $1.directions.0[keyPath: counter] },
      rows.reduce(0) { $0 + $1.directions.1[keyPath: counter] }
    )
  }

  func drops(_ reason: String) async throws -> [Direction: UInt64] {
    let drops = try await dataplane.evidence().connections[ConnectionNumber(1)]?.drops ?? []
    return Dictionary(
      drops.filter { $0.reason == reason }.map { ($0.direction, $0.frames) }, uniquingKeysWith: +)
  }
}

/// - Parameter prepare: Changes the sites before the data plane is configured.
func withFrameBed(
  prepare: (Stretch) throws -> Void = { _ in }, _ body: (FrameBed) async throws -> Void
) async throws {
  try await withStretch { stretch in
    try prepare(stretch)
    let dataplane = try stretch.dataplane()
    try await Stretch.converge(dataplane, to: Stretch.configuration())
    // The remote's MAC is known from here on: the first frame of a test does not wait for it.
    #expect(try stretch.hostReaches(Stretch.farHost))
    let bed = FrameBed(
      stretch: stretch, dataplane: dataplane, atHost: try await ARPTap("local0", in: stretch.host),
      atFar: try await ARPTap("vx100", in: stretch.far))
    try await body(bed)
  }
}

/// A TCP connection from one namespace to another.
final class TCPFlow {
  private let client: Int32
  private let server: Int32

  /// Connects to `address`, of either family.
  init(from: NetworkNamespace, to: NetworkNamespace, address: String) async throws {
    let listener = try await NamespaceActor(in: to).run { _ in
      let listener = try Self.open(address)
      guard try Self.withName(address, { bind(listener, $0, $1) }) == 0, listen(listener, 1) == 0 else {
        throw CommandFailure(description: "listen on \(address): \(errno)")
      }
      return listener
    }
    defer { close(listener) }
    let client = try await NamespaceActor(in: from).run { _ in try Self.open(address) }
    self.client = client
    guard try Self.withName(address, { connect(client, $0, $1) }) == 0 || errno == EINPROGRESS else {
      throw CommandFailure(description: "connect to \(address): \(errno)")
    }
    server = try await eventually {
      let accepted = accept(listener, nil, nil)
      return accepted >= 0 ? accepted : nil
    }
    _ = fcntl(server, F_SETFL, O_NONBLOCK)
  }

  deinit {
    close(client)
    close(server)
  }

  private static func open(_ address: String) throws -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(address.contains(":") ? AF_INET6 : AF_INET, type, 0)
    guard descriptor >= 0 else { throw CommandFailure(description: "socket: \(errno)") }
    return descriptor
  }

  private static func withName(
    _ address: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws -> Int32 {
    let port = UInt16(5001).bigEndian
    if address.contains(":") {
      var name = sockaddr_in6()
      name.sin6_family = UInt16(AF_INET6)
      name.sin6_port = port
      guard inet_pton(AF_INET6, address, &name.sin6_addr) == 1 else {
        throw CommandFailure(description: address)
      }
      return withUnsafePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
        }
      }
    }
    var name = sockaddr_in()
    name.sin_family = UInt16(AF_INET)
    name.sin_port = port
    guard inet_pton(AF_INET, address, &name.sin_addr) == 1 else { throw CommandFailure(description: address) }
    return withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// Whether as many bytes arrive, sent as fast as they go.
  func carries(_ total: Int) async throws -> Bool {
    let out = [UInt8](repeating: 0x5a, count: 65536)
    var room = out
    var sent = 0
    var got = 0
    let clock = ContinuousClock()
    let limit = clock.now + .seconds(20)
    while got < total, clock.now < limit {
      let written = send(client, out, min(out.count, total - sent), Int32(MSG_NOSIGNAL))
      if written > 0 { sent += written }
      let count = recv(server, &room, room.count, 0)
      if count > 0 { got += count }
      if written <= 0 && count <= 0 { try await clock.sleep(for: .milliseconds(2)) }
    }
    return got == total
  }

  /// The largest segment that the client sends.
  var segmentSize: Int {
    var size: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(client, Int32(IPPROTO_TCP), TCP_MAXSEG, &size, &length)
    return Int(size)
  }
}
