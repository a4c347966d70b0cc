import ESWModel
import KernelTesting
import Testing

@testable import LinuxDataplane

/// What a host may say, and what it is to the rules.
private struct Saying: Sendable {
  let what: String
  let frames: FrameClass
  /// To the group or host that it is said to; nil: to the known host of the other side.
  let destination: MACAddress?
  let type: UInt16
  let packet: [UInt8]

  init(
    _ what: String, _ frames: FrameClass, to destination: MACAddress?, _ type: UInt16, _ packet: [UInt8]
  ) {
    self.what = what
    self.frames = frames
    self.destination = destination
    self.type = type
    self.packet = packet
  }

  private static let (ipv4, ipv6): (UInt16, UInt16) = (0x0800, 0x86dd)
  private static let (everybody, nodes) = (TestFrame.broadcast, TestFrame.allNodes)
  private static let routers = MACAddress("01:00:5e:00:00:12")!
  private static let offer = TestFrame.udp(from: 67, to: 68)
  private static let advertisement = TestFrame.icmpv6(134)

  static let all =
    [
      Saying(
        "ARP", .neighbour, to: everybody, 0x0806,
        Array(
          ARPFrame.request(IPv4Address("10.9.0.77")!, from: everybody, IPv4Address("10.9.0.78")!).bytes[14...]
        )),
      Saying(
        "a neighbour solicitation", .neighbour, to: nodes, ipv6,
        TestFrame.ipv6(next: 58, TestFrame.icmpv6(135))),
      Saying(
        "a neighbour advertisement", .neighbour, to: nil, ipv6,
        TestFrame.ipv6(next: 58, TestFrame.icmpv6(136))),
      Saying("VRRP", .vrrp, to: routers, ipv4, TestFrame.ipv4(112, [UInt8](repeating: 0, count: 20))),
      Saying(
        "VRRP over IPv6", .vrrp, to: nodes, ipv6, TestFrame.ipv6(next: 112, [UInt8](repeating: 0, count: 20))),
      Saying(
        "a packet for a known host", .knownUnicast, to: nil, ipv4, TestFrame.ipv4(17, TestFrame.udp(to: 5001))
      ),
      Saying(
        "a packet for an unknown host", .unknownUnicast, to: ForwardingBed.unknownMAC, ipv4,
        TestFrame.ipv4(17, TestFrame.udp(to: 5001))),
      Saying("broadcast", .broadcast, to: everybody, ipv4, TestFrame.ipv4(17, TestFrame.udp(to: 5001))),
      Saying("multicast", .multicast, to: nodes, ipv6, TestFrame.ipv6(next: 17, TestFrame.udp(to: 5001))),
      Saying(
        "a group report behind a hop-by-hop header", .multicast, to: nodes, ipv6,
        TestFrame.ipv6(next: 0, TestFrame.options(next: 58) + TestFrame.icmpv6(143))),
      Saying(
        "a later fragment, whatever of", .multicast, to: nodes, ipv6,
        TestFrame.ipv6(next: 44, TestFrame.fragment(next: 58, offset: 9) + advertisement)),
      Saying("another protocol", .broadcast, to: everybody, 0x88b5, [UInt8](repeating: 7, count: 46)),
    ] + configuration

  private static let configuration = [
    Saying("a DHCP offer", .configuration, to: everybody, ipv4, TestFrame.ipv4(17, offer)),
    Saying("a DHCP offer for a known host", .configuration, to: nil, ipv4, TestFrame.ipv4(17, offer)),
    Saying(
      "a DHCP request", .configuration, to: everybody, ipv4,
      TestFrame.ipv4(17, TestFrame.udp(from: 68, to: 67))),
    Saying(
      "a DHCP offer behind options", .configuration, to: everybody, ipv4,
      TestFrame.ipv4(17, options: [1, 1, 1, 0], offer)),
    Saying(
      "the first fragment of a DHCP offer", .configuration, to: everybody, ipv4,
      TestFrame.ipv4(17, fragment: 0x2000, offer)),
    Saying(
      "a DHCPv6 request", .configuration, to: nodes, ipv6,
      TestFrame.ipv6(next: 17, TestFrame.udp(from: 546, to: 547))),
    Saying(
      "a router solicitation", .configuration, to: nodes, ipv6,
      TestFrame.ipv6(next: 58, TestFrame.icmpv6(133))),
    Saying(
      "a router advertisement", .configuration, to: nodes, ipv6, TestFrame.ipv6(next: 58, advertisement)),
    Saying(
      "a router advertisement for a known host", .configuration, to: nil, ipv6,
      TestFrame.ipv6(next: 58, advertisement)),
    Saying("a redirect", .configuration, to: nil, ipv6, TestFrame.ipv6(next: 58, TestFrame.icmpv6(137))),
    Saying(
      "a router advertisement behind headers", .configuration, to: nodes, ipv6,
      TestFrame.ipv6(next: 0, TestFrame.options(next: 60) + TestFrame.options(next: 58) + advertisement)),
    Saying(
      "a router advertisement in a first fragment", .configuration, to: nodes, ipv6,
      TestFrame.ipv6(next: 44, TestFrame.fragment(next: 58, offset: 0) + advertisement)),
    Saying(
      "a first fragment that does not say what it is", .configuration, to: nodes, ipv6,
      TestFrame.ipv6(next: 44, TestFrame.fragment(next: 60, offset: 0) + [58, 9, 0, 0])),
    Saying(
      "what is behind more headers than are read", .configuration, to: nodes, ipv6,
      TestFrame.ipv6(next: 60, (0..<9).flatMap { TestFrame.options(next: $0 == 8 ? 58 : 60) } + advertisement)
    ),
  ]

