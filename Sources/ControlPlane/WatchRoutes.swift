import ESWModel
import ESWSeams
import ESWWire
import Hummingbird

/// What happened, and who is where: our own additions.
struct WatchRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) {
    routes.onAside(.listEvents, events)
    routes.onAside(.listHosts, hosts)
  }

  /// Newest first; `marker` is the last event read, and the page goes on with what is older. Events of nodes
  /// are for every project to see, as nodes are (`DiagnosisRoutes`).
  @Sendable private func events(request: Request, context: CallContext) async throws -> Response {
    let query = request.query
    let page: PageQuery<Int64> = try PageQuery(query)
    // They come from the disk: a page of them is never longer than the default.
    let limit = min(page.limit, PageQuery<Int64>.defaultLimit)
    var wanted = EventQuery(project: try context.project, before: page.marker, limit: limit + 1)
    let connection: QueryFilter<ConnectionID> = query.filter("connection_id")
    var isNone = false
    switch connection {
    case .any: break
    case .only(let id): wanted.connection = id
    case .none: isNone = true
    }
    if let text = query["kind"], text != "" {
      guard let kind = Happening.Kind(rawValue: text) else {
        let kinds = Happening.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw RequestBodyError.invalid(path: "kind", rule: "one of \(kinds)")
      }
      wanted.kind = kind
    }
    wanted.since = try moment(query, "since")
    wanted.until = try moment(query, "before")
    let found = isNone ? [] : try await core.store.events(wanted)
    let rows = found.prefix(limit)
    let info = PageInfo(
      first: rows.first?.number, next: found.count > rows.count ? rows.last?.number : nil, count: rows.count)
    return context.answer {
      $0.pageInfo(info)
      $0.array("events", rows) { $0.event($1) }
    }
  }

  private func moment(_ query: QueryParameters, _ name: String) throws(RequestBodyError) -> Timestamp? {
    guard let text = query[name], text != "" else { return nil }
    guard let moment = Timestamp(iso8601: text) else {
      throw .invalid(path: name, rule: "a moment in UTC, such as 2026-01-05T09:00:00Z")
    }
    return moment
  }

  /// By connection, and by MAC address in it.
  @Sendable private func hosts(request: Request, context: CallContext) async throws -> Response {
    let query = request.query
    let page: PageQuery<HostMarker> = try PageQuery(query)
    let filter = try HostFilter(query)
    let only: QueryFilter<ConnectionID> = query.filter("connection_id")
    let view = core.view
    let rows = view.hosts(
      of: try context.project, only, filter, behind: page.marker, limit: page.limit + 1)
    let shown = rows.prefix(page.limit)
    let info = PageInfo(
      first: shown.first?.marker, next: rows.count > shown.count ? shown.last?.marker : nil,
      count: shown.count)
    return context.answer {
      $0.pageInfo(info)
      $0.array("hosts", shown) { $0.host($1.fact, of: $1.connection, heard: $1.heard) }
    }
  }
}

/// A host, and where it was told of.
private struct HostRow {
  let fact: HostFact
  let connection: Connection
  let heard: HeardReport

  var marker: HostMarker { HostMarker(connection: connection.id, mac: fact.mac) }
}

extension ControlPlaneCore.View {
  fileprivate func hosts(
    of project: ProjectID, _ only: QueryFilter<ConnectionID>, _ filter: HostFilter,
    behind marker: HostMarker?, limit: Int
  ) -> [HostRow] {
    var rows: [HostRow] = []
    let ids: [ConnectionID]
    switch only {
    case .any: ids = snapshot.connections.ids(of: project)
    case .only(let id): ids = snapshot.connections[id, of: project] == nil ? [] : [id]
    case .none: ids = []
    }
    for id in ids {
      if let marker, id < marker.connection { continue }
      guard let connection = snapshot.connections[id], let received = received(of: connection),
        let hosts = received.connection(id)?.hosts, !hosts.isEmpty
      else { continue }
      let heard = HeardReport(received, now: now)
      for fact in hosts.filter(filter.matches).sorted(by: { $0.mac < $1.mac }) {
        if let marker, id == marker.connection, fact.mac <= marker.mac { continue }
        rows.append(HostRow(fact: fact, connection: connection, heard: heard))
        if rows.count >= limit { return rows }
      }
    }
    return rows
  }

  private func received(of connection: Connection) -> ReportSnapshot.Received? {
    snapshot.instances[connection.instance].flatMap { snapshot.tunnelNode(of: $0) }
      .flatMap { reports.received(from: $0) }
  }
}
