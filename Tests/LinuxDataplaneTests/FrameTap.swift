import ESWModel
import KernelTesting
import Netlink

/// Says any frame out of an interface, and hears what comes in by it.
final class FrameTap {
  private let socket: PacketSocket

  /// The interface's own address.
  let mac: MACAddress

  init(_ interface: String, in namespace: NetworkNamespace) async throws {
    socket = try await PacketSocket(interface, in: namespace)
    guard let mac = MACAddress(bytes: socket.hardwareAddress) else {
      throw CommandFailure(description: "\(interface) in \(namespace.path) has no MAC address")
    }
    self.mac = mac
  }

  func say(_ bytes: [UInt8]) throws { try socket.say(bytes) }

  /// What came in since the last time, without waiting.
  func heard() -> [[UInt8]] { socket.heard().map(\.bytes) }

  /// Waits for a frame that fits; nil when none comes in time.
  func hears(within time: Duration = .seconds(5), _ fits: ([UInt8]) -> Bool) async throws -> [UInt8]? {
    try await socket.hears(within: time) { fits($0.bytes) ? $0.bytes : nil }
  }
}
