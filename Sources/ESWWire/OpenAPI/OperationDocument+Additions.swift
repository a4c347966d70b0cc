import ESWModel

extension OperationDocument {
  static let additions = Area(
    name: "OpenESW", summary: "Our own: where subnets are on nodes, and why a status is what it is",
    operations: attachments + diagnoses + [trafficList] + watching + forwarding + captures + nodes + [
      audit(.listAudit, "a project"), audit(.listDomainAudit, "the domain"), document,
    ] + console)

  private static let attachments = [
    OperationDocument(
      .createAttachment, "Attach a subnet to an interface or a bridge of a node",
      body: .body(["attachment": newAttachment]), .created(.envelope(["attachment": attachment])),
      mayConflict: true),
    OperationDocument(
      .listAttachments, "List attachments",
      query: Query.paging() + [.filter("subnet_id"), .filter("node")],
      .ok(.page("attachments", of: attachment))),
    OperationDocument(.showAttachment, "Show an attachment", .ok(.envelope(["attachment": attachment]))),
    OperationDocument(
      .deleteAttachment, "Delete an attachment that nothing uses", .noContent, mayConflict: true),
  ]

  private static let diagnoses = [
    OperationDocument(
      .diagnoseInstance, "Why a switch has its status",
      .ok(
        .envelope([
          "instance": .answer([
            "id": .uuid, "name": .resourceName, "status": .words(of: InstanceStatus.Word.self),
            "reason": .string().orNull, "cause": .finding.orNull, "findings": .array(of: .finding),
            "node": .nodeName.orNull, "generation": .count.orNull, "report_age_ms": .milliseconds.orNull,
          ]).named("InstanceDiagnosis")
        ]))),
    OperationDocument(
      .diagnoseConnection, "Why a connection has its status: cause, evidence, counters, who is where",
      .ok(.envelope(["connection": .connectionDiagnosis]))),
    OperationDocument(
      .listDiagnoses, "List the connections of which something is wrong, each with its cause",
      query: Query.paging() + [.filter("instance_id")],
      .ok(
        .page(
          "diagnoses",
          of: .answer([
            "id": .uuid, "name": .resourceName, "instance_id": .uuid, "instance_name": .string(),
            "status": .words(of: ConnectionStatus.Word.self), "reason": .string().orNull,
            "topic": .words(of: Finding.Topic.self), "subject": .string().orNull, "what": .string(),
          ]).named("ConnectionTrouble")))),
    OperationDocument(
      .listNodes, "List the nodes that have reported",
      query: Query.paging(by: .nodeName) + [.filter("name")], .ok(.page("nodes", of: .node))),
  ]

  private static func audit(_ operation: Operation, _ place: String) -> OperationDocument {
    OperationDocument(
      operation, "Who changed what in \(place), and who was refused: newest first",
      query: Query.paging(by: .string(pattern: "^[0-9]{1,18}$")) + [
        .filter("user_id"), .filter("operation"), .filter("resource_id"),
        Query(name: "outcome", summary: "Only these", schema: .words("changed", "denied").orEmpty),
      ], .ok(.page("records", of: .either(.changed, .denied))))
  }

  private static let document = OperationDocument(
    .showDocument, "This document",
    .ok(Schema(["type": "object", "required": ["openapi", "info", "paths"]])))

  private static let newAttachment = Schema.body(
    ["subnet_id": .uuid, "node": .nodeName, "role": .words(of: Attachment.Role.self)],
    optional: [
      "interface": .interfaceName, "bridge": .interfaceName,
      "vlan": .body(
        ["id": .vlanNumber],
        optional: [
          "outer": .body(["id": .vlanNumber], optional: ["protocol": .words(of: VLAN.TagProtocol.self)])
        ]
      ).named("AttachmentVLANOption"),
    ]
  ).withOne(of: "interface", "bridge").named("CreateAttachmentOption")

  private static let attachment = Schema.answer(
    [
      "id": .uuid, "project_id": .projectID, "subnet_id": .uuid, "node": .nodeName,
      "role": .words(of: Attachment.Role.self), "created_at": .moment,
    ],
    optional: [
      "interface": .interfaceName, "bridge": .interfaceName,
      "vlan": .answer(
        ["id": .vlanNumber],
        optional: ["outer": .answer(["id": .vlanNumber, "protocol": .words(of: VLAN.TagProtocol.self)])]
      ).named("AttachmentVLAN"),
    ]
  ).withOne(of: "interface", "bridge").named("Attachment")
}

