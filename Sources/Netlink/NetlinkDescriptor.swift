internal import CLinux
internal import Glibc

/// The steps to a netlink socket that our kinds of it share; the caller closes it.
enum NetlinkDescriptor {
  /// `socket(AF_NETLINK, SOCK_RAW, FAMILY)`, closed on exec.
  static func open(
    isBlocking: Bool = true, _ family: NetlinkSocket.Family = .routing, for attempted: String
  ) throws(NetlinkError) -> Int32 {
    let type = SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | (isBlocking ? 0 : SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_NETLINK, Int32(type), family.number)
    guard descriptor >= 0 else {
      throw NetlinkError(attempted: attempted, cause: .systemCall("socket", errno: errno))
    }
    return descriptor
  }

  /// Takes a port number. Without one the socket gets no events: the kernel takes it for itself.
  static func bind(_ descriptor: Int32, for attempted: String) throws(NetlinkError) {
    var address = sockaddr_nl()
    address.nl_family = UInt16(AF_NETLINK)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
      }
    }
    guard result == 0 else {
      throw NetlinkError(attempted: attempted, cause: .systemCall("bind", errno: errno))
    }
  }

  static func set(
    _ descriptor: Int32, level: Int32, _ name: Int32, _ value: some BitwiseCopyable, for attempted: String
  ) throws(NetlinkError) {
    let result = withUnsafeBytes(of: value) {
      setsockopt(descriptor, level, name, $0.baseAddress, socklen_t($0.count))
    }
    guard result == 0 else {
      throw NetlinkError(attempted: attempted, cause: .systemCall("setsockopt \(name)", errno: errno))
    }
  }
}
