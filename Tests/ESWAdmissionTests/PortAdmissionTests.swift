import ESWAdmission
import ESWModel
import Testing

/// A switch with one stretched subnet and one that is not.
private struct Segment {
  var world = World()
  let tunnel: Subnet
  let subnet: Subnet
  let other: Subnet
  let instance: Instance
  let connection: Connection

  init() throws {
    let vpc = try world.makeVPC()
    tunnel = try world.makeSubnet("10.1.0.0/24", in: vpc)
    subnet = try world.makeSubnet("10.2.0.0/24", in: vpc)
    other = try world.makeSubnet("10.3.0.0/24", in: vpc)
    instance = try world.makeInstance(in: tunnel, address: "10.1.0.2")
    connection = try world.connect(subnet, on: instance, fixed: ["10.2.0.2", "10.2.0.4"])
  }
}

private func address(_ text: String) throws -> IPv4Address { try #require(IPv4Address(text)) }

@Suite struct `Admitting ports` {
  @Test func `the next address that nobody has is chosen`() throws {
    var segment = try Segment()
    let chosen = try (0..<4).map { _ in try segment.world.makePort(in: segment.subnet).address.description }
    #expect(chosen == ["10.2.0.3", "10.2.0.5", "10.2.0.6", "10.2.0.7"])
    #expect(try segment.world.makePort(in: segment.tunnel).address.description == "10.1.0.3")
  }

  @Test(arguments: [
    "10.2.0.0", "10.2.0.1", "10.2.0.2", "10.2.0.4", "10.2.0.253", "10.2.0.254", "10.2.0.255", "10.3.0.9",
  ])
  func `an address that is taken, the system's or elsewhere is refused`(text: String) throws {
    var segment = try Segment()
    #expect(throws: Refusal.portAddressUnavailable(try address(text))) {
      try segment.world.makePort(in: segment.subnet, address: text)
    }
  }

  @Test func `the address of a switch is refused`() throws {
    var segment = try Segment()
    #expect(throws: Refusal.portAddressUnavailable(try address("10.1.0.2"))) {
      try segment.world.makePort(in: segment.tunnel, address: "10.1.0.2")
    }
  }

  @Test func `an address is given once, and again when its port is gone`() throws {
    var segment = try Segment()
    let port = try segment.world.makePort(in: segment.subnet, address: "10.2.0.9")
    #expect(throws: Refusal.portAddressUnavailable(try address("10.2.0.9"))) {
      try segment.world.makePort(in: segment.subnet, address: "10.2.0.9")
    }
    try segment.world.delete(port)
    #expect(throws: Never.self) { try segment.world.makePort(in: segment.subnet, address: "10.2.0.9") }
  }

  @Test func `an address that was given back rests until the others are used up`() throws {
    var world = World()
    let subnet = try world.makeSubnet("10.1.0.0/28", in: try world.makeVPC())
    let first = try world.makePort(in: subnet)
    try world.makePort(in: subnet)
    try world.delete(first)
    let others = try (0..<10).map { _ in try world.makePort(in: subnet).address }
    #expect(!others.dropLast().contains(first.address))
    #expect(others.last == first.address)
  }

  @Test func `a subnet has so many addresses and no more`() throws {
    var world = World()
    let subnet = try world.makeSubnet("10.1.0.0/28", in: try world.makeVPC())
    for _ in 0..<11 { try world.makePort(in: subnet) }
    #expect(throws: Refusal.noPortAddressLeft(subnet.id)) { try world.makePort(in: subnet) }
  }

  @Test func `a full subnet is still good for a connection`() throws {
    var world = World()
    let vpc = try world.makeVPC()
    let instance = try world.makeInstance(in: try world.makeSubnet("10.2.0.0/24", in: vpc))
    let subnet = try world.makeSubnet("10.1.0.0/28", in: vpc)
    for _ in 0..<11 { try world.makePort(in: subnet) }
    #expect(
      try world.connect(subnet, on: instance).fixedAddresses.map(\.description) == ["10.1.0.14", "10.1.0.13"])
  }

  @Test func `a switch and a connection keep off the addresses of ports`() throws {
    var world = World()
    let vpc = try world.makeVPC()
    let (tunnel, subnet) = (
      try world.makeSubnet("10.1.0.0/24", in: vpc), try world.makeSubnet("10.2.0.0/24", in: vpc)
    )
    try world.makePort(in: tunnel, address: "10.1.0.2")
    try world.makePort(in: subnet, address: "10.2.0.9")
    #expect(throws: Refusal.tunnelAddressUnavailable(try address("10.1.0.2"))) {
      try world.makeInstance(in: tunnel, address: "10.1.0.2")
    }
    let instance = try world.makeInstance(in: tunnel)
    #expect(instance.tunnelAddress.description == "10.1.0.3")
    #expect(throws: Refusal.fixedAddressUnavailable(try address("10.2.0.9"))) {
      try world.connect(subnet, on: instance, fixed: ["10.2.0.8", "10.2.0.9"])
    }
  }

  @Test func `of many at once all are made or none`() throws {
    var segment = try Segment()
    func request(_ text: String?) throws -> NewPort {
      NewPort(
        subnet: segment.subnet.id, name: .empty, owner: .none, address: try text.map { try address($0) })
    }
    func create(_ requests: [NewPort]) throws -> IntentChange<[Port]> {
      try PortAdmission.create(
        requests, of: World.alice, in: segment.world.snapshot, minting: segment.world.minting,
        now: segment.world.now)
    }
    #expect(throws: Refusal.portAddressUnavailable(try address("10.2.0.3"))) {
      try create([try request(nil), try request("10.2.0.3")])
    }
    let change = try create([try request(nil), try request("10.2.0.9"), try request(nil)])
    #expect(change.outcome.map(\.address.description) == ["10.2.0.3", "10.2.0.9", "10.2.0.10"])
    #expect(segment.world.commit(change).map(\.id).sorted() == change.outcome.map(\.id))
  }

  @Test func `a project has so many and no more`() throws {
    var world = World()
    let subnet = try world.makeSubnet("10.0.0.0/16", in: try world.makeVPC())
    let request = NewPort(subnet: subnet.id, name: .empty, owner: .none, address: nil)
    let requests = Array(repeating: request, count: PortAdmission.mostOfProject)
    world.commit(
      try PortAdmission.create(
        requests, of: World.alice, in: world.snapshot, minting: world.minting, now: world.now))
    #expect(throws: Refusal.portQuotaReached(quota: PortAdmission.mostOfProject)) {
      try world.makePort(in: subnet)
    }
  }

  @Test func `a foreign subnet and a foreign port are unknown`() throws {
    var segment = try Segment()
    let port = try segment.world.makePort(in: segment.subnet)
    #expect(throws: Refusal.unknownSubnet(segment.subnet.id)) {
      try segment.world.makePort(in: segment.subnet, of: World.mallory)
    }
    #expect(throws: Refusal.unknownPort(port.id)) { try segment.world.delete(port, of: World.mallory) }
    #expect(throws: Refusal.unknownPort(port.id)) {
      try PortAdmission.update(
        port.id, name: PortName("mine"), of: World.mallory, in: segment.world.snapshot)
    }
  }

  @Test func `a subnet with a port stays`() throws {
    var segment = try Segment()
    let port = try segment.world.makePort(in: segment.other)
    #expect(throws: Refusal.subnetInUse(segment.other.id, by: .port(port.id))) {
      try segment.world.delete(segment.other)
    }
  }

  @Test func `the same name again changes nothing`() throws {
    var segment = try Segment()
    let port = try segment.world.makePort(in: segment.subnet)
    func update(_ name: PortName?) throws -> IntentChange<Port> {
      try PortAdmission.update(port.id, name: name, of: World.alice, in: segment.world.snapshot)
    }
    #expect(try update(nil).edits.isEmpty)
    #expect(try update(.empty).edits.isEmpty)
    #expect(try update(PortName("一")).outcome.name.description == "一")
  }
}

