import ESWModel
import GRDB

extension Project: StoredRow {
  static var table: String { "project" }

  func columns() -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    [
      ("id", id.description), ("name", name), ("description", description.description),
      ("created_at", createdAt.milliseconds),
    ]
  }

  init(from reader: RowReader) throws {
    self.init(
      id: try reader.parsed("id"), name: try reader.text("name"),
      description: try reader.parsed("description"), createdAt: try reader.moment("created_at"))
  }
}

extension VPC: StoredRow {
  static var table: String { "vpc" }

  func columns() -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    [
      ("id", id.description), ("project", project.description), ("name", name.description),
      ("description", description.description), ("network", network.description),
      ("created_at", createdAt.milliseconds), ("updated_at", updatedAt.milliseconds),
    ]
  }

  init(from reader: RowReader) throws {
    self.init(
      id: try reader.parsed("id"), project: try reader.parsed("project"), name: try reader.parsed("name"),
      description: try reader.parsed("description"), network: try reader.parsed("network"),
      createdAt: try reader.moment("created_at"), updatedAt: try reader.moment("updated_at"))
  }
}

extension Subnet: StoredRow {
  static var table: String { "subnet" }

  func columns() -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    [
      ("id", id.description), ("project", project.description), ("vpc", vpc.description),
      ("name", name.description), ("description", description.description),
      ("network", network.description), ("gateway", gateway.description),
      ("is_dhcp_enabled", isDHCPEnabled ? 1 : 0),
      ("name_servers", nameServers.map(\.description).joined(separator: " ")),
      ("availability_zone", availabilityZone), ("created_at", createdAt.milliseconds),
      ("updated_at", updatedAt.milliseconds),
    ]
  }

  init(from reader: RowReader) throws {
    let servers = try reader.text("name_servers").split(separator: " ").map { text in
      guard let address = IPv4Address(String(text)) else { throw reader.damaged }
      return address
    }
    self.init(
      id: try reader.parsed("id"), project: try reader.parsed("project"), vpc: try reader.parsed("vpc"),
      name: try reader.parsed("name"), description: try reader.parsed("description"),
      network: try reader.parsed("network"), gateway: try reader.parsed("gateway"),
      isDHCPEnabled: try reader.integer("is_dhcp_enabled", as: Int.self) == 1, nameServers: servers,
      availabilityZone: try reader.text("availability_zone"), createdAt: try reader.moment("created_at"),
      updatedAt: try reader.moment("updated_at"))
  }
}

extension Attachment: StoredRow {
  static var table: String { "attachment" }

  func columns() -> [(name: String, value: (any DatabaseValueConvertible)?)] {
    let kind =
      switch point {
      // The column has always told bridges from interfaces; the VLAN has its own.
      case .interface, .trunk: "interface"
      case .bridge: "bridge"
      }
    return [
      ("id", id.description), ("project", project.description), ("subnet", subnet.description),
      ("node", node.description), ("role", role.rawValue), ("point_kind", kind),
      ("point_name", point.name.description), ("vlan", point.vlan?.description ?? ""),
      ("created_at", createdAt.milliseconds),
    ]
  }

  init(from reader: RowReader) throws {
    let name: InterfaceName = try reader.parsed("point_name")
    let vlan: VLAN? = try reader.text("vlan") == "" ? nil : try reader.parsed("vlan")
    let point: AttachmentPoint =
      switch (try reader.text("point_kind"), vlan) {
      case ("interface", nil): .interface(name)
      case ("interface", let vlan?): .trunk(name, vlan: vlan)
      case ("bridge", nil): .bridge(name)
      default: throw reader.damaged
      }
    self.init(
      id: try reader.parsed("id"), project: try reader.parsed("project"),
      subnet: try reader.parsed("subnet"), node: try reader.parsed("node"), role: try reader.raw("role"),
      point: point, createdAt: try reader.moment("created_at"))
  }
}
