import ESWModel
import KernelTesting

/// Frames as they could be on a stretched subnet, built from the inside out.
enum Sample {
  static let host = MACAddress("02:00:00:00:00:0a")!
  static let other = MACAddress("02:00:00:00:00:0b")!
  static let everybody = MACAddress("ff:ff:ff:ff:ff:ff")!
  static let hostAddress = IPv4Address("10.1.0.10")!
  static let otherAddress = IPv4Address("10.1.0.11")!
  static let near = IPv4Address("192.0.2.1")!
  static let remote = RemoteEndpoint(vni: VNI(5010)!, address: IPv4Address("198.51.100.2")!)
  static let secondRemote = RemoteEndpoint(vni: VNI(5010)!, address: IPv4Address("198.51.100.3")!)
  /// 2026-03-01 12:34:56.789012345 UTC.
  static let moment: Int64 = 1_772_368_496_789_012_345

  static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }

  static func ethernet(
    _ type: UInt16, _ payload: [UInt8], to destination: MACAddress = other, tags: [UInt16] = []
  ) -> [UInt8] {
    destination.bytes + host.bytes + tags.flatMap { [0x81, 0] + bytes($0) } + bytes(type) + payload
  }

  static func arp(
    _ operation: UInt16, sender: IPv4Address = hostAddress, target: IPv4Address = otherAddress
  ) -> [UInt8] {
    let message =
      [0, 1, 8, 0, 6, 4] + bytes(operation) + host.bytes + sender.bytes + [0, 0, 0, 0, 0, 0] + target.bytes
    return ethernet(0x0806, message, to: everybody)
  }

  /// - Parameter fragment: Flags and offset.
  static func ipv4(
    _ transport: UInt8, _ payload: [UInt8], from: IPv4Address = hostAddress, to: IPv4Address = otherAddress,
    fragment: UInt16 = 0
  ) -> [UInt8] {
    var header: [UInt8] = [0x45, 0] + bytes(UInt16(20 + payload.count)) + [0, 0]
    header += bytes(fragment) + [64, transport, 0, 0] + from.bytes + to.bytes
    let sum = stride(from: 0, to: 20, by: 2).reduce(UInt32(0)) {
      $0 + UInt32(header[$1]) << 8 + UInt32(header[$1 + 1])
    }
    header.replaceSubrange(10..<12, with: bytes(UInt16(truncatingIfNeeded: ~(sum + sum >> 16))))
    return header + payload
  }

  static func udp(_ from: UInt16, _ to: UInt16, _ payload: [UInt8] = []) -> [UInt8] {
    bytes(from) + bytes(to) + bytes(UInt16(8 + payload.count)) + [0, 0] + payload
  }

  static func ipv6(_ next: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let addresses = hex(
      "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 0a fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 0b")
    return [0x60, 0, 0, 0] + bytes(UInt16(payload.count)) + [next, 64] + addresses + payload
  }

  static let echo = ethernet(
    0x0800, ipv4(1, hex("08 00 00 00 00 07 00 02") + [UInt8](repeating: 0, count: 56)))

  static func tcp(_ flags: UInt8) -> [UInt8] {
    bytes(UInt16(51234)) + bytes(UInt16(443)) + [0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]
  }

  /// In outer headers (RFC 7348 section 5).
  static func tunnelled(_ inner: [UInt8], port: UInt16 = 4789) -> [UInt8] {
    let vxlan = hex("08 00 00 00 00 13 92 00")  // VNI 5010
    let packet = ipv4(17, udp(50_000, port, vxlan + inner), from: near, to: remote.address)
    return ethernet(0x0800, packet)
  }

  static func frame(
    _ inner: [UInt8], _ point: CapturedFrame.Point = .fromPort, _ fate: CapturedFrame.Fate = .sent,
    remotes: [RemoteEndpoint]? = nil, outer: CapturedFrame.Outer? = nil, segmentSize: Int? = nil,
    cutAt: Int? = nil
  ) -> CapturedFrame {
    let crosses = point == .toRemote || point == .fromRemote
    let outer = outer ?? (crosses ? .original : CapturedFrame.Outer.none)
    let bytes = outer == .none ? inner : tunnelled(inner)
    return CapturedFrame(
      moment: moment, point: point, fate: fate, remotes: remotes ?? (crosses ? [remote] : []), outer: outer,
      length: bytes.count, segmentSize: segmentSize, bytes: Array(bytes.prefix(cutAt ?? bytes.count)))
  }

  static let sentences = ["too_big": "does not fit the MTU of the way out"]
}
