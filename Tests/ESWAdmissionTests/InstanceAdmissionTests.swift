import ESWModel
import Testing

@testable import ESWAdmission

@Suite struct `Admitting switches` {
  var world = World()
  let vpc: VPC
  let subnet: Subnet

  init() throws {
    vpc = try world.makeVPC()
    subnet = try world.makeSubnet("10.1.0.0/28", in: vpc)
  }

  @Test mutating func `a switch is made with a job of the same revision`() throws {
    try world.attach(subnet, .tunnel, .interface("eth0"))
    let revision = world.snapshot.revision.next
    let instance = try world.makeInstance(in: subnet)
    let jobs = world.snapshot.jobIDs(of: instance.id).compactMap { world.snapshot.jobs[$0] }
    #expect(jobs.map(\.kind) == [.createInstance])
    #expect(jobs.map(\.createdIn) == [revision])
    #expect(jobs.map(\.node) == [World.node])
    #expect(instance.createdIn == revision)
    #expect(world.snapshot.revision == revision)
  }

  @Test mutating func `without an attachment its job waits for no node`() throws {
    let instance = try world.makeInstance(in: subnet)
    let job = try #require(world.snapshot.jobIDs(of: instance.id).first)
    #expect(try #require(world.snapshot.jobs[job]).node == nil)
  }

