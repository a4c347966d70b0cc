// Version 1 of the vendor's VPC API, as far as the flows of a switch need it.
extension Operation {
  static let networks = [
    createVPC, listVPCs, showVPC, deleteVPC, createSubnet, listSubnets, showSubnet, deleteSubnet,
  ]

  private static let vpcs = "/v1/{project_id}/vpcs"
  private static let subnets = "/v1/{project_id}/subnets"

  package static let createVPC = Operation("CreateVpc", .post, vpcs, .project, "vpc:vpcs:create")
  package static let listVPCs = Operation("ListVpcs", .get, vpcs, .project, "vpc:vpcs:list")
  package static let showVPC = Operation("ShowVpc", .get, vpcs + "/{vpc_id}", .project, "vpc:vpcs:get")
  package static let deleteVPC = Operation(
    "DeleteVpc", .delete, vpcs + "/{vpc_id}", .project, "vpc:vpcs:delete")
  package static let createSubnet = Operation(
    "CreateSubnet", .post, subnets, .project, "vpc:subnets:create")
  package static let listSubnets = Operation("ListSubnets", .get, subnets, .project, "vpc:subnets:list")
  package static let showSubnet = Operation(
    "ShowSubnet", .get, subnets + "/{subnet_id}", .project, "vpc:subnets:get")
  package static let deleteSubnet = Operation(
    "DeleteSubnet", .delete, vpcs + "/{vpc_id}/subnets/{subnet_id}", .project, "vpc:subnets:delete")
}
