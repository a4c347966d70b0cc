import ArgumentParser
import ControlPlane
import ESWAdmission
import ESWModel
import ESWSeams
import ESWWire
import Foundation
import SQLiteStore

/// Fills a store through the seam: to ask the API for 100,000 connections would take minutes.
struct BenchmarkStoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Put connections into the store of a server that does not run.",
    discussion: """
      Beside them, DATA/lanes.json names switches and subnets that are free for writers, and DATA/report.json is what \
      the node would report of its connections, all of which it has and hears.
      """)

  @Option(help: "The data folder of a server that ran once, and so has a project.") var data: String
  @Option(help: "How many connections.") var connections = 1000
  @Option(help: "How many of them are on the node; the others' switches are attached nowhere.") var reported =
    1000
  @Option(help: "The node's name.") var node = "bench"

  func run() async throws {
    guard let node = NodeName(node), (0...500_000).contains(connections), (0...4000).contains(reported) else {
      throw ValidationError("connections: up to 500,000; reported: up to 4,000")
    }
    let folder = try DataFolder(data)
    let store = try SQLiteIntentStore(path: folder.database, newStore: StoreID(high: 0, low: 0)) {
      try folder.masterKey(isSealed: $0).sealing
    }
    guard let project = store.snapshot.projects.first?.id else {
      throw ValidationError("the store in \(data) has no project: start a server on it once")
    }
    var world = try BenchmarkWorld(
      project: project, node: node,
      minting: Minting(above: store.snapshot, randomness: SystemRandomNumberGenerator()))
    var first = 0
    while first < connections {
      // As many as one transaction takes in a moment.
      let last = min(first + 6 * 500, connections)
      world.addConnections(first..<last, reported: reported, after: store.snapshot)
      try await commit(world.takeEdits(), to: store)
      first = last
    }
    let lanes = world.addLanes(after: store.snapshot)
    try await commit(world.takeEdits(), to: store)
    try JSONEncoder().encode(lanes).write(to: URL(fileURLWithPath: "\(data)/lanes.json"))
    try AgentLinkMessages.encode(world.report(at: store.snapshot)).write(
      to: URL(fileURLWithPath: "\(data)/report.json"))
    try await store.close()
  }

  private func commit(_ edits: [IntentEdit], to store: SQLiteIntentStore) async throws {
    _ = try await store.commit { _ in IntentChange(edits: edits, outcome: ()) }
  }
}

/// One VPC, two tunnel subnets (one on a node, one nowhere), and switches with six connections each.
struct BenchmarkWorld {
  private static let perSwitch = 6
  private static let laneSwitches = 3

  let project: ProjectID
  let node: NodeName
  /// Whose VLANs the layer-2 subnets are; nil: each has an interface of its own.
  private let trunk: InterfaceName?
  private let forwarding: ForwardingSettings
  private let minting: Minting
  private let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
  private let vpc: VPCID
  /// With a node, and without.
  private var tunnels: [SubnetID] = []
  private var switches: UInt32 = 0
  private var subnets: UInt32 = 0
  private var edits: [IntentEdit] = []
  private var interfaces: [InterfaceName] = []
  private var reports: [ConnectionReport] = []

  init(
    project: ProjectID, node: NodeName, trunk: InterfaceName? = nil, forwarding: ForwardingSettings = .usual,
    minting: Minting
  ) throws {
    self.project = project
    self.trunk = trunk
    self.forwarding = forwarding
    self.node = node
    self.minting = minting
    vpc = minting.next(VPC.self, now: now).id
    guard let name = ResourceName("benchmark"), let network = IPv4Network("10.0.0.0/8") else {
      throw ValidationError("the benchmark's own names are wrong")
    }
    edits.append(
      .putVPC(
        VPC(
          id: vpc, project: project, name: name, description: .empty, network: network, createdAt: now,
          updatedAt: now)))
    for text in ["10.128.0.0/10", "10.192.0.0/10"] {
      guard let network = IPv4Network(text) else { continue }
      tunnels.append(addSubnet(network, named: "tunnel"))
    }
    guard let underlay = InterfaceName("underlay0") else { return }
    attach(tunnels[0], .tunnel, .interface(underlay))
  }

  mutating func takeEdits() -> [IntentEdit] {
    defer { edits = [] }
    return edits
  }

