import ESWModel

/// Frames of the tests' own making, byte by byte. Sums of inner packets are left 0: nobody on the way reads
/// them.
enum TestFrame {
  static let broadcast = MACAddress(0xffff_ffff_ffff)!
  static let allNodes = MACAddress("33:33:00:00:00:01")!

  static func ethernet(
    to destination: MACAddress, from source: MACAddress, type: UInt16, _ payload: [UInt8]
  ) -> [UInt8] {
    let frame = destination.bytes + source.bytes + big(type) + payload
    return frame + [UInt8](repeating: 0, count: max(0, 60 - frame.count))
  }

  /// - Parameters:
  ///   - fragment: The field as it is: flags, and offset in 8 bytes.
  ///   - options: A multiple of 4.
  static func ipv4(
    _ proto: UInt8, from source: [UInt8] = [10, 9, 0, 10], to destination: [UInt8] = [10, 9, 0, 20],
    service: UInt8 = 0, fragment: UInt16 = 0, options: [UInt8] = [], _ payload: [UInt8]
  ) -> [UInt8] {
    let length = UInt16(20 + options.count + payload.count)
    let words = UInt8(0x45 + options.count / 4)
    var header: [UInt8] = [words, service] + big(length) + [0, 1] + big(fragment)
    header += [64, proto, 0, 0] + source + destination
    header.replaceSubrange(10..<12, with: Packets.checksum(header + options))
    return header + options + payload
  }

  /// - Parameter next: What the first header behind this one is.
  static func ipv6(next: UInt8, service: UInt8 = 0, _ payload: [UInt8]) -> [UInt8] {
    let head: [UInt8] = [0x60 | service >> 4, service << 4, 0, 0] + big(UInt16(payload.count)) + [next, 255]
    let source: [UInt8] = [0xfe, 0x80] + [UInt8](repeating: 0, count: 13) + [1]
    let destination: [UInt8] = [0xff, 0x02] + [UInt8](repeating: 0, count: 13) + [1]
    return head + source + destination + payload
  }

  static func udp(from source: UInt16 = 4000, to destination: UInt16, _ payload: [UInt8] = []) -> [UInt8] {
    let body = payload.isEmpty ? [UInt8](repeating: 0x55, count: 32) : payload
    return big(source) + big(destination) + big(UInt16(8 + body.count)) + [0, 0] + body
  }

  static func icmpv6(_ type: UInt8) -> [UInt8] { [type, 0, 0, 0] + [UInt8](repeating: 0, count: 28) }

  /// A header that says that `next` follows: hop-by-hop and destination options have this form.
  static func options(next: UInt8) -> [UInt8] { [next, 0, 1, 4, 0, 0, 0, 0] }

  /// RFC 8200 section 4.5; `offset` in 8 bytes.
  static func fragment(next: UInt8, offset: UInt16) -> [UInt8] {
    [next, 0] + big(offset << 3 | 1) + [0, 0, 0, 9]
  }

  static func vxlan(vni: UInt32, flags: UInt32 = 0x0800_0000, _ frame: [UInt8]) -> [UInt8] {
    big(UInt16(flags >> 16)) + big(UInt16(flags & 0xffff)) + big(UInt16(vni >> 8)) + [UInt8(vni & 0xff), 0]
      + frame
  }

  static func big(_ number: UInt16) -> [UInt8] { Packets.word(Int(number)) }
}
