import ESWWire
import Testing

/// How an operation is asked for with ids that are not the caller's.
///
/// A new operation gets a row in `all`: the names in its path are known here or said in `path`; its body and
/// its filters name rows of `TenantRows` as `<row>`. With the caller's own rows it has to succeed.
struct TenantProbe: Sendable, CustomTestStringConvertible {
  /// Where an id stands, and of what row it is.
  struct Place: Hashable, Sendable, CustomStringConvertible {
    enum Part: Sendable { case path, query, body }

    let part: Part
    let name: String
    let row: String

    var description: String { "\(name) in the \(part)" }
  }

  let operation: Operation
  let body: String
  let places: [Place]
  /// What it answers with the caller's own rows where that is no success, because no node is there.
  let ownCode: String?

  /// - Parameters:
  ///   - path: Rows for names in the path, where they are not the usual ones.
  ///   - filters: Names in the query, with `=` and what stands before the id if anything does, and the rows
  ///     whose ids they want.
  init(
    _ operation: Operation, path: [String: String] = [:], filters: [String: String] = [:], body: String = "",
    ownCode: String? = nil
  ) {
    self.operation = operation
    self.ownCode = ownCode
    self.body = body
    let inPath = operation.path.matches(of: /\{(\w+)\}/).map { String($0.1) }
      .filter { $0 != "project_id" }
    places =
      inPath.map { Place(part: .path, name: $0, row: path[$0] ?? Self.usual[$0] ?? "") }
      + filters.sorted { $0.key < $1.key }.map { Place(part: .query, name: $0.key, row: $0.value) }
      + body.matches(of: /<(\w+)>/).map { Place(part: .body, name: String($0.1), row: String($0.1)) }
  }

  var testDescription: String { operation.name }

  private static let usual = [
    "instance_id": "instance", "connection_id": "connection", "resource_id": "instance", "vpc_id": "vpc",
    "subnet_id": "layer2_subnet", "attachment_id": "attachment",
    "port_id": "port", "privateip_id": "port",
  ]

  /// Path, query and body with these ids; a filter is there only if its place has one.
  func request(
    project: String, _ ids: [Place: String], own: [String: String]
  ) -> (path: String, query: [(String, String)], body: String) {
    var path = operation.path.replacing("{project_id}", with: project)
    var body = self.body
    var query: [(String, String)] = []
    for place in places {
      let id = ids[place] ?? own[place.row] ?? ""
      switch place.part {
      case .path: path = path.replacing("{\(place.name)}", with: id)
      case .body: body = body.replacing("<\(place.name)>", with: id)
      case .query:
        guard ids[place] != nil else { continue }
        let words = place.name.split(separator: "=").map(String.init) + [id]
        query.append((words[0], words.dropFirst().joined(separator: "=")))
      }
    }
    return (path, query, body)
  }
}

extension TenantProbe {
  static let all = switches + networks + ports + additions

