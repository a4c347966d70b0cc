import ESWModel
import ESWPlanning
import ESWSeams
import ESWWire
import HTTPTypes
import Hummingbird
import NIOCore

/// What Prometheus collects.
struct MetricsRoutes {
  let core: ControlPlaneCore

  func add(to routes: OperationRouter) { routes.onAside(.showMetrics, page) }

  @Sendable private func page(request: Request, _: CallContext) async throws -> Response {
    let format = MetricsFormat(accept: request.headers[.accept] ?? "")
    let bytes = try await core.metrics().page(format)
    return Response(
      status: .ok, headers: [.contentType: format.mediaType],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

extension ControlPlaneCore {
  /// - Complexity: O(instances + connections).
  func metrics() async throws -> MetricsView {
    let view = view
    var metrics = MetricsView()
    metrics.sizes = try await store.sizes()
    metrics.served = tally.served
    metrics.add(instancesAndConnectionsOf: view, rates: rates.current)
    let nodes = view.reports.all
    metrics.nodes = nodes.prefix(MetricsView.mostNodes).map { HeardReport($0, now: view.now) }
    metrics.leftOut.append(("node", nodes.count - metrics.nodes.count))
    metrics.revision = view.snapshot.revision
    metrics.rows = view.snapshot.rowCounts
    metrics.eventsLeftOut = timeline.leftOut
    return metrics
  }
}

extension MetricsView {
  /// In the order of projects and of ids, so that it is the newest that are left out.
  fileprivate mutating func add(instancesAndConnectionsOf view: ControlPlaneCore.View, rates: InstanceRates) {
    let snapshot = view.snapshot
    for project in snapshot.projects {
      for id in snapshot.instances.ids(of: project.id) {
        guard instances.count < Self.mostInstances else { break }
        guard let instance = snapshot.instances[id] else { continue }
        instances.append(
          InstanceRow(
            instance, status: view.status(of: instance).word,
            connections: snapshot.connectionIDs(of: id).count, node: snapshot.tunnelNode(of: instance),
            rate: rates.rate(of: id, now: view.now)))
      }
      for id in snapshot.connections.ids(of: project.id) {
        guard connections.count < Self.mostConnections else { break }
        guard let connection = snapshot.connections[id] else { continue }
        connections.append(row(of: connection, in: view))
      }
    }
    leftOut = [
      ("instance", snapshot.instances.count - instances.count),
      ("connection", snapshot.connections.count - connections.count),
    ]
  }

  private func row(of connection: Connection, in view: ControlPlaneCore.View) -> ConnectionRow {
    let instance = view.snapshot.instances[connection.instance]
    let node = instance.flatMap { view.snapshot.tunnelNode(of: $0) }
    let received = node.flatMap { view.reports.received(from: $0) }
    return ConnectionRow(
      connection, status: view.status(of: connection).word, node: node,
      seen: received?.connection(connection.id),
      reportAgeMilliseconds: received.map { HeardReport($0, now: view.now).ageMilliseconds } ?? 0)
  }
}

extension IntentSnapshot {
  fileprivate var rowCounts: [(kind: String, count: Int)] {
    [
      ("project", projects.count), ("vpc", vpcs.count), ("subnet", subnets.count),
      ("attachment", attachments.count), ("instance", instances.count), ("connection", connections.count),
      ("port", ports.count), ("job", jobs.count),
    ]
  }
}
