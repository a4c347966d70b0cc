import CLinux
import ESWModel
import Glibc
import KernelTesting
import Netlink

/// A frame with the tags that it has on the wire, from there inwards.
struct TaggedFrame: Hashable, Sendable, CustomStringConvertible {
  struct Tag: Hashable, Sendable {
    let tagProtocol: UInt16
    let id: UInt16

    static func customer(_ id: UInt16) -> Tag { Tag(tagProtocol: 0x8100, id: id) }
    static func service(_ id: UInt16) -> Tag { Tag(tagProtocol: 0x88a8, id: id) }
  }

  var tags: [Tag]
  let destination: MACAddress
  let source: MACAddress
  /// EtherType and what follows.
  let rest: [UInt8]

  /// With a payload of an EtherType that nobody has (IEEE Std 802, local experimental).
  init(_ tags: [Tag], to destination: MACAddress, from source: MACAddress, _ text: String) {
    self.tags = tags
    self.destination = destination
    self.source = source
    let payload = Array(text.utf8)
    rest = [0x88, 0xb5] + payload + [UInt8](repeating: 0, count: max(0, 46 - payload.count))
  }

  /// - Parameter outermost: What the kernel took out of the bytes.
  init?(_ bytes: [UInt8], outermost: Tag?) {
    guard bytes.count >= 14, let destination = MACAddress(bytes: bytes[0..<6]),
      let source = MACAddress(bytes: bytes[6..<12])
    else { return nil }
    var tags = outermost.map { [$0] } ?? []
    var rest = Array(bytes[12...])
    while rest.count >= 6, [[0x81, 0x00], [0x88, 0xa8]].contains(Array(rest[0..<2])) {
      let number = (UInt16(rest[2]) << 8 | UInt16(rest[3])) & 0x0fff
      tags.append(Tag(tagProtocol: UInt16(rest[0]) << 8 | UInt16(rest[1]), id: number))
      rest.removeFirst(4)
    }
    self.tags = tags
    self.destination = destination
    self.source = source
    self.rest = rest
  }

  var bytes: [UInt8] {
    destination.bytes + source.bytes
      + tags.flatMap { tag in
        [tag.tagProtocol, tag.id].flatMap {
          [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)]
        }
      } + rest
  }

  var text: String { String(decoding: rest.dropFirst(2).prefix { $0 != 0 }, as: UTF8.self) }

  var description: String {
    "\(tags.map { String($0.tagProtocol, radix: 16) + ":\($0.id)" }) \(source) > \(destination)"
  }
}

/// A packet socket that says frames with any tags, and hears what comes in by an interface with the tags
/// that it had: the outermost is told beside the bytes (PACKET_AUXDATA, packet(7)).
final class TrunkTap {
  private let descriptor: Int32
  private let index: Int32
  let mac: MACAddress

  init(_ interface: String, in namespace: NetworkNamespace) async throws {
    (descriptor, index, mac) = try await NamespaceActor(in: namespace).run { socket in
      guard let link = try socket.link(named: interface), let mac = MACAddress(bytes: link.hardwareAddress)
      else { throw CommandFailure(description: "no \(interface) in \(namespace.path)") }
      return (try Self.open(link.index), link.index, mac)
    }
  }

  deinit { close(descriptor) }

  private static let everything = UInt16(0x0003).bigEndian  // ETH_P_ALL
  private static let packetLevel: Int32 = 263  // SOL_PACKET
  private static let auxiliary: Int32 = 8  // PACKET_AUXDATA