  private static let switches = [
    TenantProbe(
      .createInstance,
      body: """
        {"instance":{"name":"n","flavor_ref":"l2cg.large.ha","ha_mode":"ha",
         "availability_zones":{"primary":"az1","standby":"az2"},"charge_infos":{"charge_mode":"postPaid"},
         "tunnel_info":{"vpc_id":"<vpc>","virsubnet_id":"<tunnel_subnet>"}}}
        """),
    TenantProbe(.listInstances, filters: ["id": "instance", "marker": "instance"]),
    TenantProbe(.showInstance),
    TenantProbe(.updateInstance, body: #"{"instance":{"name":"n"}}"#),
    TenantProbe(.deleteInstance, path: ["instance_id": "idle_instance"]),
    TenantProbe(
      .createConnection,
      body: """
        {"connection":{"name":"c","vpc_id":"<vpc>","virsubnet_id":"<idle_subnet>",
         "remote_infos":[{"segmentation_id":9,"tunnel_ip":"192.0.2.9"}]}}
        """),
    TenantProbe(.listConnections, filters: ["id": "connection", "marker": "connection"]),
    TenantProbe(.showConnection),
    TenantProbe(.updateConnection, body: #"{"connection":{"name":"c"}}"#),
    TenantProbe(.deleteConnection),
    TenantProbe(
      .listConnectionsAllInstances,
      filters: [
        "id": "connection", "instance_id": "instance", "vpc_id": "vpc", "virsubnet_id": "layer2_subnet",
        "marker": "connection",
      ]),
    TenantProbe(.bindVport, body: #"{"vport":{"id":"<idle_port>"}}"#),
    TenantProbe(.unbindVport, body: #"{"vport":{"id":"<port>"}}"#),
    TenantProbe(.listFlavors),
    TenantProbe(.listAvailabilityZones),
    TenantProbe(.listQuotas),
    TenantProbe(.listResourceJobs, filters: ["marker": "job"]),
  ]

  private static let networks = [
    TenantProbe(.createVPC, body: #"{"vpc":{"name":"v","cidr":"10.0.0.0/8"}}"#),
    TenantProbe(.listVPCs, filters: ["id": "vpc", "marker": "vpc"]),
    TenantProbe(.showVPC),
    TenantProbe(.showVPCOfVersion3),
    TenantProbe(.updateVPC, body: #"{"vpc":{"name":"n"}}"#),
    TenantProbe(.deleteVPC, path: ["vpc_id": "idle_vpc"]),
    TenantProbe(
      .createSubnet,
      body: #"{"subnet":{"name":"s","cidr":"10.0.77.0/24","gateway_ip":"10.0.77.1","vpc_id":"<vpc>"}}"#),
    TenantProbe(.listSubnets, filters: ["vpc_id": "vpc", "marker": "layer2_subnet"]),
    TenantProbe(.showSubnet),
    TenantProbe(.updateSubnet, body: #"{"subnet":{"name":"n"}}"#),
    TenantProbe(.deleteSubnet, path: ["subnet_id": "idle_subnet"]),
  ]

  private static let ports = [
    TenantProbe(.createPort, body: #"{"port":{"network_id":"<idle_subnet>"}}"#),
    TenantProbe(
      .listPorts,
      filters: [
        "id": "port", "network_id": "layer2_subnet", "device_id": "connection",
        "fixed_ips=subnet_id": "layer2_subnet", "marker": "port",
      ]),
    TenantProbe(.showPort),
    TenantProbe(.updatePort, body: #"{"port":{"name":"n"}}"#),
    TenantProbe(.deletePort, path: ["port_id": "idle_port"]),
    TenantProbe(.createPrivateIPs, body: #"{"privateips":[{"subnet_id":"<idle_subnet>"}]}"#),
    TenantProbe(.listPrivateIPs, filters: ["marker": "port"]),
    TenantProbe(.showPrivateIP),
    TenantProbe(.deletePrivateIP, path: ["privateip_id": "idle_port"]),
  ]

  private static let additions = [
    TenantProbe(
      .createAttachment,
      body: """
        {"attachment":{"subnet_id":"<idle_subnet>","node":"node-1","role":"layer2","interface":"eth9"}}
        """),
    TenantProbe(.listAttachments, filters: ["subnet_id": "layer2_subnet", "marker": "attachment"]),
    TenantProbe(.showAttachment),
    TenantProbe(.deleteAttachment, path: ["attachment_id": "idle_attachment"]),
    TenantProbe(.diagnoseInstance),
    TenantProbe(.diagnoseConnection),
    TenantProbe(.listDiagnoses, filters: ["instance_id": "instance", "marker": "connection"]),
    TenantProbe(.showForwarding),
    TenantProbe(.updateForwarding, body: #"{"forwarding":{"profile":"esw"}}"#),
    TenantProbe(.captureConnection, ownCode: "l2cg.8032"),
    TenantProbe(.listNodes),
    TenantProbe(.listEvents, filters: ["connection_id": "connection"]),
    TenantProbe(.listHosts, filters: ["connection_id": "connection"]),
    TenantProbe(.listTraffic, filters: ["instance_id": "instance", "marker": "connection"]),
    TenantProbe(.listAudit, filters: ["resource_id": "instance"]),
  ]
}
