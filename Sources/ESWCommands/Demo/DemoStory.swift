import ESWClient
import ESWModel
import ESWPlanning
import ESWWire
import Foundation
import NIOHTTP1

/// What a user does, in the order of a user: every change is a signed call of the HTTP API.
struct DemoStory: Sendable {
  let client: ESWClient
  let node: NodeName
  let narrator: Narrator
  let isSimulated: Bool
  let sites: DemoTopology
  /// What the agent did in its passes so far.
  let passes: PassJournal

  static let fixedAddresses = ["192.168.0.116", "192.168.0.96"].compactMap { IPv4Address($0) }

  /// What was made, to be taken away again in reverse.
  struct Made: Sendable {
    var vpc: VPCID?
    var subnets: [SubnetID] = []
    var attachments: [AttachmentID] = []
    var instance: InstanceID?
    var connection: ConnectionID?
  }

  /// Waits until the agent has told the node's interfaces, by which attachments are admitted, and that it
  /// has a configuration: before that a node may be refused as one that is not heard.
  func awaitNode() async throws {
    for _ in 0..<200 {
      let nodes = try await client.call(.GET, client.ownPath("/nodes"), as: Answer.Nodes.self).nodes
      if nodes.contains(where: { $0.name == node && $0.generation != nil }) {
        narrator.line("node \(node) reports")
        return
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw DemoFailure("node \(node) did not report within 10 s")
  }

  /// Makes the network, the attachments and the switch; each is in `made` as soon as the API has made it.
  func prepare(_ made: inout Made) async throws {
    narrator.headline("3  Asking for it: signed calls to the API")
    let vpc = try await createVPC()
    made.vpc = vpc
    let tunnel = try await createSubnet("tunnel", "192.168.100.0/24", gateway: "192.168.100.1", in: vpc)
    made.subnets.append(tunnel)
    let layer2 = try await createSubnet("stretched", "192.168.0.0/24", gateway: "192.168.0.1", in: vpc)
    made.subnets.append(layer2)
    made.attachments.append(try await attach(tunnel, .tunnel, DemoTopology.underlayInterface))
    made.attachments.append(
      try await attach(
        layer2, .layer2, sites.hasBridge ? DemoTopology.nodeBridge : DemoTopology.segmentInterface,
        isBridge: sites.hasBridge))
    let created = try await createInstance(vpc, tunnel)
    let instance = created.instance.id
    made.instance = instance
    try await finish(created.job, of: instance)
    made.connection = try await createConnection(vpc, layer2, of: instance)
  }

  /// Takes everything away by the API; what was not made is passed over.
  ///
  /// - Parameter limit: For all of it together.
  func remove(_ made: Made, within limit: Duration = .seconds(2)) async throws {
    narrator.headline("Taking it all away again, by the API")
    let deadline = ContinuousClock.now + limit
    if let instance = made.instance {
      if let connection = made.connection {
        try await delete(client.switchPath("/instances/\(instance)/connections/\(connection)"), deadline)
      }
      try await delete(client.switchPath("/instances/\(instance)"), deadline)
    }
    for attachment in made.attachments.reversed() {
      try await delete(client.ownPath("/attachments/\(attachment)"), deadline)
    }
    if let vpc = made.vpc {
      for subnet in made.subnets.reversed() {
        try await delete(client.networkPath("/vpcs/\(vpc)/subnets/\(subnet)"), deadline)
      }
      try await delete(client.networkPath("/vpcs/\(vpc)"), deadline)
    }
  }

  private func delete(_ path: String, _ deadline: ContinuousClock.Instant) async throws {
    // A connection or switch that is still being made cannot be deleted yet (contract section 8.2).
    while true {
      do {
        try await client.call(.DELETE, path)
        break
      } catch ClientError.refused(let status, _, _, _) where status == 409 && ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    narrator.call("DELETE", path, nil, answer: "204")
  }

  // MARK: Calls

  private func createVPC() async throws -> VPCID {
    guard let name = ResourceName("demo"), let network = IPv4Network("192.168.0.0/16") else {
      preconditionFailure("constants of the demo")
    }
    let request = NewVPC(name: name, description: .empty, network: network)
    let answer = try await post(
      client.networkPath("/vpcs"), { $0.body(request) }, as: Answer.OneVPC.self,
      summary: { "vpc \($0.vpc.id)" })
    return answer.vpc.id
  }

  private func createSubnet(
    _ name: String, _ network: String, gateway: String, in vpc: VPCID
  ) async throws -> SubnetID {
    guard let name = ResourceName(name), let network = IPv4Network(network),
      let gateway = IPv4Address(gateway)
    else { preconditionFailure("constants of the demo") }
    let request = NewSubnet(
      vpc: vpc, name: name, description: .empty, network: network, gateway: gateway, isDHCPEnabled: true,
      nameServers: [], availabilityZone: nil)
    let answer = try await post(
      client.networkPath("/subnets"), { $0.body(request) }, as: Answer.OneSubnet.self,
      summary: { "subnet \($0.subnet.id)" })
    return answer.subnet.id
  }

  private func attach(
    _ subnet: SubnetID, _ role: Attachment.Role, _ interface: String, isBridge: Bool = false
  ) async throws -> AttachmentID {
    guard let interface = InterfaceName(interface) else { preconditionFailure("constants of the demo") }
    let request = NewAttachment(
      subnet: subnet, node: node, role: role, point: isBridge ? .bridge(interface) : .interface(interface))
    let answer = try await post(
      client.ownPath("/attachments"), { $0.body(request) }, as: Answer.OneAttachment.self,
      summary: { "attachment \($0.attachment.id)" })
    return answer.attachment.id
  }

  private func createInstance(_ vpc: VPCID, _ tunnel: SubnetID) async throws -> Answer.InstanceCreated {
    guard let name = ResourceName("edge-01"), let address = IPv4Address(DemoTopology.tunnelAddress) else {
      preconditionFailure("constants of the demo")
    }
    let request = NewInstance(
      name: name, description: .empty, flavor: Flavor.Name.medium.rawValue, primaryZone: "az1",
      standbyZone: "az2", vpc: vpc, tunnelSubnet: tunnel, tunnelAddress: address)
    return try await post(
      client.switchPath("/instances"), { $0.body(request) }, as: Answer.InstanceCreated.self,
      summary: { "instance \($0.instance.id), \($0.instance.status), job \($0.job)" })
  }

  /// Polls the job as a client would (contract section 7).
  private func finish(_ job: JobID, of instance: InstanceID) async throws {
    let path = client.switchPath("/resources/\(instance)/jobs")
    for _ in 0..<200 {
      let jobs = try await client.call(.GET, path, as: Answer.Jobs.self).jobs
      guard let row = jobs.first(where: { $0.id == job }) else {
        throw DemoFailure("job \(job) is not listed")
      }
      if row.status == "COMPLETED" {
        narrator.call("GET", path, nil, answer: "job \(row.status)")
        return
      }
      if row.status == "FAILED" { throw DemoFailure("the switch was not made: \(row.failReason ?? "")") }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw DemoFailure("the job did not end within 20 s")
  }

  private func createConnection(
    _ vpc: VPCID, _ subnet: SubnetID, of instance: InstanceID
  ) async throws -> ConnectionID {
    guard let name = ResourceName("l2conn"), let vni = VNI(UInt32(DemoTopology.vni)),
      let remote = IPv4Address(DemoTopology.remoteVTEP)
    else { preconditionFailure("constants of the demo") }
    let request = NewConnection(
      name: name, vpc: vpc, subnet: subnet, remotes: [RemoteEndpoint(vni: vni, address: remote)],
      fixedAddresses: Self.fixedAddresses)
    let answer = try await post(
      client.switchPath("/instances/\(instance)/connections"), { $0.body(request) },
      as: Answer.OneConnection.self,
      summary: { "connection \($0.connection.id), \($0.connection.status)" })
    return answer.connection.id
  }

  private func post<Body: Decodable & Sendable>(
    _ path: String, _ write: (inout JSONWriter) -> Void, as type: Body.Type, summary: (Body) -> String
  ) async throws -> Body {
    let body = JSONWriter.data(write)
    // To its end: what the API has made must be known to whoever takes it away.
    let answer = try await uncancelled { try await client.call(.POST, path, body: body, as: type) }
    narrator.call("POST", path, String(decoding: body, as: UTF8.self), answer: summary(answer))
    return answer
  }
}

struct DemoFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
