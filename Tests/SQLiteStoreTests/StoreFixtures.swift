import ESWAdmission
import ESWModel
import ESWSeams
import Foundation
import SQLiteStore
import Simulation
import Testing

/// Swift Testing has a type of this name too, and Foundation of the next.
typealias Attachment = ESWModel.Attachment
typealias Port = ESWModel.Port

/// What the contract is held against.
enum StoreKind: CaseIterable, Sendable {
  case sqlite, memory

  func make() throws -> any IntentStore {
    switch self {
    case .sqlite: try SQLiteIntentStore(path: Folder().path, newStore: testStoreID) { _ in testSealing }
    case .memory: MemoryIntentStore(store: testStoreID)
    }
  }
}

let testStoreID = StoreID(high: 0xE5, low: 1)
let alice = ProjectID("00000000000000000000000000000a11")!
let testNode = NodeName("node-1")!
let noon = Timestamp(milliseconds: 1_800_000_000_000)
/// When what was begun at noon has had problems for too long.
let pastPatience = Timestamp(milliseconds: noon.milliseconds + 10_001)

/// A new folder for a store.
struct Folder {
  let url: URL
  var path: String { url.appending(path: "esw.sqlite").path }

  init() throws {
    url = Self.parent.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  /// A store of the contract's tests has no moment at which its folder could go before it: they all go
  /// with the process.
  private static let parent: URL = {
    atexit { try? FileManager.default.removeItem(at: Folder.parent) }
    return URL(filePath: NSTemporaryDirectory()).appending(path: "esw-store-\(UUID().uuidString)")
  }()

  func remove() { try? FileManager.default.removeItem(at: url) }
}

func id<Subject>(_ number: UInt64) -> Identifier<Subject> { Identifier(high: 0x7000, low: number) }

let projectEdits: [IntentEdit] = [.putProject(Project(id: alice, name: "alice", createdAt: noon))]

func vpc(_ number: UInt64, name: String = "vpc") -> VPC {
  VPC(
    id: id(number), project: alice, name: ResourceName(name)!, description: .empty,
    network: IPv4Network("10.0.0.0/8")!, createdAt: noon, updatedAt: noon)
}

func subnet(_ number: UInt64, third: Int) -> Subnet {
  Subnet(
    id: id(number), project: alice, vpc: id(1), name: ResourceName("subnet")!, description: .empty,
    network: IPv4Network("10.\(third).0.0/24")!, gateway: IPv4Address("10.\(third).0.1")!,
    isDHCPEnabled: third % 2 == 0, nameServers: [IPv4Address("10.0.0.53")!, IPv4Address("10.0.0.54")!],
    availabilityZone: "az1", createdAt: noon, updatedAt: noon)
}

func attachment(_ number: UInt64, subnet: UInt64, _ role: Attachment.Role, _ point: AttachmentPoint)
  -> Attachment
{
  Attachment(
    id: id(number), project: alice, subnet: id(subnet), node: testNode, role: role, point: point,
    createdAt: noon)
}

func trunk(_ vlan: String) -> AttachmentPoint { .trunk(InterfaceName("eth0")!, vlan: VLAN(vlan)!) }

func instance(_ number: UInt64, subnet: UInt64, address: String, createdIn: Revision = Revision(1))
  -> Instance
{
  Instance(
    id: id(number), project: alice, name: ResourceName("交换机-1")!,
    description: ResourceDescription("with \"quotes\", 'quotes' and\nlines")!, flavor: .large,
    primaryZone: "az1", standbyZone: "az2", vpc: id(1), tunnelSubnet: id(subnet),
    tunnelAddress: IPv4Address(address)!, createdAt: noon, updatedAt: noon, createdIn: createdIn)
}

func connection(
  _ number: UInt64, count: UInt32, instance: UInt64, subnet: UInt64, vnis: [UInt32] = [10, 16_777_215],
  remote: String = "198.51.100.1"
) -> Connection {
  Connection(
    id: id(number), number: ConnectionNumber(count), project: alice, instance: id(instance),
    name: ResourceName("connection")!, vpc: id(1), subnet: id(subnet),
    remotes: vnis.map { RemoteEndpoint(vni: VNI($0)!, address: IPv4Address(remote)!, port: 65_535) },
    fixedAddresses: [IPv4Address("10.2.0.254")!, IPv4Address("10.2.0.4")!], createdAt: noon,
    updatedAt: noon, createdIn: Revision(1))
}

func job(_ number: UInt64, instance: UInt64, createdIn: Revision, node: NodeName? = testNode) -> Job {
  Job(
    id: id(number), project: alice, kind: .createInstance, instance: id(instance),
    instanceName: ResourceName("switch")!, begunAt: noon, createdIn: createdIn, node: node)
}

func port(_ number: UInt64, address: String, connection: UInt64? = nil, subnet: UInt64 = 3) -> Port {
  Port(
    id: id(number), project: alice, subnet: id(subnet), name: PortName("虚拟-1")!, owner: .virtualAddress,
    address: IPv4Address(address)!, connection: connection.map { id($0) }, createdAt: noon)
}

/// One row of each kind, in an order that keeps every reference.
let everything: [IntentEdit] =
  projectEdits + identityEdits.map { .identity($0) } + [
    .putVPC(vpc(1)), .putSubnet(subnet(2, third: 1)), .putSubnet(subnet(3, third: 2)),
    .putSubnet(subnet(12, third: 3)), .putSubnet(subnet(13, third: 4)),
    .putAttachment(attachment(4, subnet: 2, .tunnel, .interface(InterfaceName("eth0")!))),
    .putAttachment(attachment(5, subnet: 3, .layer2, .bridge(InterfaceName("br0")!))),
    .putAttachment(attachment(12, subnet: 12, .layer2, trunk("200:802.1ad/100"))),
    .putAttachment(attachment(13, subnet: 13, .layer2, trunk("100"))),
    .putInstance(instance(6, subnet: 2, address: "10.1.0.9")),
    .putConnection(connection(7, count: 41, instance: 6, subnet: 3)),
    .putJob(job(8, instance: 6, createdIn: Revision(1))),
    .putJob(job(9, instance: 6, createdIn: Revision(1), node: nil)),
    .putPort(port(10, address: "10.2.0.7", connection: 7)), .putPort(port(11, address: "10.2.0.8")),
    .putPermission(
      NodePermission(
        node: testNode, epoch: .max, hold: .init(reason: ResourceDescription("moved")!, since: noon))),
    .putPermission(NodePermission(node: NodeName("node-2")!, epoch: 2, hold: nil)),
  ]

let aliceUser = UserID(high: 1, low: 1)
let aliceGroup = GroupID(high: 2, low: 1)
let alicePolicy = PolicyID(high: 3, low: 1)
let aliceSecret = "the secret of Alice that stands in no file"
let alicePassword = PasswordHash(
  cost: PasswordHash.Cost(logarithm: 15, blockSize: 8, parallelism: 3)!, salt: Array(0..<16),
  digest: Array(100..<132))

/// One row of each kind, and what of each may be left out.
let identityEdits: [IdentityEdit] = [
  .putDomain(Domain(id: DomainID(high: 9, low: 9), name: IdentityName("default")!, createdAt: noon)),
  .putUser(
    User(
      id: aliceUser, name: IdentityName("Alice Müller")!, description: ResourceDescription("a user")!,
      isEnabled: false, password: alicePassword, generation: 4_000_000_000, createdAt: noon)),
  .putUser(
    User(id: UserID(high: 1, low: 2), name: IdentityName("bob")!, description: .empty, createdAt: noon)),
  .putGroup(
    UserGroup(
      id: aliceGroup, name: IdentityName("operators")!, description: ResourceDescription("a group")!,
      createdAt: noon)),
  .putMembership(Membership(user: aliceUser, group: aliceGroup)),
  .putPolicy(
    Policy(
      id: alicePolicy, name: IdentityName("readers")!, description: ResourceDescription("a policy")!,
      kind: .project,
      statements: [
        PolicyStatement(
          effect: .allow, actions: [ActionPattern("esw:*:list")!, ActionPattern("esw:connection:Get*")!]),
        PolicyStatement(effect: .deny, actions: [ActionPattern("esw:quota:*")!]),
      ], createdAt: noon, updatedAt: pastPatience)),
  .putGrant(Grant(group: aliceGroup, policy: alicePolicy, scope: .project(alice))),
  .putGrant(Grant(group: aliceGroup, policy: alicePolicy, scope: .allProjects)),
  .putGrant(Grant(group: aliceGroup, policy: Policy.administrator.id, scope: .domain)),
  .putKey(
    AccessKey(
      id: "AK", secret: aliceSecret, user: aliceUser, isActive: false,
      description: ResourceDescription("a key")!, createdAt: noon)),
]

/// Seals in a way that can be undone with nothing but the name: for tests.
let testSealing = Sealing(
  seal: { secret, name in Array(name.utf8) + [0] + secret.map { $0 ^ 0x5A } },
  open: { sealed, name in
    guard sealed.starts(with: Array(name.utf8) + [0]) else { throw OtherName() }
    return sealed.dropFirst(name.utf8.count + 1).map { $0 ^ 0x5A }
  })

struct OtherName: Error {}

/// A snapshot's rows, to be compared.
struct Rows: Equatable {
  let store: StoreID
  let revision: Revision
  let nextConnectionNumber: UInt32
  let enforcesFlavors: Bool
  let projects: [Project]
  let domain: Domain?
  let users: [User]
  let groups: [UserGroup]
  let memberships: [Membership]
  let policies: [Policy]
  let grants: [Grant]
  let keys: [AccessKey]
  let vpcs: Set<VPC>
  let subnets: Set<Subnet>
  let attachments: Set<Attachment>
  let instances: Set<Instance>
  let connections: Set<Connection>
  let jobs: Set<Job>
  let ports: Set<Port>
  let permissions: [NodePermission]

