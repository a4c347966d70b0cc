import CLinux
import ESWModel
import Glibc
import KernelTesting
import Netlink

/// Says any frame out of an interface, and hears what comes in by it.
final class FrameTap {
  private let descriptor: Int32
  private let index: Int32

  /// The interface's own address.
  let mac: MACAddress

  init(_ interface: String, in namespace: NetworkNamespace) async throws {
    (descriptor, index, mac) = try await NamespaceActor(in: namespace).run { socket in
      guard let link = try socket.link(named: interface), let mac = MACAddress(bytes: link.hardwareAddress)
      else { throw CommandFailure(description: "no \(interface) in \(namespace.path)") }
      return (try Self.open(link.index), link.index, mac)
    }
  }

  deinit { close(descriptor) }

  private static func open(_ index: Int32) throws -> Int32 {
    let type = SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let descriptor = socket(AF_PACKET, Int32(type), Int32(UInt16(0x0003).bigEndian))  // ETH_P_ALL
    guard descriptor >= 0 else { throw CommandFailure(description: "packet socket: \(errno)") }
    var room: Int32 = 64 << 20
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &room, socklen_t(MemoryLayout<Int32>.size))
    guard withName(index, { bind(descriptor, $0, $1) }) == 0 else {
      close(descriptor)
      throw CommandFailure(description: "bind packet socket: \(errno)")
    }
    return descriptor
  }

  private static func withName<Result>(
    _ index: Int32, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var name = sockaddr_ll()
    name.sll_family = UInt16(AF_PACKET)
    name.sll_protocol = UInt16(0x0003).bigEndian
    name.sll_ifindex = index
    return withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_ll>.size))
      }
    }
  }

  func say(_ bytes: [UInt8]) throws {
    for _ in 0..<1000 {
      let sent = Self.withName(index) { sendto(descriptor, bytes, bytes.count, 0, $0, $1) }
      if sent == bytes.count { return }
      guard errno == ENOBUFS || errno == EAGAIN else { break }
      usleep(100)
    }
    throw CommandFailure(description: "send a frame: \(errno)")
  }

  /// What came in since the last time, without waiting.
  func heard() -> [[UInt8]] {
    var frames: [[UInt8]] = []
    var room = [UInt8](repeating: 0, count: 70_000)
    var name = sockaddr_ll()
    while true {
      var size = socklen_t(MemoryLayout<sockaddr_ll>.size)
      let count = withUnsafeMutablePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          recvfrom(descriptor, &room, room.count, 0, $0, &size)
        }
      }
      guard count > 0 else { return frames }
      let outgoing = UInt8(4)  // PACKET_OUTGOING
      if name.sll_pkttype != outgoing { frames.append(Array(room.prefix(count))) }
    }
  }

  /// Waits for a frame that fits; nil when none comes in time.
  func hears(within time: Duration = .seconds(5), _ fits: ([UInt8]) -> Bool) async throws -> [UInt8]? {
    let clock = ContinuousClock()
    let limit = clock.now + time
    while true {
      if let frame = heard().first(where: fits) { return frame }
      if clock.now >= limit { return nil }
      try await clock.sleep(for: .milliseconds(5))
    }
  }
}
