internal import ESWModel

extension Probe {
  /// The UDP payload: VXLAN (RFC 7348 section 5) and an Ethernet frame.
  var payload: [UInt8] {
    let vni = remote.vni.value
    let header: [UInt8] = [
      0x08, 0, 0, 0,  // the VNI is valid
      UInt8(truncatingIfNeeded: vni >> 16), UInt8(truncatingIfNeeded: vni >> 8),
      UInt8(truncatingIfNeeded: vni), 0,
    ]
    return header + frame
  }

  private var frame: [UInt8] {
    switch question {
    case .arp(let target, let host): Self.padded(arpRequest(for: target, at: host), to: Self.leastBytes)
    case .loopback(let loopback): message(loopback)
    case .echo(let transaction, let bytes, let address, let host):
      echoRequest(transaction, bytes, to: address, at: host)
    }
  }

  private static let headerLength: UInt32 = 14

  private static func padded(_ frame: [UInt8], to length: UInt32) -> [UInt8] {
    frame + [UInt8](repeating: 0, count: max(Int(length) - frame.count, 0))
  }

  private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }

  // MARK: ARP

  /// RFC 826.
  private func arpRequest(for target: IPv4Address, at host: MACAddress?) -> [UInt8] {
    let destination = host?.bytes ?? [UInt8](repeating: 0xff, count: 6)
    return destination + senderMAC.bytes + [0x08, 0x06]
      + [0, 1, 0x08, 0, 6, 4, 0, 1]  // Ethernet, IPv4, lengths, request
      + senderMAC.bytes + sender.bytes + [UInt8](repeating: 0, count: 6) + target.bytes
  }

  // MARK: Loopback

  /// The nearest bridge, whose frames no bridge passes on (IEEE 802.1Q table 8-1).
  private static let nearestBridge: [UInt8] = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e]

  /// IEEE 802.1Q sections 21.4 and 21.7; `struct loopback_message` in CDatapath/ebpf/wire.h.
  private func message(_ loopback: Loopback) -> [UInt8] {
    let length = min(max(loopback.bytes, Self.leastBytes), UInt32(UInt16.max))
    var frame = Self.nearestBridge + senderMAC.bytes + [0x89, 0x02]
    frame += [0, 3, 0, 4] + Self.bytes(loopback.transaction)  // level 0, loopback message, where TLVs begin
    // A data TLV up to the last byte, which is the end TLV.
    let value = length - UInt32(frame.count) - 3 - 1
    frame += [3] + Self.bytes(UInt16(truncatingIfNeeded: value))
    frame += Array("OESW".utf8) + [loopback.isAnsweredShort ? 1 : 0, 0, 0, 0]
    return Self.padded(frame, to: length)
  }

  // MARK: Echo

  /// RFC 792 in IPv4 that may not be cut, with zeros behind.
  private func echoRequest(
    _ transaction: UInt32, _ length: UInt32, to target: IPv4Address, at host: MACAddress
  ) -> [UInt8] {
    let whole = min(max(length, Self.leastBytes), UInt32(UInt16.max))
    var icmp: [UInt8] = [8, 0, 0, 0] + Self.bytes(transaction)
    icmp.replaceSubrange(2..<4, with: Self.bytes(Self.checksum(icmp)))
    var ip: [UInt8] = [0x45, 0] + Self.bytes(UInt16(truncatingIfNeeded: whole - Self.headerLength))
    ip += [0, 0, 0x40, 0, 64, 1, 0, 0] + sender.bytes + target.bytes
    ip.replaceSubrange(10..<12, with: Self.bytes(Self.checksum(ip)))
    return Self.padded(host.bytes + senderMAC.bytes + [0x08, 0x00] + ip + icmp, to: whole)
  }

  /// RFC 1071, of an even number of bytes; zeros behind them change nothing.
  private static func checksum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for place in stride(from: 0, to: bytes.count - 1, by: 2) {
      sum &+= UInt32(bytes[place]) << 8 | UInt32(bytes[place + 1])
    }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    return ~UInt16(truncatingIfNeeded: sum)
  }
}
