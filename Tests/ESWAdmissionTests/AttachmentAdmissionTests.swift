import ESWAdmission
import ESWModel
import Testing

@Suite struct `Admitting attachments` {
  var world = World()
  let vpc: VPC
  let first: Subnet
  let second: Subnet

  init() throws {
    vpc = try world.makeVPC()
    first = try world.makeSubnet("10.1.0.0/24", in: vpc)
    second = try world.makeSubnet("10.2.0.0/24", in: vpc)
  }

  private mutating func expect(
    _ reason: Unfitness, attaching role: Attachment.Role, _ point: AttachmentPoint,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let refusal = Refusal.interfaceUnfit(point.name, on: World.node, reason)
    #expect(throws: refusal, sourceLocation: sourceLocation) { try world.attach(second, role, point) }
  }

  @Test mutating func `a node that never reported is unknown`() throws {
    let stranger = try #require(NodeName("nobody"))
    #expect(throws: Refusal.unknownNode(stranger)) {
      try world.attach(first, .layer2, .interface("eth1"), on: stranger)
    }
  }

  @Test mutating func `a node of another control plane is unknown`() throws {
    let stranger = try #require(NodeName("theirs"))
    let report = GatewayReport(
      node: stranger, store: StoreID(high: 2, low: 2), generation: nil, dataplane: .kernel,
      kernelRelease: "", interfaces: [fact("eth1")], problems: [], connections: [], strangers: [])
    world.reports.put(ReportSnapshot.Received(report: report, at: world.now))
    #expect(throws: Refusal.unknownNode(stranger)) {
      try world.attach(first, .layer2, .interface("eth1"), on: stranger)
    }
  }

  @Test mutating func `an interface that the node lacks is unknown`() {
    #expect(throws: Refusal.unknownInterface("eth9", on: World.node)) {
      try world.attach(first, .layer2, .interface("eth9"))
    }
  }

  @Test mutating func `a foreign subnet is unknown`() {
    #expect(throws: Refusal.unknownSubnet(first.id)) {
      try world.attach(first, .layer2, .interface("eth1"), of: World.mallory)
    }
  }

  @Test(arguments: [Attachment.Role.layer2, .tunnel])
  mutating func `loopback is never attached`(role: Attachment.Role) {
    world.report([fact("lo", isLoopback: true)])
    expect(.loopback, attaching: role, .interface("lo"))
  }

  @Test(arguments: [Attachment.Role.layer2, .tunnel])
  mutating func `an interface of ours is never attached`(role: Attachment.Role) {
    world.report([fact("esw-p1", kind: "veth", isOurs: true)])
    expect(.madeByUs, attaching: role, .interface("esw-p1"))
  }

  @Test(arguments: [Attachment.Role.layer2, .tunnel])
  mutating func `a port of a bridge is never attached`(role: Attachment.Role) {
    world.report([fact("eth1", master: "br0")])
    expect(.port(of: "br0"), attaching: role, .interface("eth1"))
  }

  @Test mutating func `the interface of a default route is no segment`() {
    expect(.defaultRoute, attaching: .layer2, .interface("eth0"))
  }

  @Test mutating func `the bridge of a default route is no segment`() {
    world.report([fact("br0", kind: "bridge", hasDefaultRoute: true)])
    expect(.defaultRoute, attaching: .layer2, .bridge("br0"))
  }

  @Test mutating func `the interface of a default route may be an underlay`() {
    #expect(throws: Never.self) { try world.attach(first, .tunnel, .interface("eth0")) }
  }

  @Test mutating func `what is called a bridge is one`() {
    expect(.notBridge, attaching: .layer2, .bridge("eth1"))
  }

  @Test mutating func `a bridge is attached as a bridge`() {
    expect(.isBridge, attaching: .layer2, .interface("br0"))
  }

  @Test mutating func `a bridge with a plain name may be an underlay`() {
    #expect(throws: Never.self) { try world.attach(first, .tunnel, .interface("br0")) }
  }

  @Test mutating func `a tunnel subnet is not plugged into a bridge`() {
    expect(.bridgeAsUnderlay, attaching: .tunnel, .bridge("br0"))
  }

  @Test mutating func `one interface carries one segment`() throws {
    try world.attach(first, .layer2, .interface("eth1"))
    expect(.layer2Segment, attaching: .layer2, .interface("eth1"))
  }

  @Test mutating func `another project's segment is taken too`() throws {
    try world.attach(first, .layer2, .interface("eth1"))
    let vpc = try world.makeVPC(of: World.mallory)
    let subnet = try world.makeSubnet("10.3.0.0/24", in: vpc, of: World.mallory)
    #expect(throws: Refusal.interfaceUnfit("eth1", on: World.node, .layer2Segment)) {
      try world.attach(subnet, .layer2, .interface("eth1"), of: World.mallory)
    }
  }

  private func trunk(_ vlan: String, on interface: InterfaceName = "eth1") throws -> AttachmentPoint {
    .trunk(interface, vlan: try #require(VLAN(vlan)))
  }

  @Test mutating func `a trunk carries many segments, and one without a tag`() throws {
    for (index, vlan) in ["100", "101", "200/100", "200:802.1ad/100", "200/101"].enumerated() {
      let subnet = try world.makeSubnet("10.3.\(index).0/24", in: vpc)
      try world.attach(subnet, .layer2, try trunk(vlan))
    }
    #expect(throws: Never.self) { try world.attach(first, .layer2, .interface("eth1")) }
    expect(.layer2Segment, attaching: .layer2, .interface("eth1"))
  }

  @Test(arguments: ["100", "200/100", "200:802.1ad/100"])
  mutating func `a VLAN of an interface is one segment`(vlan: String) throws {
    try world.attach(first, .layer2, try trunk(vlan))
    expect(.vlanTaken(try #require(VLAN(vlan))), attaching: .layer2, try trunk(vlan))
    #expect(throws: Never.self) { try world.attach(second, .layer2, try trunk(vlan, on: "eth2")) }
  }

  @Test mutating func `a VLAN shares its interface with an underlay and a default route`() throws {
    try world.attach(first, .tunnel, .interface("eth0"))
    #expect(throws: Never.self) { try world.attach(second, .layer2, try trunk("100", on: "eth0")) }
    let third = try world.makeSubnet("10.3.0.0/24", in: vpc)
    #expect(throws: Never.self) { try world.attach(third, .tunnel, .interface("eth0")) }
  }

  @Test mutating func `a bridge is no trunk, nor is an underlay a VLAN`() throws {
    expect(.isBridge, attaching: .layer2, try trunk("100", on: "br0"))
    expect(.vlanAsUnderlay, attaching: .tunnel, try trunk("100"))
  }

  @Test(arguments: ["loopback", "a port of a bridge", "ours"])
  mutating func `what is never attached is no trunk either`(what: String) throws {
    world.report([
      fact(
        "eth1", isLoopback: what == "loopback", master: what == "a port of a bridge" ? "br0" : nil,
        isOurs: what == "ours")
    ])
    let reason: Unfitness =
      what == "loopback" ? .loopback : what == "ours" ? .madeByUs : .port(of: "br0")
    expect(reason, attaching: .layer2, try trunk("100"))
  }

  @Test mutating func `an underlay is no segment`() throws {
    try world.attach(first, .tunnel, .interface("eth1"))
    expect(.underlay, attaching: .layer2, .interface("eth1"))
  }

  @Test mutating func `a segment is no underlay`() throws {
    try world.attach(first, .layer2, .interface("eth1"))
    expect(.layer2Segment, attaching: .tunnel, .interface("eth1"))
  }

  @Test mutating func `tunnel subnets share an underlay`() throws {
    try world.attach(first, .tunnel, .interface("eth0"))
    #expect(throws: Never.self) { try world.attach(second, .tunnel, .interface("eth0")) }
  }

  @Test mutating func `a subnet is attached once on a node`() throws {
    try world.attach(first, .layer2, .interface("eth1"))
    #expect(throws: Refusal.alreadyAttached(first.id, on: World.node)) {
      try world.attach(first, .tunnel, .interface("eth2"))
    }
  }

  @Test mutating func `a tunnel subnet of a switch is no segment`() throws {
    let instance = try world.makeInstance(in: first)
    #expect(throws: Refusal.subnetInUse(first.id, by: .instance(instance.id))) {
      try world.attach(first, .layer2, .interface("eth1"))
    }
  }

  @Test mutating func `a subnet of a connection is no tunnel subnet`() throws {
    let connection = try world.connect(second, on: try world.makeInstance(in: first))
    #expect(throws: Refusal.subnetInUse(second.id, by: .connection(connection.id))) {
      try world.attach(second, .tunnel, .interface("eth1"))
    }
  }

  @Test mutating func `a node never holds one tunnel address for two switches`() throws {
    let theirs = try world.makeSubnet("10.1.0.0/24", in: try world.makeVPC())
    try world.attach(first, .tunnel, .interface("eth0"))
    try world.makeInstance(in: first, address: "10.1.0.9")
    try world.makeInstance(in: theirs, address: "10.1.0.9")
    let taken = try #require(IPv4Address("10.1.0.9"))
    #expect(throws: Refusal.interfaceUnfit("eth0", on: World.node, .tunnelAddressTaken(taken))) {
      try world.attach(theirs, .tunnel, .interface("eth0"))
    }
  }

  @Test mutating func `the underlay of a switch stays`() throws {
    let attachment = try world.attach(first, .tunnel, .interface("eth0"))
    let instance = try world.makeInstance(in: first)
    #expect(throws: Refusal.attachmentInUse(attachment.id, by: .instance(instance.id))) {
      try world.delete(attachment)
    }
  }

  @Test mutating func `a second underlay that no switch uses goes`() throws {
    let other = try #require(NodeName("node-2"))
    world.report([fact("eth0")], of: other)
    try world.attach(first, .tunnel, .interface("eth0"))
    let spare = try world.attach(first, .tunnel, .interface("eth0"), on: other)
    try world.makeInstance(in: first)
    #expect(throws: Never.self) { try world.delete(spare) }
  }

  @Test mutating func `the segment of a connection stays`() throws {
    try world.attach(first, .tunnel, .interface("eth0"))
    let attachment = try world.attach(second, .layer2, .interface("eth1"))
    let connection = try world.connect(second, on: try world.makeInstance(in: first))
    #expect(throws: Refusal.attachmentInUse(attachment.id, by: .connection(connection.id))) {
      try world.delete(attachment)
    }
  }

  @Test mutating func `an attachment that nothing uses goes`() throws {
    try world.delete(try world.attach(second, .layer2, .bridge("br0")))
    #expect(world.snapshot.attachments.count == 0)
  }

  @Test mutating func `a foreign attachment is unknown`() throws {
    let attachment = try world.attach(first, .layer2, .interface("eth1"))
    #expect(throws: Refusal.unknownAttachment(attachment.id)) {
      try world.delete(attachment, of: World.mallory)
    }
  }
}
