import ESWAdmission
import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird

/// VPCs and subnets in the shapes of version 1 of the vendor's VPC API, which answers a create with 200
/// and has no `request_id` and no `page_info` in its bodies.
struct NetworkRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.createVPC, createVPC)
    routes.onAside(.listVPCs, listVPCs)
    routes.on(.showVPC, showVPC)
    routes.on(.updateVPC, updateVPC)
    routes.on(.deleteVPC, deleteVPC)
    routes.on(.showVPCOfVersion3, showVPCOfVersion3)
    routes.on(.createSubnet, createSubnet)
    routes.onAside(.listSubnets, listSubnets)
    routes.on(.showSubnet, showSubnet)
    routes.on(.updateSubnet, updateSubnet)
    routes.on(.deleteSubnet, deleteSubnet)
  }

  @Sendable private func createVPC(_: Request, context: CallContext) async throws -> Response {
    let request = try NewVPC(body: context.body.readableBytesView)
    let project = try context.project
    let (vpc, _) = try await core.commit(context) { [core] view in
      try VPCAdmission.create(request, of: project, in: view.snapshot, minting: core.minting, now: view.now)
    }
    return answer(vpc)
  }

  @Sendable private func listVPCs(request: Request, context: CallContext) async throws -> Response {
    let query = request.query
    let id: QueryFilter<VPCID> = query.filter("id")
    let isOfOther = query.isOfOtherEnterpriseProject
    let table = core.snapshot.vpcs
    let page = Page(try PageQuery(query), of: table.ids(of: try context.project), in: table) {
      id.matches($0.id) && !isOfOther
    }
    return .json(.ok) { $0.object { $0.array("vpcs", page.rows) { $0.vpc($1) } } }
  }

  @Sendable private func showVPC(_: Request, context: CallContext) async throws -> Response {
    let id: VPCID = try context.id("vpc_id", or: CallError.unknownVPC)
    guard let vpc = core.snapshot.vpcs[id, of: try context.project] else {
      throw CallError.unknownVPC(id.description)
    }
    return answer(vpc)
  }

  @Sendable private func showVPCOfVersion3(_: Request, context: CallContext) async throws -> Response {
    let id: VPCID = try context.id("vpc_id", or: CallError.unknownVPC)
    let snapshot = core.snapshot
    guard let vpc = snapshot.vpcs[id, of: try context.project] else {
      throw CallError.unknownVPC(id.description)
    }
    return context.answer {
      $0.name("vpc")
      $0.vpcOfVersion3(vpc, subnetCount: snapshot.subnets(in: id).count)
    }
  }

  @Sendable private func updateVPC(_: Request, context: CallContext) async throws -> Response {
    let id: VPCID = try context.id("vpc_id", or: CallError.unknownVPC)
    let request = try VPCUpdate(body: context.body.readableBytesView)
    let project = try context.project
    let (vpc, _) = try await core.commit(context) { view in
      try VPCAdmission.update(
        id, name: request.name, description: request.description, network: request.network, of: project,
        in: view.snapshot, now: view.now)
    }
    return answer(vpc)
  }

  @Sendable private func deleteVPC(_: Request, context: CallContext) async throws -> Response {
    let id: VPCID = try context.id("vpc_id", or: CallError.unknownVPC)
    let project = try context.project
    _ = try await core.commit(context) { try VPCAdmission.delete(id, of: project, in: $0.snapshot) }
    return .noContent
  }

  @Sendable private func createSubnet(_: Request, context: CallContext) async throws -> Response {
    let request = try NewSubnet(body: context.body.readableBytesView)
    let project = try context.project
    let (subnet, _) = try await core.commit(context) { [core] view in
      try SubnetAdmission.create(
        request, of: project, in: view.snapshot, region: core.region, minting: core.minting, now: view.now)
    }
    return answer(subnet)
  }

  @Sendable private func listSubnets(request: Request, context: CallContext) async throws -> Response {
    let vpc: QueryFilter<VPCID> = request.query.filter("vpc_id")
    let table = core.snapshot.subnets
    let page = Page(try PageQuery(request.query), of: table.ids(of: try context.project), in: table) {
      vpc.matches($0.vpc)
    }
    return .json(.ok) { $0.object { $0.array("subnets", page.rows) { $0.subnet($1) } } }
  }

  @Sendable private func showSubnet(_: Request, context: CallContext) async throws -> Response {
    let id: SubnetID = try context.id("subnet_id", or: CallError.unknownSubnet)
    guard let subnet = core.snapshot.subnets[id, of: try context.project] else {
      throw CallError.unknownSubnet(id.description)
    }
    return answer(subnet)
  }

  /// The vendor answers with no more than the id and the status.
  @Sendable private func updateSubnet(_: Request, context: CallContext) async throws -> Response {
    let vpc: VPCID = try context.id("vpc_id", or: CallError.unknownVPC)
    let id: SubnetID = try context.id("subnet_id", or: CallError.unknownSubnet)
    let request = try SubnetUpdate(body: context.body.readableBytesView)
    let project = try context.project
    let (subnet, _) = try await core.commit(context) { view in
      let servers = view.snapshot.subnets[id, of: project]?.nameServers ?? []
      return try SubnetAdmission.update(
        id, vpc: vpc, name: request.name, description: request.description,
        isDHCPEnabled: request.isDHCPEnabled, nameServers: request.nameServers.applied(to: servers),
        of: project, in: view.snapshot, now: view.now)
    }
    return .json(.ok) { $0.object { $0.object("subnet") { $0.subnetResult(subnet) } } }
  }

  @Sendable private func deleteSubnet(_: Request, context: CallContext) async throws -> Response {
    let vpc: VPCID = try context.id("vpc_id", or: CallError.unknownVPC)
    let id: SubnetID = try context.id("subnet_id", or: CallError.unknownSubnet)
    let project = try context.project
    _ = try await core.commit(context) {
      try SubnetAdmission.delete(id, vpc: vpc, of: project, in: $0.snapshot)
    }
    return .noContent
  }

  private func answer(_ vpc: VPC) -> Response {
    .json(.ok) {
      $0.object {
        $0.name("vpc")
        $0.vpc(vpc)
      }
    }
  }

  private func answer(_ subnet: Subnet) -> Response {
    .json(.ok) {
      $0.object {
        $0.name("subnet")
        $0.subnet(subnet)
      }
    }
  }
}
