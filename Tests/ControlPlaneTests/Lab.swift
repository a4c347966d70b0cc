import ControlPlane
import ESWModel
import ESWSeams
import ESWWire
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Simulation
import Synchronization
import Testing

/// A control plane on a store, in memory if nothing else is said, with two projects, a clock that stands, and
/// ids that repeat.
final class Lab: Sendable {
  static let project = ProjectID("8f14e45fceea467fa1d0a1b2c3d4e5f6")!
  static let foreignProject = ProjectID("00000000000000000000000000000001")!
  static let start = Timestamp(year: 2026, month: 1, day: 5, hour: 9, minute: 0, second: 0)
  static let key = AccessKey(id: "AK", secret: "SK", user: admin.id, createdAt: start)
  static let foreignKey = AccessKey(id: "AK2", secret: "SK2", user: foreigner.id, createdAt: start)
  /// May do everything in `project` and in the domain.
  static let admin = user(1, "admin")
  /// May do everything in `foreignProject`.
  static let foreigner = user(2, "foreigner")
  static let domain = Domain(id: DomainID(high: 0, low: 9), name: IdentityName("default")!, createdAt: start)
  static let token = "agent token"
  static let node = NodeName("node-1")!
  static let v3 = "/v3/\(project)/l2cg"
  static let v1 = "/v1/\(project)"
  static let ours = "/openesw/v1/\(project)"

  /// Passwords are cheap here, so that tests are quick.
  static let settings = ControlPlaneService.Settings(
    agentToken: Lab.token,
    passwordCost: PasswordHash.Cost(logarithm: 4, blockSize: 1, parallelism: 1)!)

  static let storeID = StoreID(high: 7, low: 7)

  let store: any IntentStore
  let region: Region
  private let time = Mutex(Lab.start)

  init(store: any IntentStore = MemoryIntentStore(store: storeID), region: Region = Region()) {
    self.store = store
    self.region = region
  }

  var snapshot: IntentSnapshot { store.snapshot }
  var reports: ReportSnapshot { store.reports }
  var now: Timestamp { time.withLock { $0 } }

  func pass(_ seconds: Int64) {
    time.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + seconds * 1000) }
  }

  func service(settings: ControlPlaneService.Settings = Lab.settings) -> ControlPlaneService {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return ControlPlaneService(
      store: store, region: region, settings: settings, logger: logger, now: { [self] in now },
      randomness: Fixed(state: 1))
  }

  /// Runs `body` against the doors and routes, without a socket unless it is to be live.
  static func run(
    quota: Int = 5, isLive: Bool = false, _ body: @Sendable (Lab, Caller) async throws -> Void
  ) async throws {
    let lab = Lab(region: Region(instanceQuota: quota))
    try await lab.seed()
    try await lab.service().application.test(isLive ? .live : .router) { client in
      try await body(lab, Caller(client: client, lab: lab))
    }
  }

  func seed() async throws {
    _ = try await store.commit { _ in
      let projects: [IntentEdit] = [
        .putProject(Project(id: Lab.project, name: "local-1", createdAt: Lab.start)),
        .putProject(Project(id: Lab.foreignProject, name: "other", createdAt: Lab.start)),
      ]
      return IntentChange(
        edits: projects + Lab.identity.map { .identity($0) }, outcome: ())
    }
  }

  static func user(_ number: UInt64, _ name: String) -> User {
    User(id: UserID(high: 1, low: number), name: IdentityName(name)!, description: .empty, createdAt: start)
  }

  static func group(_ number: UInt64, _ name: String) -> UserGroup {
    UserGroup(
      id: GroupID(high: 2, low: number), name: IdentityName(name)!, description: .empty, createdAt: start)
  }

  /// A user in a group of the same number and name, which has the policy in the scopes.
  static func edits(
    _ number: UInt64, _ user: User, _ policy: PolicyID, in scopes: Grant.Scope..., key: AccessKey? = nil
  ) -> [IdentityEdit] {
    let group = group(number, user.name.description)
    return [
      .putUser(user), .putGroup(group), .putMembership(Membership(user: user.id, group: group.id)),
    ] + scopes.map { .putGrant(Grant(group: group.id, policy: policy, scope: $0)) }
      + (key.map { [.putKey($0)] } ?? [])
  }

  static let identity: [IdentityEdit] =
    [.putDomain(domain)]
    + edits(1, admin, Policy.administrator.id, in: .domain, .project(project), key: key)
    + edits(2, foreigner, Policy.administrator.id, in: .project(foreignProject), key: foreignKey)

  private struct Fixed: RandomNumberGenerator, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state
    }
  }
}

