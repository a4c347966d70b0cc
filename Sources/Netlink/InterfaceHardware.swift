internal import CLinux
internal import Glibc

/// What drivers and the kernel say of how an interface takes packets: offloads and queues. Of interfaces of
/// the namespace that the calling thread was in when this was made. Everything is nil where nobody says.
package struct InterfaceHardware: ~Copyable {
  /// Our choice: more queues than any device has.
  private static let mostQueues = 4096

  private let socket: Int32
  /// Root of a sysfs of the namespace.
  private let system: Int32

  /// - Parameter isOwnNamespace: The thread is in the process's namespace, of which /sys tells everybody.
  package init(isOwnNamespace: Bool) throws(NetlinkError) {
    socket = clinux_plain_socket()
    guard socket >= 0 else {
      throw NetlinkError(attempted: "ethtool", cause: .systemCall("socket", errno: -socket))
    }
    let detached = clinux_detached_sysfs()
    system = detached < 0 && isOwnNamespace ? open("/sys", O_RDONLY | O_CLOEXEC) : detached
  }

  deinit {
    close(socket)
    if system >= 0 { close(system) }
  }

  private static func answer(_ result: Int32) -> Bool? { result < 0 ? nil : result != 0 }

  /// `ethtool -k`: generic-receive-offload.
  package func receiveAggregation(_ interface: String) -> Bool? {
    Self.answer(clinux_receive_offload(socket, interface))
  }

  /// `ethtool -k`: large-receive-offload.
  package func largeReceive(_ interface: String) -> Bool? {
    Self.answer(clinux_large_receive_offload(socket, interface))
  }

  /// `ethtool -k`: tcp-segmentation-offload.
  package func segmentation(_ interface: String) -> Bool? {
    Self.answer(clinux_segmentation_offload(socket, interface))
  }

  /// `ethtool -n DEV rx-flow-hash udp4`.
  package func hashesPorts(_ interface: String) -> Bool? {
    Self.answer(clinux_hashes_udp_ports(socket, interface))
  }

  /// `ethtool -l`: Pre-set maximums.
  package func mostQueues(_ interface: String) -> (most: Int, isCombined: Bool)? {
    var isCombined: Int32 = 0
    let most = clinux_most_receive_queues(socket, interface, &isCombined)
    return most > 0 ? (Int(most), isCombined != 0) : nil
  }

  /// `rps_cpus` of each receive queue, as the kernel writes it.
  package func softwareSpread(_ interface: String) -> [String] {
    var queues: [String] = []
    while queues.count < Self.mostQueues,
      let text = attribute("queues/rx-\(queues.count)/rps_cpus", of: interface)
    {
      queues.append(text)
    }
    return queues
  }

  /// A file below /sys/class/net/INTERFACE, without the line's end.
  private func attribute(_ name: String, of interface: String) -> String? {
    guard system >= 0, !interface.contains("/") else { return nil }
    var room = [CChar](repeating: 0, count: 4096)
    let count = clinux_read_file_at(system, "class/net/\(interface)/\(name)", &room, UInt32(room.count))
    guard count >= 0 else { return nil }
    let text = String(decoding: room.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.last == "\n" ? String(text.dropLast()) : text
  }
}
