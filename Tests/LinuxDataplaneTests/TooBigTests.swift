import CDatapath
import ESWModel
import Glibc
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A frame that does not fit` {
  /// Hosts on either side that think that 1,500 bytes cross: path MTU discovery has to find out.
  private static func withIPv6(_ stretch: Stretch) throws {
    try stretch.ip(stretch.host, "address add fd00:9::10/64 dev local0 nodad")
    try stretch.ip(stretch.far, "address add fd00:9::20/64 dev br0 nodad")
  }

  /// What a namespace knows of the path to an address; nil: nothing.
  private func pathMTU(_ stretch: Stretch, _ namespace: NetworkNamespace, _ address: String) throws -> Int? {
    let words = try stretch.execute(namespace, "ip route get \(address)").split { " \n".contains($0) }
    return words.firstIndex(of: "mtu").flatMap { Int(words[$0 + 1]) }
  }

  @Test(arguments: [Stretch.farHost.description, "fd00:9::20"])
  func `is answered, and its sender learns what fits`(address: String) async throws {
    try await withFrameBed(prepare: Self.withIPv6) { bed in
      let (stretch, header) = (bed.stretch, address.contains(":") ? 48 : 28)
      #expect(stretch.reaches(address, from: stretch.host))
      let ping = { (size: Int) in "ping -c1 -W2 -Mdo -s\(size - header) \(address)" }
      #expect(throws: CommandFailure.self) { try stretch.execute(stretch.host, ping(1451)) }
      #expect(try pathMTU(stretch, stretch.host, address) == 1450)
      try stretch.execute(stretch.host, ping(1450))
      #expect(try bed.count(\.told_too_big) == (1, 0))
      #expect(try await bed.drops("too_big") == [.toRemote: 1])
    }
  }

  @Test(arguments: [Stretch.localHost.description, "fd00:9::10"])
  func `is answered to the far side too`(address: String) async throws {
    let narrow: (Stretch) throws -> Void = { stretch in
      try Self.withIPv6(stretch)
      try stretch.ip(stretch.node, "link set segment0 mtu 1300")
      try stretch.ip(stretch.host, "link set local0 mtu 1300")
    }
    try await withFrameBed(prepare: narrow) { bed in
      let (stretch, header) = (bed.stretch, address.contains(":") ? 48 : 28)
      #expect(stretch.reaches(address, from: stretch.far))
      let ping = { (size: Int) in "ping -c1 -W2 -Mdo -s\(size - header) \(address)" }
      #expect(throws: CommandFailure.self) { try stretch.execute(stretch.far, ping(1301)) }
      #expect(try pathMTU(stretch, stretch.far, address) == 1300)
      try stretch.execute(stretch.far, ping(1300))
      #expect(try bed.count(\.told_too_big) == (0, 1))
      #expect(try await bed.drops("too_big") == [.toLocal: 1])
    }
  }

  @Test(arguments: [Stretch.farHost.description, "fd00:9::20"])
  func `stops no transfer, also where nobody clamps and segments come as super-packets`(
    address: String
  ) async throws {
    try await withFrameBed(prepare: Self.withIPv6) { bed in
      // The far site announces what its own device carries.
      try bed.stretch.ip(bed.stretch.far, "link set vx100 mtu 1500")
      try bed.stretch.ip(bed.stretch.far, "link set br0 mtu 1500")
      try bed.change { $0.flags &= ~ESW_CONNECTION_CLAMP_MSS.rawValue }
      let flow = try await TCPFlow(from: bed.stretch.host, to: bed.stretch.far, address: address)
      #expect(try await flow.carries(2_000_000))
      #expect(flow.segmentSize == 1450 - (address.contains(":") ? 60 : 40) - 12)
      #expect(try bed.count(\.told_too_big).toRemote >= 1)
    }
  }

  @Test func `is sent in pieces where its sender allows that`() async throws {
    try await withFrameBed { bed in
      try bed.stretch.execute(bed.stretch.host, "ping -c2 -W2 -Mdont -s1472 10.9.0.20")
      #expect(try bed.count(\.slow).toRemote >= 2)
      #expect(try bed.count(\.told_too_big) == (0, 0))
      #expect(try await bed.drops("too_big") == [:])
    }
  }

  @Test func `is sent in pieces where a tunnel carries less than every IPv6 link must`() async throws {
    let narrow: (Stretch) throws -> Void = { stretch in
      try Self.withIPv6(stretch)
      for place in [stretch.node, stretch.far] { try stretch.ip(place, "link set underlay0 mtu 1300") }
    }
    try await withFrameBed(prepare: narrow) { bed in
      let ping = { (size: Int) in "ping -c1 -W2 -Mdo -s\(size - 48) fd00:9::20" }
      #expect(bed.stretch.reaches("fd00:9::20", from: bed.stretch.host))
      try bed.stretch.execute(bed.stretch.host, ping(1280))
      #expect(throws: CommandFailure.self) { try bed.stretch.execute(bed.stretch.host, ping(1281)) }
      #expect(try pathMTU(bed.stretch, bed.stretch.host, "fd00:9::20") == 1280)
    }
  }

  @Test func `is answered from the fixed IP, or for IPv6 from whom it was for, with sums that fit`()
    async throws
  {
    try await withFrameBed { bed in
      let payload = [UInt8](repeating: 0x33, count: 1440)
      let said = Packets.segment(.there, isSix: false, flags: 0x10, options: [], payload: payload)
      try bed.atHost.say(said)
      let letter = try #require(try await bed.atHost.hearsBytes { $0[23] == 1 && $0[12] == 8 && $0[13] == 0 })
      #expect(letter.count == 14 + 28 + 512)
      #expect(Array(letter[0..<12]) == Packets.near.bytes + Stretch.fixedMAC.bytes)
      #expect(Array(letter[26..<34]) == Stretch.fixedAddress.bytes + Packets.nearAddress.bytes)
      #expect(Packets.sum(letter[14..<34]) == 0xffff && Packets.sum(letter[34...]) == 0xffff)
      #expect(Array(letter[34..<36]) == [3, 4] && Array(letter[38..<42]) == [0, 0] + Packets.word(1450))
      try quotes(said, Array(letter[42...]), sumAt: 20 + 16, transportAt: 20)

      let said6 = Packets.segment(.there, isSix: true, flags: 0x10, options: [], payload: payload)
      try bed.atHost.say(said6)
      let letter6 = try #require(
        try await bed.atHost.hearsBytes { $0[12] == 0x86 && $0[20] == 58 && $0[54] == 2 })
      #expect(letter6.count == 14 + 1280)
      #expect(Array(letter6[0..<12]) == Packets.near.bytes + Packets.far.bytes)
      #expect(Array(letter6[22..<54]) == Packets.farSix + Packets.nearSix)
      let pseudo = Packets.pseudoSix(.back, protocol: 58) + Packets.word(letter6.count - 54)
      #expect(Packets.sum(pseudo + letter6[54...]) == 0xffff)
      #expect(Array(letter6[54..<56]) == [2, 0] && Array(letter6[58..<62]) == [0, 0] + Packets.word(1450))
      try quotes(said6, Array(letter6[62...]), sumAt: 40 + 16, transportAt: 40)
    }
  }

  /// The packet as it was, but for a transport checksum that a device may make again without changing it.
  private func quotes(_ said: [UInt8], _ quote: [UInt8], sumAt: Int, transportAt: Int) throws {
    var expected = Array(said[14..<(14 + quote.count)])
    expected.replaceSubrange(sumAt..<(sumAt + 2), with: quote[sumAt..<(sumAt + 2)])
    #expect(quote == expected)
    let made = Packets.checksum(Array(quote[transportAt...]))
    #expect(made == Array(quote[sumAt..<(sumAt + 2)]))
  }

  struct Unanswered: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let frame: [UInt8]
  }

  private static let payload = [UInt8](repeating: 0, count: 1480)
  private static let groupMAC = MACAddress("01:00:5e:00:01:02")!
  static let unanswered = [
    Unanswered(
      testDescription: "an ICMP error",
      frame: Packets.ipv4(.there, protocol: 1, [3, 1, 0, 0] + payload.dropLast(4))),
    Unanswered(
      testDescription: "an ICMPv6 error",
      frame: Packets.ipv6(.there, next: 58, [1, 0, 0, 0] + payload.dropLast(24))),
    Unanswered(
      testDescription: "to a multicast address",
      frame: Packets.ipv4(.there, protocol: 17, destination: IPv4Address("239.0.1.2")!, payload)),
    Unanswered(
      testDescription: "to a multicast MAC address",
      frame: Packets.ipv4(.there, protocol: 17, to: groupMAC, payload)),
    Unanswered(
      testDescription: "for all",
      frame: Packets.ipv4(.there, protocol: 17, to: ARPFrame.everybody, payload)),
    Unanswered(
      testDescription: "from nobody",
      frame: Packets.ipv4(.there, protocol: 17, source: IPv4Address("0.0.0.0")!, payload)),
    Unanswered(
      testDescription: "a later fragment",
      frame: Packets.ipv4(.there, protocol: 17, fragment: 0x4010, payload)),
    Unanswered(
      testDescription: "IPv6 from nobody",
      frame: Packets.ipv6(
        .there, next: 17, source: [UInt8](repeating: 0, count: 16), Array(payload.dropLast(20)))),
  ]

  @Test(arguments: unanswered)
  func `is dropped and counted, where an answer would do harm`(frame: Unanswered) async throws {
    try await withFrameBed { bed in
      _ = bed.atHost.heardBytes()
      try bed.atHost.say(frame.frame)
      _ = try await eventually { try await bed.drops("too_big")[.toRemote] == 1 ? true : nil }
      #expect(try bed.count(\.told_too_big) == (0, 0))
      #expect(bed.atHost.heardBytes().allSatisfy { $0.count < 500 })
    }
  }

  @Test func `is not answered more often than the limit lets`() async throws {
    try await withFrameBed { bed in
      let clock = ContinuousClock()
      let start = clock.now
      let frame = Packets.ipv4(.there, protocol: 17, Self.payload)
      for _ in 0..<500 { try bed.atHost.say(frame) }
      _ = try await eventually { try await bed.drops("too_big")[.toRemote] == 500 ? true : nil }
      let intervals = Int((clock.now - start) / .nanoseconds(Int64(ESW_TELL_INTERVAL_NS)))
      let most = Int(ESW_TELL_BURST_NS / ESW_TELL_INTERVAL_NS) + intervals + 1
      let told = try bed.count(\.told_too_big).toRemote
      // Each CPU by itself.
      #expect(told >= 1 && told <= most * sysconf(Int32(_SC_NPROCESSORS_CONF)))
    }
  }
}