/// What came back.
struct Reply: Sendable {
  let status: Int
  let headers: HTTPFields
  let text: String

  var json: JSONValue? { try? JSONValue(parsing: text.utf8) }
  var code: String? { self["error_code"] }

  /// The string at a path such as `instance.tunnel_info.tunnel_ip` or `connections.0.id`.
  subscript(path: String) -> String? {
    guard case .string(let text)? = value(path) else { return nil }
    return text
  }

  func value(_ path: String) -> JSONValue? {
    var value = json
    for step in path.split(separator: ".") {
      switch value {
      case .object(let members)?: value = members[String(step)]
      case .array(let elements)?:
        value = Int(step).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
      default: value = nil
      }
    }
    return value
  }

  func count(_ path: String) -> Int? {
    guard case .array(let elements)? = value(path) else { return nil }
    return elements.count
  }

  func ids(_ path: String) -> [String] {
    (0..<(count(path) ?? 0)).compactMap { self["\(path).\($0).id"] }
  }
}

/// Sends signed requests, as a client would.
struct Caller: Sendable {
  let client: any TestClientProtocol
  let lab: Lab
  /// Signed as a header; nil where the HTTP client chooses it.
  var host: String? = "localhost"

  func call(
    _ method: HTTPRequest.Method, _ path: String, query: [(String, String)] = [], body: String = "",
    key: AccessKey = Lab.key
  ) async throws -> Reply {
    let canonical = QueryParameters(query.map { (name: $0.0, value: $0.1) }).canonical
    let fields = signed(method, path, query: canonical, body: body, key: key)
    return try await send(method, path + (canonical.isEmpty ? "" : "?\(canonical)"), fields, body)
  }

  /// - Parameter query: In canonical form.
  func signed(
    _ method: HTTPRequest.Method, _ path: String, query: String = "", body: String = "",
    key: AccessKey = Lab.key
  ) -> HTTPFields {
    var headers = [HeaderField("content-type", "application/json")]
    if let host { headers.append(HeaderField("host", host)) }
    let request = SignableRequest(method: method.rawValue, path: path, query: query, headers: headers)
    let signed = RequestSignature.sign(
      request, body: body.utf8, keyID: key.id, secret: key.secret, at: lab.now)
    var fields: HTTPFields = [.contentType: "application/json"]
    for header in signed { fields[HTTPField.Name(header.name)!] = header.value }
    return fields
  }

  func send(
    _ method: HTTPRequest.Method, _ uri: String, _ headers: HTTPFields = [:], _ body: String = ""
  ) async throws -> Reply {
    let reply = try await client.execute(
      uri: uri, method: method, headers: headers, body: body.isEmpty ? nil : ByteBuffer(string: body)
    ) {
      Reply(status: $0.status.code, headers: $0.headers, text: String(buffer: $0.body))
    }
    // Every answer that a test gets is held against the document.
    for fault in try await SchemaCheck(document: .shared).faults(of: reply, to: method.rawValue, uri) {
      Issue.record("\(method) \(uri): \(reply.status) breaks the OpenAPI document: \(fault)")
    }
    return reply
  }

  func agent(
    _ method: HTTPRequest.Method, _ path: String, body: Data = Data(), token: String = Lab.token
  ) async throws -> Reply {
    try await send(
      method, "/openesw/v1/agent/\(path)", [.authorization: "Bearer \(token)"],
      String(decoding: body, as: UTF8.self))
  }

