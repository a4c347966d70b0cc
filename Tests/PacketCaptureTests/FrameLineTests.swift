import ESWModel
import KernelTesting
import Testing

@testable import PacketCapture

@Suite struct `A line of a captured frame` {
  private func line(_ frame: CapturedFrame) -> String {
    FrameLine(frame, sentences: Sample.sentences).description
  }

  @Test func `says when, where, who, what, how long`() {
    #expect(
      line(Sample.frame(Sample.echo, .toRemote))
        == "12:34:56.789012 to 198.51.100.2 vni 5010       02:00:00:00:00:0a > 02:00:00:00:00:0b  "
        + "10.1.0.10 > 10.1.0.11 ICMP echo request id 7 seq 2, 98 B")
  }

  @Test(arguments: [
    (CapturedFrame.Point.fromPort, "from port  "), (.toPort, "to port  "),
    (.fromRemote, "from 198.51.100.2 vni 5010  "), (.toRemote, "to 198.51.100.2 vni 5010  "),
  ])
  func `names the place in a column of one width`(point: CapturedFrame.Point, place: String) {
    let text = line(Sample.frame(Sample.echo, point)).dropFirst(16)
    #expect(text.hasPrefix(place))
    #expect(text.dropFirst(31).hasPrefix("02:00:00:00:00:0a > "))
  }

  @Test func `counts further remotes and names another port`() {
    let odd = RemoteEndpoint(vni: VNI(7)!, address: Sample.remote.address, port: 8472)
    let frame = Sample.frame(Sample.echo, .toRemote, remotes: [Sample.remote, odd])
    #expect(line(frame).contains(" to 198.51.100.2:8472 vni 7 +1  "))
  }

  @Test(arguments: [
    (CapturedFrame.Fate.sent, "98 B"), (.delivered, "98 B"),
    (.dropped(reason: "too_big"), "98 B  dropped: too_big (does not fit the MTU of the way out)"),
    (.dropped(reason: "new_reason"), "98 B  dropped: new_reason"), (.answered, "98 B  answered here"),
    (.answer, "98 B  answer of the switch"), (.kept, "98 B  for the switch"),
  ])
  func `ends with the fate`(fate: CapturedFrame.Fate, end: String) {
    #expect(line(Sample.frame(Sample.echo, .fromPort, fate)).hasSuffix(", " + end))
  }

  @Test func `tells a super-packet by its segments`() {
    #expect(line(Sample.frame(Sample.echo, segmentSize: 1448)).hasSuffix(", 98 B in segments of 1448"))
  }

  @Test func `keeps the fate when it gets long`() {
    let solicitation = hex("87 00 00 00 00 00 00 00 20 01 0d b8 12 34 56 78 9a bc de f0 12 34 56 78")
    let frame = Sample.frame(
      Sample.ethernet(0x86dd, Sample.ipv6(58, solicitation)), .fromRemote, .dropped(reason: "too_big"))
    let text = line(frame)
    #expect(text.contains("neighbor solicitation, ...") || text.contains("..., 78 B"), "\(text)")
    #expect(text.hasSuffix("dropped: too_big (does not fit the MTU of the way out)"))
  }

  @Test(arguments: [
    (0, 0, "00:00:00.000000"), (Sample.moment, 3600, "13:34:56.789012"),
    (Sample.moment, -45_300, "23:59:56.789012"),
    (-1, 0, "23:59:59.999999"), (Int64.max, 0, "23:47:16.854775"), (Int64.min, 0, "00:12:43.145224"),
    (0, Int.max, "15:30:07.000000"), (0, Int.min, "08:29:52.000000"),
  ])
  func `has the time of day of an offset`(moment: Int64, offset: Int, time: String) {
    let frame = CapturedFrame(
      moment: moment, point: .toPort, fate: .answer, remotes: [], outer: .none, length: 0, bytes: [])
    #expect(FrameLine(frame, utcOffsetSeconds: offset).description.prefix(15) == time)
  }

  @Test func `has nothing that a terminal obeys`() {
    let reason = "\u{1b}[2J\nü\u{202e}"
    let text = FrameLine(
      Sample.frame(Sample.echo, .fromPort, .dropped(reason: reason)), sentences: [reason: "\r\u{7f}"]
    ).description
    #expect(text.hasSuffix("dropped: ?[2J??? (??)"), "\(text)")
  }
}

@Suite struct `What a frame is` {
  private func text(_ inner: [UInt8], cutAt: Int? = nil) -> String? {
    let frame = Sample.frame(inner, cutAt: cutAt)
    return InnerFrame(frame)?.text(isCut: frame.isCut)
  }

  private static let hosts = "10.1.0.10 > 10.1.0.11"

