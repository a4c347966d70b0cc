import ESWModel
import ESWSeams
import ESWWire
import Hummingbird

/// The audit of a project: our own addition.
struct AuditRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.onAside(.listAudit) { request, context in
      try await list(request, context, of: try context.project)
    }
    routes.onAside(.listDomainAudit) { request, context in try await list(request, context, of: nil) }
  }

  /// Newest first, as nobody wants to read years to see yesterday; `marker` is the last record read, and the
  /// page goes on with what is older.
  ///
  /// - Parameter project: Nil: all, and what is of none.
  private func list(
    _ request: Request, _ context: CallContext, of project: ProjectID?
  ) async throws -> Response {
    let query = request.query
    let page: PageQuery<Int64> = try PageQuery(query)
    // They come from the disk: a page of them is never longer than the default.
    let limit = min(page.limit, PageQuery<Int64>.defaultLimit)
    var wanted = AuditQuery(project: project, limit: limit + 1)
    wanted.before = page.marker
    wanted.user = query.text("user_id")
    wanted.operation = query.text("operation")
    wanted.resource = query.text("resource_id")
    if let outcome = query.text("outcome") {
      guard let kind = AuditQuery.Kind(rawValue: outcome) else {
        throw RequestBodyError.invalid(path: "outcome", rule: "changed or denied")
      }
      wanted.kind = kind
    }
    let found = try await core.store.audit(wanted)
    let rows = found.prefix(limit)
    let info = PageInfo(
      first: rows.first?.number, next: found.count > rows.count ? rows.last?.number : nil, count: rows.count)
    return context.answer {
      $0.pageInfo(info)
      $0.array("records", rows) { $0.auditRecord($1) }
    }
  }
}

extension QueryParameters {
  /// Nil for what was not asked for, or asked for with nothing.
  fileprivate func text(_ name: String) -> String? {
    guard let text = self[name], text != "" else { return nil }
    return text
  }
}
