import ESWAdmission
import ESWModel
import ESWPlanning
import ESWWire
import Hummingbird

/// CreateInstance, ListInstances, ShowInstance, UpdateInstance, DeleteInstance, ListResourceJobs.
struct InstanceRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.createInstance, create)
    routes.on(.listInstances, list)
    routes.on(.showInstance, show)
    routes.on(.updateInstance, update)
    routes.on(.deleteInstance, delete)
    routes.onAside(.listResourceJobs, jobs)
  }

  @Sendable private func create(_: Request, context: CallContext) async throws -> Response {
    let request = try NewInstance(body: context.body.readableBytesView)
    let project = try context.project
    let (created, view) = try await core.commit(context) { [core] view in
      try InstanceAdmission.create(
        request, of: project, in: view.snapshot, region: core.region, minting: core.minting, now: view.now)
    }
    return context.answer(.created) {
      $0.member("job_id", created.job.id)
      $0.name("instance")
      // Whatever comes of it: the answer says that it is being made.
      $0.instance(created.instance, status: .build, region: view.region)
    }
  }

  @Sendable private func list(request: Request, context: CallContext) async throws -> Response {
    let view = core.view
    return try await context.answer(request, from: core.pages, view) { writer, span in
      let query = request.query
      let (id, name, description): (QueryFilter<InstanceID>, QueryFilter<String>, QueryFilter<String>) = (
        query.filter("id"), query.filter("name"), query.filter("description")
      )
      let page = Page(
        try PageQuery(query), of: view.snapshot.instances.ids(of: try context.project),
        in: view.snapshot.instances
      ) {
        id.matches($0.id) && name.matches($0.name.description)
          && description.matches($0.description.description)
      }
      writer.pageInfo(page.info)
      writer.array("instances", page.rows) {
        $0.instance($1, status: view.word(of: $1, holding: &span), region: view.region)
      }
    }
  }

  @Sendable private func show(_: Request, context: CallContext) async throws -> Response {
    let id: InstanceID = try context.id("instance_id", or: CallError.unknownInstance)
    let view = core.view
    guard let instance = view.snapshot.instances[id, of: try context.project] else {
      throw CallError.unknownInstance(id.description)
    }
    return answer(instance, view, context)
  }

  @Sendable private func update(_: Request, context: CallContext) async throws -> Response {
    let id: InstanceID = try context.id("instance_id", or: CallError.unknownInstance)
    let request = try InstanceUpdate(body: context.body.readableBytesView)
    let project = try context.project
    let (instance, view) = try await core.commit(context) { view in
      try InstanceAdmission.update(
        id, name: request.name, description: request.description, of: project, in: view.snapshot,
        now: view.now)
    }
    return answer(instance, view, context)
  }

  @Sendable private func delete(_: Request, context: CallContext) async throws -> Response {
    let id: InstanceID = try context.id("instance_id", or: CallError.unknownInstance)
    let project = try context.project
    _ = try await core.commit(context) { [core] view in
      try InstanceAdmission.delete(
        id, of: project, in: view.snapshot, minting: core.minting, now: view.now,
        status: { view.status(of: $0).word })
    }
    return .noContent
  }

  /// Jobs outlive their instance, so that its deletion can be followed.
  @Sendable private func jobs(request: Request, context: CallContext) async throws -> Response {
    let id: InstanceID = try context.id("resource_id", or: CallError.unknownInstance)
    let project = try context.project
    let view = core.view
    let ids = view.snapshot.jobIDs(of: id)
    let page = Page(try PageQuery(request.query), of: ids, in: view.snapshot.jobs) { $0.project == project }
    let isKnown =
      view.snapshot.instances[id, of: project] != nil
      || ids.contains { view.snapshot.jobs[$0, of: project] != nil }
    guard isKnown else { throw CallError.unknownInstance(id.description) }
    return context.answer {
      $0.pageInfo(page.info)
      $0.array("jobs", page.rows) { $0.job($1, status: JobStatus(of: $1, reports: view.reports)) }
    }
  }

  private func answer(_ instance: Instance, _ view: ControlPlaneCore.View, _ context: CallContext) -> Response
  {
    context.answer {
      $0.name("instance")
      $0.instance(instance, status: view.status(of: instance).word, region: view.region)
    }
  }
}
