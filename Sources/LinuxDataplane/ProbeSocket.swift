internal import CLinux
internal import ESWModel
internal import Glibc

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
    // Not cut into fragments, neither here nor on the way, whatever the path is thought to carry: an answer
    // says that a frame of that length fits (ip(7), RFC 8899 section 3).
    var discovery = Int32(IP_PMTUDISC_PROBE)
    let length = socklen_t(MemoryLayout<Int32>.size)
    guard setsockopt(descriptor, Int32(IPPROTO_IP), IP_MTU_DISCOVER, &discovery, length) == 0 else {
      throw ProbeFailure(call: "set IP_MTU_DISCOVER", errno: errno)
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// When it was sent; nil when it was not. Whether it arrived shows in evidence.
  func send(_ probe: Probe) -> DataplaneMoment? {
    let payload = probe.payload
    let now = EvidenceCollection.monotonicNow()
    let sent = Self.withAddress(probe.remote.address, port: probe.remote.port) { address, size in
      sendto(descriptor, payload, payload.count, 0, address, size)
    }
    return sent == payload.count ? DataplaneMoment(nanoseconds: now) : nil
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
