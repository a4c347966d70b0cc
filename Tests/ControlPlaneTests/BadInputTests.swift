import ESWModel
import ESWWire
import HTTPTypes
import HummingbirdTesting
import Testing

/// Bodies that no operation can make sense of.
private let nonsense: [String] = [
  "", " ", "{", "}", "[]", "[{}]", "null", "true", "7", "\"x\"", "{}", "{\"a\":1}", "not json",
  "{\"instance\"}",
  "{\"instance\":null,\"connection\":null,\"vpc\":null,\"subnet\":null,\"attachment\":null}",
  "{\"instance\":7,\"connection\":7,\"vpc\":7,\"subnet\":7,\"attachment\":7}",
  "{\"instance\":[],\"connection\":[],\"vpc\":[],\"subnet\":[],\"attachment\":[]}",
  "{\"instance\":{},\"connection\":{},\"vpc\":{},\"subnet\":{},\"attachment\":{}}",
  "{\"instance\":{\"name\":1e400},\"connection\":{\"name\":1e400},\"vpc\":{\"name\":1e400}}",
  "{\"instance\":{\"name\":\"\\ud800\"}}", "{\"a\":1,\"a\":2}", "\u{FEFF}{}",
  String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 100_000),
  "{\"instance\":\"" + String(repeating: "x", count: 1_000_000) + "\"}",
  "{\"x\":" + String(repeating: "9", count: 100_000) + "}",
  "<xml/>", "a=b&c=d", "\u{0}", "{\"instance\":{}}garbage",
]

@Suite struct `A body that makes no sense` {
  static let posts = [
    "\(Lab.v3)/instances", "\(Lab.v1)/vpcs", "\(Lab.v1)/subnets", "\(Lab.ours)/attachments",
    "\(Lab.v1)/ports", "\(Lab.v1)/privateips",
    "\(Lab.v3)/connections/0f6f3a58-8f0e-4a57-9a44-52e6f1f5affe/vports/bind",
    "\(Lab.v3)/connections/0f6f3a58-8f0e-4a57-9a44-52e6f1f5affe/vports/unbind",
  ]

  @Test(arguments: posts, nonsense.indices)
  func `is refused with 400 and changes nothing`(path: String, index: Int) async throws {
    try await Lab.run { lab, caller in
      let before = lab.snapshot.revision
      let reply = try await caller.call(.post, path, body: nonsense[index])
      #expect(reply.status == 400)
      #expect(reply.code == "l2cg.8001")
      #expect(reply["error_msg"]?.isEmpty == false && reply["request_id"]?.count == 32)
      #expect(lab.snapshot.revision == before)
    }
  }

  @Test(arguments: nonsense.indices)
  func `is refused for a connection, and for a change of one`(index: Int) async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let connection = try await caller.makeConnection(network, on: instance)
      let before = lab.snapshot.revision
      let path = "\(Lab.v3)/instances/\(instance)/connections"
      #expect(try await caller.call(.post, path, body: nonsense[index]).status == 400)
      #expect(try await caller.call(.put, "\(path)/\(connection)", body: nonsense[index]).status == 400)
      #expect(lab.snapshot.revision == before)
    }
  }

  @Test func `is refused where it is not UTF-8`() async throws {
    try await Lab.run { _, caller in
      let reply = try await caller.agent(.put, "node-1/report", body: .init([0x7B, 0xFF, 0xFE, 0x7D]))
      #expect(reply.status == 400)
    }
  }
}

/// A change to the good body of CreateConnection, and how it is refused.
struct BadConnection: Sendable, CustomTestStringConvertible {
  let old: String
  let new: String
  let status: Int
  let code: String

  init(_ old: String, _ new: String, _ status: Int, _ code: String) {
    self.old = old
    self.new = new
    self.status = status
    self.code = code
  }

  var testDescription: String { "\(old) -> \(new)" }
}

@Suite struct `A connection that cannot be` {
  static let unknown = "0f6f3a58-8f0e-4a57-9a44-52e6f1f5affe"

