import ESWModel
import ESWPlanning
import ESWWire
import HTTPTypes
import HummingbirdTesting
import Testing

/// A switch with a connection and what the vendor's clients ask of ports.
private struct Stretch {
  let caller: Caller
  let network: Caller.Network
  let instance: String
  let connection: String
  var subnet: String { network.layer2Subnets[0] }

  static func run(_ body: @Sendable (Lab, Stretch) async throws -> Void) async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork(layer2: 2)
      let instance = try await caller.makeInstance(network)
      let connection = try await caller.makeConnection(network, on: instance)
      try await body(
        lab, Stretch(caller: caller, network: network, instance: instance, connection: connection))
    }
  }

  func port(_ members: String = "", subnet: Int = 0, owner: String = "neutron:VIP_PORT") async throws -> Reply
  {
    let body = """
      {"port":{"network_id":"\(network.layer2Subnets[subnet])","device_owner":"\(owner)"\(members)}}
      """
    return try await caller.call(.post, "\(Lab.v1)/ports", body: body)
  }

  func vport(_ word: String, _ port: String, connection: String? = nil) async throws -> Reply {
    try await caller.call(
      .post, "\(Lab.v3)/connections/\(connection ?? self.connection)/vports/\(word)",
      body: #"{"vport":{"id":"\#(port)"}}"#)
  }

  func ports(_ query: [(String, String)] = []) async throws -> [String] {
    try await caller.call(.get, "\(Lab.v1)/ports", query: query).ids("ports")
  }
}

