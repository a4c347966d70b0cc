import ControlPlane
import ESWModel
import ESWWire
import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing

/// One walk through the API; what each operation answered is compared with a file of its name.
///
/// `GOLDEN=rewrite swift test --filter ControlPlaneTests` writes the files anew; their difference is the
/// review.
@Suite struct `The answer of an operation` {
  static let names = [
    "CreateVPC", "ListVPCs", "ShowVPC", "CreateSubnet", "ListSubnets", "ShowSubnet", "CreateAttachment",
    "ListAttachments", "ShowAttachment", "CreateInstance", "ListInstances", "ShowInstance", "UpdateInstance",
    "CreateConnection", "ListConnections", "ListConnectionsAllInstances", "ShowConnection",
    "UpdateConnection",
    "ListFlavors", "ListAvailabilityZones", "ListQuotas", "ListResourceJobs", "InstanceDiagnosis",
    "ConnectionDiagnosis", "Troubles", "Nodes", "DeleteConnection", "DeleteInstance", "DeleteAttachment",
    "DeleteSubnet",
    "DeleteVPC", "UpdateVPC", "ShowVPCOfVersion3", "UpdateSubnet", "CreatePort", "ListPorts", "ShowPort",
    "UpdatePort", "DeletePort", "CreatePrivateIPs", "ListPrivateIPs", "ShowPrivateIP", "DeletePrivateIP",
    "BindVport", "UnbindVport", "ShowForwarding", "UpdateForwarding", "PlanDeleteConnection", "PlanInstance",
    "PlanConnection", "ListTraffic",
  ]

  static let recording = Task { try await record() }
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Golden")

  @Test(arguments: names)
  func `is as it was reviewed`(name: String) async throws {
    let transcript = try await Self.recording.value[name] ?? "not called"
    let file = Self.folder.appending(path: "\(name).txt")
    if ProcessInfo.processInfo.environment["GOLDEN"] == "rewrite" {
      try transcript.write(to: file, atomically: true, encoding: .utf8)
    }
    let golden = (try? String(contentsOf: file, encoding: .utf8)) ?? "no file \(name).txt"
    #expect(transcript == golden)
  }

  private static func record() async throws -> [String: String] {
    let lab = Lab()
    try await lab.seed()
    return try await lab.service().application.test(.router) { client in
      var recorder = Recorder(caller: Caller(client: client, lab: lab))
      try await recorder.networks()
      try await recorder.switches()
      try await recorder.catalogue()
      try await recorder.ports()
      try await recorder.deletions()
      try await recorder.plans()
      return recorder.transcripts
    }
  }
}

private struct Recorder {
  let caller: Caller
  var transcripts: [String: String] = [:]
  var ids: [String: String] = [:]

  init(caller: Caller) { self.caller = caller }

  mutating func take(
    _ name: String, _ method: HTTPRequest.Method, _ path: String, query: [(String, String)] = [],
    body: String = "", id: String? = nil
  ) async throws {
    let reply = try await caller.call(method, path, query: query, body: body)
    var text = "\(method.rawValue) \(path)\(query.isEmpty ? "" : "?")"
    text += query.map { "\($0.0)=\($0.1)" }.joined(separator: "&") + "\n"
    if !body.isEmpty { text += indented(body) + "\n" }
    text += "\n\(reply.status)\n"
    let requestID = reply.headers[HTTPField.Name("X-Request-Id")!] ?? ""
    let hasID = requestID.count == 32 && requestID.allSatisfy { "0123456789abcdef".contains($0) }
    text += "X-Request-Id: \(hasID ? "32 hex digits" : requestID)\n"
    if let type = reply.headers[.contentType] { text += "Content-Type: \(type)\n" }
    if !reply.text.isEmpty {
      text += indented(reply.text.replacing(requestID, with: "as in the header")) + "\n"
    }
    transcripts[name] = text
    if let id { ids[id] = reply["\(id).id"] ?? "none" }
  }