  @Test(arguments: [
    BadConnection("5000", "0", 400, "l2cg.8001"), BadConnection("5000", "16777216", 400, "l2cg.8001"),
    BadConnection("5000", "true", 400, "l2cg.8001"), BadConnection("5000", "1.5", 400, "l2cg.8001"),
    BadConnection("192.0.2.1", "224.0.0.1", 400, "l2cg.8001"),
    BadConnection("192.0.2.1", "::1", 400, "l2cg.8001"),
    BadConnection("VPC", unknown, 400, "l2cg.8006"), BadConnection("SUBNET", unknown, 400, "l2cg.8006"),
    BadConnection("SUBNET", "TUNNEL", 409, "l2cg.8004"),
    BadConnection("c-01", "c 01", 400, "l2cg.8001"),
    BadConnection("]}}", #"],"fixed_ips":["10.0.100.7"]}}"#, 400, "l2cg.8001"),
    BadConnection("]}}", #"],"fixed_ips":["10.0.100.7","10.0.100.7"]}}"#, 400, "l2cg.8001"),
    BadConnection("]}}", #"],"fixed_ips":["10.0.100.7","10.0.9.7"]}}"#, 400, "l2cg.8005"),
    BadConnection("]}}", #"],"fixed_ips":["10.0.100.1","10.0.100.7"]}}"#, 400, "l2cg.8005"),
  ])
  func `is refused with the code of its fault`(bad: BadConnection) async throws {
    try await Lab.run { lab, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let old = bad.old.replacing("VPC", with: network.vpc).replacing(
        "SUBNET", with: network.layer2Subnets[0])
      let new = bad.new.replacing("TUNNEL", with: network.tunnelSubnet)
      let body = Caller.connectionBody(network).replacing(old, with: new)
      let before = lab.snapshot.revision
      let reply = try await caller.call(.post, "\(Lab.v3)/instances/\(instance)/connections", body: body)
      #expect(reply.status == bad.status, "\(reply.text)")
      #expect(reply.code == bad.code)
      #expect(lab.snapshot.revision == before)
    }
  }

  @Test func `is refused on a switch that is not active`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let reply = try await caller.call(.post, "\(Lab.v3)/instances", body: Caller.instanceBody(network))
      let path = "\(Lab.v3)/instances/\(reply["instance.id"]!)/connections"
      let refused = try await caller.call(.post, path, body: Caller.connectionBody(network))
      #expect(refused.status == 409 && refused.code == "l2cg.9920")
    }
  }

  @Test func `is refused when its VNI and remote are taken`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork(layer2: 2)
      let instance = try await caller.makeInstance(network)
      _ = try await caller.makeConnection(network, on: instance)
      let path = "\(Lab.v3)/instances/\(instance)/connections"
      let refused = try await caller.call(.post, path, body: Caller.connectionBody(network, subnet: 1))
      #expect(refused.status == 409 && refused.code == "l2cg.9935")
    }
  }
}

@Suite struct `Deleting` {
  @Test func `a switch with connections is refused`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      _ = try await caller.makeConnection(network, on: instance)
      let refused = try await caller.call(.delete, "\(Lab.v3)/instances/\(instance)")
      #expect(refused.status == 409 && refused.code == "l2cg.9907")
    }
  }

  @Test func `a switch that is being built is refused`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let reply = try await caller.call(.post, "\(Lab.v3)/instances", body: Caller.instanceBody(network))
      let refused = try await caller.call(.delete, "\(Lab.v3)/instances/\(reply["instance.id"]!)")
      #expect(refused.status == 409 && refused.code == "l2cg.9921")
    }
  }

  @Test func `a connection that is being built is refused`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let path = "\(Lab.v3)/instances/\(instance)/connections"
      let reply = try await caller.call(.post, path, body: Caller.connectionBody(network))
      let refused = try await caller.call(.delete, "\(path)/\(reply["connection.id"]!)")
      #expect(refused.status == 409 && refused.code == "l2cg.9930")
    }
  }

  @Test func `twice is a 404 the second time`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let path = "\(Lab.v3)/instances/\(try await caller.makeInstance(network))"
      #expect(try await caller.call(.delete, path).status == 204)
      let again = try await caller.call(.delete, path)
      #expect(again.status == 404 && again.code == "l2cg.9923")
    }
  }

  @Test func `what is in use is refused`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      _ = try await caller.makeInstance(network)
      #expect(try await caller.call(.delete, "\(Lab.v1)/vpcs/\(network.vpc)").status == 409)
      let subnet = try await caller.call(
        .delete, "\(Lab.v1)/vpcs/\(network.vpc)/subnets/\(network.tunnelSubnet)")
      #expect(subnet.status == 409 && subnet.code == "l2cg.8004")
    }
  }
}

