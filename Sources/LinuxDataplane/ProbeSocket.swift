internal import CLinux
internal import ESWModel
internal import Glibc

extension Probe {
  /// The UDP payload: VXLAN (RFC 7348 section 5), Ethernet, and an ARP request (RFC 826), padded to the least
  /// length of an Ethernet frame.
  var payload: [UInt8] {
    let vni = remote.vni.value
    var bytes: [UInt8] = [0x08, 0, 0, 0]  // the VNI is valid
    bytes += [
      UInt8(truncatingIfNeeded: vni >> 16), UInt8(truncatingIfNeeded: vni >> 8),
      UInt8(truncatingIfNeeded: vni), 0,
    ]
    bytes += [UInt8](repeating: 0xff, count: 6) + senderMAC.bytes + [0x08, 0x06]
    bytes += [0, 1, 0x08, 0, 6, 4, 0, 1]  // Ethernet, IPv4, lengths, request
    bytes += senderMAC.bytes + sender.bytes
    bytes += [UInt8](repeating: 0, count: 6) + target.bytes
    return bytes + [UInt8](repeating: 0, count: Self.payloadLength - bytes.count)
  }

  /// VXLAN header, and 60 bytes: IEEE 802.3's 64 without the check sequence.
  private static let payloadLength = 8 + 60
}

/// A UDP socket at a tunnel address, from which requests go through the tunnel as the data path's frames do
/// (decision 0004). Answers come to the data path, not to the socket.
final class ProbeSocket {
  private let descriptor: Int32

  /// Nil when the address is not on the node.
  init?(from address: IPv4Address) throws {
    let type = SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    descriptor = socket(AF_INET, Int32(type), 0)
    guard descriptor >= 0 else { throw ProbeFailure(call: "socket", errno: errno) }
    let result = Self.withAddress(address, port: 0) { bind(descriptor, $0, $1) }
    guard result == 0 else {
      if errno == EADDRNOTAVAIL { return nil }
      throw ProbeFailure(call: "bind to \(address)", errno: errno)
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Without an outcome: whether a probe arrived shows in evidence, and so does that it did not.
  func send(_ probe: Probe) {
    let payload = probe.payload
    _ = Self.withAddress(probe.remote.address, port: probe.remote.port) { address, size in
      sendto(descriptor, payload, payload.count, 0, address, size)
    }
  }

  private static func withAddress<Result>(
    _ address: IPv4Address, port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    name.sin_addr.s_addr = address.networkOrder
    return withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}

struct ProbeFailure: Error, CustomStringConvertible {
  let call: String
  let errno: Int32

  var description: String { "send probes: \(call): \(String(cString: strerror(errno))) [\(errno)]" }
}