@Suite struct `Binding a port to a connection` {
  @Test func `makes the connection speak for it, once however often it is asked`() throws {
    var segment = try Segment()
    let port = try segment.world.makePort(in: segment.subnet)
    try segment.world.bind(port, to: segment.connection)
    let revision = segment.world.snapshot.revision
    try segment.world.bind(port, to: segment.connection)
    #expect(segment.world.snapshot.revision == revision)
    #expect(segment.world.snapshot.ports(boundTo: segment.connection.id).map(\.id) == [port.id])
  }

  @Test func `leaves the connection's time of change`() throws {
    var segment = try Segment()
    let port = try segment.world.makePort(in: segment.subnet)
    segment.world.now = Timestamp(milliseconds: segment.world.now.milliseconds + 5000)
    try segment.world.bind(port, to: segment.connection)
    #expect(segment.world.snapshot.connections[segment.connection.id] == segment.connection)
  }

  @Test func `wants a virtual address`() throws {
    var segment = try Segment()
    let port = try segment.world.makePort(in: segment.subnet, owner: .none)
    #expect(throws: Refusal.portNotVirtual(port.id)) {
      try segment.world.bind(port, to: segment.connection)
    }
  }

  @Test func `wants a port of the stretched subnet`() throws {
    var segment = try Segment()
    let port = try segment.world.makePort(in: segment.other)
    #expect(throws: Refusal.portOfOtherSubnet(port.id, segment.subnet.id)) {
      try segment.world.bind(port, to: segment.connection)
    }
  }

  @Test(arguments: [InstanceStatus.Word.build, .failed, .abnormal])
  func `wants an active switch, unbinding does not`(status: InstanceStatus.Word) throws {
    var segment = try Segment()
    let ports = [
      try segment.world.makePort(in: segment.subnet), try segment.world.makePort(in: segment.subnet),
    ]
    try segment.world.bind(ports[0], to: segment.connection)
    segment.world.instanceStatus = status
    #expect(throws: Refusal.instanceNotActive(segment.instance.id)) {
      try segment.world.bind(ports[1], to: segment.connection)
    }
    try segment.world.unbind(ports[0], from: segment.connection)
    #expect(segment.world.snapshot.ports(boundTo: segment.connection.id).isEmpty)
  }

  @Test func `to another connection is refused`() throws {
    var segment = try Segment()
    let large = try segment.world.makeInstance(in: segment.tunnel, flavor: "l2cg.large.ha")
    let second = try segment.world.connect(segment.other, on: large)
    let port = try segment.world.makePort(in: segment.subnet)
    try segment.world.bind(port, to: segment.connection)
    #expect(throws: Refusal.portBound(port.id, to: segment.connection.id)) {
      try segment.world.bind(port, to: second)
    }
    #expect(throws: Refusal.portBound(port.id, to: segment.connection.id)) {
      try segment.world.unbind(port, from: second)
    }
  }

  @Test func `keeps the port from being deleted until it is unbound`() throws {
    var segment = try Segment()
    let port = try segment.world.makePort(in: segment.subnet)
    try segment.world.bind(port, to: segment.connection)
    #expect(throws: Refusal.portBound(port.id, to: segment.connection.id)) { try segment.world.delete(port) }
    try segment.world.unbind(port, from: segment.connection)
    try segment.world.delete(port)
    #expect(segment.world.snapshot.ports.count == 0)
  }

  @Test func `ends with the connection`() throws {
    var segment = try Segment()
    let port = try segment.world.makePort(in: segment.subnet)
    try segment.world.bind(port, to: segment.connection)
    try segment.world.delete(segment.connection)
    #expect(segment.world.snapshot.ports[port.id] == port)
  }

  @Test func `has an end`() throws {
    var segment = try Segment()
    for _ in 0..<ConnectionAdmission.mostBoundPorts {
      try segment.world.bind(try segment.world.makePort(in: segment.subnet), to: segment.connection)
    }
    let port = try segment.world.makePort(in: segment.subnet)
    #expect(
      throws: Refusal.boundPortLimitReached(
        segment.connection.id, limit: ConnectionAdmission.mostBoundPorts)
    ) { try segment.world.bind(port, to: segment.connection) }
  }

  @Test func `unbinding what is not bound changes nothing`() throws {
    var segment = try Segment()
    let port = try segment.world.makePort(in: segment.subnet)
    let revision = segment.world.snapshot.revision
    try segment.world.unbind(port, from: segment.connection)
    #expect(segment.world.snapshot.revision == revision)
  }

  @Test func `a foreign connection and a foreign port are unknown`() throws {
    var segment = try Segment()
    let port = try segment.world.makePort(in: segment.subnet)
    #expect(throws: Refusal.unknownConnection(segment.connection.id, of: nil)) {
      try segment.world.bind(port, to: segment.connection, of: World.mallory)
    }
    #expect(throws: Refusal.unknownConnection(segment.connection.id, of: nil)) {
      try segment.world.unbind(port, from: segment.connection, of: World.mallory)
    }
    let foreign = try segment.world.makePort(
      in: try segment.world.makeSubnet(
        "10.1.0.0/24", in: try segment.world.makeVPC(of: World.mallory), of: World.mallory),
      of: World.mallory)
    #expect(throws: Refusal.unknownPort(foreign.id)) {
      try segment.world.bind(foreign, to: segment.connection)
    }
  }
}