  private static func open(_ index: Int32) throws -> Int32 {
    let type = SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let descriptor = socket(AF_PACKET, Int32(type), Int32(everything))
    guard descriptor >= 0 else { throw CommandFailure(description: "packet socket: \(errno)") }
    var on: Int32 = 1
    var name = sockaddr_ll()
    name.sll_family = UInt16(AF_PACKET)
    name.sll_protocol = everything
    name.sll_ifindex = index
    let bound = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
      }
    }
    guard bound == 0, setsockopt(descriptor, packetLevel, auxiliary, &on, 4) == 0 else {
      close(descriptor)
      throw CommandFailure(description: "packet socket of \(index): \(errno)")
    }
    return descriptor
  }

  func say(_ frame: TaggedFrame) throws { try say(frame.bytes) }

  func say(_ bytes: [UInt8]) throws {
    guard send(descriptor, bytes, bytes.count, 0) == bytes.count else {
      throw CommandFailure(description: "send a frame: \(errno)")
    }
  }

  /// What came in since the last time, without waiting.
  func heard() -> [TaggedFrame] {
    var frames: [TaggedFrame] = []
    while let (bytes, outermost, isOwn) = receive() {
      if !isOwn, let frame = TaggedFrame(bytes, outermost: outermost) { frames.append(frame) }
    }
    return frames
  }

  /// Waits for a frame with the text; nil when none comes in time.
  func hears(
    _ text: String, within time: Duration = .seconds(2)
  ) async throws -> TaggedFrame? {
    try await hears(within: time) { $0.text == text }
  }

  func hears(
    within time: Duration = .seconds(2), _ fits: (TaggedFrame) -> Bool
  ) async throws -> TaggedFrame? {
    let clock = ContinuousClock()
    let limit = clock.now + time
    while true {
      if let frame = heard().first(where: fits) { return frame }
      if clock.now >= limit { return nil }
      try await clock.sleep(for: .milliseconds(5))
    }
  }

  /// One packet; nil: there is none. `isOwn`: it is leaving.
  private func receive() -> (bytes: [UInt8], outermost: TaggedFrame.Tag?, isOwn: Bool)? {
    var room = [UInt8](repeating: 0, count: 70_000)
    var control = [UInt8](repeating: 0, count: 64)
    var name = sockaddr_ll()
    var message = msghdr()
    let count = room.withUnsafeMutableBytes { room in
      control.withUnsafeMutableBytes { control in
        withUnsafeMutablePointer(to: &name) { name in
          var part = iovec(iov_base: room.baseAddress, iov_len: room.count)
          return withUnsafeMutablePointer(to: &part) { part in
            message.msg_name = UnsafeMutableRawPointer(name)
            message.msg_namelen = socklen_t(MemoryLayout<sockaddr_ll>.size)
            message.msg_iov = part
            message.msg_iovlen = 1
            message.msg_control = control.baseAddress
            message.msg_controllen = control.count
            return recvmsg(descriptor, &message, 0)
          }
        }
      }
    }
    guard count > 0 else { return nil }
    let outgoing = UInt8(4)  // PACKET_OUTGOING
    return (
      Array(room.prefix(count)), Self.tag(Array(control.prefix(Int(message.msg_controllen)))),
      name.sll_pkttype == outgoing
    )
  }

  /// Of `struct tpacket_auxdata` behind a `struct cmsghdr` (linux/if_packet.h).
  private static func tag(_ control: [UInt8]) -> TaggedFrame.Tag? {
    guard control.count >= 16 + 20 else { return nil }
    return control.withUnsafeBytes { bytes in
      let level = bytes.loadUnaligned(fromByteOffset: 8, as: Int32.self)
      let type = bytes.loadUnaligned(fromByteOffset: 12, as: Int32.self)
      let status = bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
      let hasTag: UInt32 = 1 << 4  // TP_STATUS_VLAN_VALID
      guard level == packetLevel, type == auxiliary, status & hasTag != 0 else { return nil }
      let control = bytes.loadUnaligned(fromByteOffset: 16 + 16, as: UInt16.self)
      let tagProtocol = bytes.loadUnaligned(fromByteOffset: 16 + 18, as: UInt16.self)
      return TaggedFrame.Tag(tagProtocol: tagProtocol, id: control & 0x0fff)
    }
  }
}