  func frame(to known: MACAddress, from source: MACAddress) -> [UInt8] {
    TestFrame.ethernet(to: destination ?? known, from: source, type: type, packet)
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A frame's class` {
  /// Whether the rules of a profile let it cross.
  private func crosses(_ profile: ForwardingProfile, _ frames: FrameClass, _ direction: Direction) -> Bool {
    switch profile {
    case .lan: frames != .configuration
    case .esw: frames == .knownUnicast || (frames == .vrrp && direction == .toLocal)
    case .custom: frames == .configuration
    }
  }

  @Test(arguments: ForwardingProfile.allCases)
  func `decides whether it crosses, and what does not is counted`(profile: ForwardingProfile) async throws {
    var settings = ForwardingSettings(profile: profile, answersKnown: false)
    if profile == .custom {
      for frames in FrameClass.allCases {
        let rule: ForwardingRule = frames == .configuration ? .forward : .drop
        settings.overrides[frames] = .init(toRemote: rule, toLocal: rule)
      }
    }
    try await withForwarding(settings) { bed in
      try await bed.introduce()
      for direction in Direction.allCases {
        for saying in Saying.all {
          let frame = saying.frame(to: bed.receiver(direction).mac, from: bed.sender(direction).mac)
          let did = try await bed.crosses(frame, as: saying.frames, direction)
          #expect(
            did == crosses(profile, saying.frames, direction), "\(saying.what), \(direction), \(profile)")
        }
      }
      let evidence = try await bed.evidence()
      for direction in Direction.allCases {
        let counted = evidence.classDrops.filter { $0.direction == direction }.map(\.frames).reduce(0, +)
        #expect(evidence.drops.first { $0.reason == "class" && $0.direction == direction }?.frames == counted)
      }
    }
  }

  @Test func `may have a rate, and what is more is counted`() async throws {
    let rate: UInt32 = 200
    var settings = ForwardingSettings()
    settings.overrides[.broadcast] = .init(toRemote: .limit(framesPerSecond: rate))
    try await withForwarding(settings) { bed in
      let frame = TestFrame.ethernet(
        to: TestFrame.broadcast, from: ForwardingBed.localMAC, type: 0x88b5, [UInt8](repeating: 1, count: 46))
      let clock = ContinuousClock()
      let begun = clock.now
      let said: UInt64 = 3000
      for number in 0..<said {
        try bed.local.say(frame)
        if number % 100 == 99 { try await clock.sleep(for: .milliseconds(20)) }
      }
      let crossed = try await eventually { () -> UInt64? in
        let (counted, held) = (try await bed.evidence(), try await bed.held(.broadcast, .toRemote))
        return counted.toRemote.frames + held >= said ? counted.toRemote.frames : nil
      }
      // At first a tenth of a second's worth; the time is what it is about, so the bounds are wide.
      let seconds = (clock.now - begun) / .seconds(1)
      #expect(Double(crossed) >= Double(rate) * 0.1)
      #expect(Double(crossed) <= Double(rate) * (seconds + 0.1) * 1.3 + 5)
      #expect(try await bed.dropped("class_rate", .toRemote) >= said - crossed)
      // Others are not held to it.
      let other = TestFrame.ethernet(
        to: TestFrame.allNodes, from: ForwardingBed.localMAC, type: 0x88b5, [UInt8](repeating: 2, count: 46))
      #expect(try await bed.crosses(other, as: .multicast, .toRemote))
    }
  }

  @Test func `of one direction has nothing to do with that of the other`() async throws {
    var settings = ForwardingSettings()
    settings.overrides[.multicast] = .init(toRemote: .drop, toLocal: .forward)
    try await withForwarding(settings) { bed in
      for direction in Direction.allCases {
        let frame = TestFrame.ethernet(
          to: TestFrame.allNodes, from: bed.sender(direction).mac, type: 0x88b5,
          [UInt8](repeating: 2, count: 46))
        let did = try await bed.crosses(frame, as: .multicast, direction)
        #expect(did == (direction == .toLocal))
      }
    }
  }

  @Test(arguments: ["01:80:c2:00:00:00", "01:80:c2:00:00:0e", "01:80:c2:00:00:02"])
  func `is not asked for in what never leaves its link`(destination: String) async throws {
    try await withForwarding { bed in
      let group = try #require(MACAddress(destination))
      for direction in Direction.allCases {
        let before = try await bed.dropped("link_control", direction)
        let frame = TestFrame.ethernet(
          to: group, from: bed.sender(direction).mac, type: 0x88cc, [UInt8](repeating: 2, count: 46))
        _ = bed.receiver(direction).tap.heard()
        try bed.sender(direction).tap.say(frame)
        _ = try await eventually { try await bed.dropped("link_control", direction) > before ? true : nil }
        #expect(!bed.receiver(direction).tap.heard().contains(frame))
      }
    }
  }

  @Test func `teaches only where it may cross, but for ARP`() async throws {
    try await withForwarding(ForwardingSettings(profile: .esw, answersKnown: false)) { bed in
      let (quiet, asking) = (MACAddress("02:00:00:00:00:31")!, MACAddress("02:00:00:00:00:32")!)
      let broadcast = TestFrame.ethernet(
        to: TestFrame.broadcast, from: quiet, type: 0x88b5, [UInt8](repeating: 2, count: 46))
      #expect(try await !bed.crosses(broadcast, as: .broadcast, .toRemote))
      let question = ARPFrame.request(IPv4Address("10.9.0.77")!, from: asking, IPv4Address("10.9.0.32")!)
      #expect(try await !bed.crosses(question.bytes, as: .neighbour, .toRemote))
      let macs = try await bed.evidence().hosts.map(\.mac)
      #expect(macs.contains(asking) && !macs.contains(quiet))
    }
  }
}
