internal import CLinux
internal import Glibc

/// Generic receive offload (GRO): packets of one flow are put together where they come in, and go through the
/// machine as one (`ethtool -K DEV gro on`, linux/ethtool.h). Of interfaces of the namespace that the calling
/// thread was in when this was made.
package struct ReceiveOffload: ~Copyable {
  private let socket: Int32

  package init() throws(NetlinkError) {
    socket = clinux_plain_socket()
    guard socket >= 0 else {
      throw NetlinkError(attempted: "ethtool", cause: .systemCall("socket", errno: -socket))
    }
  }

  deinit { close(socket) }

  /// Nil when the interface does not say, or is not there.
  package func isOn(_ interface: String) -> Bool? {
    let answer = clinux_receive_offload(socket, interface)
    return answer < 0 ? nil : answer != 0
  }

  /// - Throws: ENODEV without the interface, EPERM without the privilege; EOPNOTSUPP also where it has
  ///   stayed as it was, because its driver does not let it be set.
  package func set(_ interface: String, on: Bool) throws(NetlinkError) {
    let attempt = "ethtool -K \(interface) gro \(on ? "on" : "off")"
    let result = clinux_set_receive_offload(socket, interface, on ? 1 : 0)
    guard result == 0 else {
      throw NetlinkError(attempted: attempt, cause: .systemCall("ioctl", errno: -result))
    }
    guard isOn(interface) == on else {
      throw NetlinkError(attempted: attempt, cause: .systemCall("ioctl", errno: EOPNOTSUPP))
    }
  }
}