  mutating func networks() async throws {
    try await caller.report(interfaces: 2)
    try await take(
      "CreateVPC", .post, "\(Lab.v1)/vpcs", body: #"{"vpc":{"name":"vpc-01","cidr":"10.0.0.0/8"}}"#, id: "vpc"
    )
    try await take("ListVPCs", .get, "\(Lab.v1)/vpcs")
    try await take("ShowVPC", .get, "\(Lab.v1)/vpcs/\(ids["vpc"]!)")
    let tunnel = try await caller.makeSubnet(ids["vpc"]!, 9)
    ids["tunnel"] = tunnel
    let subnet = """
      {"subnet":{"name":"layer2","cidr":"10.1.0.0/24","gateway_ip":"10.1.0.1","vpc_id":"\(ids["vpc"]!)",
       "primary_dns":"10.1.0.53"}}
      """
    try await take("CreateSubnet", .post, "\(Lab.v1)/subnets", body: subnet, id: "subnet")
    try await take("ListSubnets", .get, "\(Lab.v1)/subnets", query: [("vpc_id", ids["vpc"]!)])
    try await take("ShowSubnet", .get, "\(Lab.v1)/subnets/\(ids["subnet"]!)")
    ids["tunnel attachment"] = try await caller.attach(tunnel, "tunnel", "eth0")["attachment.id"]
    let attachment = """
      {"attachment":{"subnet_id":"\(ids["subnet"]!)","node":"node-1","role":"layer2","interface":"eth1"}}
      """
    try await take("CreateAttachment", .post, "\(Lab.ours)/attachments", body: attachment, id: "attachment")
    try await take("ListAttachments", .get, "\(Lab.ours)/attachments", query: [("limit", "1")])
    try await take("ShowAttachment", .get, "\(Lab.ours)/attachments/\(ids["attachment"]!)")
  }

