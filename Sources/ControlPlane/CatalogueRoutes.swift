import ESWModel
import ESWWire
import Hummingbird

/// ListFlavors, ListAvailabilityZones, ListQuotas.
struct CatalogueRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.listFlavors, flavors)
    routes.on(.listAvailabilityZones, zones)
    routes.on(.listQuotas, quotas)
  }

  @Sendable private func flavors(_: Request, context: CallContext) async throws -> Response {
    context.answer { $0.array("flavors", Flavor.all) { $0.flavor($1, zones: core.region.zones) } }
  }

  @Sendable private func zones(_: Request, context: CallContext) async throws -> Response {
    context.answer {
      $0.member("availability_zones", strings: core.region.zones)
      // The Terraform provider reads this name (contract section 5).
      $0.member("available_zones", strings: core.region.zones)
    }
  }

  @Sendable private func quotas(_: Request, context: CallContext) async throws -> Response {
    let used = core.snapshot.instances.ids(of: try context.project).count
    return context.answer { $0.quotas(instances: core.region.instanceQuota, used: used) }
  }
}
