import CLinux
import ESWModel
import Glibc
import KernelTesting
import Netlink

/// An Ethernet frame with ARP in it, for the tests' own means of saying and hearing things.
struct ARPFrame: Hashable {
  var destination: MACAddress
  var source: MACAddress
  /// 1: request, 2: reply.
  var operation: UInt8
  var senderMAC: MACAddress
  var sender: IPv4Address
  var targetMAC = MACAddress(0)!
  var target: IPv4Address

  static let everybody = MACAddress(0xffff_ffff_ffff)!

  /// Who has `target`?
  static func request(_ target: IPv4Address, from mac: MACAddress, _ sender: IPv4Address) -> ARPFrame {
    ARPFrame(
      destination: everybody, source: mac, operation: 1, senderMAC: mac, sender: sender, target: target)
  }

  /// RFC 5227 section 3: I have it.
  static func announcement(_ address: IPv4Address, from mac: MACAddress) -> ARPFrame {
    request(address, from: mac, address)
  }

  var bytes: [UInt8] {
    let head = destination.bytes + source.bytes + [0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, operation]
    let body = senderMAC.bytes + sender.bytes + targetMAC.bytes + target.bytes
    return head + body + [UInt8](repeating: 0, count: 18)
  }
}

extension ARPFrame {
  /// Nil when the bytes are something else.
  init?(_ bytes: [UInt8]) {
    func mac(_ at: Int) -> MACAddress? { MACAddress(bytes: bytes[at..<(at + 6)]) }
    func address(_ at: Int) -> IPv4Address {
      IPv4Address(bytes[at..<(at + 4)].reduce(0) { $0 << 8 | UInt32($1) })
    }
    guard bytes.count >= 42, Array(bytes[12..<20]) == [0x08, 0x06, 0, 1, 0x08, 0, 6, 4],
      let destination = mac(0), let source = mac(6), let senderMAC = mac(22), let targetMAC = mac(32)
    else { return nil }
    self.init(
      destination: destination, source: source, operation: bytes[21], senderMAC: senderMAC,
      sender: address(28), targetMAC: targetMAC, target: address(38))
  }
}

/// Says ARP out of an interface, and hears what comes in by it: before a bridge that it may be a port of.
final class ARPTap {
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
    let everything = UInt16(0x0003)  // ETH_P_ALL: what a bridge takes is not heard otherwise
    let descriptor = socket(AF_PACKET, Int32(type), Int32(everything.bigEndian))
    guard descriptor >= 0 else { throw CommandFailure(description: "packet socket: \(errno)") }
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

  func say(_ frame: ARPFrame) throws { try say(frame.bytes) }

  /// Any frame, Ethernet header included.
  func say(_ bytes: [UInt8]) throws {
    let sent = Self.withName(index) { sendto(descriptor, bytes, bytes.count, 0, $0, $1) }
    guard sent == bytes.count else { throw CommandFailure(description: "send frame: \(errno)") }
  }

  /// What came in since the last time, without waiting.
  func heard() -> [ARPFrame] { heardBytes().compactMap { ARPFrame($0) } }

  /// Any frames that came in since the last time, without waiting.
  func heardBytes() -> [[UInt8]] {
    var frames: [[UInt8]] = []
    var room = [UInt8](repeating: 0, count: 2048)
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
  func hears(
    within time: Duration = .seconds(2), _ fits: (ARPFrame) -> Bool
  ) async throws -> ARPFrame? {
    try await hearsBytes(within: time) { bytes in ARPFrame(bytes).map(fits) ?? false }
      .flatMap { ARPFrame($0) }
  }

  /// Waits for any frame that fits; nil when none comes in time.
  func hearsBytes(
    within time: Duration = .seconds(2), _ fits: ([UInt8]) -> Bool
  ) async throws -> [UInt8]? {
    let clock = ContinuousClock()
    let limit = clock.now + time
    while true {
      if let frame = heardBytes().first(where: fits) { return frame }
      if clock.now >= limit { return nil }
      try await clock.sleep(for: .milliseconds(10))
    }
  }
}
