import ESWModel
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

/// A `Stretch` whose segment is a trunk, with an ear and a mouth at either end:
///
///     local0 == segment0 == the data path == tunnel: vx100, and more VXLAN devices
private struct Trunk {
  let stretch: Stretch
  let dataplane: LinuxDataplane
  /// Where the trunk's frames are said and heard.
  let near: TrunkTap
  /// By VNI; what comes out of the tunnel, and the place to speak into it.
  let far: [UInt32: TrunkTap]

  static let everybody = MACAddress("ff:ff:ff:ff:ff:ff")!
  static let nearHost = MACAddress("02:00:00:00:00:10")!
  static let farHost = MACAddress("02:00:00:00:00:20")!
  static let segment = InterfaceName("segment0")!

  static func remote(_ vni: UInt32) -> RemoteEndpoint {
    RemoteEndpoint(vni: VNI(vni)!, address: Stretch.remote.address)
  }

  /// A connection of VNI `vni` at the trunk.
  static func connection(_ number: UInt32, _ vlan: VLAN?, vni: UInt32) -> ConnectionConfiguration {
    Stretch.connection(
      number, at: vlan.map { .trunk(segment, vlan: $0) } ?? .interface(segment), remotes: [remote(vni)])
  }

  /// Says a frame on the trunk and answers who of the far side hears it, and with which tags.
  func heardFar(_ tags: [TaggedFrame.Tag], _ text: String, within time: Duration) async throws
    -> [UInt32: [TaggedFrame.Tag]]
  {
    try near.say(TaggedFrame(tags, to: Self.everybody, from: Self.nearHost, text))
    var result: [UInt32: [TaggedFrame.Tag]] = [:]
    for (vni, tap) in far { result[vni] = try await tap.hears(text, within: time)?.tags }
    return result
  }

  func frames(_ number: UInt32) async throws -> UInt64 {
    try await dataplane.evidence().connections[ConnectionNumber(number)]?.toRemote.frames ?? 0
  }

  func drops(_ number: UInt32, _ reason: String) async throws -> UInt64 {
    let drops = try await dataplane.evidence().connections[ConnectionNumber(number)]?.drops ?? []
    return drops.filter { $0.reason == reason }.reduce(0) { $0 + $1.frames }
  }
}

