import ESWAdmission
import ESWModel
import ESWWire
import HTTPTypes
import Hummingbird

/// Where subnets are on nodes: our own addition.
struct AttachmentRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.on(.createAttachment, create)
    routes.onAside(.listAttachments, list)
    routes.on(.showAttachment, show)
    routes.on(.deleteAttachment, delete)
  }

  @Sendable private func create(_: Request, context: CallContext) async throws -> Response {
    let request = try NewAttachment(body: context.body.readableBytesView)
    let project = try context.project
    let (attachment, _) = try await core.commit(context) { [core] view in
      try AttachmentAdmission.create(
        request, of: project, in: view.snapshot, reports: view.reports, minting: core.minting, now: view.now)
    }
    return answer(attachment, .created, context)
  }

  @Sendable private func list(request: Request, context: CallContext) async throws -> Response {
    let (subnet, node): (QueryFilter<SubnetID>, QueryFilter<NodeName>) = (
      request.query.filter("subnet_id"), request.query.filter("node")
    )
    let table = core.snapshot.attachments
    let page = Page(try PageQuery(request.query), of: table.ids(of: try context.project), in: table) {
      subnet.matches($0.subnet) && node.matches($0.node)
    }
    return context.answer {
      $0.pageInfo(page.info)
      $0.array("attachments", page.rows) { $0.attachment($1) }
    }
  }

  @Sendable private func show(_: Request, context: CallContext) async throws -> Response {
    let id: AttachmentID = try context.id("attachment_id", or: CallError.unknownAttachment)
    guard let attachment = core.snapshot.attachments[id, of: try context.project] else {
      throw CallError.unknownAttachment(id.description)
    }
    return answer(attachment, .ok, context)
  }

  @Sendable private func delete(_: Request, context: CallContext) async throws -> Response {
    let id: AttachmentID = try context.id("attachment_id", or: CallError.unknownAttachment)
    let project = try context.project
    _ = try await core.commit(context) { try AttachmentAdmission.delete(id, of: project, in: $0.snapshot) }
    return .noContent
  }

  private func answer(
    _ attachment: Attachment, _ status: HTTPResponse.Status, _ context: CallContext
  ) -> Response {
    context.answer(status) {
      $0.name("attachment")
      $0.attachment(attachment)
    }
  }
}
