import ESWModel

extension OperationDocument {
  /// `AgentLinkMessages`; a reader skips members that it does not know.
  static let agents = Area(
    name: "Agents", summary: "The link of agents, which ask for their configuration and report",
    operations: [
      OperationDocument(
        .showConfiguration, "The node's configuration, once it is newer than what the agent has",
        query: [
          .init(name: "store", summary: "The store of the configuration that it has", schema: .string()),
          .init(name: "after", summary: "The generation that it has", schema: .count.orEmpty),
          .init(name: "wait", summary: "Seconds to wait for a newer one", schema: .integer(0...60).orEmpty),
        ],
        .ok(.answer(["version": linkVersion, "configuration": configuration])), .noContent),
      OperationDocument(
        .sendReport, "What the node has and sees",
        body: .body(["version": linkVersion, "report": report]), .noContent),
    ] + agentCaptures)

  static let linkVersion = Schema([
    "type": "integer", "enum": [.integer(Int64(AgentLinkMessages.version))],
  ])

  // MARK: Configuration

  private static let configuration = Schema.answer(
    [
      "store": .uuid, "generation": .count, "node": .nodeName, "tunnels": .array(of: tunnel),
      "connections": .array(of: connection),
    ], optional: ["permission": .answer(["epoch": .count, "isHeld": .boolean])]
  ).named("GatewayConfiguration")

  private static let tunnel = Schema.answer(
    [
      "instance": .uuid, "address": .address, "prefixLength": .prefixLength, "interface": .interfaceName,
    ], optional: ["limit": .answer(["bitsPerSecond": .count, "packetsPerSecond": .count])])

  private static let connection = Schema.answer([
    "id": .uuid, "number": .integer(from: 1), "instance": .uuid, "attachment": .uuid,
    "point": .either(
      .only("interface", .interfaceName), .only("bridge", .interfaceName),
      .only("trunk", .answer(["_0": .interfaceName, "vlan": .vlanText]))),
    "tunnelAddress": .address, "network": .network, "gateway": .address, "fixedAddress": .address,
    "fixedMAC": .mac, "remotes": .array(of: remote, count: Connection.remoteCountRange),
    "learningLimit": .count, "ageingSeconds": .count, "virtualAddresses": .array(of: .address),
    "forwarding": .compiledForwarding, "pinsUnderlay": .boolean,
  ])

  private static let remote = Schema.answer(["vni": .vni, "address": .address, "port": .port])

  // MARK: Report

  private static let report = Schema.body(
    [
      "node": .nodeName, "dataplane": .words(of: DataplaneKind.self), "kernelRelease": .string(),
      "interfaces": .array(of: interface), "problems": .array(of: problem),
      "connections": .array(of: connectionReport), "strangers": .array(of: stranger),
    ],
    optional: [
      "store": .uuid, "generation": .count, "unclaimed": unclaimed,
      "underlays": .array(of: .reportedUnderlay), "interferences": .array(of: .reportedInterference),
      "permission": .body(
        ["epoch": .count, "isGranted": .boolean], optional: ["leftMilliseconds": .milliseconds]),
    ]
  ).named("GatewayReport")

  private static let interface = Schema.body(
    [
      "name": .interfaceName, "index": .number32, "isUp": .boolean, "isPromiscuous": .boolean,
      "isLoopback": .boolean, "mtu": .number32, "hasDefaultRoute": .boolean,
      "addresses": .array(
        of: .body(["address": .address, "prefixLength": .prefixLength, "isOurs": .boolean])),
      "isOurs": .boolean,
    ], optional: ["kind": .string(), "master": .interfaceName])

  private static let problem = Schema.body(
    [
      "subject": .either(
        .only("node", .answer([:])), .only("configuration", .answer([:])), .only("leftovers", .answer([:])),
        .only("instance", .uuid), .only("connection", .uuid)),
      "text": .string(),
    ], optional: ["topic": .words(of: Problem.Topic.self)])

  private static let connectionReport = Schema.body(
    [
      "id": .uuid,
      "remotes": .array(
        of: .body(
          ["remote": .body(["vni": .vni, "address": .address, "port": .port])],
          optional: [
            "receivedAgeMilliseconds": .milliseconds, "sentAgeMilliseconds": .milliseconds,
            "probing": .reportedProbing,
          ])),
      "toRemote": traffic, "toLocal": traffic,
      "drops": .array(
        of: .body(["direction": .words(of: Direction.self), "reason": .string(), "frames": .count])),
      "hosts": .array(
        of: .body(
          [
            "mac": .mac, "seenAgeMilliseconds": .milliseconds,
            "side": .either(.only("local", .answer([:])), .only("remote", .integer(from: 0))),
          ],
          optional: [
            "address": .address, "sinceAgeMilliseconds": .milliseconds, "moves": .number32,
            "heldMilliseconds": .milliseconds,
          ])),
    ],
    optional: [
      "classDrops": .array(
        of: .body([
          "direction": .words(of: Direction.self), "frames": .count,
          "frameClass": .words(of: FrameClass.self),
        ])),
      "recentDrops": .array(
        of: .body(["direction": .words(of: Direction.self), "reason": .string(), "frames": .count])),
      "recentlyNotLearned": .count, "port": .reportedPort,
    ])

  private static let traffic = Schema.body(
    ["frames": .count, "bytes": .count],
    optional: [
      "flooded": .count, "slow": .count, "answered": .count, "forNode": .count, "notLearned": .count,
      "clamped": .count, "toldTooBig": .count,
    ])

  private static let unclaimed = Schema.body([
    "passedToSlow": .count, "drops": .array(of: .body(["reason": .string(), "frames": .count])),
  ])

  private static let stranger = Schema.body(
    ["reason": .string(), "frames": .count],
    optional: ["source": .address, "vni": .number32, "ageMilliseconds": .milliseconds])
}

extension Schema {
  fileprivate static let prefixLength = integer(0...32)
  static let number32 = integer(0...Int64(UInt32.max))

  /// A case of an enumeration as Swift encodes it: its name, and in it what it carries.
  static func only(_ name: String, _ carried: Schema) -> Schema {
    answer([
      name: carried.properties.isEmpty && carried.json["type"] == "object" ? carried : answer(["_0": carried])
    ])
  }
}
