import ESWModel

extension OperationDocument {
  /// Two views of the same rows, as the vendor has them.
  static let ports = Area(
    name: "Ports", summary: "Ports and private IPs of version 1 of the vendor's VPC API",
    operations: views + privateIPs)

  private static let views = [
    OperationDocument(
      .createPort, "Make a port", body: .body(["port": newPort]), .ok(.answer(["port": port])),
      mayConflict: true),
    OperationDocument(
      .listPorts, "List ports",
      query: Query.paging() + [
        .filter("id"), .filter("name"), .filter("network_id"), .filter("mac_address"), .filter("device_id"),
        .filter("device_owner"), .filter("fixed_ips"), .filter("status"), .filter("admin_state_up"),
        .filter("enable_efi"), .filter("security_groups"), .filter("enterprise_project_id"),
      ], .ok(.answer(["ports": .array(of: port)]))),
    OperationDocument(.showPort, "Show a port", .ok(.answer(["port": port]))),
    OperationDocument(
      .updatePort, "Rename a port", body: .body(["port": .body([:], optional: ["name": .portName])]),
      .ok(.answer(["port": port]))),
    OperationDocument(.deletePort, "Delete a port that is not bound", .noContent, mayConflict: true),
  ]

  private static let privateIPs = [
    OperationDocument(
      .createPrivateIPs, "Make ports, as private IPs",
      body: .body(["privateips": .array(of: newPrivateIP, count: 1...NewPrivateIPs.mostAtOnce)]),
      .ok(.answer(["privateips": .array(of: privateIP)])), mayConflict: true),
    OperationDocument(
      .listPrivateIPs, "List the ports of a subnet, as private IPs", query: Query.paging(),
      .ok(.answer(["privateips": .array(of: privateIP)]))),
    OperationDocument(.showPrivateIP, "Show a port, as a private IP", .ok(.answer(["privateip": privateIP]))),
    OperationDocument(
      .deletePrivateIP, "Delete a port that is not bound", .noContent, mayConflict: true),
  ]

  /// A subnet is its network, so both ids name the same.
  private static let newPort = Schema.body(
    ["network_id": .uuid],
    optional: [
      "name": .portName, "device_owner": .words(of: Port.Owner.self), "admin_state_up": .only(true),
      "fixed_ips": .array(
        of: .body([:], optional: ["subnet_id": .uuid.orEmpty, "ip_address": .address.orEmpty]), count: 0...1),
    ]
  ).named("CreatePortOption")

  private static let newPrivateIP = Schema.body(
    ["subnet_id": .uuid],
    optional: ["ip_address": .address.orEmpty, "device_owner": .words(of: Port.Owner.self)]
  ).named("CreatePrivateipOption")

  private static let port = Schema.answer([
    "id": .uuid, "name": .portName, "network_id": .uuid, "admin_state_up": .only(true), "mac_address": .mac,
    "fixed_ips": .array(of: .answer(["subnet_id": .uuid, "ip_address": .address]), count: 1...1),
    "device_id": .uuid.orEmpty, "device_owner": .words(of: Port.Owner.self), "tenant_id": .projectID,
    "status": .words(Port.status), "security_groups": .none, "allowed_address_pairs": .none,
    "extra_dhcp_opts": .none, "binding:vnic_type": .words("normal"), "binding:vif_details": .answer([:]),
    "binding:profile": .answer([:]), "dns_assignment": .none, "dns_name": .words(""),
    "instance_id": .words(""), "instance_type": .words(""), "port_security_enabled": .only(false),
    "zone_id": .zone, "enable_efi": .only(false), "created_at": .moment,
  ]).named("Port")

  private static let privateIP = Schema.answer([
    "status": .words(Port.status), "id": .uuid, "subnet_id": .uuid, "tenant_id": .projectID,
    "device_owner": .words(of: Port.Owner.self), "ip_address": .address,
  ]).named("Privateip")
}

extension Schema {
  fileprivate static let portName = string(
    0...PortName.longest, pattern: "^[-A-Za-z0-9_.\u{3400}-\u{4DBF}\u{4E00}-\u{9FFF}]*$")
}