@Suite struct `Ports on the wire` {
  @Test func `are created with what Terraform sends, and with nothing but a network`() async throws {
    try await Stretch.run { _, stretch in
      let whole = try await stretch.port(
        #","name":"vip","fixed_ips":[{"subnet_id":"\#(stretch.subnet)","ip_address":"10.0.100.9"}]"#)
      #expect(whole.status == 200 && whole["port.fixed_ips.0.ip_address"] == "10.0.100.9")
      #expect(whole["port.status"] == "DOWN" && whole["port.fixed_ips.0.subnet_id"] == stretch.subnet)
      let bare = try await stretch.caller.call(
        .post, "\(Lab.v1)/ports", body: #"{"port":{"network_id":"\#(stretch.subnet)"}}"#)
      #expect(bare.status == 200 && bare["port.device_owner"] == "" && bare["port.name"] == "")
      let empty = try await stretch.port(#","fixed_ips":[{"subnet_id":"","ip_address":""}]"#)
      #expect(empty.status == 200)
    }
  }

  @Test(arguments: [
    (#","fixed_ips":[{"ip_address":"10.0.100.1"}]"#, 400, "l2cg.8021"),
    (#","fixed_ips":[{"ip_address":"10.0.101.9"}]"#, 400, "l2cg.8021"),
    (#","fixed_ips":[{"ip_address":"10.0.100.254"}]"#, 400, "l2cg.8021"),
    (#","fixed_ips":[{"ip_address":"fe80::1"}]"#, 400, "l2cg.8001"),
    (#","fixed_ips":[{"subnet_id":"0f6f3a58-8f0e-4a57-9a44-52e6f1f5affe"}]"#, 400, "l2cg.8001"),
    (#","fixed_ips":[{},{}]"#, 400, "l2cg.8001"), (#","admin_state_up":false"#, 400, "l2cg.8001"),
    (#","name":"a b""#, 400, "l2cg.8001"), (#","name":7"#, 400, "l2cg.8001"),
  ])
  func `are refused with the code of their fault`(members: String, status: Int, code: String) async throws {
    try await Stretch.run { lab, stretch in
      let before = lab.snapshot.revision
      let reply = try await stretch.port(members)
      #expect(reply.status == status && reply.code == code, "\(reply.text)")
      #expect(lab.snapshot.revision == before)
    }
  }

  @Test func `of an owner or a network that there is not are refused`() async throws {
    try await Stretch.run { _, stretch in
      #expect(try await stretch.port(owner: "compute:az1").code == "l2cg.8001")
      let reply = try await stretch.caller.call(
        .post, "\(Lab.v1)/ports",
        body: #"{"port":{"network_id":"0f6f3a58-8f0e-4a57-9a44-52e6f1f5affe"}}"#)
      #expect(reply.status == 400 && reply.code == "l2cg.8006")
    }
  }

  @Test func `are private IPs, and private IPs are ports`() async throws {
    try await Stretch.run { _, stretch in
      let body = """
        {"privateips":[{"subnet_id":"\(stretch.subnet)","device_owner":"neutron:VIP_PORT"},
          {"subnet_id":"\(stretch.subnet)","ip_address":"10.0.100.7"}]}
        """
      let made = try await stretch.caller.call(.post, "\(Lab.v1)/privateips", body: body)
      let ids = made.ids("privateips")
      #expect(made.status == 200 && ids.count == 2 && made["privateips.1.ip_address"] == "10.0.100.7")
      #expect(try await stretch.ports() == ids)
      let port = try await stretch.port()["port.id"]!
      let list = "\(Lab.v1)/subnets/\(stretch.subnet)/privateips"
      #expect(try await stretch.caller.call(.get, list).ids("privateips") == ids + [port])
      let page = try await stretch.caller.call(.get, list, query: [("limit", "1"), ("marker", ids[0])])
      #expect(page.ids("privateips") == [ids[1]])
      #expect(
        try await stretch.caller.call(.get, "\(Lab.v1)/privateips/\(port)")["privateip.id"] == port)
      #expect(try await stretch.vport("bind", ids[0]).status == 204)
      #expect(try await stretch.caller.call(.delete, "\(Lab.v1)/privateips/\(ids[1])").status == 204)
      #expect(try await stretch.caller.call(.get, "\(Lab.v1)/privateips/\(ids[1])").status == 404)
    }
  }

  @Test func `are taken away with a 404 ever after`() async throws {
    try await Stretch.run { _, stretch in
      let path = "\(Lab.v1)/ports/\(try await stretch.port()["port.id"]!)"
      let gone = try await stretch.caller.call(.delete, path)
      #expect(gone.status == 204 && gone.text.isEmpty)
      for method in [HTTPRequest.Method.get, .delete] {
        let reply = try await stretch.caller.call(method, path)
        #expect(reply.status == 404 && reply.code == "l2cg.8007")
      }
      let update = try await stretch.caller.call(.put, path, body: #"{"port":{"name":"x"}}"#)
      #expect(update.status == 404 && update.code == "l2cg.8007")
    }
  }

  @Test func `are found by what they have, and by nothing that they have not`() async throws {
    try await Stretch.run { _, stretch in
      let named = try await stretch.port(#","name":"虚拟","fixed_ips":[{"ip_address":"10.0.100.7"}]"#)
      let (first, mac) = (named["port.id"]!, named["port.mac_address"]!)
      let second = try await stretch.port(subnet: 1, owner: "")["port.id"]!
      _ = try await stretch.vport("bind", first)
      let finding: [(String, String)] = [
        ("name", "虚拟"), ("network_id", stretch.subnet), ("mac_address", mac.uppercased()), ("id", first),
        ("device_owner", "neutron:VIP_PORT"), ("device_id", stretch.connection),
        ("fixed_ips", "ip_address=10.0.100.7"), ("fixed_ips", "subnet_id=\(stretch.subnet)"),
      ]
      for filter in finding { #expect(try await stretch.ports([filter]) == [first], "\(filter)") }
      let all: [(String, String)] = [
        ("admin_state_up", "True"), ("status", "DOWN"), ("enterprise_project_id", "0"), ("name", ""),
        ("enable_efi", "false"), ("id", ""), ("x", "y"),
      ]
      for filter in all { #expect(try await stretch.ports([filter]) == [first, second], "\(filter)") }
      let none: [(String, String)] = [
        ("admin_state_up", "false"), ("status", "ACTIVE"), ("security_groups", first), ("id", "x"),
        ("enterprise_project_id", first), ("fixed_ips", "10.0.100.7"), ("device_id", "x"),
        ("fixed_ips", "ip_address=10.0.100.77"), ("enable_efi", "true"), ("mac_address", "x"),
      ]
      for filter in none { #expect(try await stretch.ports([filter]) == [], "\(filter)") }
      #expect(try await stretch.ports([("id", first), ("id", second)]) == [first, second])
      #expect(try await stretch.ports([("id", second), ("name", "虚拟")]) == [])
      let marked = try await stretch.ports([("limit", "1"), ("marker", first)])
      #expect(marked == [second])
    }
  }

  @Test func `keep their subnet from being deleted`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork(attached: false)
      let body = #"{"port":{"network_id":"\#(network.layer2Subnets[0])"}}"#
      let port = try await caller.call(.post, "\(Lab.v1)/ports", body: body)["port.id"]!
      let path = "\(Lab.v1)/vpcs/\(network.vpc)/subnets/\(network.layer2Subnets[0])"
      let refused = try await caller.call(.delete, path)
      #expect(refused.status == 409 && refused.code == "l2cg.8004")
      #expect(refused["error_msg"]?.hasSuffix("is used by port \(port).") == true)
    }
  }

  @Test func `of another project are not there`() async throws {
    try await Stretch.run { _, stretch in
      let port = try await stretch.port()["port.id"]!
      let foreign = Lab.v1.replacing(Lab.project.description, with: Lab.foreignProject.description)
      for path in ["ports/\(port)", "privateips/\(port)", "subnets/\(stretch.subnet)/privateips"] {
        let reply = try await stretch.caller.call(.get, "\(foreign)/\(path)", key: Lab.foreignKey)
        #expect(reply.status == 404)
      }
      let list = try await stretch.caller.call(.get, "\(foreign)/ports", key: Lab.foreignKey)
      #expect(list.count("ports") == 0)
    }
  }
}

@Suite struct `A vport` {
  @Test func `is bound and unbound with 204 and no body, as often as it is asked`() async throws {
    try await Stretch.run { lab, stretch in
      let port = try await stretch.port()["port.id"]!
      let connection = "\(Lab.v3)/instances/\(stretch.instance)/connections/\(stretch.connection)"
      let before = try await stretch.caller.call(.get, connection).value("connection")
      lab.pass(5)
      for word in ["bind", "bind", "unbind", "unbind"] {
        let reply = try await stretch.vport(word, port)
        #expect(reply.status == 204 && reply.text.isEmpty && reply.headers[.contentType] == nil)
        let device = try await stretch.caller.call(.get, "\(Lab.v1)/ports/\(port)")["port.device_id"]
        #expect(device == (word == "bind" ? stretch.connection : ""))
        try await stretch.caller.report()
        #expect(try await stretch.caller.call(.get, connection).value("connection") == before)
      }
    }
  }

  @Test func `reaches the node by its address, sorted, as long as it is bound`() async throws {
    try await Stretch.run { lab, stretch in
      func addresses() throws -> [String] {
        let configuration = GatewayConfiguration(for: Lab.node, from: lab.snapshot)
        return try #require(configuration.connections.first).virtualAddresses.map(\.description)
      }
      var ports: [String] = []
      for host in [9, 7, 8] {
        let members = #","fixed_ips":[{"ip_address":"10.0.100.\#(host)"}]"#
        ports.append(try await stretch.port(members)["port.id"]!)
      }
      for port in ports { #expect(try await stretch.vport("bind", port).status == 204) }
      #expect(try addresses() == ["10.0.100.7", "10.0.100.8", "10.0.100.9"])
      #expect(try await stretch.vport("unbind", ports[2]).status == 204)
      #expect(try addresses() == ["10.0.100.7", "10.0.100.9"])
      let configuration = try await stretch.caller.agent(.get, "\(Lab.node)/configuration")
      #expect(configuration.text.contains(#""virtualAddresses":["10.0.100.7","10.0.100.9"]"#))
    }
  }

  @Test func `that cannot be bound is refused with the code of its fault`() async throws {
    try await Stretch.run { _, stretch in
      let plain = try await stretch.port(owner: "")["port.id"]!
      let elsewhere = try await stretch.port(subnet: 1)["port.id"]!
      for port in [plain, elsewhere] {
        let reply = try await stretch.vport("bind", port)
        #expect(reply.status == 400 && reply.code == "l2cg.8022")
      }
      for word in ["bind", "unbind"] {
        let unknown = try await stretch.vport(word, "0f6f3a58-8f0e-4a57-9a44-52e6f1f5affe")
        #expect(unknown.status == 404 && unknown.code == "l2cg.8007")
        let nowhere = try await stretch.vport(
          word, plain, connection: "0f6f3a58-8f0e-4a57-9a44-52e6f1f5affe")
        #expect(nowhere.status == 404 && nowhere.code == "l2cg.9904")
        let malformed = try await stretch.vport(word, "x")
        #expect(malformed.status == 400 && malformed.code == "l2cg.8001")
      }
    }
  }

  @Test func `is bound to one connection, and stays while it is`() async throws {
    try await Stretch.run { _, stretch in
      let second = try await stretch.caller.makeConnection(
        stretch.network, on: stretch.instance, subnet: 1, name: "c-02")
      let port = try await stretch.port()["port.id"]!
      #expect(try await stretch.vport("bind", port).status == 204)
      for word in ["bind", "unbind"] {
        let reply = try await stretch.vport(word, port, connection: second)
        #expect(reply.status == 409 && reply.code == "l2cg.8008")
      }
      let refused = try await stretch.caller.call(.delete, "\(Lab.v1)/ports/\(port)")
      #expect(refused.status == 409 && refused.code == "l2cg.8008")
      try await stretch.caller.report()
      let connection = "\(Lab.v3)/instances/\(stretch.instance)/connections/\(stretch.connection)"
      #expect(try await stretch.caller.call(.delete, connection).status == 204)
      #expect(try await stretch.caller.call(.delete, "\(Lab.v1)/ports/\(port)").status == 204)
    }
  }

  @Test func `wants an active switch to be bound`() async throws {
    try await Stretch.run { lab, stretch in
      let port = try await stretch.port()["port.id"]!
      lab.pass(3600)
      let reply = try await stretch.vport("bind", port)
      #expect(reply.status == 409 && reply.code == "l2cg.9920")
      #expect(try await stretch.vport("unbind", port).status == 204)
    }
  }

  @Test func `of another project is not there`() async throws {
    try await Stretch.run { _, stretch in
      let port = try await stretch.port()["port.id"]!
      let foreign = Lab.v3.replacing(Lab.project.description, with: Lab.foreignProject.description)
      for word in ["bind", "unbind"] {
        let reply = try await stretch.caller.call(
          .post, "\(foreign)/connections/\(stretch.connection)/vports/\(word)",
          body: #"{"vport":{"id":"\#(port)"}}"#, key: Lab.foreignKey)
        #expect(reply.status == 404 && reply.code == "l2cg.9904")
      }
    }
  }
}
