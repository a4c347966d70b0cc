import ESWModel
import KernelTesting
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `An outer header` {
  /// Fields of VXLAN at the far side's underlay, whose inner frame is the one that was said.
  private struct Outer {
    let service: UInt8
    let timeToLive: UInt8
    let checksum: UInt16

    init?(_ packet: [UInt8], of frame: [UInt8]) {
      guard packet.count == 50 + frame.count, Array(packet[50...]) == frame else { return nil }
      service = packet[15]
      timeToLive = packet[22]
      checksum = UInt16(packet[40]) << 8 | UInt16(packet[41])
    }
  }

  /// A frame to the known host, and one that is flooded: the two go different ways through the path.
  private func outer(
    of packet: [UInt8], type: UInt16 = 0x0800, to destination: MACAddress, _ bed: ForwardingBed
  ) async throws -> Outer {
    let tap = try await FrameTap("underlay0", in: bed.stretch.far)
    let frame = TestFrame.ethernet(to: destination, from: ForwardingBed.localMAC, type: type, packet)
    try bed.local.say(frame)
    var seen: Outer?
    _ = try await tap.hears {
      seen = Outer($0, of: frame)
      return seen != nil
    }
    return try #require(seen)
  }

  private static let destinations = [ForwardingBed.farMAC, TestFrame.broadcast]
  /// DSCP 46 and an ECN mark that must stay inside.
  private static let expedited = UInt8(46 << 2 | 1)

  @Test func `has the TTL and DSCP of the connection, and no ECN`() async throws {
    try await withForwarding(ForwardingSettings(timeToLive: 9, differentiation: .codePoint(10))) { bed in
      try await bed.introduce()
      for destination in Self.destinations {
        let outer = try await outer(
          of: TestFrame.ipv4(17, service: Self.expedited, TestFrame.udp(to: 5001)), to: destination, bed)
        #expect(outer.timeToLive == 9)
        #expect(outer.service == 10 << 2)
        #expect(outer.checksum == 0)
      }
    }
  }

  @Test func `has 64 and 0 when nobody has set anything`() async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let outer = try await outer(
        of: TestFrame.ipv4(17, service: Self.expedited, TestFrame.udp(to: 5001)), to: ForwardingBed.farMAC,
        bed)
      #expect(outer.timeToLive == 64 && outer.service == 0)
    }
  }

  @Test func `may copy the inner packet's DSCP, of IPv4 and IPv6`() async throws {
    try await withForwarding(ForwardingSettings(differentiation: .copied)) { bed in
      try await bed.introduce()
      let udp = TestFrame.udp(to: 5001)
      for destination in Self.destinations {
        let four = try await outer(of: TestFrame.ipv4(17, service: Self.expedited, udp), to: destination, bed)
        #expect(four.service == 46 << 2)
        let six = try await outer(
          of: TestFrame.ipv6(next: 17, service: Self.expedited, udp), type: 0x86dd, to: destination, bed)
        #expect(six.service == 46 << 2)
        let none = try await outer(
          of: [UInt8](repeating: 0xff, count: 46), type: 0x88b5, to: destination, bed)
        #expect(none.service == 0)
      }
    }
  }

  @Test func `may have a UDP checksum, that of every frame`() async throws {
    try await withForwarding(
      ForwardingSettings(timeToLive: 9, differentiation: .copied, hasUDPChecksum: true)
    ) { bed in
      try await bed.introduce()
      for destination in Self.destinations {
        let outer = try await outer(
          of: TestFrame.ipv4(17, service: 46 << 2, TestFrame.udp(to: 5001)), to: destination, bed)
        #expect(outer.checksum != 0)
        #expect(outer.timeToLive == 9 && outer.service == 46 << 2)
      }
      // Who checks it takes it.
      #expect(try bed.stretch.hostReaches(Stretch.farHost))
    }
  }
}