  mutating func switches() async throws {
    let network = Caller.Network(
      vpc: ids["vpc"]!, tunnelSubnet: ids["tunnel"]!, layer2Subnets: [ids["subnet"]!])
    try await take(
      "CreateInstance", .post, "\(Lab.v3)/instances", body: Caller.instanceBody(network), id: "instance")
    caller.lab.pass(2)
    try await caller.report(interfaces: 2)
    let instance = "\(Lab.v3)/instances/\(ids["instance"]!)"
    try await take("ListInstances", .get, "\(Lab.v3)/instances", query: [("name", "edge-01")])
    try await take("ShowInstance", .get, instance)
    try await take("ListResourceJobs", .get, "\(Lab.v3)/resources/\(ids["instance"]!)/jobs")
    try await take("UpdateInstance", .put, instance, body: #"{"instance":{"name":"边缘","description":""}}"#)
    try await take(
      "CreateConnection", .post, "\(instance)/connections", body: Caller.connectionBody(network),
      id: "connection")
    try await caller.report(
      problems: [Problem(.leftovers, "something is left", topic: .stepFailed)],
      connections: [evidence(of: ids["connection"]!)], interfaces: 2, underlays: Seen.underlays,
      interferences: Seen.interferences)
    caller.lab.pass(1)
    let connection = "\(instance)/connections/\(ids["connection"]!)"
    try await take("ListConnections", .get, "\(instance)/connections")
    try await take(
      "ListConnectionsAllInstances", .get, "\(Lab.v3)/connections", query: [("virsubnet_id", ids["subnet"]!)])
    try await take("ShowConnection", .get, connection)
    try await take("UpdateConnection", .put, connection, body: #"{"connection":{"name":"c-02"}}"#)
    try await take("InstanceDiagnosis", .get, "\(Lab.ours)/instances/\(ids["instance"]!)")
    try await take("ConnectionDiagnosis", .get, "\(Lab.ours)/connections/\(ids["connection"]!)")
    try await take("Troubles", .get, "\(Lab.ours)/diagnoses")
    let forwarding = "\(Lab.ours)/connections/\(ids["connection"]!)/forwarding"
    try await take("ShowForwarding", .get, forwarding)
    let update = #"{"forwarding":{"profile":"esw","rules":{"broadcast":{"to_local":100}},"dscp":"copy"}}"#
    try await take("UpdateForwarding", .put, forwarding, body: update)
    try await take("ListTraffic", .get, "\(Lab.ours)/traffic")
    try await take("Nodes", .get, "\(Lab.ours)/nodes")
  }

  mutating func catalogue() async throws {
    try await take("ListFlavors", .get, "\(Lab.v3)/flavors")
    try await take("ListAvailabilityZones", .get, "\(Lab.v3)/availability-zones")
    try await take("ListQuotas", .get, "\(Lab.v3)/quotas")
  }

  mutating func ports() async throws {
    let vpc = "\(Lab.v1)/vpcs/\(ids["vpc"]!)"
    try await take("UpdateVPC", .put, vpc, body: #"{"vpc":{"name":"vpc-02","description":"d"}}"#)
    try await take(
      "ShowVPCOfVersion3", .get, "\(Lab.v1.replacing("/v1", with: "/v3"))/vpc/vpcs/\(ids["vpc"]!)")
    try await take(
      "UpdateSubnet", .put, "\(vpc)/subnets/\(ids["subnet"]!)",
      body: #"{"subnet":{"name":"layer2","dhcp_enable":false,"secondary_dns":"10.1.0.54"}}"#)
    let port = """
      {"port":{"network_id":"\(ids["subnet"]!)","name":"virtual","device_owner":"neutron:VIP_PORT",
       "fixed_ips":[{"subnet_id":"\(ids["subnet"]!)","ip_address":"10.1.0.7"}]}}
      """
    try await take("CreatePort", .post, "\(Lab.v1)/ports", body: port, id: "port")
    let vport = #"{"vport":{"id":"\#(ids["port"]!)"}}"#
    let vports = "\(Lab.v3)/connections/\(ids["connection"]!)/vports"
    try await caller.report(interfaces: 2)
    try await take("BindVport", .post, "\(vports)/bind", body: vport)
    try await take("ShowPort", .get, "\(Lab.v1)/ports/\(ids["port"]!)")
    try await take("UnbindVport", .post, "\(vports)/unbind", body: vport)
    try await take(
      "UpdatePort", .put, "\(Lab.v1)/ports/\(ids["port"]!)",
      body: #"{"port":{"name":"虚拟","security_groups":null,"allowed_address_pairs":null}}"#)
    let privateIP = """
      {"privateips":[{"subnet_id":"\(ids["subnet"]!)"}]}
      """
    try await take("CreatePrivateIPs", .post, "\(Lab.v1)/privateips", body: privateIP)
    try await take("ListPrivateIPs", .get, "\(Lab.v1)/subnets/\(ids["subnet"]!)/privateips")
    let row = caller.lab.snapshot.port(at: IPv4Address("10.1.0.8")!, in: SubnetID(ids["subnet"]!)!)
    let path = "\(Lab.v1)/privateips/\(row?.id.description ?? "none")"
    try await take("ShowPrivateIP", .get, path)
    try await take("DeletePrivateIP", .delete, path)
    try await take(
      "ListPorts", .get, "\(Lab.v1)/ports", query: [("device_owner", "neutron:VIP_PORT"), ("limit", "1")])
    try await take("DeletePort", .delete, "\(Lab.v1)/ports/\(ids["port"]!)")
  }

  mutating func deletions() async throws {
    try await caller.report(interfaces: 2)
    let instance = "\(Lab.v3)/instances/\(ids["instance"]!)"
    let connection = "\(instance)/connections/\(ids["connection"]!)"
    try await take("PlanDeleteConnection", .delete, connection, query: [("dry_run", "true")])
    try await take("DeleteConnection", .delete, connection)
    try await take("DeleteInstance", .delete, instance)
    try await take("DeleteAttachment", .delete, "\(Lab.ours)/attachments/\(ids["attachment"]!)")
    try await take("DeleteSubnet", .delete, "\(Lab.v1)/vpcs/\(ids["vpc"]!)/subnets/\(ids["subnet"]!)")
    let tunnel = "\(Lab.v1)/vpcs/\(ids["vpc"]!)/subnets/\(ids["tunnel"]!)"
    _ = try await caller.call(.delete, "\(Lab.ours)/attachments/\(ids["tunnel attachment"]!)")
    _ = try await caller.call(.delete, tunnel)
    try await take("DeleteVPC", .delete, "\(Lab.v1)/vpcs/\(ids["vpc"]!)")
  }

  mutating func plans() async throws {
    let network = try await caller.makeNetwork()
    try await take(
      "PlanInstance", .post, "\(Lab.v3)/instances", query: [("dry_run", "true")],
      body: Caller.instanceBody(network))
    let instance = try await caller.makeInstance(network)
    try await take(
      "PlanConnection", .post, "\(Lab.v3)/instances/\(instance)/connections", query: [("dry_run", "true")],
      body: Caller.connectionBody(network))
  }

  private func evidence(of connection: String) -> ConnectionReport {
    let remote = RemoteEndpoint(vni: VNI(5000)!, address: IPv4Address("192.0.2.1")!)
    return ConnectionReport(
      id: ConnectionID(connection)!,
      remotes: [RemoteEvidence(remote: remote, receivedAgeMilliseconds: 500, sentAgeMilliseconds: nil)],
      toRemote: TrafficCount(
        frames: 12, bytes: 1200, flooded: 3, slow: 2, answered: 4, forNode: 5, notLearned: 6, clamped: 7,
        toldTooBig: 8),
      toLocal: TrafficCount(frames: 11, bytes: 1100),
      drops: [
        DropCount(direction: .toRemote, reason: "too_big", frames: 1),
        DropCount(direction: .toLocal, reason: "class", frames: 2),
      ],
      hosts: [
        HostFact(
          mac: MACAddress("02:00:00:00:00:01")!, address: IPv4Address("10.1.0.9")!, side: .local,
          seenAgeMilliseconds: 100),
        HostFact(
          mac: MACAddress("02:00:00:00:00:02")!, address: nil, side: .remote(0), seenAgeMilliseconds: 200,
          sinceAgeMilliseconds: 90_000, moves: 4, heldMilliseconds: 60_000),
      ],
      virtualAddresses: [
        VirtualAddressFact(
          address: IPv4Address("10.1.0.20")!,
          holder: .init(
            mac: MACAddress("02:00:00:00:00:01")!, side: .local, seenAgeMilliseconds: 1_000), answered: 5)
      ], classDrops: [ClassDropCount(direction: .toLocal, frameClass: .configuration, frames: 2)],
      recentDrops: [DropCount(direction: .toRemote, reason: "too_big", frames: 1)], recentlyNotLearned: 3,
      port: PortFact(
        interface: InterfaceName("br0")!, state: .noCarrier, mtu: 1500, filteredBy: ["nf_call_iptables"]),
      learned: 9, moved: 4)
  }

  /// One member a line, in the order in which they came.
  private func indented(_ json: String) -> String {
    var text = ""
    var depth = 0
    var isInString = false
    var isEscaped = false
    func newline() -> String { "\n" + String(repeating: "  ", count: depth) }
    for character in json where isInString || !character.isWhitespace {
      if isInString {
        text.append(character)
        if !isEscaped, character == "\"" { isInString = false }
        isEscaped = character == "\\" && !isEscaped
        continue
      }
      switch character {
      case "}" where text.last { !$0.isWhitespace } == "{", "]" where text.last { !$0.isWhitespace } == "[":
        depth -= 1
        text = text.trimmingSuffix(while: \.isWhitespace) + "\(character)"
      case "{", "[":
        depth += 1
        text += "\(character)\(newline())"
      case "}", "]":
        depth -= 1
        text += "\(newline())\(character)"
      case ",": text += ",\(newline())"
      case ":": text += ": "
      default:
        isInString = character == "\""
        text.append(character)
      }
    }
    return text
  }
}

extension String {
  fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
    String(reversed().drop(while: isTrimmed).reversed())
  }
}