  init(_ snapshot: IntentSnapshot) {
    store = snapshot.store
    revision = snapshot.revision
    nextConnectionNumber = snapshot.nextConnectionNumber
    enforcesFlavors = snapshot.enforcesFlavors
    projects = snapshot.projects
    domain = snapshot.identity.domain
    users = snapshot.identity.users
    groups = snapshot.identity.groups
    memberships = snapshot.identity.memberships
    policies = snapshot.identity.customPolicies
    grants = snapshot.identity.grants
    keys = snapshot.identity.keys
    vpcs = Set(snapshot.vpcs.values)
    subnets = Set(snapshot.subnets.values)
    attachments = Set(snapshot.attachments.values)
    instances = Set(snapshot.instances.values)
    connections = Set(snapshot.connections.values)
    jobs = Set(snapshot.jobs.values)
    ports = Set(snapshot.ports.values)
    permissions = snapshot.permissions
  }
}

func report(
  generation: UInt64?, problems: [Problem] = [], strangers: [StrangerReport] = [],
  connections: [ConnectionReport] = [], store: StoreID = testStoreID
) -> GatewayReport {
  GatewayReport(
    node: testNode, store: store, generation: generation.map { Revision($0) }, dataplane: .simulated,
    kernelRelease: "6.12", interfaces: [], problems: problems, connections: connections,
    strangers: strangers)
}

extension IntentStore {
  /// Commits the edits whatever the snapshot.
  @discardableResult
  func put(_ edits: [IntentEdit]) async throws -> IntentSnapshot {
    try await commit { _ in IntentChange(edits: edits, outcome: ()) }.snapshot
  }
}
