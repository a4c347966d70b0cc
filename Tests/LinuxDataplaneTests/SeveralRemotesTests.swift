import ESWModel
import KernelTesting
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `Several remotes and connections` {
  private static let (first, second) = (
    RemoteEndpoint(vni: VNI(100)!, address: IPv4Address("192.0.2.2")!),
    RemoteEndpoint(vni: VNI(7)!, address: IPv4Address("192.0.2.3")!)
  )
  private static let (nearFirst, behindFirst, behindSecond) = (
    MACAddress("02:00:00:00:00:21")!, MACAddress("02:00:00:00:00:22")!, MACAddress("02:00:00:00:00:31")!
  )

  /// What a remote says, in VXLAN.
  private func say(
    to destination: MACAddress, from source: MACAddress, behind remote: RemoteEndpoint, _ bed: ForwardingBed
  ) async throws {
    let tap = try await FrameTap("underlay0", in: bed.stretch.far)
    let node = try await FrameTap("underlay0", in: bed.stretch.node).mac
    let frame = TestFrame.ethernet(
      to: destination, from: source, type: 0x0800, TestFrame.ipv4(17, TestFrame.udp(to: 5001)))
    let packet = TestFrame.ipv4(
      17, from: [192, 0, 2, UInt8(remote.address.value & 0xff)], to: [192, 0, 2, 1],
      TestFrame.udp(from: 50_000, to: 4789, TestFrame.vxlan(vni: remote.vni.value, frame)))
    try tap.say(TestFrame.ethernet(to: node, from: tap.mac, type: 0x0800, packet))
  }

  @Test func `keep what is behind one remote from the other, and from itself`() async throws {
    try await withForwarding { bed in
      let remotes = [Self.first, Self.second]
      try await Stretch.converge(bed.dataplane, to: Stretch.configuration(.usual, remotes: remotes))
      for (mac, remote) in [
        (Self.nearFirst, Self.first), (Self.behindFirst, Self.first), (Self.behindSecond, Self.second),
      ] {
        try await say(to: ForwardingBed.localMAC, from: mac, behind: remote, bed)
      }
      _ = try await eventually { try await bed.evidence().hosts.count >= 3 ? true : nil }
      let sides = Dictionary(
        try await bed.evidence().hosts.map { ($0.mac, $0.side) }, uniquingKeysWith: { first, _ in first })
      #expect(sides[Self.behindFirst] == .remote(0) && sides[Self.behindSecond] == .remote(1))

      // Counted a moment after they are learned from.
      _ = try await eventually { try await bed.evidence().toLocal.frames >= 3 ? true : nil }
      let delivered = try await bed.evidence().toLocal.frames
      try await say(to: Self.behindSecond, from: Self.behindFirst, behind: Self.first, bed)
      _ = try await eventually { try await bed.dropped("split_horizon", .toLocal) == 1 ? true : nil }
      try await say(to: Self.behindFirst, from: Self.nearFirst, behind: Self.first, bed)
      _ = try await eventually { try await bed.dropped("same_side", .toLocal) == 1 ? true : nil }
      #expect(try await bed.evidence().toLocal.frames == delivered)
    }
  }

  @Test func `learn no more than they may, and flood for the rest`() async throws {
    try await withForwarding(ForwardingSettings(learningLimit: 1)) { bed in
      try await say(to: ForwardingBed.localMAC, from: Self.behindFirst, behind: Self.first, bed)
      _ = try await eventually { try await bed.evidence().toLocal.frames == 1 ? true : nil }
      try await say(to: ForwardingBed.localMAC, from: Self.nearFirst, behind: Self.first, bed)
      _ = try await eventually { try await bed.evidence().toLocal.frames == 2 ? true : nil }
      #expect(try await bed.evidence().hosts.map(\.mac) == [Self.behindFirst])

      let frame = TestFrame.ethernet(
        to: Self.nearFirst, from: ForwardingBed.localMAC, type: 0x0800,
        TestFrame.ipv4(17, TestFrame.udp(to: 5001)))
      #expect(try await bed.crosses(frame, as: .unknownUnicast, .toRemote))
    }
  }

  @Test func `follow a change of their rules at once, and forget nothing of it`() async throws {
    try await withForwarding { bed in
      try await bed.introduce()
      let hosts = try await bed.evidence().hosts.count
      let frame = TestFrame.ethernet(
        to: TestFrame.broadcast, from: ForwardingBed.localMAC, type: 0x88b5, [UInt8](repeating: 1, count: 46))
      #expect(try await bed.crosses(frame, as: .broadcast, .toRemote))
      let closed = ForwardingSettings(profile: .esw, answersKnown: false)
      try await Stretch.converge(bed.dataplane, to: Stretch.configuration(closed))
      #expect(try await !bed.crosses(frame, as: .broadcast, .toRemote))
      try await Stretch.converge(bed.dataplane, to: Stretch.configuration(.usual))
      #expect(try await bed.crosses(frame, as: .broadcast, .toRemote))
      #expect(try await bed.evidence().hosts.count == hosts)
      #expect(try await bed.held(.broadcast, .toRemote) == 1)
    }
  }
}
