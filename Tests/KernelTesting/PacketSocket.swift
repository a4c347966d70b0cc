internal import CLinux
internal import Glibc
package import Netlink

/// Says any frame out of an interface, and hears what comes in by it, before a bridge that it may be a port
/// of (packet(7)).
package final class PacketSocket: Sendable {
  package struct Frame: Sendable {
    package let bytes: [UInt8]
    /// The outermost VLAN tag, which the kernel keeps beside the bytes: TPID and TCI.
    package let tag: (tagProtocol: UInt16, control: UInt16)?

    package init(bytes: [UInt8], tag: (tagProtocol: UInt16, control: UInt16)? = nil) {
      (self.bytes, self.tag) = (bytes, tag)
    }
  }

  /// Room for seconds of frames, while the test is not on a CPU.
  private static let roomBytes: Int32 = 64 << 20
  /// A super-packet with its headers.
  private static let longestFrame = 70_000

  private static let everything = UInt16(0x0003).bigEndian  // ETH_P_ALL
  // linux/if_packet.h
  private static let statistics: Int32 = 6  // PACKET_STATISTICS
  private static let auxiliary: Int32 = 8  // PACKET_AUXDATA
  private static let ignoreOutgoing: Int32 = 23  // PACKET_IGNORE_OUTGOING

  /// Not blocking.
  package let descriptor: Int32
  /// The interface's own.
  package let hardwareAddress: [UInt8]

  package init(_ interface: String, in namespace: NetworkNamespace) async throws {
    (descriptor, hardwareAddress) = try await NamespaceActor(in: namespace).run { socket in
      guard let link = try socket.link(named: interface) else {
        throw CommandFailure(description: "no \(interface) in \(namespace.path)")
      }
      return (try Self.open(link.index), link.hardwareAddress)
    }
  }

  deinit { close(descriptor) }

  private static func open(_ index: Int32) throws -> Int32 {
    let type = SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let descriptor = socket(AF_PACKET, Int32(type), Int32(everything))
    guard descriptor >= 0 else { throw CommandFailure(description: "packet socket: \(errno)") }
    func set(_ level: Int32, _ option: Int32, to value: Int32) -> Bool {
      var value = value
      return setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }
    var name = sockaddr_ll()
    name.sll_family = UInt16(AF_PACKET)
    name.sll_protocol = everything
    name.sll_ifindex = index
    let isReady =
      set(SOL_SOCKET, SO_RCVBUFFORCE, to: roomBytes) && set(SOL_PACKET, ignoreOutgoing, to: 1)
      && set(SOL_PACKET, auxiliary, to: 1)
      && withUnsafePointer(to: &name) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_ll>.size)) == 0
        }
      }
    guard isReady else {
      let cause = errno
      close(descriptor)
      throw CommandFailure(description: "packet socket at interface \(index): \(cause)")
    }
    return descriptor
  }

  /// Waits for a place in the interface's queue.
  package func say(_ frame: [UInt8]) throws {
    for _ in 0..<1000 {
      if send(descriptor, frame, frame.count, 0) == frame.count { return }
      guard errno == ENOBUFS || errno == EAGAIN else { break }
      var asked = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&asked, 1, 1)
    }
    throw CommandFailure(description: "send a frame: \(errno)")
  }

  /// What came in since the last time, without waiting.
  package func heard() -> [Frame] {
    var frames: [Frame] = []
    var room = [UInt8](repeating: 0, count: Self.longestFrame)
    while let frame = receive(&room) { frames.append(frame) }
    return frames
  }

  /// Waits for a frame that fits; nil when none comes in time. What comes before it is gone.
  package func hears<Value>(
    within time: Duration, _ fits: (Frame) -> Value?
  ) async throws -> Value? {
    let clock = ContinuousClock()
    let limit = clock.now + time
    while true {
      for frame in heard() {
        if let value = fits(frame) { return value }
      }
      if clock.now >= limit { return nil }
      try await clock.sleep(for: .milliseconds(5))
    }
  }

  /// Frames that did not find room since the last time.
  package func missed() -> Int {
    var counts: (packets: UInt32, drops: UInt32) = (0, 0)
    var size = socklen_t(MemoryLayout.size(ofValue: counts))
    getsockopt(descriptor, SOL_PACKET, Self.statistics, &counts, &size)
    return Int(counts.drops)
  }

  /// Nil when there is none.
  private func receive(_ room: inout [UInt8]) -> Frame? {
    var control = [UInt8](repeating: 0, count: 64)
    var message = msghdr()
    let count = room.withUnsafeMutableBytes { room in
      control.withUnsafeMutableBytes { control in
        var part = iovec(iov_base: room.baseAddress, iov_len: room.count)
        return withUnsafeMutablePointer(to: &part) { part in
          message.msg_iov = part
          message.msg_iovlen = 1
          message.msg_control = control.baseAddress
          message.msg_controllen = control.count
          return recvmsg(descriptor, &message, 0)
        }
      }
    }
    guard count > 0 else { return nil }
    return Frame(
      bytes: Array(room.prefix(count)), tag: Self.tag(Array(control.prefix(Int(message.msg_controllen)))))
  }

  /// Of `struct tpacket_auxdata` behind a `struct cmsghdr` (linux/if_packet.h).
  private static func tag(_ control: [UInt8]) -> (tagProtocol: UInt16, control: UInt16)? {
    guard control.count >= 16 + 20 else { return nil }
    return control.withUnsafeBytes { bytes in
      let level = bytes.loadUnaligned(fromByteOffset: 8, as: Int32.self)
      let type = bytes.loadUnaligned(fromByteOffset: 12, as: Int32.self)
      let status = bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
      let hasTag: UInt32 = 1 << 4  // TP_STATUS_VLAN_VALID
      guard level == SOL_PACKET, type == auxiliary, status & hasTag != 0 else { return nil }
      return (
        bytes.loadUnaligned(fromByteOffset: 16 + 18, as: UInt16.self),
        bytes.loadUnaligned(fromByteOffset: 16 + 16, as: UInt16.self)
      )
    }
  }
}
