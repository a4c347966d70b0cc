import ESWModel
import GRDB

extension Port: StoredRow {
  static var table: String { "port" }

  func columns() -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    [
      ("id", id.description), ("project", project.description), ("subnet", subnet.description),
      ("name", name.description), ("owner", owner.rawValue), ("address", address.description),
      ("connection", connection?.description), ("created_at", createdAt.milliseconds),
    ]
  }

  init(from reader: RowReader) throws {
    let connection = try reader.optionalText("connection").map { text in
      guard let connection = ConnectionID(text) else { throw reader.damaged }
      return connection
    }
    self.init(
      id: try reader.parsed("id"), project: try reader.parsed("project"),
      subnet: try reader.parsed("subnet"), name: try reader.parsed("name"), owner: try reader.raw("owner"),
      address: try reader.parsed("address"), connection: connection,
      createdAt: try reader.moment("created_at"))
  }
}
