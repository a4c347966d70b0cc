import ESWAdmission
import ESWModel
import Testing

@Suite struct `Admitting connections` {
  var world = World()
  let vpc: VPC
  let tunnel: Subnet
  let subnet: Subnet
  let other: Subnet
  let instance: Instance

  init() throws {
    vpc = try world.makeVPC()
    tunnel = try world.makeSubnet("10.1.0.0/24", in: vpc)
    subnet = try world.makeSubnet("10.2.0.0/24", in: vpc)
    other = try world.makeSubnet("10.3.0.0/24", in: vpc)
    instance = try world.makeInstance(in: tunnel, flavor: "l2cg.medium.ha")
  }

  @Test(arguments: [InstanceStatus.Word.build, .failed, .abnormal])
  mutating func `only an active switch is connected`(status: InstanceStatus.Word) {
    world.instanceStatus = status
    #expect(throws: Refusal.instanceNotActive(instance.id)) { try world.connect(subnet, on: instance) }
  }

  @Test mutating func `a foreign switch is unknown`() {
    #expect(throws: Refusal.unknownInstance(instance.id)) {
      try world.connect(subnet, on: instance, of: World.mallory)
    }
  }

  @Test mutating func `an unknown VPC is refused`() {
    let nowhere = VPCID(high: 9, low: 9)
    #expect(throws: Refusal.unknownVPC(nowhere)) { try world.connect(subnet, on: instance, vpc: nowhere) }
  }

  @Test mutating func `another VPC than the switch's is refused`() throws {
    let elsewhere = try world.makeVPC()
    #expect(throws: Refusal.vpcNotOfInstance(elsewhere.id, instance.id)) {
      try world.connect(subnet, on: instance, vpc: elsewhere.id)
    }
  }

  @Test mutating func `a subnet of another VPC is unknown`() throws {
    let elsewhere = try world.makeSubnet("10.4.0.0/24", in: try world.makeVPC())
    #expect(throws: Refusal.unknownSubnet(elsewhere.id)) {
      try world.connect(elsewhere, on: instance, vpc: vpc.id)
    }
  }

  @Test mutating func `a subnet has one connection`() throws {
    let first = try world.connect(subnet, on: instance)
    #expect(throws: Refusal.subnetInUse(subnet.id, by: .connection(first.id))) {
      try world.connect(subnet, on: instance, remotes: [remote(11, "198.51.100.1")])
    }
  }

  @Test mutating func `a tunnel subnet is not connected`() {
    #expect(throws: Refusal.subnetInUse(tunnel.id, by: .instance(instance.id))) {
      try world.connect(tunnel, on: instance)
    }
  }

  @Test(arguments: [0, 3])
  mutating func `one or two remotes are wanted`(count: Int) {
    let remotes = (0..<count).map { remote(UInt32($0) + 1, "198.51.100.1") }
    #expect(throws: Refusal.remoteCount(count)) { try world.connect(subnet, on: instance, remotes: remotes) }
  }

  @Test mutating func `a remote stands once in a connection, whatever its port`() throws {
    let twice = [remote(10, "198.51.100.1"), remote(10, "198.51.100.1", port: 8472)]
    let pair = twice[0]
    #expect(throws: Refusal.remoteTaken(pair.vni, pair.address)) {
      try world.connect(subnet, on: instance, remotes: twice)
    }
  }

  @Test mutating func `a remote stands once in a switch`() throws {
    try world.connect(subnet, on: instance)
    let pair = remote(10, "198.51.100.1")
    #expect(throws: Refusal.remoteTaken(pair.vni, pair.address)) { try world.connect(other, on: instance) }
  }

  @Test(arguments: [remote(11, "198.51.100.1"), remote(10, "198.51.100.2")])
  mutating func `a remote with another VNI or address is another`(second: RemoteEndpoint) throws {
    try world.connect(subnet, on: instance)
    #expect(throws: Never.self) { try world.connect(other, on: instance, remotes: [second]) }
  }

  @Test mutating func `two switches may have the same remote`() throws {
    let second = try world.makeInstance(in: tunnel)
    try world.connect(subnet, on: instance)
    #expect(throws: Never.self) { try world.connect(other, on: second) }
  }

  @Test mutating func `the switch's own tunnel address may be a remote`() {
    let own = instance.tunnelAddress.description
    #expect(throws: Never.self) { try world.connect(subnet, on: instance, remotes: [remote(10, own)]) }
  }

  @Test(arguments: ["0.0.0.0", "127.0.0.1", "239.1.1.1", "255.255.255.255"])
  mutating func `a remote is a host's address`(address: String) throws {
    #expect(throws: Refusal.remoteAddressUnusable(try #require(IPv4Address(address)))) {
      try world.connect(subnet, on: instance, remotes: [remote(10, address)])
    }
  }

  @Test mutating func `the flavor's limit holds`() throws {
    for (third, vni) in zip(2...4, 1...3) {
      let subnet = try world.makeSubnet("10.\(third + 10).0.0/24", in: vpc)
      try world.connect(subnet, on: instance, remotes: [remote(UInt32(vni), "198.51.100.1")])
    }
    #expect(throws: Refusal.connectionLimitReached(instance.id, limit: 3)) {
      try world.connect(subnet, on: instance, remotes: [remote(9, "198.51.100.1")])
    }
  }

  @Test mutating func `fixed addresses keep the caller's order`() throws {
    let connection = try world.connect(subnet, on: instance, fixed: ["10.2.0.9", "10.2.0.4"])
    #expect(connection.fixedAddresses.map(\.description) == ["10.2.0.9", "10.2.0.4"])
  }

  @Test(arguments: [[], ["10.2.0.9"], ["10.2.0.9", "10.2.0.9"], ["10.2.0.7", "10.2.0.8", "10.2.0.9"]])
  mutating func `fixed addresses are two that differ`(fixed: [String]) {
    #expect(throws: Refusal.fixedAddressesNotTwo(fixed.compactMap(IPv4Address.init))) {
      try world.connect(subnet, on: instance, fixed: fixed)
    }
  }

  @Test(arguments: ["10.2.0.0", "10.2.0.1", "10.2.0.255", "10.3.0.4"])
  mutating func `a fixed address is a host of the subnet and not its gateway`(address: String) throws {
    #expect(throws: Refusal.fixedAddressUnavailable(try #require(IPv4Address(address)))) {
      try world.connect(subnet, on: instance, fixed: ["10.2.0.9", address])
    }
  }

  @Test mutating func `the highest two addresses are chosen`() throws {
    let connection = try world.connect(subnet, on: instance)
    #expect(connection.fixedAddresses.map(\.description) == ["10.2.0.254", "10.2.0.253"])
  }

  @Test mutating func `a high gateway is passed over`() throws {
    let subnet = try world.makeSubnet("10.5.0.0/28", in: vpc, gateway: "10.5.0.13")
    let connection = try world.connect(subnet, on: instance)
    #expect(connection.fixedAddresses.map(\.description) == ["10.5.0.14", "10.5.0.12"])
  }

  @Test mutating func `a number is never given twice`() throws {
    let first = try world.connect(subnet, on: instance)
    try world.delete(first)
    let second = try world.connect(subnet, on: instance)
    #expect(second.number > first.number)
  }

  @Test mutating func `numbers end before they repeat`() throws {
    world.snapshot = IntentSnapshot(store: StoreID(high: 1, low: 1), nextConnectionNumber: .max)
    let vpc = try world.makeVPC()
    let instance = try world.makeInstance(in: try world.makeSubnet("10.1.0.0/24", in: vpc))
    let subnet = try world.makeSubnet("10.2.0.0/24", in: vpc)
    #expect(throws: Refusal.connectionNumbersUsedUp) { try world.connect(subnet, on: instance) }
  }

  @Test mutating func `an update renames and moves the time of change`() throws {
    let connection = try world.connect(subnet, on: instance)
    let later = Timestamp(milliseconds: world.now.milliseconds + 5)
    let change = try ConnectionAdmission.update(
      connection.id, on: instance.id, name: "renamed", of: World.alice, in: world.snapshot, now: later)
    #expect(change.outcome.name == "renamed")
    #expect(change.outcome.updatedAt == later)
    #expect(change.outcome.createdIn == connection.createdIn)
  }

  @Test mutating func `a connection being built stays`() throws {
    let connection = try world.connect(subnet, on: instance)
    world.connectionStatus = .pending
    #expect(throws: Refusal.connectionBeingBuilt(connection.id)) { try world.delete(connection) }
  }

  @Test(arguments: [ConnectionStatus.Word.connected, .disconnect, .failed, .abnormal])
  mutating func `a connection that was built goes`(status: ConnectionStatus.Word) throws {
    let connection = try world.connect(subnet, on: instance)
    world.connectionStatus = status
    try world.delete(connection)
    #expect(world.snapshot.connections.count == 0)
  }

  @Test mutating func `a connection is unknown under another switch`() throws {
    let connection = try world.connect(subnet, on: instance)
    let second = try world.makeInstance(in: tunnel)
    #expect(throws: Refusal.unknownConnection(connection.id, of: second.id)) {
      try ConnectionAdmission.delete(
        connection.id, on: second.id, of: World.alice, in: world.snapshot, status: { _ in .connected })
    }
  }
}