extension Schema {
  fileprivate static let connectionDiagnosis = answer([
    "id": uuid, "name": resourceName, "instance_id": uuid,
    "status": words(of: ConnectionStatus.Word.self), "reason": string().orNull, "cause": finding.orNull,
    "findings": array(of: finding), "evidence": array(of: string()), "node": nodeName.orNull,
    "generation": count.orNull, "report_age_ms": milliseconds.orNull,
    "remotes": array(
      of: answer([
        "segmentation_id": vni, "tunnel_ip": address, "tunnel_port": port, "tunnel_type": words("vxlan"),
        "received_age_ms": milliseconds.orNull, "sent_age_ms": milliseconds.orNull,
        "probing": probing.orNull,
      ]), count: Connection.remoteCountRange),
    "counters": answer([
      "to_remote": traffic, "to_local": traffic, "hosts_learned": count.orNull, "hosts_moved": count.orNull,
    ]).orNull,
    "drops": array(
      of: answer(["direction": words("to_remote", "to_local"), "reason": string(), "frames": count])),
    "class_drops": array(
      of: answer([
        "direction": words("to_remote", "to_local"), "class": words(of: FrameClass.self), "frames": count,
      ])), "hosts": array(of: either(localHost, remoteHost)),
    "virtual_addresses": array(
      of: answer([
        "address": address,
        "holder": answer([
          "mac": mac, "side": words("local", "remote"), "tunnel_ip": address.orNull,
          "seen_age_ms": milliseconds.orNull,
        ]).orNull, "answered_for": boolean, "answered": count,
      ])),
    "underlays": array(of: underlay).orNull, "port": attachedPort.orNull,
    "recent_drops": array(
      of: answer(["direction": words("to_remote", "to_local"), "reason": string(), "frames": count])
    ).orNull, "recently_not_learned": count.orNull,
  ]).named("ConnectionDiagnosis")

  fileprivate static let finding = answer([
    "topic": words(of: Finding.Topic.self), "weight": words(of: Finding.Weight.self),
    "subject": string().orNull, "what": string(), "evidence": array(of: string()), "advice": string(),
    "commands": array(of: string()),
  ]).named("Finding")

  private static let traffic = answer([
    "frames": count, "bytes": count, "flooded": count, "slow": count, "answered": count, "for_node": count,
    "not_learned": count, "clamped": count, "told_too_big": count,
  ]).named("Traffic")

  private static let localHost = answer([
    "mac": mac, "address": address.orNull, "side": words("local"), "seen_age_ms": milliseconds.orNull,
    "since_age_ms": milliseconds.orNull, "moves": count.orNull, "held_ms": milliseconds.orNull,
  ])

  private static let remoteHost = answer([
    "mac": mac, "address": address.orNull, "side": words("remote"), "tunnel_ip": address.orNull,
    "seen_age_ms": milliseconds.orNull, "since_age_ms": milliseconds.orNull, "moves": count.orNull,
    "held_ms": milliseconds.orNull,
  ])

  fileprivate static let node = answer([
    "name": nodeName, "generation": count.orNull, "dataplane": words(of: DataplaneKind.self),
    "kernel": string(), "report_age_ms": milliseconds, "permission": reportedPermission.orNull,
    "interfaces": array(of: interface),
    "problems": array(
      of: answer(
        [
          "subject": words("node", "configuration", "leftovers", "instance", "connection"),
          "text": string(), "topic": problemTopic.orNull,
        ], optional: ["id": uuid])),
    "strangers": array(
      of: answer([
        "reason": string(), "frames": count, "source": address.orNull, "segmentation_id": count.orNull,
        "age_ms": milliseconds.orNull,
      ])),
    "unclaimed": answer([
      "passed_to_slow": count, "drops": array(of: answer(["reason": string(), "frames": count])),
    ]), "interferences": array(of: interference).orNull,
  ]).named("Node")

  private static let interface = answer([
    "name": interfaceName, "index": count, "kind": string().orNull, "up": boolean, "promiscuous": boolean,
    "loopback": boolean, "mtu": count, "master": interfaceName.orNull, "default_route": boolean,
    "addresses": array(of: string(pattern: #"^[0-9.]{7,15}/[0-9]{1,3}$"#)), "ours": boolean,
  ]).named("Interface")
}

// The audit.
extension Schema {
  fileprivate static let changed = record([
    "outcome": words("changed"), "resource_type": string(), "resource_id": string(), "before": row,
    "after": row,
  ]).named("AuditedChange")

  fileprivate static let denied = record([
    "outcome": words("denied"), "error_code": errorCode, "path": string(),
  ]).named("AuditedDenial")

  /// Whatever a row of its type has.
  private static let row = Schema(["type": "object"]).orNull

  private static func record(_ outcome: KeyValuePairs<String, Schema>) -> Schema {
    answer(
      [
        "id": string(pattern: "^[0-9]+$"), "time": moment, "operation": string(), "source": string(),
        "request_id": requestID.orEmpty,
      ],
      optional: [
        "project_id": projectID, "user_id": string(), "user_name": string(), "access_key": string(),
      ], more: outcome)
  }
}
