import ESWClient
import Foundation
import NIOHTTP1

/// All rows of a project, by kind and name.
struct Inventory {
  private(set) var rows: [Writer.Kind: [String: JSON]] = [:]
  private(set) var repeated: [String] = []

  init(_ client: ESWClient) async throws {
    for kind in Writer.Kind.allCases {
      for row in try await client.rows(kind.list(client), key: kind.plural) {
        if rows[kind, default: [:]].updateValue(row, forKey: row["name"].text) != nil {
          repeated.append(row["name"].text)
        }
      }
    }
  }
}

/// Makes, changes and deletes things of its own, one after the other, and remembers what it was told of
/// each: so it knows after a crash what has to be there.
actor Writer {
  enum Kind: CaseIterable {
    case vpc, subnet, instance, connection

    var singular: String {
      switch self {
      case .vpc: "vpc"
      case .subnet: "subnet"
      case .instance: "instance"
      case .connection: "connection"
      }
    }

    var plural: String { singular + "s" }

    func list(_ client: ESWClient) -> String {
      switch self {
      case .vpc, .subnet: client.networkPath("/" + plural)
      case .instance, .connection: client.switchPath("/" + plural)
      }
    }
  }

  enum Expectation {
    case there, gone
    /// A create or a delete that nobody answered.
    case either
  }

  struct Item {
    let kind: Kind
    let name: String
    var id = ""
    /// Paths of members and what was asked for.
    var fields: [String: String]
    /// A change that nobody answered; either the old or the new value has to be there.
    var unanswered: (path: String, value: String)?
    var expectation = Expectation.either
  }

  private(set) var items: [String: Item] = [:]
  private(set) var acknowledged = 0
  private(set) var unanswered = 0
  /// Instances that turned out to be there, or deleted: their jobs have to agree.
  private(set) var jobs: [(instance: String, kinds: [String])] = []

  private let number: Int
  private var count = 0
  private var random: SeededGenerator

  init(_ number: Int, seed: UInt64) {
    self.number = number
    random = SeededGenerator(state: seed &+ UInt64(number))
  }

  /// Until the server does not answer any more.
  ///
  /// - Throws: What the server refuses: nothing that is asked for here is to be refused.
  func work(_ client: ESWClient) async throws {
    do {
      while true { try await step(client) }
    } catch ClientError.unreachable {}
  }

  private func step(_ client: ESWClient) async throws {
    guard let vpc = some(.vpc) else {
      return try await create(.vpc, client.networkPath("/vpcs"), ["cidr": "10.\(number).0.0/16"], client)
    }
    let subnets = there(.subnet)
    let unused = subnets.filter { subnet in
      !items.values.contains {
        $0.expectation != .gone && $0.fields.values.contains(subnet.id) && !subnet.id.isEmpty
      }
    }
    let instances = there(.instance)
    switch Int.random(in: 0..<10, using: &random) {
    case 0...1 where subnets.count < 20: try await createSubnet(in: vpc, client)
    case 2 where unused.count > 4:
      guard let subnet = unused.randomElement(using: &random) else { return }
      try await delete(subnet, client.networkPath("/vpcs/\(vpc.id)/subnets/\(subnet.id)"), client)
    case 3...4 where instances.count < 4:
      guard let subnet = unused.first else { return try await createSubnet(in: vpc, client) }
      try await createInstance(vpc, subnet, client)
    case 5:
      let free = instances.filter { instance in
        !items.values.contains { $0.expectation != .gone && $0.fields["instance_id"] == instance.id }
      }
      guard let instance = free.randomElement(using: &random) else { return }
      try await delete(instance, client.switchPath("/instances/\(instance.id)"), client)
    case 6...7:
      guard let instance = instances.randomElement(using: &random), there(.connection).count < 12,
        let subnet = unused.randomElement(using: &random),
        there(.connection).count(where: { $0.fields["instance_id"] == instance.id }) < 4
      else { return try await createSubnet(in: vpc, client) }
      try await createConnection(instance, vpc, subnet, client)
    case 8:
      guard let connection = some(.connection) else { return }
      let instance = connection.fields["instance_id"] ?? ""
      try await delete(
        connection, client.switchPath("/instances/\(instance)/connections/\(connection.id)"), client)
    default:
      guard let instance = instances.randomElement(using: &random) else { return }
      try await describe(instance, client)
    }
  }

  private func there(_ kind: Kind) -> [Item] {
    items.values.filter { $0.kind == kind && $0.expectation == .there }.sorted { $0.name < $1.name }
  }

  private func some(_ kind: Kind) -> Item? { there(kind).randomElement(using: &random) }
}

// What it asks for.
extension Writer {
  private func createSubnet(in vpc: Item, _ client: ESWClient) async throws {
    let taken = Set(items.values.filter { $0.expectation != .gone }.compactMap { $0.fields["cidr"] })
    let free = (0..<256).map { "10.\(number).\($0).0/24" }.first { !taken.contains($0) } ?? ""
    try await create(
      .subnet, client.networkPath("/subnets"),
      ["cidr": free, "gateway_ip": free.replacingOccurrences(of: ".0/24", with: ".1"), "vpc_id": vpc.id],
      client)
  }