@Suite struct `An id that names nothing of the caller's` {
  static let ids = [
    "0f6f3a58-8f0e-4a57-9a44-52e6f1f5affe", "x", "0f6f3a588f0e4a579a4452e6f1f5affe", "...", "%00", "%2F",
    "%F0%9F%98%80", String(repeating: "9", count: 3000), "{instance_id}", "-1",
  ]

  @Test(arguments: ids)
  func `is a 404 of a switch, however it is written`(id: String) async throws {
    try await Lab.run { lab, caller in
      let before = lab.snapshot.revision
      for method in [HTTPRequest.Method.get, .delete] {
        let reply = try await caller.call(method, "\(Lab.v3)/instances/\(id)")
        #expect(reply.status == 404)
        #expect(reply.code == "l2cg.9923")
      }
      #expect(lab.snapshot.revision == before)
    }
  }

  @Test(arguments: ids)
  func `is a 404 of a connection, however it is written`(id: String) async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      for method in [HTTPRequest.Method.get, .delete] {
        let reply = try await caller.call(method, "\(Lab.v3)/instances/\(instance)/connections/\(id)")
        #expect(reply.status == 404)
        #expect(reply.code == "l2cg.9904")
      }
    }
  }

  @Test(arguments: [
    "\(Lab.v1)/vpcs/", "\(Lab.v1)/subnets/", "\(Lab.v1)/ports/", "\(Lab.v1)/privateips/",
    "/v3/\(Lab.project)/vpc/vpcs/", "\(Lab.ours)/attachments/", "\(Lab.ours)/connections/",
    "\(Lab.ours)/instances/", "\(Lab.v3)/resources/",
  ])
  func `is a 404 everywhere else`(path: String) async throws {
    try await Lab.run { _, caller in
      for id in ["x", "0f6f3a58-8f0e-4a57-9a44-52e6f1f5affe"] {
        let reply = try await caller.call(.get, path + id + (path.hasSuffix("resources/") ? "/jobs" : ""))
        #expect(reply.status == 404)
      }
    }
  }

  @Test func `is a 404 for the foreign, in the words of the unknown`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let instance = try await caller.makeInstance(network)
      let foreign = Lab.v3.replacing(Lab.project.description, with: Lab.foreignProject.description)
      let reply = try await caller.call(.get, "\(foreign)/instances/\(instance)", key: Lab.foreignKey)
      #expect(reply.status == 404)
      #expect(reply["error_msg"] == "instance \(instance) could not be found.")
    }
  }

  @Test func `is a 404 for a connection under the wrong switch`() async throws {
    try await Lab.run { _, caller in
      let network = try await caller.makeNetwork()
      let (first, second) = (
        try await caller.makeInstance(network), try await caller.makeInstance(network, name: "b")
      )
      let connection = try await caller.makeConnection(network, on: first)
      let reply = try await caller.call(.get, "\(Lab.v3)/instances/\(second)/connections/\(connection)")
      #expect(reply.status == 404 && reply.code == "l2cg.9904")
    }
  }
}
