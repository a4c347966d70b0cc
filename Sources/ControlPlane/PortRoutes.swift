import ESWAdmission
import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird

/// Ports and private IPs in the shapes of version 1 of the vendor's VPC API: two views of the same rows,
/// as the vendor has them.
struct PortRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.createPort, createPort)
    routes.onAside(.listPorts, listPorts)
    routes.on(.showPort, showPort)
    routes.on(.updatePort, updatePort)
    routes.on(.deletePort, deletePort)
    routes.on(.createPrivateIPs, createPrivateIPs)
    routes.onAside(.listPrivateIPs, listPrivateIPs)
    routes.on(.showPrivateIP, showPrivateIP)
    routes.on(.deletePrivateIP, deletePrivateIP)
  }

  @Sendable private func createPort(_: Request, context: CallContext) async throws -> Response {
    let request = try NewPort(body: context.body.readableBytesView)
    let project = try context.project
    let (port, view) = try await core.commit(context) { [core] view in
      try PortAdmission.create(request, of: project, in: view.snapshot, minting: core.minting, now: view.now)
    }
    return answer(port, view.snapshot)
  }

  @Sendable private func listPorts(request: Request, context: CallContext) async throws -> Response {
    let snapshot = core.snapshot
    let filter = PortFilter(request.query)
    let page = Page(
      try PageQuery(request.query), of: snapshot.ports.ids(of: try context.project), in: snapshot.ports,
      where: filter.matches)
    return .json(.ok) { $0.object { $0.array("ports", page.rows) { $0.port($1, in: snapshot) } } }
  }

  @Sendable private func showPort(_: Request, context: CallContext) async throws -> Response {
    let snapshot = core.snapshot
    return answer(try find("port_id", of: context, in: snapshot), snapshot)
  }

  @Sendable private func updatePort(_: Request, context: CallContext) async throws -> Response {
    let id: PortID = try context.id("port_id", or: CallError.unknownPort)
    let request = try PortUpdate(body: context.body.readableBytesView)
    let project = try context.project
    let (port, view) = try await core.commit(context) {
      try PortAdmission.update(id, name: request.name, of: project, in: $0.snapshot)
    }
    return answer(port, view.snapshot)
  }

  @Sendable private func deletePort(_: Request, context: CallContext) async throws -> Response {
    try await delete("port_id", of: context)
  }

  @Sendable private func createPrivateIPs(_: Request, context: CallContext) async throws -> Response {
    let request = try NewPrivateIPs(body: context.body.readableBytesView)
    let project = try context.project
    let (ports, _) = try await core.commit(context) { [core] view in
      try PortAdmission.create(
        request.ports, of: project, in: view.snapshot, minting: core.minting, now: view.now)
    }
    return .json(.ok) { $0.object { $0.array("privateips", ports) { $0.privateIP($1) } } }
  }

  @Sendable private func listPrivateIPs(request: Request, context: CallContext) async throws -> Response {
    let subnet: SubnetID = try context.id("subnet_id", or: CallError.unknownSubnet)
    let snapshot = core.snapshot
    guard snapshot.subnets[subnet, of: try context.project] != nil else {
      throw CallError.unknownSubnet(subnet.description)
    }
    let page = Page(
      try PageQuery(request.query), of: snapshot.portIDs(of: subnet), in: snapshot.ports
    ) { _ in true }
    return .json(.ok) { $0.object { $0.array("privateips", page.rows) { $0.privateIP($1) } } }
  }

  @Sendable private func showPrivateIP(_: Request, context: CallContext) async throws -> Response {
    let port = try find("privateip_id", of: context, in: core.snapshot)
    return .json(.ok) {
      $0.object {
        $0.name("privateip")
        $0.privateIP(port)
      }
    }
  }

  @Sendable private func deletePrivateIP(_: Request, context: CallContext) async throws -> Response {
    try await delete("privateip_id", of: context)
  }

  private func find(
    _ parameter: String, of context: CallContext, in snapshot: IntentSnapshot
  ) throws(CallError) -> Port {
    let id: PortID = try context.id(parameter, or: CallError.unknownPort)
    guard let port = snapshot.ports[id, of: try context.project] else {
      throw CallError.unknownPort(id.description)
    }
    return port
  }

  private func delete(_ parameter: String, of context: CallContext) async throws -> Response {
    let id: PortID = try context.id(parameter, or: CallError.unknownPort)
    let project = try context.project
    _ = try await core.commit(context) { try PortAdmission.delete(id, of: project, in: $0.snapshot) }
    return .noContent
  }

  private func answer(_ port: Port, _ snapshot: IntentSnapshot) -> Response {
    .json(.ok) {
      $0.object {
        $0.name("port")
        $0.port(port, in: snapshot)
      }
    }
  }
}

/// The filters of ListPorts, combined with AND.
private struct PortFilter {
  private let name: QueryFilter<PortName>
  private let network: QueryFilter<SubnetID>
  private let mac: QueryFilter<MACAddress>
  private let device: QueryFilter<ConnectionID>
  private let owner: QueryFilter<String>
  /// Nil: any. What is no id is no port's.
  private let ids: Set<PortID>?
  private let places: FixedAddressFilter
  /// Asks for what none of our ports is.
  private let isForOthers: Bool

  init(_ query: QueryParameters) {
    name = query.filter("name")
    network = query.filter("network_id")
    mac = query.filter("mac_address")
    device = query.filter("device_id")
    owner = query.filter("device_owner")
    let named = query.values("id").filter { $0 != "" }
    ids = named.isEmpty ? nil : Set(named.compactMap { PortID($0) })
    places = FixedAddressFilter(query.values("fixed_ips").filter { $0 != "" })
    isForOthers =
      ![nil, "", Port.status].contains(query["status"])
      || ![nil, "", "true"].contains(query["admin_state_up"]?.lowercased())
      || ![nil, "", "false"].contains(query["enable_efi"]?.lowercased())
      || query.values("security_groups").contains { $0 != "" }
      || query.isOfOtherEnterpriseProject
  }

  func matches(_ port: Port) -> Bool {
    !isForOthers && name.matches(port.name) && network.matches(port.subnet) && mac.matches(port.mac)
      && (port.connection.map(device.matches) ?? (device == .any)) && owner.matches(port.owner.rawValue)
      && ids?.contains(port.id) ?? true && places.matches(port)
  }
}

/// `fixed_ips=ip_address=A` and `fixed_ips=subnet_id=S`: of either, one of those named.
private struct FixedAddressFilter {
  private var addresses: Set<String>?
  private var subnets: Set<String>?
  private var isNonsense = false

  init(_ values: [String]) {
    for value in values {
      let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      switch (parts.first, parts.dropFirst().first) {
      case ("ip_address", let address?): addresses = (addresses ?? []).union([address])
      case ("subnet_id", let subnet?): subnets = (subnets ?? []).union([subnet.lowercased()])
      default: isNonsense = true
      }
    }
  }

  func matches(_ port: Port) -> Bool {
    !isNonsense && addresses?.contains(port.address.description) ?? true
      && subnets?.contains(port.subnet.description) ?? true
  }
}

extension QueryParameters {
  /// Everything of ours is of the default enterprise project, `0`.
  var isOfOtherEnterpriseProject: Bool {
    ![nil, "", "0", "all_granted_eps"].contains(self["enterprise_project_id"])
  }
}

extension JSONWriter {
  fileprivate mutating func port(_ port: Port, in snapshot: IntentSnapshot) {
    self.port(port, zone: snapshot.subnets[port.subnet]?.availabilityZone ?? "")
  }
}