  @Test(arguments: [
    (Sample.arp(1), "ARP who-has 10.1.0.11 tell 10.1.0.10"),
    (Sample.arp(2), "ARP 10.1.0.10 is-at 02:00:00:00:00:0a"),
    (Sample.arp(1, target: Sample.hostAddress), "ARP announcement, 10.1.0.10 is-at 02:00:00:00:00:0a"),
    (Sample.arp(2, target: Sample.hostAddress), "ARP announcement, 10.1.0.10 is-at 02:00:00:00:00:0a"),
    (Sample.arp(9), "ARP, operation 9"),
    (Sample.ethernet(0x88cc, [2]), "LLDP"), (Sample.ethernet(38, [0x42, 0x42, 3]), "STP"),
    (Sample.ethernet(38, [0xe0]), "LLC, access point 0xe0"),
    (Sample.ethernet(0x1234, []), "ethertype 0x1234"),
    (Sample.ethernet(0x8902, hex("00 03 00 04 00 00 00 11")), "probe 17 (CFM loopback message)"),
    (Sample.ethernet(0x8902, hex("00 02 00 04 00 00 00 11")), "probe 17, the answer (CFM loopback reply)"),
    (Sample.ethernet(0x8902, [0, 1]), "CFM continuity check"),
    (Sample.ethernet(0x88cc, [], tags: [7, 0x6008]), "VLAN 7 VLAN 8 LLDP"),
  ])
  func `is said of layer 2`(frame: [UInt8], expected: String) { #expect(text(frame) == expected) }

  @Test(
    arguments: [
      (6, Sample.tcp(0x12), "10.1.0.10:51234 > 10.1.0.11:443 TCP [SYN ACK]"),
      (6, Sample.tcp(0), "10.1.0.10:51234 > 10.1.0.11:443 TCP []"),
      (17, Sample.udp(5000, 6000), "10.1.0.10:5000 > 10.1.0.11:6000 UDP"),
      (17, Sample.udp(5000, 53), "10.1.0.10:5000 > 10.1.0.11:53 DNS"),
      (17, Sample.udp(68, 67), "10.1.0.10:68 > 10.1.0.11:67 DHCP"),
      (
        17,
        Sample.udp(68, 67, [UInt8](repeating: 0, count: 236) + hex("63 82 53 63 00 0c 01 41 35 01 03 ff")),
        "10.1.0.10:68 > 10.1.0.11:67 DHCP request"
      ),
      (1, hex("00 00 00 00 00 07 00 02"), "\(hosts) ICMP echo reply id 7 seq 2"),
      (1, hex("03 04 00 00 00 00 05 78"), "\(hosts) ICMP unreachable: fragmentation needed, MTU 1400"),
      (1, hex("03 01 00 00"), "\(hosts) ICMP unreachable: host"),
      (1, hex("0b 00 00 00"), "\(hosts) ICMP time exceeded"), (1, [42, 7], "\(hosts) ICMP type 42 code 7"),
      (2, [], "\(hosts) IGMP"), (112, hex("31 05 64 01"), "\(hosts) VRRPv3 router 5 priority 100"),
      (200, [], "\(hosts) protocol 200"),
    ] as [(UInt8, [UInt8], String)])
  func `is said of IPv4`(transport: UInt8, payload: [UInt8], expected: String) {
    #expect(text(Sample.ethernet(0x0800, Sample.ipv4(transport, payload))) == expected)
  }

  @Test(
    arguments: [
      (58, hex("80 00 00 00 00 07 00 02"), "2001:db8::a > fe80::b ICMPv6 echo request id 7 seq 2"),
      (58, hex("02 00 00 00 00 00 05 00"), "2001:db8::a > fe80::b ICMPv6 packet too big, MTU 1280"),
      (
        58, hex("87 00 00 00 00 00 00 00 fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 0c"),
        "2001:db8::a > fe80::b ICMPv6 neighbor solicitation, who-has fe80::c"
      ),
      (17, Sample.udp(5000, 6000), "[2001:db8::a]:5000 > [fe80::b]:6000 UDP"),
      (0, hex("3a 00 01 04 00 00 00 00 8f 00"), "2001:db8::a > fe80::b ICMPv6 listener report"),
      (44, hex("11 00 05 a9 00 00 00 01"), "2001:db8::a > fe80::b UDP, fragment at 1448"),
    ] as [(UInt8, [UInt8], String)])
  func `is said of IPv6`(next: UInt8, payload: [UInt8], expected: String) {
    #expect(text(Sample.ethernet(0x86dd, Sample.ipv6(next, payload))) == expected)
  }

  @Test func `of a fragment names no ports`() {
    let packet = Sample.ipv4(17, Sample.udp(1, 2), fragment: 185)
    #expect(text(Sample.ethernet(0x0800, packet)) == "\(Self.hosts) UDP, fragment at 1480")
  }

  @Test(arguments: [
    (14, "IPv4, cut"), (33, "IPv4, cut"), (34, "\(hosts) ICMP, cut"), (41, "\(hosts) ICMP, cut"),
    (42, "\(hosts) ICMP echo request id 7 seq 2"),
  ])
  func `is said as far as a snap length lets see`(length: Int, expected: String) {
    #expect(text(Sample.echo, cutAt: length) == expected)
  }

  @Test func `of short and lying headers is said so`() {
    #expect(text(Sample.ethernet(0x0800, [0x45])) == "IPv4, too short")
    #expect(text(Sample.ethernet(0x0806, [0, 1])) == "ARP, too short")
    #expect(
      text(Sample.ethernet(0x0800, [0x4f] + [UInt8](repeating: 0, count: 19)))
        == "0.0.0.0 > 0.0.0.0 protocol 0")
    #expect(
      text(Sample.ethernet(0x0800, [0x44] + [UInt8](repeating: 0, count: 19))) == "IPv4, header not valid")
    #expect(
      text(Sample.ethernet(0x86dd, [0x45] + [UInt8](repeating: 0, count: 39))) == "IPv6, header not valid")
    #expect(text(Array(Sample.echo.prefix(13))) == nil)
  }
}
