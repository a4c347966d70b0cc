import ESWModel
import ESWWire
import HTTPTypes
import Testing

/// One row of everything, of one project: by name its id.
struct TenantRows: Sendable {
  let key: AccessKey
  private(set) var ids: [String: String] = [:]
  var project: ProjectID { key == Lab.foreignKey ? Lab.foreignProject : Lab.project }

  /// - Parameters:
  ///   - key: Whose project it is.
  ///   - interface: The first of three interfaces of the node that are its own.
  init(_ caller: Caller, key: AccessKey, interface: Int) async throws {
    self.key = key
    let (v1, v3) = ("/v1/\(project)", "/v3/\(project)/l2cg")
    func make(_ row: String, _ path: String, _ body: String, id: String) async throws {
      let reply = try await caller.call(.post, path, body: body, key: key)
      let made: String = try #require(reply[id], "\(row): \(reply.text)")
      ids[row] = made
      if row.hasSuffix("instance") { ids["job"] = reply["job_id"] }
    }
    func attach(_ row: String, _ subnet: String, _ role: String, _ interface: Int) async throws {
      let body = """
        {"attachment":{"subnet_id":"\(ids[subnet] ?? "")","node":"node-1","role":"\(role)",
         "interface":"eth\(interface)"}}
        """
      try await make(row, "/openesw/v1/\(project)/attachments", body, id: "attachment.id")
    }
    try await caller.report()
    for row in ["vpc", "idle_vpc"] {
      try await make(row, "\(v1)/vpcs", #"{"vpc":{"name":"v","cidr":"10.0.0.0/8"}}"#, id: "vpc.id")
    }
    for (third, row) in ["tunnel_subnet", "layer2_subnet", "attached_subnet", "idle_subnet"].enumerated() {
      let body = """
        {"subnet":{"name":"s","cidr":"10.0.\(third).0/24","gateway_ip":"10.0.\(third).1",
         "vpc_id":"\(ids["vpc"] ?? "")"}}
        """
      try await make(row, "\(v1)/subnets", body, id: "subnet.id")
    }
    try await attach("tunnel_attachment", "tunnel_subnet", "tunnel", interface)
    try await attach("attachment", "layer2_subnet", "layer2", interface + 1)
    try await attach("idle_attachment", "attached_subnet", "layer2", interface + 2)
    let network = Caller.Network(
      vpc: ids["vpc"] ?? "", tunnelSubnet: ids["tunnel_subnet"] ?? "",
      layer2Subnets: [ids["layer2_subnet"] ?? ""])
    for row in ["idle_instance", "instance"] {
      try await make(row, "\(v3)/instances", Caller.instanceBody(network), id: "instance.id")
    }
    try await caller.report()
    try await make(
      "connection", "\(v3)/instances/\(ids["instance"] ?? "")/connections", Caller.connectionBody(network),
      id: "connection.id")
    for row in ["idle_port", "port"] {
      let body = """
        {"port":{"network_id":"\(ids["layer2_subnet"] ?? "")","device_owner":"neutron:VIP_PORT"}}
        """
      try await make(row, "\(v1)/ports", body, id: "port.id")
    }
    let bind = try await caller.call(
      .post, "\(v3)/connections/\(ids["connection"] ?? "")/vports/bind",
      body: #"{"vport":{"id":"\#(ids["port"] ?? "")"}}"#, key: key)
    try #require(bind.status == 204, "\(bind.text)")
    try await caller.report()
  }

  /// An id beside the row's that nothing has. It lies at the same place of every list.
  func unknown(_ row: String) -> String { Self.beside(ids[row] ?? "") }

  static func beside(_ id: String) -> String {
    id.dropLast() + (id.last == "0" ? "1" : "0")
  }
}

@Suite struct `What is another project's` {
  /// Ids at some of an operation's places, in the path's project.
  private struct Trial {
    let project: String
    let ids: [TenantProbe.Place: String]

    /// Ids of the row's owner in each choice of places; then the owner's project, alone and with all ids.
    static func all(of probe: TenantProbe, own: String, theirs: String, id: (String) -> String) -> [Trial] {
      func ids(_ places: [TenantProbe.Place]) -> [TenantProbe.Place: String] {
        Dictionary(places.map { ($0, id($0.row)) }) { $1 }
      }
      let choices = (0..<(1 << probe.places.count)).map { choice in
        probe.places.indices.filter { choice >> $0 & 1 == 1 }.map { probe.places[$0] }
      }
      return choices.dropFirst().map { Trial(project: own, ids: ids($0)) }
        + [Trial(project: theirs, ids: [:]), Trial(project: theirs, ids: ids(probe.places))]
    }
  }

  /// With what differs by right taken out: the request's id, and the ids that were asked for.
  private static func comparable(_ reply: Reply, _ trial: Trial) -> String {
    var text = "\(reply.status) \(reply.headers[.contentType] ?? "-") \(reply.text)"
    text.replace(reply["request_id"] ?? "no request id", with: "REQUEST")
    for (place, id) in trial.ids { text.replace(id, with: "\(place)") }
    return text
  }

  @Test func `is tried with every operation`() {
    let inProject = Operation.all.filter { $0.door == .project }.map(\.name)
    let missing = Set(inProject).subtracting(TenantProbe.all.map(\.operation.name))
    #expect(missing.isEmpty, "give these operations a row in TenantProbe.all: \(missing.sorted())")
    #expect(Set(TenantProbe.all.map(\.operation.name)).count == TenantProbe.all.count)
  }

  @Test(arguments: TenantProbe.all)
  func `is as unknown as what does not exist`(probe: TenantProbe) async throws {
    try await Lab.run { lab, caller in
      let own = try await TenantRows(caller, key: Lab.key, interface: 0)
      let theirs = try await TenantRows(caller, key: Lab.foreignKey, interface: 3)
      let (mine, foreign) = (Lab.project.description, Lab.foreignProject.description)
      func ask(_ trial: Trial) async throws -> Reply {
        let (path, query, body) = probe.request(project: trial.project, trial.ids, own: own.ids)
        let method = try #require(HTTPRequest.Method(probe.operation.method.rawValue))
        return try await caller.call(method, path, query: query, body: body)
      }
      let asForeign = Trial.all(of: probe, own: mine, theirs: foreign) { theirs.ids[$0] ?? "" }
      let asUnknown = Trial.all(of: probe, own: mine, theirs: TenantRows.beside(foreign), id: theirs.unknown)
      let before = lab.snapshot.revision
      for (foreign, unknown) in zip(asForeign, asUnknown) {
        let (first, second) = (try await ask(foreign), try await ask(unknown))
        #expect(
          Self.comparable(first, foreign) == Self.comparable(second, unknown), "\(foreign.ids.keys)")
        #expect(first.status < 500)
        // A list may answer, with nothing of theirs; everything else is refused.
        let isList = probe.operation.name.hasPrefix("List") && foreign.project == mine
        #expect(first.status >= 400 || isList, "\(foreign.ids.keys): \(first.text)")
        for (row, id) in theirs.ids where !foreign.ids.values.contains(id) {
          #expect(!first.text.contains(id), "\(foreign.ids.keys) tells of their \(row)")
        }
      }
      #expect(lab.snapshot.revision == before)
      // The table is worth nothing where the caller's own ids would not do either.
      let reply = try await ask(Trial(project: mine, ids: [:]))
      #expect(probe.ownCode.map { reply.code == $0 } ?? (reply.status < 300), "\(reply.text)")
      for place in probe.places where place.part == .query {
        let own = try await ask(Trial(project: mine, ids: [place: own.ids[place.row] ?? ""]))
        #expect(own.status == 200, "\(place): \(own.text)")
      }
    }
  }
}