  /// The newest report of the node: everything of intent is applied, and it has so many interfaces,
  /// from eth0.
  func report(
    problems: [Problem] = [], connections: [ConnectionReport] = [], interfaces count: Int = 10
  ) async throws {
    let interfaces = (0..<count).map { index in
      InterfaceFact(
        name: InterfaceName("eth\(index)")!, index: UInt32(index + 2), kind: nil, isUp: true,
        isPromiscuous: false, isLoopback: false, mtu: 1500, master: nil, hasDefaultRoute: false,
        addresses: [], isOurs: false)
    }
    let report = GatewayReport(
      node: Lab.node, store: lab.snapshot.store, generation: lab.snapshot.revision,
      dataplane: .simulated, kernelRelease: "6.18.0", interfaces: interfaces, problems: problems,
      connections: connections,
      strangers: [
        StrangerReport(
          reason: "unknown_source", frames: 3, source: IPv4Address("192.0.2.66")!, vni: 9, ageMilliseconds: 10
        )
      ],
      unclaimed: UnclaimedCount(passedToSlow: 17, drops: [.init(reason: "unknown_source", frames: 21)]),
      planning: PlanningFacts(of: DataplaneObservation(state: DataplaneState(), interfaces: [])))
    _ = try await agent(.put, "\(Lab.node)/report", body: AgentLinkMessages.encode(report))
  }
}

// What most tests begin with.
extension Caller {
  struct Network {
    let vpc: String
    let tunnelSubnet: String
    let layer2Subnets: [String]
  }

  /// A VPC with a tunnel subnet and so many layer-2 subnets, attached on the node.
  func makeNetwork(layer2: Int = 1, attached: Bool = true) async throws -> Network {
    try await report()
    let vpc = try await call(.post, "\(Lab.v1)/vpcs", body: #"{"vpc":{"name":"v","cidr":"10.0.0.0/8"}}"#)[
      "vpc.id"]!
    let tunnel = try await makeSubnet(vpc, 9)
    var others: [String] = []
    for number in 0..<layer2 { others.append(try await makeSubnet(vpc, 100 + number)) }
    if attached {
      _ = try await attach(tunnel, "tunnel", "eth0")
      for (number, subnet) in others.enumerated() where number < 9 {
        _ = try await attach(subnet, "layer2", "eth\(number + 1)")
      }
    }
    return Network(vpc: vpc, tunnelSubnet: tunnel, layer2Subnets: others)
  }

  func makeSubnet(_ vpc: String, _ third: Int) async throws -> String {
    let body = """
      {"subnet":{"name":"s-\(third)","cidr":"10.0.\(third).0/24","gateway_ip":"10.0.\(third).1",
       "vpc_id":"\(vpc)"}}
      """
    return try await call(.post, "\(Lab.v1)/subnets", body: body)["subnet.id"]!
  }

  func attach(_ subnet: String, _ role: String, _ interface: String) async throws -> Reply {
    let body = """
      {"attachment":{"subnet_id":"\(subnet)","node":"\(Lab.node)","role":"\(role)",
       "interface":"\(interface)"}}
      """
    return try await call(.post, "\(Lab.ours)/attachments", body: body)
  }

  static func instanceBody(_ network: Network, name: String = "edge-01", flavor: String = "l2cg.large.ha")
    -> String
  {
    """
    {"instance":{"name":"\(name)","flavor_ref":"\(flavor)","ha_mode":"ha","description":"d of \(name)",
     "availability_zones":{"primary":"az1","standby":"az2"},"charge_infos":{"charge_mode":"postPaid"},
     "tunnel_info":{"vpc_id":"\(network.vpc)","virsubnet_id":"\(network.tunnelSubnet)"}}}
    """
  }

  /// Active.
  func makeInstance(_ network: Network, name: String = "edge-01") async throws -> String {
    let reply = try await call(.post, "\(Lab.v3)/instances", body: Self.instanceBody(network, name: name))
    try await report()
    return reply["instance.id"]!
  }

  static func connectionBody(_ network: Network, subnet: Int = 0, name: String = "c-01", vni: Int = 5000)
    -> String
  {
    """
    {"connection":{"name":"\(name)","vpc_id":"\(network.vpc)",
     "virsubnet_id":"\(network.layer2Subnets[subnet])",
     "remote_infos":[{"segmentation_id":\(vni),"tunnel_ip":"192.0.2.1"}]}}
    """
  }

  /// Applied by the node, and silent yet.
  func makeConnection(
    _ network: Network, on instance: String, subnet: Int = 0, name: String = "c-01"
  ) async throws -> String {
    let reply = try await call(
      .post, "\(Lab.v3)/instances/\(instance)/connections",
      body: Self.connectionBody(network, subnet: subnet, name: name, vni: 5000 + subnet))
    try await report()
    return reply["connection.id"]!
  }
}

extension AccessKey {
  /// The one of the Lab's projects that the key's user may do everything in.
  var project: ProjectID { user == Lab.foreigner.id ? Lab.foreignProject : Lab.project }
}
