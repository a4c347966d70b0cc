package import ESWModel

/// What `/metrics` shows, gathered at one moment.
package struct MetricsView: Sendable {
  package struct InstanceRow: Sendable {
    package let instance: Instance
    package let status: InstanceStatus.Word
    package let connections: Int
    package let node: NodeName?
    package let rate: InstanceRate?

    package init(
      _ instance: Instance, status: InstanceStatus.Word, connections: Int, node: NodeName?,
      rate: InstanceRate?
    ) {
      self.instance = instance
      self.status = status
      self.connections = connections
      self.node = node
      self.rate = rate
    }
  }

  package struct ConnectionRow: Sendable {
    package let connection: Connection
    package let status: ConnectionStatus.Word
    package let node: NodeName?
    /// Nil: the node has not told of it.
    package let seen: ConnectionReport?
    /// Of the report that it was seen in.
    package let reportAgeMilliseconds: Int64

    package init(
      _ connection: Connection, status: ConnectionStatus.Word, node: NodeName?, seen: ConnectionReport?,
      reportAgeMilliseconds: Int64
    ) {
      self.connection = connection
      self.status = status
      self.node = node
      self.seen = seen
      self.reportAgeMilliseconds = reportAgeMilliseconds
    }
  }

  /// What the server did since it was started.
  package struct Served: Sendable {
    package var requests: [(operation: String, code: Int, count: UInt64)] = []
    package var times: [(operation: String, times: TimeHistogram)] = []
    package var openConnections: UInt64 = 0
    package var acceptedConnections: UInt64 = 0
    package var refused: [(reason: String, count: UInt64)] = []
    package var commits: [(outcome: String, count: UInt64)] = []
    package var commitTimes = TimeHistogram()

    package init() {}
  }

  /// How many rows of a kind are shown; the others are counted in `openesw_metrics_left_out`.
  package static let mostInstances = 10_000
  package static let mostConnections = 10_000
  package static let mostNodes = 1_000

  package var instances: [InstanceRow] = []
  package var connections: [ConnectionRow] = []
  package var nodes: [HeardReport] = []
  package var leftOut: [(kind: String, count: Int)] = []
  package var served = Served()
  package var revision = Revision(0)
  package var rows: [(kind: String, count: Int)] = []
  package var sizes = StoreSizes()
  /// Events that were not kept one by one, since the server was started.
  package var eventsLeftOut: UInt64 = 0

  package init() {}

  /// The page as it is served.
  package func page(_ format: MetricsFormat) -> [UInt8] {
    var writer = MetricsWriter(format, capacity: 4096 + connections.count * 2048)
    writer.write(connections: connections)
    writer.write(instances: instances)
    writer.write(nodes: nodes)
    writer.write(served: served)
    writer.writeStore(of: self)
    return writer.finish()
  }
}
