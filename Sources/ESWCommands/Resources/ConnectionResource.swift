import ArgumentParser
import ESWClient
import ESWModel
import ESWWire

enum ConnectionResource: Resource {
  typealias ID = ConnectionID

  static let kind = ResourceKind(
    "connection", "a connection", list: .listConnectionsAllInstances, show: .showConnection,
    delete: .deleteConnection,
    columns: [
      .init("ID", "id"), .init("NAME", "name"), .init("STATUS", "status"),
      .init("VNI", "remote_infos.segmentation_id"), .init("REMOTES", "remote_infos.tunnel_ip"),
      .init("FIXED IPS", "fixed_ips"), .init("CREATED", "created_at"),
    ])

  struct Filters: ListFilters {
    @Option(help: "Only those of this switch, by id or name.") var instance: Reference<InstanceResource>?
    @Option(help: "Only the one of this id.") var id: ConnectionID?
    @Option(help: "Only those of exactly this name.") var name: String?
    @Option(help: "Only those of switches of this VPC, by id or name.") var vpc: Reference<VPCResource>?
    @Option(help: "Only the one of this layer-2 subnet, by id or name.") var subnet:
      Reference<SubnetResource>?

    /// The list of one switch knows fewer filters, but tells a switch that is not there from one without
    /// connections.
    func request(_ client: ESWClient, of kind: ResourceKind) async throws -> ListRequest {
      let instance = try await instance?.id(client).description
      if let instance, vpc == nil, subnet == nil {
        return ListRequest(
          .listConnections, ["instance_id": instance], query: ["id": id?.description, "name": name])
      }
      return ListRequest(
        kind.list,
        query: [
          "id": id?.description, "name": name, "instance_id": instance,
          "vpc_id": try await vpc?.id(client).description,
          "virsubnet_id": try await subnet?.id(client).description,
        ])
    }
  }

  struct Deletion: DeletionOptions {
    static let word = "deletion accepted"

    @OptionGroup var options: WaitOptions

    func finish(_ rows: [JSON], _ client: ESWClient) async throws {
      guard options.wait else { return }
      for row in rows {
        let id = row["id"].text
        let ids = ConnectionResource.kind.parameters(of: .showConnection, row)
        try await options.waiting(
          for: "connection \(id)", then: "`esw connection show \(id)` shows whether it is still there."
        ) { try await Gone.look(.showConnection, ids, client) }
      }
    }
  }

  static func explanation(of row: JSON, _ client: ESWClient) async throws -> String {
    try await Diagnosis.text { try await diagnosis(row["id"].text, client) }
  }

  static func diagnosis(_ id: String, _ client: ESWClient) async throws -> JSON {
    try await client.answer(to: .diagnoseConnection, ["connection_id": id])["connection"]
  }

  /// Until the node has it: with a remote that answers, or without.
  static func creation(_ ids: [String: String], _ client: ESWClient) async throws -> Waiting.Look<JSON> {
    let connection = try await client.answer(to: .showConnection, ids)["connection"]
    let status = connection["status"].text
    return switch status {
    case "connected", "disconnect": .done(connection)
    case "pending": .goesOn(status)
    default: .endedBadly(status)
    }
  }
}

/// Why a status is what it is, in words.
enum Diagnosis {
  private static let counters: [Table.Column] = [
    .init("DIRECTION", "direction"), .init("FRAMES", "frames"), .init("BYTES", "bytes"),
    .init("FLOODED", "flooded"), .init("SLOW", "slow"), .init("NOT LEARNED", "not_learned"),
    .init("CLAMPED", "clamped"), .init("TOLD TOO BIG", "told_too_big"), .init("ANSWERED", "answered"),
    .init("FOR NODE", "for_node"),
  ]

  /// Those of whom probes tell.
  private static func probed(_ remotes: JSON) -> JSON {
    guard case .array(let rows) = remotes else { return remotes }
    return .array(rows.filter { if case .object = $0["probing"] { true } else { false } })
  }

  /// Behind what everybody may see; who may not have it gets the rest.
  static func text(_ ask: () async throws -> JSON) async throws -> String {
    do {
      return text(of: try await ask())
    } catch ClientError.refused(let status, _, _, _) where status == 403 || status == 404 {
      return ""
    }
  }

