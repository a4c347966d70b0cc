import ESWAdmission
import ESWModel
import Testing

@Suite struct `Admitting VPCs` {
  @Test(arguments: ["10.0.0.0/8", "172.16.0.0/12", "192.168.1.0/28", "100.64.0.0/10", "203.0.113.0/24"])
  func `any unicast network may be a VPC's`(network: String) throws {
    var world = World()
    #expect(try world.makeVPC(network).network.description == network)
  }

  @Test(arguments: ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/8", "255.0.0.0/16", "0.0.0.0/0", "8.0.0.0/7"])
  func `a network without hosts or too large is refused`(text: String) throws {
    var world = World()
    let network = try #require(IPv4Network(text))
    #expect(throws: Refusal.vpcNetworkUnusable(network)) { try world.makeVPC(text) }
  }

  @Test func `a network too small for a subnet is refused`() {
    var world = World()
    #expect(throws: Refusal.self) { try world.makeVPC("10.0.0.0/29") }
  }

  @Test func `two VPCs may have the same network`() throws {
    var world = World()
    try world.makeVPC()
    try world.makeVPC()
    #expect(world.snapshot.vpcs.count == 2)
  }

  @Test func `a VPC with subnets stays`() throws {
    var world = World()
    let vpc = try world.makeVPC()
    try world.makeSubnet("10.1.0.0/24", in: vpc)
    #expect(throws: Refusal.vpcHasSubnets(vpc.id)) { try world.delete(vpc) }
  }

  @Test func `an empty VPC goes`() throws {
    var world = World()
    let vpc = try world.makeVPC()
    try world.delete(vpc)
    #expect(world.snapshot.vpcs.count == 0)
  }

  @Test func `a foreign VPC is unknown`() throws {
    var world = World()
    let vpc = try world.makeVPC()
    #expect(throws: Refusal.unknownVPC(vpc.id)) { try world.delete(vpc, of: World.mallory) }
  }

  @Test func `an update without fields changes nothing`() throws {
    var world = World()
    let vpc = try world.makeVPC()
    let change = try VPCAdmission.update(vpc.id, of: World.alice, in: world.snapshot, now: world.now)
    #expect(change.edits.isEmpty)
  }

  @Test func `an update moves the time of change`() throws {
    var world = World()
    let vpc = try world.makeVPC()
    let later = Timestamp(milliseconds: world.now.milliseconds + 1)
    let change = try VPCAdmission.update(
      vpc.id, name: "other", of: World.alice, in: world.snapshot, now: later)
    #expect(change.outcome.updatedAt == later)
    #expect(change.outcome.name == "other")
  }

  @Test func `a VPC's network cannot shrink below its subnets`() throws {
    var world = World()
    let vpc = try world.makeVPC()
    let subnet = try world.makeSubnet("10.1.0.0/24", in: vpc)
    #expect(throws: Refusal.vpcNetworkExcludes(subnet.network)) {
      try VPCAdmission.update(
        vpc.id, network: IPv4Network("10.2.0.0/16"), of: World.alice, in: world.snapshot, now: world.now)
    }
  }
}

@Suite struct `Admitting subnets` {
  @Test func `a subnet lies inside its VPC`() throws {
    var world = World()
    let vpc = try world.makeVPC("10.1.0.0/16")
    #expect(throws: Refusal.self) { try world.makeSubnet("10.2.0.0/24", in: vpc) }
  }

  @Test func `a subnet may be as large as its VPC`() throws {
    var world = World()
    let vpc = try world.makeVPC("10.1.0.0/16")
    #expect(throws: Never.self) { try world.makeSubnet("10.1.0.0/16", in: vpc) }
  }