  private func createInstance(_ vpc: Item, _ subnet: Item, _ client: ESWClient) async throws {
    try await create(
      .instance, client.switchPath("/instances"),
      [
        "flavor_ref": "l2cg.large.ha", "ha_mode": "ha", "description": "new",
        "tunnel_info.vpc_id": vpc.id, "tunnel_info.virsubnet_id": subnet.id,
        "availability_zones.primary": "az1", "availability_zones.standby": "az2",
        "charge_infos.charge_mode": "postPaid",
      ], client)
  }

  private func createConnection(
    _ instance: Item, _ vpc: Item, _ subnet: Item, _ client: ESWClient
  ) async throws {
    // No pair of VNI and address stands twice.
    try await create(
      .connection, client.switchPath("/instances/\(instance.id)/connections"),
      [
        "vpc_id": vpc.id, "virsubnet_id": subnet.id, "instance_id": instance.id,
        "remote_infos.segmentation_id": "\(count + 1)", "remote_infos.tunnel_ip": "192.0.2.1",
      ], client)
  }

  private func create(
    _ kind: Kind, _ path: String, _ fields: [String: String], _ client: ESWClient
  ) async throws {
    count += 1
    let name = "\(kind.singular)-\(number)-\(count)"
    let body = try Self.body(kind, fields.merging(["name": name]) { $1 })
    items[name] = Item(kind: kind, name: name, fields: fields)
    let answer = try await answered { try await client.call(.POST, path, body: body, as: JSON.self) }
    items[name]?.id = answer["\(kind.singular).id"].text
    items[name]?.expectation = .there
    if kind == .instance { jobs.append((answer["instance.id"].text, ["createInstance"])) }
  }

  private func delete(_ item: Item, _ path: String, _ client: ESWClient) async throws {
    items[item.name]?.expectation = .either
    try await answered { _ = try await client.call(.DELETE, path) }
    items[item.name]?.expectation = .gone
    if item.kind == .instance { jobs.append((item.id, ["createInstance", "deleteInstance"])) }
  }

  private func describe(_ instance: Item, _ client: ESWClient) async throws {
    count += 1
    let text = "changed \(count)"
    let body = Data(#"{"instance":{"description":"\#(text)"}}"#.utf8)
    items[instance.name]?.unanswered = ("description", text)
    try await answered {
      _ = try await client.call(.PUT, client.switchPath("/instances/\(instance.id)"), body: body)
    }
    items[instance.name]?.fields["description"] = text
    items[instance.name]?.unanswered = nil
  }

  private func answered<Answer>(_ call: () async throws -> Answer) async throws -> Answer {
    do {
      let answer = try await call()
      acknowledged += 1
      return answer
    } catch {
      unanswered += 1
      throw error
    }
  }

  private static func body(_ kind: Kind, _ fields: [String: String]) throws -> Data {
    var members: [String: JSON] = [:]
    for (path, value) in fields where path != "instance_id" {
      let names = path.split(separator: ".").map(String.init)
      let json = names.last == "segmentation_id" ? JSON.integer(Int64(value) ?? 0) : .string(value)
      guard names.count == 2 else {
        members[path] = json
        continue
      }
      var inner: [String: JSON] = [:]
      if case .object(let there)? = members[names[0]] { inner = there }
      inner[names[1]] = json
      members[names[0]] = .object(inner)
    }
    if let remote = members["remote_infos"] { members["remote_infos"] = .array([remote]) }
    return try JSONEncoder().encode(JSON.object([kind.singular: .object(members)]))
  }
}

// What it says when the server is back.
extension Writer {
  /// Takes over what became of that which nobody answered.
  ///
  /// - Returns: What is lost, half there, or there again.
  func complaints(about inventory: Inventory) -> [String] {
    var complaints: [String] = []
    for (name, item) in items {
      let row = inventory.rows[item.kind]?[name]
      switch (item.expectation, row) {
      case (.there, nil): complaints.append("\(name) was made, and is not there")
      case (.gone, _?): complaints.append("\(name) was deleted, and is there")
      case (.gone, nil): items[name] = nil
      case (.either, nil):
        items[name] = nil
        if item.kind == .instance, !item.id.isEmpty {
          jobs.append((item.id, ["createInstance", "deleteInstance"]))
        }
      case (.either, let row?), (.there, let row?):
        complaints += settle(item, row)
      }
    }
    return complaints
  }

  func isOwner(of name: String) -> Bool { items[name] != nil }

  func takeJobs() -> [(instance: String, kinds: [String])] {
    defer { jobs = [] }
    // The newest word about an instance.
    return Dictionary(jobs.map { ($0.instance, $0) }) { $1 }.values.filter { !$0.instance.isEmpty }
  }

  private func settle(_ item: Item, _ row: JSON) -> [String] {
    var item = item
    if let change = item.unanswered {
      if row[change.path].text == change.value { item.fields[change.path] = change.value }
      item.unanswered = nil
    }
    if item.id.isEmpty, item.kind == .instance { jobs.append((row["id"].text, ["createInstance"])) }
    item.expectation = .there
    if !item.id.isEmpty, row["id"].text != item.id { return ["\(item.name) has another id"] }
    item.id = row["id"].text
    items[item.name] = item
    var wrong = item.fields.filter { row[$0.key].text != $0.value }.map {
      "\(item.name) has \($0.key) \(row[$0.key].text) instead of \($0.value)"
    }
    if item.kind == .connection, row["fixed_ips"].text.split(separator: ",").count != 2 {
      wrong.append("\(item.name) has not two fixed addresses")
    }
    return wrong
  }
}