  @Test mutating func `an unknown flavor is refused`() {
    #expect(throws: Refusal.unknownFlavor("l2cg.huge.ha")) {
      try world.makeInstance(in: subnet, flavor: "l2cg.huge.ha")
    }
  }

  @Test mutating func `an unknown zone is refused`() {
    #expect(throws: Refusal.unknownZone("az9")) { try world.makeInstance(in: subnet, zone: "az9") }
  }

  @Test mutating func `both zones may be one`() {
    #expect(throws: Never.self) { try world.makeInstance(in: subnet, zone: "az2") }
  }

  @Test mutating func `a foreign VPC is unknown`() {
    #expect(throws: Refusal.unknownVPC(vpc.id)) { try world.makeInstance(in: subnet, of: World.mallory) }
  }

  @Test mutating func `a subnet of another VPC is unknown`() throws {
    let other = try world.makeVPC()
    #expect(throws: Refusal.unknownSubnet(subnet.id)) { try world.makeInstance(in: subnet, vpc: other.id) }
  }

  @Test mutating func `a foreign subnet is unknown`() throws {
    let theirs = try world.makeVPC(of: World.mallory)
    #expect(throws: Refusal.unknownSubnet(subnet.id)) {
      try world.makeInstance(in: subnet, vpc: theirs.id, of: World.mallory)
    }
  }

  @Test mutating func `the quota holds`() throws {
    for _ in 0..<5 { try world.makeInstance(in: subnet) }
    #expect(throws: Refusal.instanceQuotaReached(quota: 5)) { try world.makeInstance(in: subnet) }
  }

  @Test mutating func `a deleted switch makes room in the quota`() throws {
    let instances = try (0..<5).map { _ in try world.makeInstance(in: subnet) }
    _ = try world.delete(instances[2])
    #expect(throws: Never.self) { try world.makeInstance(in: subnet) }
  }

  @Test mutating func `one project's switches do not count for another`() throws {
    for _ in 0..<5 { try world.makeInstance(in: subnet) }
    let theirs = try world.makeVPC(of: World.mallory)
    let tunnel = try world.makeSubnet("10.1.0.0/24", in: theirs, of: World.mallory)
    #expect(throws: Never.self) { try world.makeInstance(in: tunnel, of: World.mallory) }
  }

  @Test(arguments: ["10.1.0.0", "10.1.0.1", "10.1.0.15", "10.1.0.16", "10.1.0.9"])
  mutating func `an address that is not free is refused`(address: String) throws {
    try world.makeInstance(in: subnet, address: "10.1.0.9")
    #expect(throws: Refusal.tunnelAddressUnavailable(try #require(IPv4Address(address)))) {
      try world.makeInstance(in: subnet, address: address)
    }
  }

  @Test mutating func `the lowest free address above the gateway is chosen`() throws {
    try world.makeInstance(in: subnet, address: "10.1.0.2")
    #expect(try world.makeInstance(in: subnet).tunnelAddress.description == "10.1.0.3")
  }

  @Test mutating func `below a high gateway the lowest free address is chosen`() throws {
    let subnet = try world.makeSubnet("10.2.0.0/28", in: vpc, gateway: "10.2.0.14")
    #expect(try world.makeInstance(in: subnet).tunnelAddress.description == "10.2.0.1")
  }

  @Test mutating func `a full tunnel subnet is refused`() throws {
    world.region = Region(instanceQuota: 100)
    for _ in 0..<13 { try world.makeInstance(in: subnet) }
    #expect(throws: Refusal.noTunnelAddressLeft(subnet.id)) { try world.makeInstance(in: subnet) }
  }

  @Test mutating func `an address that the node holds for another subnet is not chosen`() throws {
    let twin = try world.makeSubnet("10.1.0.0/28", in: try world.makeVPC())
    try world.attach(subnet, .tunnel, .interface("eth0"))
    try world.attach(twin, .tunnel, .interface("eth0"))
    let first = try world.makeInstance(in: subnet)
    let second = try world.makeInstance(in: twin)
    #expect(first.tunnelAddress != second.tunnelAddress)
  }

  @Test mutating func `an address that the node holds for another subnet is refused`() throws {
    let twin = try world.makeSubnet("10.1.0.0/28", in: try world.makeVPC())
    try world.attach(subnet, .tunnel, .interface("eth0"))
    try world.attach(twin, .tunnel, .interface("eth0"))
    let first = try world.makeInstance(in: subnet)
    #expect(throws: Refusal.tunnelAddressUnavailable(first.tunnelAddress)) {
      try world.makeInstance(in: twin, address: first.tunnelAddress.description)
    }
  }

  @Test mutating func `a layer-2 subnet is no tunnel subnet`() throws {
    let layer2 = try world.makeSubnet("10.2.0.0/24", in: vpc)
    let connection = try world.connect(layer2, on: try world.makeInstance(in: subnet))
    #expect(throws: Refusal.tunnelSubnetIsLayer2(layer2.id, of: [connection.id])) {
      try world.makeInstance(in: layer2)
    }
  }

  @Test mutating func `an update moves the time of change and keeps the rest`() throws {
    let instance = try world.makeInstance(in: subnet)
    let later = Timestamp(milliseconds: world.now.milliseconds + 5)
    let change = try InstanceAdmission.update(
      instance.id, name: "renamed", of: World.alice, in: world.snapshot, now: later)
    #expect(change.outcome.name == "renamed")
    #expect(change.outcome.updatedAt == later)
    #expect(change.outcome.createdIn == instance.createdIn)
  }

  @Test mutating func `a clock that was set back does not set back the time of change`() throws {
    let instance = try world.makeInstance(in: subnet)
    let change = try InstanceAdmission.update(
      instance.id, name: "renamed", of: World.alice, in: world.snapshot, now: Timestamp(milliseconds: 1))
    #expect(change.outcome.updatedAt == instance.updatedAt)
  }

  @Test mutating func `a switch being built stays`() throws {
    let instance = try world.makeInstance(in: subnet)
    world.instanceStatus = .build
    #expect(throws: Refusal.instanceBeingBuilt(instance.id)) { try world.delete(instance) }
  }

  @Test mutating func `a switch with connections stays`() throws {
    let instance = try world.makeInstance(in: subnet)
    try world.connect(try world.makeSubnet("10.2.0.0/24", in: vpc), on: instance)
    #expect(throws: Refusal.instanceHasConnections(instance.id)) { try world.delete(instance) }
  }

  @Test(arguments: [InstanceStatus.Word.active, .failed, .abnormal])
  mutating func `a switch without connections goes`(status: InstanceStatus.Word) throws {
    let instance = try world.makeInstance(in: subnet)
    world.instanceStatus = status
    let job = try world.delete(instance)
    #expect(job.kind == .deleteInstance)
    #expect(world.snapshot.instances.count == 0)
    #expect(world.snapshot.jobIDs(of: instance.id).count == 2)
  }

  @Test mutating func `a second deletion finds nothing`() throws {
    let instance = try world.makeInstance(in: subnet)
    _ = try world.delete(instance)
    #expect(throws: Refusal.unknownInstance(instance.id)) { try world.delete(instance) }
  }

  @Test mutating func `a foreign switch is unknown`() throws {
    let instance = try world.makeInstance(in: subnet)
    #expect(throws: Refusal.unknownInstance(instance.id)) {
      try world.delete(instance, of: World.mallory)
    }
  }

  @Test mutating func `jobs of deleted switches are bounded and the newest stay`() throws {
    let survivor = try world.makeInstance(in: subnet)
    var last = survivor
    for _ in 0..<JobRetention.mostKept {
      last = try world.makeInstance(in: subnet)
      _ = try world.delete(last)
    }
    #expect(world.snapshot.jobs.count == JobRetention.mostKept + 1)
    #expect(world.snapshot.jobIDs(of: last.id).count == 2)
    #expect(world.snapshot.jobIDs(of: survivor.id).count == 1)
  }
}