private func withTrunk(
  _ connections: [ConnectionConfiguration], vnis: [UInt32] = [100], _ body: (Trunk) async throws -> Void
) async throws {
  try await withStretch { stretch in
    // Hosts that look for routers and groups would be counted among what the tests say.
    for namespace in [stretch.host, stretch.far] {
      try stretch.execute(namespace, "sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
    }
    try stretch.ip(stretch.far, "link set vx100 nomaster")
    for vni in vnis where vni != 100 {
      try stretch.ip(
        stretch.far,
        "link add vx\(vni) type vxlan id \(vni) dstport 4789 local 192.0.2.2 remote 192.0.2.1 nolearning")
      try stretch.ip(stretch.far, "link set vx\(vni) up")
    }
    let dataplane = try stretch.dataplane()
    try await Stretch.converge(dataplane, to: Stretch.configuration(connections))
    var far: [UInt32: TrunkTap] = [:]
    for vni in vnis { far[vni] = try await TrunkTap("vx\(vni)", in: stretch.far) }
    let near = try await TrunkTap("local0", in: stretch.host)
    try await body(Trunk(stretch: stretch, dataplane: dataplane, near: near, far: far))
  }
}

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A trunk on the real kernel` {
  struct Tags: Sendable, CustomTestStringConvertible {
    let vlan: VLAN
    let tags: [TaggedFrame.Tag]

    var testDescription: String { "\(vlan)" }
  }

  static let tagged = [
    Tags(vlan: VLAN(100)!, tags: [.customer(100)]),
    Tags(vlan: VLAN("200/100")!, tags: [.customer(200), .customer(100)]),
    Tags(vlan: VLAN("200:802.1ad/4094")!, tags: [.service(200), .customer(4094)]),
  ]

  @Test(arguments: tagged)
  func `tags are off in the tunnel, and on again on the trunk`(tags: Tags) async throws {
    try await withTrunk([Trunk.connection(1, tags.vlan, vni: 100)]) { trunk in
      #expect(try await trunk.heardFar(tags.tags, "there", within: .seconds(2)) == [100: []])
      // Unicast too: the host was learned with its first frame.
      try trunk.far[100]?.say(TaggedFrame([], to: Trunk.nearHost, from: Trunk.farHost, "back"))
      #expect(try await trunk.near.hears("back")?.tags == tags.tags)
      #expect(try await Stretch.plan(trunk.dataplane, to: configuration(tags.vlan)) == [])
    }
  }

  private func configuration(_ vlan: VLAN?) -> GatewayConfiguration {
    Stretch.configuration([Trunk.connection(1, vlan, vni: 100)])
  }

  @Test(arguments: tagged)
  func `a frame as long as the interface takes crosses both ways`(tags: Tags) async throws {
    try await withTrunk([Trunk.connection(1, tags.vlan, vni: 100)]) { trunk in
      let stretch = trunk.stretch
      for (place, name) in [(stretch.node, "underlay0"), (stretch.far, "underlay0"), (stretch.far, "vx100")] {
        try stretch.ip(place, "link set \(name) mtu \(name == "vx100" ? 1500 : 1600)")
      }
      if tags.tags.count > 1 {
        // One tag more than an interface's MTU allows for.
        try stretch.ip(stretch.node, "link set segment0 mtu 1504")
        try stretch.ip(stretch.host, "link set local0 mtu 1508")
      }
      let long = String(repeating: "x", count: 1500)
      #expect(try await trunk.heardFar(tags.tags, long, within: .seconds(2)) == [100: []])
      try trunk.far[100]?.say(TaggedFrame([], to: Trunk.nearHost, from: Trunk.farHost, long))
      #expect(try await trunk.near.hears(long)?.tags == tags.tags)
      #expect(try await trunk.drops(1, "too_big") == 0)
    }
  }

  @Test(arguments: tagged)
  func `what the switch answers has the tags of the question`(tags: Tags) async throws {
    try await withTrunk([Trunk.connection(1, tags.vlan, vni: 100)]) { trunk in
      let question = ARPFrame.request(Stretch.fixedAddress, from: Trunk.nearHost, Stretch.localHost)
      let frame = try #require(TaggedFrame(PacketSocket.Frame(bytes: question.bytes)))
      var said = frame
      said.tags = tags.tags
      try trunk.near.say(said)
      let answer = try await trunk.near.hears { ARPFrame($0.withoutTags)?.operation == 2 }
      #expect(answer?.tags == tags.tags)
      #expect(answer.flatMap { ARPFrame($0.withoutTags) }?.senderMAC == Stretch.fixedMAC)
    }
  }

  @Test(arguments: tagged)
  func `who holds a virtual address is asked with tags, and heard`(tags: Tags) async throws {
    let address = VirtualAddressBed.address
    let connection = Stretch.connection(
      1, at: .trunk(Trunk.segment, vlan: tags.vlan), remotes: [Stretch.remote], [address])
    try await withTrunk([connection]) { trunk in
      try await trunk.dataplane.ask([HolderQuestion(of: VirtualAddressBed.subject, to: nil)])
      let question = try await trunk.near.hears { ARPFrame($0.withoutTags)?.target == address }
      #expect(question?.tags == tags.tags)
      let asked = try #require(question.flatMap { ARPFrame($0.withoutTags) })
      let reply = ARPFrame(
        destination: asked.source, source: Trunk.nearHost, operation: 2, senderMAC: Trunk.nearHost,
        sender: address, targetMAC: asked.senderMAC, target: asked.sender)
      var said = try #require(TaggedFrame(PacketSocket.Frame(bytes: reply.bytes)))
      said.tags = tags.tags
      try trunk.near.say(said)
      let holder = try await eventually {
        try await trunk.dataplane.evidence().connections[ConnectionNumber(1)]?.virtualAddresses.first?.holder
      }
      #expect(holder.mac == Trunk.nearHost)
    }
  }

  @Test func `each connection of a trunk sees its own frames only, with a tag or without`() async throws {
    let vlans: [(vlan: VLAN?, vni: UInt32, tags: [TaggedFrame.Tag])] = [
      (nil, 100, []), (VLAN(100)!, 101, [.customer(100)]), (VLAN(200)!, 102, [.customer(200)]),
      (VLAN("200/100")!, 103, [.customer(200), .customer(100)]),
      (VLAN("200:802.1ad/100")!, 104, [.service(200), .customer(100)]),
    ]
    let connections = vlans.enumerated().map {
      Trunk.connection(UInt32($0.offset) + 1, $0.element.vlan, vni: $0.element.vni)
    }
    try await withTrunk(connections, vnis: vlans.map(\.vni)) { trunk in
      for (_, vni, tags) in vlans {
        // Whose frame it is, is heard at once; that nobody else hears it shows with the last one.
        let tap = try #require(trunk.far[vni])
        try trunk.near.say(TaggedFrame(tags, to: Trunk.everybody, from: Trunk.nearHost, "to \(vni)"))
        #expect(try await tap.hears("to \(vni)")?.tags == [])
        try tap.say(TaggedFrame([], to: Trunk.everybody, from: Trunk.farHost, "from \(vni)"))
        #expect(try await trunk.near.hears("from \(vni)")?.tags == tags)
      }
      for (index, element) in vlans.enumerated() {
        #expect(trunk.far[element.vni]?.heard().filter { $0.text.hasPrefix("to ") } == [])
        #expect(try await trunk.frames(UInt32(index) + 1) == 1)
      }
    }
  }

  /// Not those of VLAN 100, nor of 200/300.
  static let foreign: [[TaggedFrame.Tag]] = [
    [], [.customer(101)], [.service(100)], [.customer(200)], [.customer(200), .customer(100)],
    [.service(200), .customer(300)], [.customer(300), .customer(200)], [.customer(4095)],
  ]

  @Test func `what has other tags passes to the stack as it is`() async throws {
    let connections = [
      Trunk.connection(1, VLAN(100)!, vni: 100), Trunk.connection(2, VLAN("200/300")!, vni: 101),
    ]
    try await withTrunk(connections, vnis: [100, 101]) { trunk in
      let stack = try await StackEar(in: trunk.stretch.node, on: "segment0")
      for tags in Self.foreign {
        let frame = TaggedFrame(tags, to: Trunk.everybody, from: Trunk.nearHost, "\(tags.count) foreign")
        try trunk.near.say(frame)
        #expect(try await stack.hears(frame.text) == frame)
      }
      let evidence = try await trunk.dataplane.evidence()
      let connections = evidence.connections.values
      #expect(connections.allSatisfy { $0.toRemote.frames == 0 })
      #expect(connections.flatMap(\.drops).filter { $0.direction == .toRemote } == [])
      #expect(evidence.strangers == [])
    }
  }

  @Test func `a tag more than configured is dropped and counted`() async throws {
    let connections = [
      Trunk.connection(1, VLAN(100)!, vni: 100), Trunk.connection(2, VLAN("200/300")!, vni: 101),
    ]
    try await withTrunk(connections, vnis: [100, 101]) { trunk in
      let more: [(UInt32, [TaggedFrame.Tag])] = [
        (1, [.customer(100), .customer(7)]), (1, [.customer(100), .service(7)]),
        (2, [.customer(200), .customer(300), .customer(7)]),
      ]
      for (number, tags) in more {
        let before = try await trunk.drops(number, "vlan_tagged")
        try trunk.near.say(TaggedFrame(tags, to: Trunk.everybody, from: Trunk.nearHost, "more"))
        _ = try await eventually { try await trunk.drops(number, "vlan_tagged") == before + 1 ? true : nil }
      }
      #expect(try await trunk.frames(1) + trunk.frames(2) == 0)
    }
  }

  /// What a frame with a tag of VID 0 counts as.
  static let priorities: [(tags: [TaggedFrame.Tag], vni: UInt32)] = [
    ([.customer(0)], 100), ([.customer(0), .customer(100)], 101), ([.customer(100), .customer(0)], 101),
    ([.service(0), .customer(200), .customer(100)], 102),
  ]

  @Test func `a tag that only tells a priority counts as none`() async throws {
    let connections = [
      Trunk.connection(1, nil, vni: 100), Trunk.connection(2, VLAN(100)!, vni: 101),
      Trunk.connection(3, VLAN("200/100")!, vni: 102),
    ]
    try await withTrunk(connections, vnis: [100, 101, 102]) { trunk in
      for (tags, vni) in Self.priorities {
        let text = "\(tags)"
        try trunk.near.say(TaggedFrame(tags, to: Trunk.everybody, from: Trunk.nearHost, text))
        #expect(try await trunk.far[vni]?.hears(text)?.tags == [], "\(tags)")
      }
    }
  }

  @Test func `a trunk is an underlay and carries a default route beside its VLANs`() async throws {
    try await withTrunk([Trunk.connection(1, nil, vni: 100)]) { trunk in
      let stretch = trunk.stretch
      try await Stretch.converge(trunk.dataplane, to: Stretch.configuration(isEmpty: true))
      try stretch.ip(stretch.node, "address add 192.0.2.1/24 dev underlay0")
      try stretch.ip(stretch.node, "route add default via 192.0.2.2")
      let point = AttachmentPoint.trunk(InterfaceName("underlay0")!, vlan: VLAN(100)!)
      let configuration = Stretch.configuration([Stretch.connection(1, at: point, remotes: [Stretch.remote])])
      try await Stretch.converge(trunk.dataplane, to: configuration)
      let wire = try await TrunkTap("underlay0", in: stretch.far)
      let tunnel = try #require(trunk.far[100])
      try wire.say(TaggedFrame([.customer(100)], to: Trunk.everybody, from: Trunk.nearHost, "there"))
      #expect(try await tunnel.hears("there")?.tags == [])
      try tunnel.say(TaggedFrame([], to: Trunk.nearHost, from: Trunk.farHost, "back"))
      #expect(try await wire.hears("back")?.tags == [.customer(100)])
      #expect(stretch.reaches("192.0.2.2", from: stretch.node), "the node's own traffic goes on")

      try await Stretch.converge(trunk.dataplane, to: Stretch.configuration(isEmpty: true))
      #expect(stretch.reaches("192.0.2.2", from: stretch.node))
    }
  }

  @Test func `an attachment that changes its VLAN takes its connection along`() async throws {
    try await withTrunk([Trunk.connection(1, VLAN(100)!, vni: 100)]) { trunk in
      #expect(try await trunk.heardFar([.customer(100)], "first", within: .seconds(2)) == [100: []])
      try await Stretch.converge(trunk.dataplane, to: configuration(VLAN("200/100")!))
      let tags: [TaggedFrame.Tag] = [.customer(200), .customer(100)]
      #expect(try await trunk.heardFar(tags, "second", within: .seconds(2)) == [100: []])
      try trunk.near.say(TaggedFrame([.customer(100)], to: Trunk.everybody, from: Trunk.nearHost, "old"))
      #expect(try await trunk.heardFar(tags, "third", within: .seconds(2)) == [100: []])
      #expect(try await trunk.frames(1) == 3)
    }
  }
}

extension TaggedFrame {
  /// The frame as it is in the tunnel.
  fileprivate var withoutTags: [UInt8] {
    var frame = self
    frame.tags = []
    return frame.bytes
  }
}