  /// - Parameter withFindings: Whether it begins with why, as far as that is known.
  static func text(of row: JSON, withFindings: Bool = true) -> String {
    var parts: [String] = []
    if withFindings {
      if case .string(let reason) = row["reason"] { parts.append("why: " + Table.printable(reason)) }
      parts += FindingText.blocks(of: row)
    }
    if case .object(let counters) = row["counters"] {
      let ways = ["to_remote", "to_local"].map { way -> JSON in
        var line: [String: JSON] = ["direction": .string(way)]
        if case .object(let counts)? = counters[way] { line.merge(counts) { first, _ in first } }
        return .object(line)
      }
      parts.append(Section.text([Section("counters", .array(ways), Self.counters)]))
    }
    parts.append(Section.text(ways(row) + traffic(row)))
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  /// What is known of the ways that frames take.
  private static func ways(_ row: JSON) -> [Section] {
    [
      Section(
        "remotes", row["remotes"],
        [
          .init("REMOTE", "tunnel_ip"), .init("PORT", "tunnel_port"), .init("VNI", "segmentation_id"),
          .init("LAST IN, MS AGO", "received_age_ms"), .init("LAST OUT, MS AGO", "sent_age_ms"),
        ]),
      Section(
        "ways to remotes", row["underlays"],
        [
          .init("REMOTE", "tunnel_ip"), .init("ROUTE", "route"), .init("BY", "interface"),
          .init("GATEWAY", "gateway_ip"), .init("MTU", "mtu"), .init("NEXT HOP", "next_hop"),
          .init("ECHO, US", "echo.round_trip_us"), .init("LOST, 1/1000", "echo.loss_permille"),
          .init("ICMP ERROR", "icmp_error.kind"), .init("ITS MTU", "icmp_error.mtu"),
          .init("FROM", "icmp_error.reporter"), .init("MS AGO", "icmp_error.age_ms"),
          .init("WHY NO ROUTE", "route_error"),
        ]),
      Section(
        "port", Self.list(row["port"]),
        [
          .init("INTERFACE", "interface"), .init("STATE", "state"), .init("MTU", "mtu"),
          .init("FIREWALL SETTINGS", "filtered_by"),
        ]),
      Section(
        "drops of the last 15 s", row["recent_drops"],
        [.init("DIRECTION", "direction"), .init("REASON", "reason"), .init("FRAMES", "frames")]),
      Section(
        "probes, lengths of frames in bytes", probed(row["remotes"]),
        [
          .init("REMOTE", "tunnel_ip"), .init("ANSWERED BY", "probing.reflector"),
          .init("SENT", "probing.sent"), .init("ANSWERED", "probing.answered"),
          .init("ROUND TRIP, US", "probing.round_trip_us"), .init("LEAST", "probing.least_round_trip_us"),
          .init("LAST, MS AGO", "probing.answered_age_ms"),
          .init("LARGEST OUT", "probing.largest_to_remote"),
          .init("LARGEST IN", "probing.largest_to_local"), .init("OF", "probing.largest_tried"),
        ]),
    ]
  }

  private static func traffic(_ row: JSON) -> [Section] {
    [
      Section(
        "drops", row["drops"],
        [.init("DIRECTION", "direction"), .init("REASON", "reason"), .init("FRAMES", "frames")]),
      Section(
        "drops by rule", row["class_drops"],
        [.init("DIRECTION", "direction"), .init("CLASS", "class"), .init("FRAMES", "frames")]),
      Section(
        "hosts", row["hosts"],
        [
          .init("MAC", "mac"), .init("ADDRESS", "address"), .init("SIDE", "side"),
          .init("BEHIND", "tunnel_ip"), .init("SEEN, MS AGO", "seen_age_ms"),
          .init("MOVES", "moves"), .init("HELD FOR, MS", "held_ms"),
        ]),
    ]
  }

  /// One row, or none.
  private static func list(_ row: JSON) -> JSON {
    if case .object = row { .array([row]) } else { .array([]) }
  }
}

/// What was deleted answers 404 (contract section 3.4).
enum Gone {
  static func look(
    _ show: Operation, _ ids: [String: String], _ client: ESWClient
  ) async throws -> Waiting.Look<Void> {
    do {
      let status = try await client.answer(to: show, ids)
      return .goesOn("being deleted" + (status["status"].text.isEmpty ? "" : ", \(status["status"].text)"))
    } catch ClientError.refused(let status, _, _, _) where status == 404 {
      return .done(())
    }
  }
}
