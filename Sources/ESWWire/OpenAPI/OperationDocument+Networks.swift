import ESWModel

extension OperationDocument {
  /// Answers of this version have no `request_id` and no `page_info`, and a create answers 200.
  static let networks = Area(
    name: "Networks", summary: "Version 1 of the vendor's VPC API, as far as the flows of a switch need it",
    operations: vpcs + subnets)

  private static let vpcs = [
    OperationDocument(
      .createVPC, "Make a VPC",
      body: .body([
        "vpc": .body(
          ["name": .resourceName, "cidr": .network], optional: ["description": .resourceDescription])
      ]), .ok(.answer(["vpc": vpc])), mayConflict: true),
    OperationDocument(
      .listVPCs, "List VPCs", query: Query.paging() + [.filter("id"), .filter("enterprise_project_id")],
      .ok(.answer(["vpcs": .array(of: vpc)]))),
    OperationDocument(.showVPC, "Show a VPC", .ok(.answer(["vpc": vpc]))),
    OperationDocument(
      .updateVPC, "Change name, description or range of a VPC",
      body: .body([
        "vpc": .body(
          [:],
          optional: ["name": .resourceName, "description": .resourceDescription, "cidr": .network])
      ]), .ok(.answer(["vpc": vpc])), mayConflict: true),
    OperationDocument(
      .showVPCOfVersion3, "Show a VPC as version 3 of the vendor's API does",
      .ok(.envelope(["vpc": vpcOfVersion3]))),
    OperationDocument(.deleteVPC, "Delete a VPC without subnets", .noContent, mayConflict: true),
  ]

  private static let subnets = [
    OperationDocument(
      .createSubnet, "Cut a subnet from a VPC", body: .body(["subnet": newSubnet]),
      .ok(.answer(["subnet": subnet])), mayConflict: true),
    OperationDocument(
      .listSubnets, "List subnets", query: Query.paging() + [.filter("vpc_id")],
      .ok(.answer(["subnets": .array(of: subnet)]))),
    OperationDocument(.showSubnet, "Show a subnet", .ok(.answer(["subnet": subnet]))),
    OperationDocument(
      .updateSubnet, "Change name, description, DHCP or name servers of a subnet",
      body: .body([
        "subnet": .body(
          [:],
          optional: [
            "name": .resourceName, "description": .resourceDescription, "dhcp_enable": .boolean,
            "ipv6_enable": .only(false), "primary_dns": .address.orEmpty, "secondary_dns": .address.orEmpty,
            "dnsList": .array(of: .address, count: 0...NewSubnet.mostNameServers),
          ])
      ]), .ok(.answer(["subnet": .answer(["id": .uuid, "status": .words("ACTIVE")])]))),
    OperationDocument(.deleteSubnet, "Delete a subnet that nothing uses", .noContent, mayConflict: true),
  ]

  private static let newSubnet = Schema.body(
    ["name": .resourceName, "cidr": .network, "gateway_ip": .address, "vpc_id": .uuid],
    optional: [
      "description": .resourceDescription, "ipv6_enable": .only(false),
      "dhcp_enable": .boolean, "primary_dns": .address.orEmpty, "secondary_dns": .address.orEmpty,
      "dnsList": .array(of: .address, count: 0...NewSubnet.mostNameServers),
      "availability_zone": .string(0...128),
    ]
  ).named("CreateSubnetOption")

  private static let vpc = Schema.answer([
    "id": .uuid, "name": .resourceName, "description": .resourceDescription, "cidr": .network,
    "status": .words("OK"), "enterprise_project_id": .words("0"),
    "routes": .none, "tenant_id": .projectID, "created_at": .moment,
    "updated_at": .moment,
  ]).named("Vpc")

  private static let vpcOfVersion3 = Schema.answer([
    "id": .uuid, "name": .resourceName, "description": .resourceDescription, "cidr": .network,
    "extend_cidrs": .none, "status": .words("ACTIVE"), "project_id": .projectID,
    "enterprise_project_id": .words("0"),
    "cloud_resources": .array(
      of: .answer(["resource_type": .words("virsubnet"), "resource_count": .count])),
    "tags": .none, "created_at": .moment, "updated_at": .moment,
  ]).named("VpcV3")

  private static let subnet = Schema.answer([
    "id": .uuid, "name": .resourceName, "description": .resourceDescription, "cidr": .network,
    "gateway_ip": .address, "ipv6_enable": .boolean, "dhcp_enable": .boolean,
    "primary_dns": .address.orEmpty, "secondary_dns": .address.orEmpty, "dnsList": .array(of: .address),
    "availability_zone": .zone, "vpc_id": .uuid, "status": .words("ACTIVE"), "neutron_network_id": .uuid,
    "neutron_subnet_id": .uuid, "extra_dhcp_opts": .none,
    "scope": .words("center"), "tenant_id": .projectID, "created_at": .moment, "updated_at": .moment,
  ]).named("Subnet")
}