  mutating func addConnections(_ range: Range<Int>, reported: Int, after snapshot: IntentSnapshot) {
    var number = snapshot.nextConnectionNumber
    var current: Instance?
    for place in range {
      let isReported = place < reported
      if place % Self.perSwitch == 0 || current == nil || place == reported {
        current = addSwitch(on: tunnels[isReported ? 0 : 1], named: "switch-\(place)", after: snapshot)
      }
      guard let current, let name = ResourceName("stretch-\(place)"), let vni = VNI(UInt32(place) + 1) else {
        continue
      }
      let (subnet, network) = addLayer2Subnet()
      let id = minting.next(Connection.self, now: now).id
      let remote = RemoteEndpoint(vni: vni, address: IPv4Address(0xC000_0201 + UInt32(place % 200)))
      edits.append(
        .putConnection(
          Connection(
            id: id, number: ConnectionNumber(number), project: project, instance: current.id, name: name,
            vpc: vpc, subnet: subnet, remotes: [remote],
            fixedAddresses: [IPv4Address(network + 14), IPv4Address(network + 13)], createdAt: now,
            updatedAt: now, createdIn: snapshot.revision.next, forwarding: forwarding)))
      number += 1
      guard isReported else { continue }
      if let point = point(place) { attach(subnet, .layer2, point) }
      let traffic = TrafficCount(frames: 1_000_000 + UInt64(place), bytes: 700_000_000)
      reports.append(
        ConnectionReport(
          id: id,
          remotes: [RemoteEvidence(remote: remote, receivedAgeMilliseconds: 800, sentAgeMilliseconds: 600)],
          toRemote: traffic, toLocal: traffic, drops: [], hosts: []))
    }
  }

  mutating func addLanes(after snapshot: IntentSnapshot) -> [BenchmarkLane] {
    (0..<Self.laneSwitches).flatMap { number -> [BenchmarkLane] in
      guard let owner = addSwitch(on: tunnels[1], named: "writes-\(number)", after: snapshot) else {
        return []
      }
      return (0..<Self.perSwitch).map { _ in
        BenchmarkLane(vpc: vpc, instance: owner.id, subnet: addLayer2Subnet().id)
      }
    }
  }

  /// Everything of the node is in force and heard.
  func report(at snapshot: IntentSnapshot) -> GatewayReport {
    GatewayReport(
      node: node, store: snapshot.store, generation: snapshot.revision, dataplane: .simulated,
      kernelRelease: "benchmark",
      interfaces: interfaces.enumerated().map { index, name in
        InterfaceFact(
          name: name, index: UInt32(index + 2), kind: nil, isUp: true, isPromiscuous: false,
          isLoopback: false, mtu: 1500, master: nil, hasDefaultRoute: false, addresses: [], isOurs: false)
      },
      problems: [], connections: reports, strangers: [])
  }

  private mutating func addSwitch(
    on tunnel: SubnetID, named text: String, after snapshot: IntentSnapshot
  ) -> Instance? {
    guard let name = ResourceName(text) else { return nil }
    switches += 1
    let base: UInt32 = tunnel == tunnels[0] ? 0x0A80_0000 : 0x0AC0_0000
    let instance = Instance(
      id: minting.next(Instance.self, now: now).id, project: project, name: name, description: .empty,
      flavor: .large, primaryZone: "az1", standbyZone: "az2", vpc: vpc, tunnelSubnet: tunnel,
      tunnelAddress: IPv4Address(base + 10 + switches), createdAt: now, updatedAt: now,
      createdIn: snapshot.revision.next)
    edits.append(.putInstance(instance))
    return instance
  }

  /// The next sixteen addresses of the VPC.
  private mutating func addLayer2Subnet() -> (id: SubnetID, network: UInt32) {
    let base = 0x0A00_0000 + 16 * subnets
    subnets += 1
    guard let network = IPv4Network(address: IPv4Address(base), prefixLength: 28) else {
      preconditionFailure("a multiple of sixteen is the address of a /28")
    }
    return (addSubnet(network, named: "layer2-\(subnets)"), base)
  }

  private mutating func addSubnet(_ network: IPv4Network, named text: String) -> SubnetID {
    guard let name = ResourceName(text) else {
      preconditionFailure("letters, digits and a hyphen are a name")
    }
    let id = minting.next(Subnet.self, now: now).id
    edits.append(
      .putSubnet(
        Subnet(
          id: id, project: project, vpc: vpc, name: name, description: .empty, network: network,
          gateway: IPv4Address(network.address.value + 1), isDHCPEnabled: true, nameServers: [],
          availabilityZone: "az1", createdAt: now, updatedAt: now)))
    return id
  }

  private func point(_ place: Int) -> AttachmentPoint? {
    guard let trunk else { return InterfaceName("eth\(place)").map { .interface($0) } }
    return VLAN(UInt16(truncatingIfNeeded: place + 1)).map { .trunk(trunk, vlan: $0) }
  }

  private mutating func attach(_ subnet: SubnetID, _ role: Attachment.Role, _ point: AttachmentPoint) {
    interfaces.append(point.name)
    edits.append(
      .putAttachment(
        Attachment(
          id: minting.next(Attachment.self, now: now).id, project: project, subnet: subnet, node: node,
          role: role, point: point, createdAt: now)))
  }
}
