import ESWModel
import ESWWire
import HTTPTypes
import HummingbirdTesting
import Testing

@Suite struct `Changing a network` {
  @Test func `changes what a VPC's update names, and ignores what we do not have`() async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      let path = "\(Lab.v1)/vpcs/\(network.vpc)"
      lab.pass(60)
      let reply = try await caller.call(
        .put, path,
        body: #"""
          {"vpc":{"name":"总部","cidr":"10.0.0.0/9","description":"","routes":[],"enable_shared_snat":true,
           "enhanced_local_route":false}}
          """#)
      #expect(reply.status == 200 && reply["vpc.name"] == "总部" && reply["vpc.cidr"] == "10.0.0.0/9")
      #expect(reply["vpc.updated_at"] == "2026-01-05T09:01:00Z" && reply["vpc.status"] == "OK")
      #expect(try await caller.call(.get, path).text == reply.text)
      let third = try await caller.call(.get, "/v3/\(Lab.project)/vpc/vpcs/\(network.vpc)")
      #expect(third["vpc.name"] == "总部" && third.count("vpc.extend_cidrs") == 0)
      #expect(third["request_id"]?.count == 32)
    }
  }

  @Test(arguments: [
    (#"{"vpc":{"cidr":"10.1.0.0/16"}}"#, 409, "l2cg.8012"),
    (#"{"vpc":{"cidr":"10.0.0.1/8"}}"#, 400, "l2cg.8001"),
    (#"{"vpc":{"cidr":"127.0.0.0/8"}}"#, 400, "l2cg.8001"), (#"{"vpc":{"name":""}}"#, 400, "l2cg.8001"),
    (#"{"vpc":{"description":"<"}}"#, 400, "l2cg.8001"), (#"{}"#, 400, "l2cg.8001"),
  ])
  func `refuses a VPC that cannot be`(body: String, status: Int, code: String) async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      let before = lab.snapshot.revision
      let reply = try await caller.call(.put, "\(Lab.v1)/vpcs/\(network.vpc)", body: body)
      #expect(reply.status == status && reply.code == code, "\(reply.text)")
      #expect(lab.snapshot.revision == before)
    }
  }

  @Test func `changes what a subnet's update names, and answers as the vendor with little`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let subnet = network.layer2Subnets[0]
      let body = #"""
        {"subnet":{"name":"新","dhcp_enable":false,"description":"d","primary_dns":"192.0.2.1",
         "extra_dhcp_opts":[{"opt_name":"ntp"}],"ipv6_enable":false}}
        """#
      let reply = try await caller.call(.put, "\(Lab.v1)/vpcs/\(network.vpc)/subnets/\(subnet)", body: body)
      #expect(reply.status == 200)
      #expect(reply.text == #"{"subnet":{"id":"\#(subnet)","status":"ACTIVE"}}"#)
      let shown = try await caller.call(.get, "\(Lab.v1)/subnets/\(subnet)")
      #expect(shown["subnet.name"] == "新" && shown["subnet.primary_dns"] == "192.0.2.1")
      #expect(shown.value("subnet.dhcp_enable") == .boolean(false) && shown["subnet.description"] == "d")
    }
  }

  @Test(arguments: [
    (#""primary_dns":"192.0.2.9""#, ["192.0.2.9", "192.0.2.2", "192.0.2.3"]),
    (#""secondary_dns":"192.0.2.9""#, ["192.0.2.1", "192.0.2.9", "192.0.2.3"]),
    (#""secondary_dns":"""#, ["192.0.2.1", "192.0.2.3"]), (#""dnsList":[]"#, []),
    (#""dnsList":["192.0.2.3","192.0.2.3"]"#, ["192.0.2.3"]),
    (#""primary_dns":"192.0.2.2","dnsList":["192.0.2.1","192.0.2.2"]"#, ["192.0.2.2", "192.0.2.1"]),
    (#""name":"x""#, ["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
  ])
  func `sets name servers by place or all at once`(member: String, servers: [String]) async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let subnet = network.layer2Subnets[0]
      let path = "\(Lab.v1)/vpcs/\(network.vpc)/subnets/\(subnet)"
      _ = try await caller.call(
        .put, path, body: #"{"subnet":{"dnsList":["192.0.2.1","192.0.2.2","192.0.2.3"]}}"#)
      #expect(try await caller.call(.put, path, body: "{\"subnet\":{\(member)}}").status == 200)
      let shown = try await caller.call(.get, "\(Lab.v1)/subnets/\(subnet)")
      #expect((0..<5).compactMap { shown["subnet.dnsList.\($0)"] } == servers)
    }
  }

  @Test func `refuses what is no subnet of the VPC, and IPv6`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let body = #"{"vpc":{"name":"w","cidr":"10.0.0.0/8"}}"#
      let other = try await caller.call(.post, "\(Lab.v1)/vpcs", body: body)["vpc.id"]!
      let subnet = network.layer2Subnets[0]
      let update = #"{"subnet":{"name":"x"}}"#
      let wrong = try await caller.call(.put, "\(Lab.v1)/vpcs/\(other)/subnets/\(subnet)", body: update)
      #expect(wrong.status == 404 && wrong.code == "l2cg.8006")
      let path = "\(Lab.v1)/vpcs/\(network.vpc)/subnets/\(subnet)"
      #expect(
        try await caller.call(.put, path, body: #"{"subnet":{"ipv6_enable":true}}"#).code == "l2cg.8001")
      let foreign = path.replacing(Lab.project.description, with: Lab.foreignProject.description)
      #expect(try await caller.call(.put, foreign, body: update, key: Lab.foreignKey).status == 404)
    }
  }
}
