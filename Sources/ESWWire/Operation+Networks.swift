// Version 1 of the vendor's VPC API, as far as the flows of a switch need it.
extension Operation {
  static let networks = [
    createVPC, listVPCs, showVPC, updateVPC, deleteVPC, showVPCOfVersion3, createSubnet, listSubnets,
    showSubnet, updateSubnet, deleteSubnet, createPort, listPorts, showPort, updatePort, deletePort,
    createPrivateIPs, listPrivateIPs, showPrivateIP, deletePrivateIP,
  ]

  private static let vpcs = "/v1/{project_id}/vpcs"
  private static let subnets = "/v1/{project_id}/subnets"
  private static let ports = "/v1/{project_id}/ports"
  private static let privateIPs = "/v1/{project_id}/privateips"

  package static let createVPC = Operation("CreateVpc", .post, vpcs, .project, "vpc:vpcs:create")
  package static let listVPCs = Operation("ListVpcs", .get, vpcs, .project, "vpc:vpcs:list")
  package static let showVPC = Operation("ShowVpc", .get, vpcs + "/{vpc_id}", .project, "vpc:vpcs:get")
  package static let deleteVPC = Operation(
    "DeleteVpc", .delete, vpcs + "/{vpc_id}", .project, "vpc:vpcs:delete")
  package static let updateVPC = Operation(
    "UpdateVpc", .put, vpcs + "/{vpc_id}", .project, "vpc:vpcs:update")
  /// The Terraform provider reads every VPC of version 1 here too, for ranges that ours do not have.
  package static let showVPCOfVersion3 = Operation(
    "ShowVpcV3", .get, "/v3/{project_id}/vpc/vpcs/{vpc_id}", .project, "vpc:vpcs:get")
  package static let createSubnet = Operation(
    "CreateSubnet", .post, subnets, .project, "vpc:subnets:create")
  package static let listSubnets = Operation("ListSubnets", .get, subnets, .project, "vpc:subnets:list")
  package static let showSubnet = Operation(
    "ShowSubnet", .get, subnets + "/{subnet_id}", .project, "vpc:subnets:get")
  package static let deleteSubnet = Operation(
    "DeleteSubnet", .delete, vpcs + "/{vpc_id}/subnets/{subnet_id}", .project, "vpc:subnets:delete")
  package static let updateSubnet = Operation(
    "UpdateSubnet", .put, vpcs + "/{vpc_id}/subnets/{subnet_id}", .project, "vpc:subnets:update")

  package static let createPort = Operation("CreatePort", .post, ports, .project, "vpc:ports:create")
  package static let listPorts = Operation("ListPorts", .get, ports, .project, "vpc:ports:list")
  package static let showPort = Operation(
    "ShowPort", .get, ports + "/{port_id}", .project, "vpc:ports:get")
  package static let updatePort = Operation(
    "UpdatePort", .put, ports + "/{port_id}", .project, "vpc:ports:update")
  package static let deletePort = Operation(
    "DeletePort", .delete, ports + "/{port_id}", .project, "vpc:ports:delete")
  package static let createPrivateIPs = Operation(
    "CreatePrivateip", .post, privateIPs, .project, "vpc:privateIps:create")
  package static let listPrivateIPs = Operation(
    "ListPrivateips", .get, subnets + "/{subnet_id}/privateips", .project, "vpc:privateIps:list")
  package static let showPrivateIP = Operation(
    "ShowPrivateip", .get, privateIPs + "/{privateip_id}", .project, "vpc:privateIps:get")
  package static let deletePrivateIP = Operation(
    "DeletePrivateip", .delete, privateIPs + "/{privateip_id}", .project, "vpc:privateIps:delete")
}
