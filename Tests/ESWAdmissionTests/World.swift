import ESWAdmission
import ESWModel
import Testing

/// Swift Testing has a type of this name too.
typealias Attachment = ESWModel.Attachment

/// Numbers that a seed makes again: SplitMix64 (Steele, Lea, Flood 2014).
struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

/// A store with nothing behind it, a clock that stands still, and short ways to ask.
struct World {
  static let alice = ProjectID("00000000000000000000000000000a11")!
  static let mallory = ProjectID("00000000000000000000000000000bad")!
  static let node = NodeName("node-1")!

  var snapshot = IntentSnapshot(store: StoreID(high: 1, low: 1))
  var reports = ReportSnapshot()
  var region = Region()
  var now = Timestamp(milliseconds: 1_800_000_000_000)
  var instanceStatus = InstanceStatus.Word.active
  var connectionStatus = ConnectionStatus.Word.disconnect
  let minting: Minting

  init(seed: UInt64 = 1) {
    minting = Minting(above: snapshot, randomness: SeededGenerator(seed: seed))
    report([fact("eth0", hasDefaultRoute: true), fact("eth1"), fact("eth2"), fact("br0", kind: "bridge")])
  }

  mutating func report(_ interfaces: [InterfaceFact], of node: NodeName = World.node) {
    let report = GatewayReport(
      node: node, store: snapshot.store, generation: snapshot.revision, dataplane: .simulated,
      kernelRelease: "6.12", interfaces: interfaces, problems: [], connections: [], strangers: [])
    reports.put(ReportSnapshot.Received(report: report, at: now))
  }

  /// Commits what admission allows.
  @discardableResult
  mutating func commit<Outcome>(_ change: IntentChange<Outcome>) -> Outcome {
    if !change.edits.isEmpty { snapshot = snapshot.applying(change.edits) }
    return change.outcome
  }

