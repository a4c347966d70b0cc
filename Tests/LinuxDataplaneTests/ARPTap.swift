import ESWModel
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
  private let frames: FrameTap

  /// The interface's own address.
  var mac: MACAddress { frames.mac }

  init(_ interface: String, in namespace: NetworkNamespace) async throws {
    frames = try await FrameTap(interface, in: namespace)
  }

  func say(_ frame: ARPFrame) throws { try say(frame.bytes) }

  /// Any frame, Ethernet header included.
  func say(_ bytes: [UInt8]) throws { try frames.say(bytes) }

  /// What came in since the last time, without waiting.
  func heard() -> [ARPFrame] { heardBytes().compactMap { ARPFrame($0) } }

  /// Any frames that came in since the last time, without waiting.
  func heardBytes() -> [[UInt8]] { frames.heard() }

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
  ) async throws -> [UInt8]? { try await frames.hears(within: time, fits) }
}
