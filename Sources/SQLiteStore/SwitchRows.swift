import ESWModel
import Foundation
import GRDB

extension Instance: StoredRow {
  static var table: String { "instance" }

  func columns() throws -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    [
      ("id", id.description), ("project", project.description), ("name", name.description),
      ("description", description.description), ("flavor", flavor.rawValue),
      ("primary_zone", primaryZone), ("standby_zone", standbyZone), ("vpc", vpc.description),
      ("tunnel_subnet", tunnelSubnet.description), ("tunnel_address", tunnelAddress.description),
      ("created_at", createdAt.milliseconds), ("updated_at", updatedAt.milliseconds),
      ("created_in", try createdIn.stored),
    ]
  }

  init(from reader: RowReader) throws {
    self.init(
      id: try reader.parsed("id"), project: try reader.parsed("project"), name: try reader.parsed("name"),
      description: try reader.parsed("description"), flavor: try reader.raw("flavor"),
      primaryZone: try reader.text("primary_zone"), standbyZone: try reader.text("standby_zone"),
      vpc: try reader.parsed("vpc"), tunnelSubnet: try reader.parsed("tunnel_subnet"),
      tunnelAddress: try reader.parsed("tunnel_address"), createdAt: try reader.moment("created_at"),
      updatedAt: try reader.moment("updated_at"), createdIn: try reader.revision("created_in"))
  }
}

extension Job: StoredRow {
  static var table: String { "job" }

  func columns() throws -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    [
      ("id", id.description), ("project", project.description), ("kind", kind.rawValue),
      ("instance", instance.description), ("instance_name", instanceName.description),
      ("begun_at", begunAt.milliseconds), ("created_in", try createdIn.stored),
      ("node", node?.description),
    ]
  }

  init(from reader: RowReader) throws {
    let node = try reader.optionalText("node").map { text in
      guard let node = NodeName(text) else { throw reader.damaged }
      return node
    }
    self.init(
      id: try reader.parsed("id"), project: try reader.parsed("project"), kind: try reader.raw("kind"),
      instance: try reader.parsed("instance"), instanceName: try reader.parsed("instance_name"),
      begunAt: try reader.moment("begun_at"), createdIn: try reader.revision("created_in"), node: node)
  }
}

/// A connection without its remotes, which have a table of their own.
struct ConnectionBody: StoredRow {
  static var table: String { "connection" }

  let connection: Connection

  init(_ connection: Connection) { self.connection = connection }

  func columns() throws -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    guard connection.fixedAddresses.count == 2 else {
      throw StoreError.unstorable("a connection with \(connection.fixedAddresses.count) fixed addresses")
    }
    return [
      ("id", connection.id.description), ("number", Int64(connection.number.value)),
      ("project", connection.project.description), ("instance", connection.instance.description),
      ("name", connection.name.description), ("vpc", connection.vpc.description),
      ("subnet", connection.subnet.description),
      ("active_address", connection.fixedAddresses[0].description),
      ("standby_address", connection.fixedAddresses[1].description),
      ("created_at", connection.createdAt.milliseconds), ("updated_at", connection.updatedAt.milliseconds),
      ("created_in", try connection.createdIn.stored),
      ("forwarding", try connection.forwarding.stored),
    ]
  }

  init(from reader: RowReader) throws {
    connection = Connection(
      id: try reader.parsed("id"), number: ConnectionNumber(try reader.integer("number")),
      project: try reader.parsed("project"), instance: try reader.parsed("instance"),
      name: try reader.parsed("name"), vpc: try reader.parsed("vpc"), subnet: try reader.parsed("subnet"),
      remotes: [],
      fixedAddresses: [try reader.parsed("active_address"), try reader.parsed("standby_address")],
      createdAt: try reader.moment("created_at"), updatedAt: try reader.moment("updated_at"),
      createdIn: try reader.revision("created_in"), forwarding: try reader.forwarding("forwarding"))
  }
}

extension ForwardingSettings {
  /// As JSON text; nil for what nobody has set, so that a better default reaches it.
  fileprivate var stored: String? {
    get throws {
      guard self != .usual else { return nil }
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}

extension RowReader {
  fileprivate func forwarding(_ column: String) throws -> ForwardingSettings {
    guard let text = try optionalText(column) else { return .usual }
    do {
      return try JSONDecoder().decode(ForwardingSettings.self, from: Data(text.utf8))
    } catch is DecodingError {
      throw damaged
    }
  }
}

extension Connection {
  func put(in database: Database) throws {
    try ConnectionBody(self).put(in: database)
    try database.cachedStatement(sql: "DELETE FROM remote WHERE connection = ?")
      .execute(arguments: [id.description])
    let insert = try database.cachedStatement(
      sql: """
        INSERT INTO remote (connection, position, instance, vni, address, port) VALUES (?, ?, ?, ?, ?, ?)
        """)
    for (position, remote) in remotes.enumerated() {
      try insert.execute(arguments: [
        id.description, position, instance.description, Int64(remote.vni.value),
        remote.address.description, Int64(remote.port),
      ])
    }
  }

  static func all(in database: Database) throws -> [Connection] {
    var remotes: [ConnectionID: [RemoteEndpoint]] = [:]
    let rows = try Row.fetchCursor(database, sql: "SELECT * FROM remote ORDER BY connection, position")
    while let row = try rows.next() {
      let reader = RowReader(table: "remote", key: "connection", row: row)
      guard let vni = VNI(try reader.integer("vni")) else { throw reader.damaged }
      remotes[try reader.parsed("connection"), default: []].append(
        RemoteEndpoint(vni: vni, address: try reader.parsed("address"), port: try reader.integer("port")))
    }
    return try ConnectionBody.all(in: database).map { body in
      body.connection.with(remotes: remotes[body.connection.id] ?? [])
    }
  }

  private func with(remotes: [RemoteEndpoint]) -> Connection {
    Connection(
      id: id, number: number, project: project, instance: instance, name: name, vpc: vpc, subnet: subnet,
      remotes: remotes, fixedAddresses: fixedAddresses, createdAt: createdAt, updatedAt: updatedAt,
      createdIn: createdIn, forwarding: forwarding)
  }
}