  @discardableResult
  mutating func makeVPC(_ network: String = "10.0.0.0/8", of project: ProjectID = World.alice) throws -> VPC {
    let request = NewVPC(name: "vpc", description: .empty, network: try #require(IPv4Network(network)))
    return commit(
      try VPCAdmission.create(request, of: project, in: snapshot, minting: minting, now: now))
  }

  @discardableResult
  mutating func makeSubnet(
    _ network: String, in vpc: VPC, gateway: String? = nil, zone: String? = nil,
    of project: ProjectID = World.alice
  ) throws -> Subnet {
    let network = try #require(IPv4Network(network))
    let gateway = try gateway.map { try #require(IPv4Address($0)) } ?? IPv4Address(network.first.value + 1)
    let request = NewSubnet(
      vpc: vpc.id, name: "subnet", description: .empty, network: network, gateway: gateway,
      isDHCPEnabled: true, nameServers: [], availabilityZone: zone)
    return commit(
      try SubnetAdmission.create(
        request, of: project, in: snapshot, region: region, minting: minting, now: now))
  }

  @discardableResult
  mutating func attach(
    _ subnet: Subnet, _ role: Attachment.Role, _ point: AttachmentPoint, on node: NodeName = World.node,
    of project: ProjectID = World.alice
  ) throws -> Attachment {
    let request = NewAttachment(subnet: subnet.id, node: node, role: role, point: point)
    return commit(
      try AttachmentAdmission.create(
        request, of: project, in: snapshot, reports: reports, minting: minting, now: now))
  }

  @discardableResult
  mutating func makeInstance(
    in subnet: Subnet, address: String? = nil, flavor: String = "l2cg.small.ha", zone: String = "az1",
    vpc: VPCID? = nil, of project: ProjectID = World.alice
  ) throws -> Instance {
    let request = NewInstance(
      name: "switch", description: .empty, flavor: flavor, primaryZone: zone, standbyZone: "az2",
      vpc: vpc ?? subnet.vpc, tunnelSubnet: subnet.id,
      tunnelAddress: try address.map { try #require(IPv4Address($0)) })
    let change = try InstanceAdmission.create(
      request, of: project, in: snapshot, region: region, minting: minting, now: now)
    return commit(change).instance
  }

  @discardableResult
  mutating func connect(
    _ subnet: Subnet, on instance: Instance, remotes: [RemoteEndpoint] = [remote(10, "198.51.100.1")],
    fixed: [String]? = nil, vpc: VPCID? = nil, of project: ProjectID = World.alice
  ) throws -> Connection {
    let request = NewConnection(
      name: "connection", vpc: vpc ?? subnet.vpc, subnet: subnet.id, remotes: remotes,
      fixedAddresses: try fixed?.map { try #require(IPv4Address($0)) })
    let status = instanceStatus
    return commit(
      try ConnectionAdmission.create(
        request, on: instance.id, of: project, in: snapshot, minting: minting, now: now,
        status: { _ in status }))
  }

  @discardableResult
  mutating func makePort(
    in subnet: Subnet, address: String? = nil, owner: Port.Owner = .virtualAddress,
    of project: ProjectID = World.alice
  ) throws -> Port {
    let request = NewPort(
      subnet: subnet.id, name: .empty, owner: owner,
      address: try address.map { try #require(IPv4Address($0)) })
    return commit(
      try PortAdmission.create(request, of: project, in: snapshot, minting: minting, now: now))
  }

  mutating func bind(_ port: Port, to connection: Connection, of project: ProjectID = World.alice) throws {
    let status = instanceStatus
    commit(
      try ConnectionAdmission.bind(
        port.id, to: connection.id, of: project, in: snapshot, status: { _ in status }))
  }

  mutating func unbind(_ port: Port, from connection: Connection, of project: ProjectID = World.alice) throws
  {
    commit(try ConnectionAdmission.unbind(port.id, from: connection.id, of: project, in: snapshot))
  }

  mutating func delete(_ port: Port, of project: ProjectID = World.alice) throws {
    commit(try PortAdmission.delete(port.id, of: project, in: snapshot))
  }

  mutating func delete(_ instance: Instance, of project: ProjectID = World.alice) throws -> Job {
    let status = instanceStatus
    return commit(
      try InstanceAdmission.delete(
        instance.id, of: project, in: snapshot, minting: minting, now: now, status: { _ in status }))
  }

  mutating func delete(_ connection: Connection, of project: ProjectID = World.alice) throws {
    let status = connectionStatus
    commit(
      try ConnectionAdmission.delete(
        connection.id, on: connection.instance, of: project, in: snapshot, status: { _ in status }))
  }

  mutating func delete(_ subnet: Subnet, of project: ProjectID = World.alice) throws {
    commit(try SubnetAdmission.delete(subnet.id, vpc: subnet.vpc, of: project, in: snapshot))
  }

  mutating func delete(_ vpc: VPC, of project: ProjectID = World.alice) throws {
    commit(try VPCAdmission.delete(vpc.id, of: project, in: snapshot))
  }

  mutating func delete(_ attachment: Attachment, of project: ProjectID = World.alice) throws {
    commit(try AttachmentAdmission.delete(attachment.id, of: project, in: snapshot))
  }
}

extension ResourceName: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self.init(value)! }
}

extension InterfaceName: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self.init(value)! }
}

func remote(_ vni: UInt32, _ address: String, port: UInt16 = 4789) -> RemoteEndpoint {
  RemoteEndpoint(vni: VNI(vni)!, address: IPv4Address(address)!, port: port)
}

func fact(
  _ name: InterfaceName, kind: String? = nil, isLoopback: Bool = false, master: InterfaceName? = nil,
  hasDefaultRoute: Bool = false, isOurs: Bool = false
) -> InterfaceFact {
  InterfaceFact(
    name: name, index: 2, kind: kind, isUp: true, isPromiscuous: false, isLoopback: isLoopback, mtu: 1500,
    master: master, hasDefaultRoute: hasDefaultRoute, addresses: [], isOurs: isOurs)
}
