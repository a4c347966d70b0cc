import CLinux
import ESWModel
import KernelTesting
import Testing

@testable import LinuxDataplane

@Suite struct `ICMP packets` {
  /// An IP packet from 192.0.2.9 to 192.0.2.1.
  private static func packet(_ icmp: [UInt8]) -> [UInt8] {
    TestFrame.ipv4(1, from: [192, 0, 2, 9], to: [192, 0, 2, 1], withSum(icmp))
  }

  static func withSum(_ icmp: [UInt8]) -> [UInt8] {
    var icmp = icmp
    icmp.replaceSubrange(2..<4, with: TestFrame.big(ICMPPacket.sum(icmp[...])))
    return icmp
  }

  /// The beginning of a VXLAN packet of ours, as routers send it back.
  static let ours = Array(
    TestFrame.ipv4(17, from: [192, 0, 2, 1], to: [192, 0, 2, 2], TestFrame.udp(from: 50_000, to: 4789, []))
      .prefix(28))

  @Test(arguments: [
    (UInt8(3), UInt8(3), UnderlayError.Kind.portUnreachable), (3, 4, .tooBig(mtu: 1300)),
    (3, 9, .prohibited), (3, 10, .prohibited), (3, 13, .prohibited), (3, 0, .unreachable),
    (3, 1, .unreachable), (3, 15, .unreachable), (11, 0, .unreachable),
  ])
  func `about UDP of ours are read by type and code`(
    type: UInt8, code: UInt8, kind: UnderlayError.Kind
  ) {
    let packet = Self.packet([type, code, 0, 0, 0, 0] + TestFrame.big(1300) + Self.ours)
    #expect(
      ICMPPacket(packet[...])
        == .error(
          kind, from: IPv4Address("192.0.2.9")!, source: IPv4Address("192.0.2.1")!,
          destination: IPv4Address("192.0.2.2")!))
  }

  @Test func `answer an echo with its two numbers`() {
    let packet = Self.packet([0, 0, 0, 0, 0x12, 0x34, 0, 7, 1, 2, 3, 4])
    #expect(
      ICMPPacket(packet[...])
        == .echoReply(
          identifier: 0x1234, sequence: 7, from: IPv4Address("192.0.2.9")!, to: IPv4Address("192.0.2.1")!))
  }

  @Test func `that ask have a right sum, as RFC 1071 makes it`() {
    let request = ICMPPacket.echoRequest(identifier: 0x1234, sequence: 7)
    #expect(request.prefix(8) == hex("08 00 e5 c4 12 34 00 07")[...] && request.count == 64)
    #expect(ICMPPacket.sum(request[...]) == 0)
    // The example of RFC 1071 section 3: the sum of these is ddf2.
    #expect(ICMPPacket.sum(hex("00 01 f2 03 f4 f5 f6 f7")[...]) == ~0xddf2)
  }

  @Test func `that are cut, damaged or of another kind are none`() {
    let whole = Self.packet([3, 3, 0, 0, 0, 0, 0, 0] + Self.ours)
    for count in whole.indices { #expect(ICMPPacket(whole.prefix(count)) == nil, "\(count) bytes") }
    for place in [20, 21, 30, 40] {
      var damaged = whole
      damaged[place] ^= 0x55
      #expect(ICMPPacket(damaged[...]) == nil, "byte \(place)")
    }
    #expect(ICMPPacket(Self.packet([8, 0, 0, 0, 0, 1, 0, 1])[...]) == nil)
    let aboutTCP = TestFrame.ipv4(6, from: [192, 0, 2, 1], to: [192, 0, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7])
    #expect(ICMPPacket(Self.packet([3, 3, 0, 0, 0, 0, 0, 0] + aboutTCP)[...]) == nil)
  }

  @Test(arguments: [[], [4789], [4789, 8472], Array(1...16), Array(1...17)])
  func `are let in by a filter whose jumps end at its two ends`(ports: [UInt16]) {
    let program = ICMPFilter(identifier: 1, ports: Set(ports)).instructions
    #expect(program.count == 17 + (ports.count > ICMPFilter.mostPorts ? 0 : ports.count))
    for (place, step) in program.enumerated() where step.code & 7 == 5 {
      #expect(place + 1 + Int(max(step.jt, step.jf)) < program.count)
    }
    #expect(program.last?.k == 576)
    #expect(program[program.count - 2].k == (ports.count > ICMPFilter.mostPorts ? 576 : 0))
  }
}
