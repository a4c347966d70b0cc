internal import CLinux
internal import Glibc

/// What drivers say of themselves (linux/ethtool.h). Of interfaces of the namespace that the calling thread
/// was in when this was made.
package struct DriverFacts: ~Copyable {
  /// `struct ethtool_drvinfo` has 32 bytes for it.
  private static let nameRoom = 33

  private let socket: Int32

  package init() throws(NetlinkError) {
    socket = clinux_plain_socket()
    guard socket >= 0 else {
      throw NetlinkError(attempted: "ethtool", cause: .systemCall("socket", errno: -socket))
    }
  }

  deinit { close(socket) }

  /// `ethtool -i`; nil when the interface does not say, or is not there.
  package func name(of interface: String) -> String? {
    var name = [CChar](repeating: 0, count: Self.nameRoom)
    guard clinux_driver_name(socket, interface, &name, UInt(name.count)) == 0 else { return nil }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// `ethtool -k`, rx-vlan-offload: VLAN tags are taken off the frame and told beside it. True also for an
  /// interface that does not say.
  package func takesTagsOff(_ interface: String) -> Bool { clinux_takes_tags_off(socket, interface) != 0 }
}
