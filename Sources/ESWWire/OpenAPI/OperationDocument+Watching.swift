import ESWModel

extension OperationDocument {
  static let watching = [
    OperationDocument(
      .listEvents, "What happened, newest first: of the project's connections, and of nodes",
      query: Query.paging(by: .string(pattern: "^[0-9]{1,18}$")) + [
        .filter("connection_id"),
        Query(name: "kind", summary: "Only these", schema: .words(of: Happening.Kind.self).orEmpty),
        Query(name: "since", summary: "Only from this moment on", schema: .moment.orEmpty),
        Query(name: "before", summary: "Only what happened before this moment", schema: .moment.orEmpty),
      ], .ok(.page("events", of: .event))),
    OperationDocument(
      .listHosts, "Who is where: hosts that nodes have learned, by connection and MAC address",
      query: Query.paging(
        by: .string(pattern: "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12},[0-9A-Fa-f:]{17}$")) + [
          .filter("connection_id"), .filter("address"),
          Query(
            name: "mac", summary: "Only those whose MAC address begins so",
            schema: .string(pattern: "^[0-9A-Fa-f:]{0,17}$")),
          Query(
            name: "side", summary: "Only those on this side", schema: .words("local", "remote").orEmpty),
          Query(
            name: "held", summary: "true: only those that are on both sides and held on one",
            schema: .words("true", "false").orEmpty),
        ], .ok(.page("hosts", of: .host))),
  ]
}

extension Schema {
  fileprivate static let event = answer(
    [
      "id": string(pattern: "^[0-9]+$"), "time": moment, "time_ms": count,
      "kind": words(of: Happening.Kind.self),
    ],
    optional: [
      "node": nodeName, "connection_id": uuid,
      "host": answer([
        "mac": mac, "address": address.orNull, "side": words("local", "remote"), "tunnel_ip": address.orNull,
      ]).named("HostSighting"), "moves": count,
      "status": answer([
        "from": words(of: ConnectionStatus.Word.self).orNull, "to": words(of: ConnectionStatus.Word.self),
        "reason": string().orNull,
      ]).named("StatusChange"), "steps": array(of: string()), "count": count,
      "stranger": answer([
        "reason": string(), "source": address.orNull, "segmentation_id": count.orNull, "frames": count,
      ]).named("StrangerSighting"),
    ]
  ).named("Event")

  fileprivate static let host = answer([
    "connection_id": uuid, "node": nodeName, "mac": mac, "address": address.orNull,
    "side": words("local", "remote"), "tunnel_ip": address.orNull, "seen_age_ms": milliseconds,
    "since_age_ms": milliseconds.orNull, "moves": count.orNull, "held_ms": milliseconds.orNull,
  ]).named("Host")
}
