import ESWModel

@testable import ESWPlanning

/// A small region: two VPC subnets, attached on one node.
struct Sample {
  static let project = ProjectID("8f14e45fceea467fa1d0a1b2c3d4e5f6")!
  static let node = NodeName("node-1")!
  static let underlay = InterfaceName("eth0")!
  static let segment = InterfaceName("eth1")!
  static let bridge = InterfaceName("br0")!
  static let now = Timestamp(milliseconds: 1_800_000_000_000)

  static func id<Subject>(_ number: UInt64) -> Identifier<Subject> { Identifier(high: 1, low: number) }
  static func remote(_ last: UInt8, vni: UInt32 = 100) -> RemoteEndpoint {
    RemoteEndpoint(vni: VNI(vni)!, address: IPv4Address(0xC0A8_0100 + UInt32(last)))
  }

  var snapshot = IntentSnapshot(store: id(99))

  init(point: AttachmentPoint = .interface(segment)) {
    let tunnelSubnet = Self.subnet(1, "10.9.0.0/24", gateway: "10.9.0.1")
    let layer2Subnet = Self.subnet(2, "192.168.0.0/24", gateway: "192.168.0.1")
    snapshot = snapshot.applying([
      .putSubnet(tunnelSubnet), .putSubnet(layer2Subnet),
      .putAttachment(Self.attachment(1, tunnelSubnet.id, .tunnel, .interface(Self.underlay))),
      .putAttachment(Self.attachment(2, layer2Subnet.id, .layer2, point)),
    ])
  }

  mutating func addInstance() {
    let revision = snapshot.revision.next
    let name = ResourceName("edge")!
    snapshot = snapshot.applying([
      .putInstance(
        Instance(
          id: Self.id(10), project: Self.project, name: name, description: .empty, flavor: .large,
          primaryZone: "az1", standbyZone: "az2", vpc: Self.id(5), tunnelSubnet: Self.id(1),
          tunnelAddress: IPv4Address("10.9.0.12")!, createdAt: Self.now, updatedAt: Self.now,
          createdIn: revision)),
      .putJob(
        Job(
          id: Self.id(11), project: Self.project, kind: .createInstance, instance: Self.id(10),
          instanceName: name, begunAt: Self.now, createdIn: revision, node: Self.node)),
    ])
  }

  mutating func addConnection(number: UInt32 = 1, remotes: [RemoteEndpoint] = [remote(7)]) {
    snapshot = snapshot.applying([
      .putConnection(
        Connection(
          id: Self.id(20 + UInt64(number)), number: ConnectionNumber(number), project: Self.project,
          instance: Self.id(10), name: ResourceName("stretch")!, vpc: Self.id(5), subnet: Self.id(2),
          remotes: remotes,
          fixedAddresses: [IPv4Address("192.168.0.250")!, IPv4Address("192.168.0.251")!],
          createdAt: Self.now, updatedAt: Self.now, createdIn: snapshot.revision.next))
    ])
  }

  static func full(point: AttachmentPoint = .interface(segment)) -> Sample {
    var sample = Sample(point: point)
    sample.addInstance()
    sample.addConnection()
    return sample
  }

  var configuration: GatewayConfiguration { GatewayConfiguration(for: Self.node, from: snapshot) }
  var instance: Instance { snapshot.instances[Self.id(10)]! }
  var connection: Connection { snapshot.connections[Self.id(21)]! }

  static func interface(
    _ name: InterfaceName, kind: String? = nil, isUp: Bool = true, isPromiscuous: Bool = false,
    addresses: [InterfaceAddress] = [], isOurs: Bool = false
  ) -> InterfaceFact {
    InterfaceFact(
      name: name, index: UInt32(name.description.utf8.reduce(0) { $0 + Int($1) }), kind: kind, isUp: isUp,
      isPromiscuous: isPromiscuous, isLoopback: false, mtu: 1500, master: nil, hasDefaultRoute: false,
      addresses: addresses, isOurs: isOurs)
  }

  static func observation(
    _ state: DataplaneState = DataplaneState(),
    _ interfaces: [InterfaceFact] = [
      interface(underlay), interface(segment), interface(bridge, kind: "bridge"),
    ]
  ) -> DataplaneObservation {
    DataplaneObservation(state: state, interfaces: interfaces)
  }

  private static func subnet(_ number: UInt64, _ network: String, gateway: String) -> Subnet {
    Subnet(
      id: id(number), project: project, vpc: id(5), name: ResourceName("subnet")!, description: .empty,
      network: IPv4Network(network)!, gateway: IPv4Address(gateway)!, isDHCPEnabled: true, nameServers: [],
      availabilityZone: "az1", createdAt: now, updatedAt: now)
  }

  private static func attachment(
    _ number: UInt64, _ subnet: SubnetID, _ role: Attachment.Role, _ point: AttachmentPoint
  ) -> Attachment {
    Attachment(
      id: id(number), project: project, subnet: subnet, node: node, role: role, point: point, createdAt: now)
  }
}
