internal import BPF
internal import CDatapath
internal import CLinux
internal import ESWModel
internal import Glibc

extension esw_connection_row {
  /// The tags of its port as they stand in a frame (IEEE 802.1Q section 9.3), from the wire inwards.
  var tagBytes: [UInt8] {
    [outer_tag, inner_tag].filter { $0 != 0 }.flatMap { tag -> [UInt8] in
      let number = tag & UInt16(ESW_TAG_VID)
      let isService = tag & UInt16(ESW_TAG_SERVICE) != 0
      return (isService ? [0x88, 0xa8] : [0x81, 0x00])
        + [UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)]
    }
  }
}

extension HolderQuestion {
  /// The Ethernet frame: an ARP request (RFC 826) from the connection's fixed address, padded to the least
  /// length. Nil when the row has no fixed address or no port.
  func frame(from row: esw_connection_row) -> [UInt8]? {
    guard row.fixed_address_be != 0, row.port_ifindex != 0 else { return nil }
    let mac = bytes(of: row.fixed_mac)
    var frame = (holder?.bytes ?? [UInt8](repeating: 0xff, count: 6)) + mac + row.tagBytes + [0x08, 0x06]
    frame += [0, 1, 0x08, 0, 6, 4, 0, 1]  // Ethernet, IPv4, lengths, request
    frame += mac + bytes(of: row.fixed_address_be)
    frame += [UInt8](repeating: 0, count: 6) + subject.address.bytes
    return frame + [UInt8](repeating: 0, count: Self.leastLength - frame.count)
  }

  /// IEEE 802.3's 64 without the check sequence.
  private static let leastLength = 60
}

/// A packet socket that sends frames out of attachment ports, towards the segment (decision 0009). It
/// receives nothing: answers come to the data path.
final class SegmentSocket {
  private let descriptor: Int32

  init() throws {
    let type = SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    descriptor = socket(AF_PACKET, Int32(type), 0)
    guard descriptor >= 0 else { throw QuestionFailure(errno: errno) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Without an outcome: whether somebody heard it shows in evidence, and so does that nobody did.
  func send(_ frame: [UInt8], from interface: UInt32) {
    var name = sockaddr_ll()
    name.sll_family = UInt16(AF_PACKET)
    name.sll_ifindex = Int32(bitPattern: interface)
    _ = withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, frame, frame.count, 0, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
      }
    }
  }
}

struct QuestionFailure: Error, CustomStringConvertible {
  let errno: Int32

  var description: String {
    "ask who holds virtual addresses: open a packet socket: \(String(cString: strerror(errno))) [\(errno)]"
  }
}