  @Test(arguments: ["10.1.0.0/24", "10.1.0.0/16", "10.1.0.128/25"])
  func `subnets of a VPC do not overlap`(network: String) throws {
    var world = World()
    let vpc = try world.makeVPC()
    let first = try world.makeSubnet("10.1.0.0/24", in: vpc)
    #expect(throws: Refusal.subnetOverlaps(try #require(IPv4Network(network)), with: first.id)) {
      try world.makeSubnet(network, in: vpc)
    }
  }

  @Test func `subnets of two VPCs may overlap`() throws {
    var world = World()
    try world.makeSubnet("10.1.0.0/24", in: try world.makeVPC())
    try world.makeSubnet("10.1.0.0/24", in: try world.makeVPC())
    #expect(world.snapshot.subnets.count == 2)
  }

  @Test func `a subnet has room for a gateway and a connection`() throws {
    var world = World()
    let vpc = try world.makeVPC()
    #expect(throws: Refusal.self) { try world.makeSubnet("10.1.0.0/29", in: vpc) }
  }

  @Test(arguments: ["10.1.0.0", "10.1.0.255", "10.1.1.1"])
  func `the gateway is a host of the subnet`(gateway: String) throws {
    var world = World()
    let vpc = try world.makeVPC()
    #expect(throws: Refusal.self) { try world.makeSubnet("10.1.0.0/24", in: vpc, gateway: gateway) }
  }

  @Test func `a zone that the region lacks is refused`() throws {
    var world = World()
    let vpc = try world.makeVPC()
    #expect(throws: Refusal.unknownZone("az9")) {
      try world.makeSubnet("10.1.0.0/24", in: vpc, zone: "az9")
    }
  }

  @Test func `without a zone a subnet is in the first`() throws {
    var world = World()
    let vpc = try world.makeVPC()
    #expect(try world.makeSubnet("10.1.0.0/24", in: vpc).availabilityZone == "az1")
  }

  @Test func `a subnet in a foreign VPC is refused as in an unknown one`() throws {
    var world = World()
    let vpc = try world.makeVPC()
    #expect(throws: Refusal.unknownVPC(vpc.id)) {
      try world.makeSubnet("10.1.0.0/24", in: vpc, of: World.mallory)
    }
  }

  @Test func `a subnet is not found under another VPC`() throws {
    var world = World()
    let subnet = try world.makeSubnet("10.1.0.0/24", in: try world.makeVPC())
    let other = try world.makeVPC()
    #expect(throws: Refusal.unknownSubnet(subnet.id)) {
      try SubnetAdmission.delete(subnet.id, vpc: other.id, of: World.alice, in: world.snapshot)
    }
  }

  @Test func `an attached subnet stays`() throws {
    var world = World()
    let subnet = try world.makeSubnet("10.1.0.0/24", in: try world.makeVPC())
    let attachment = try world.attach(subnet, .layer2, .interface("eth1"))
    #expect(throws: Refusal.subnetInUse(subnet.id, by: .attachment(attachment.id))) {
      try world.delete(subnet)
    }
  }

  @Test func `the tunnel subnet of a switch stays`() throws {
    var world = World()
    let subnet = try world.makeSubnet("10.1.0.0/24", in: try world.makeVPC())
    let instance = try world.makeInstance(in: subnet)
    #expect(throws: Refusal.subnetInUse(subnet.id, by: .instance(instance.id))) { try world.delete(subnet) }
  }

  @Test func `the layer-2 subnet of a connection stays`() throws {
    var world = World()
    let vpc = try world.makeVPC()
    let instance = try world.makeInstance(in: try world.makeSubnet("10.1.0.0/24", in: vpc))
    let subnet = try world.makeSubnet("10.2.0.0/24", in: vpc)
    let connection = try world.connect(subnet, on: instance)
    #expect(throws: Refusal.subnetInUse(subnet.id, by: .connection(connection.id))) {
      try world.delete(subnet)
    }
  }

  @Test func `an update of a subnet leaves what it does not name`() throws {
    var world = World()
    let subnet = try world.makeSubnet("10.1.0.0/24", in: try world.makeVPC())
    let change = try SubnetAdmission.update(
      subnet.id, vpc: subnet.vpc, isDHCPEnabled: false, of: World.alice, in: world.snapshot, now: world.now)
    #expect(!change.outcome.isDHCPEnabled)
    #expect(change.outcome.name == subnet.name)
  }
}
