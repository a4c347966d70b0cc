import ESWClient
import ESWModel
import ESWWire
import Foundation
import Testing

@testable import ESWCommands

/// Every change here is planned, made and compared (`PlanBed.change`): what the agent executes equals what
/// was shown, on the simulation and on the real kernel.
@Suite(.serialized, .timeLimit(.minutes(3))) struct `What is executed` {
  /// What was made so far, by a name of the test's.
  private struct Made {
    var ids: [String: String] = [:]

    subscript(name: String) -> String { ids[name] ?? "none" }
  }

  private static func steps(_ plan: JSON) -> [String] {
    guard case .array(let nodes) = plan["nodes"] else { return [] }
    return nodes.flatMap { node -> [String] in
      guard case .array(let steps) = node["steps"] else { return [] }
      return steps.map { $0["kind"].text }
    }
  }

  private func makeNetwork(_ bed: PlanBed) async throws -> Made {
    var made = Made()
    let vpc = try await bed.change(.createVPC, body: #"{"vpc":{"name":"v","cidr":"10.0.0.0/8"}}"#)
    #expect(Self.steps(vpc.plan).isEmpty)
    made.ids["vpc"] = vpc.answer["vpc.id"].text
    for (name, third) in [("tunnel", 9), ("first", 1), ("second", 2), ("third", 3)] {
      let body = """
        {"subnet":{"name":"\(name)","cidr":"10.0.\(third).0/24","gateway_ip":"10.0.\(third).1",
         "vpc_id":"\(made["vpc"])"}}
        """
      made.ids[name] = try await bed.change(.createSubnet, body: body).answer["subnet.id"].text
    }
    made.ids["tunnel attachment"] = try await attach(
      bed, made["tunnel"], "tunnel", #""interface":"underlay0""#
    ).answer["attachment.id"].text
    return made
  }

  private func attach(
    _ bed: PlanBed, _ subnet: String, _ role: String, _ point: String
  ) async throws -> (plan: JSON, answer: JSON) {
    try await bed.change(
      .createAttachment,
      body: """
        {"attachment":{"subnet_id":"\(subnet)","node":"node-1","role":"\(role)",\(point)}}
        """)
  }

  private func connect(
    _ bed: PlanBed, _ made: Made, _ subnet: String, vni: Int
  ) async throws -> (plan: JSON, answer: JSON) {
    try await bed.change(
      .createConnection, ["instance_id": made["instance"]],
      body: """
        {"connection":{"name":"\(subnet)","vpc_id":"\(made["vpc"])","virsubnet_id":"\(made[subnet])",
         "remote_infos":[{"segmentation_id":\(vni),"tunnel_ip":"192.0.2.1"}]}}
        """)
  }

  private func makeInstance(_ bed: PlanBed, _ made: inout Made) async throws {
    let instance = try await bed.change(
      .createInstance,
      body: """
        {"instance":{"name":"edge","flavor_ref":"l2cg.large.ha","ha_mode":"ha",
         "charge_infos":{"charge_mode":"postPaid"},
         "availability_zones":{"primary":"az1","standby":"az2"},
         "tunnel_info":{"vpc_id":"\(made["vpc"])","virsubnet_id":"\(made["tunnel"])"}}}
        """)
    made.ids["instance"] = instance.answer["instance.id"].text
    #expect(Self.steps(instance.plan).contains("load_datapath"))
  }

  @Test(arguments: PlanBed.Kind.here)
  func `is what was shown, from a first switch to the last`(kind: PlanBed.Kind) async throws {
    try await PlanBed.run(on: kind) { bed in
      var made = try await makeNetwork(bed)
      _ = try await attach(bed, made["first"], "layer2", #""interface":"segment0""#)
      try await makeInstance(bed, &made)

      let first = try await connect(bed, made, "first", vni: 5001)
      made.ids["connection"] = first.answer["connection.id"].text
      #expect(Self.steps(first.plan).contains("attach_program"))
      #expect(first.plan["frames"].text == "none")
      let connection = ["connection_id": made["connection"], "instance_id": made["instance"]]

      let forwarding = try await bed.change(
        .updateForwarding, connection, body: #"{"forwarding":{"ttl":9,"ageing_seconds":600}}"#)
      #expect(Self.steps(forwarding.plan) == ["put_connection"])
      let same = try await bed.change(.updateForwarding, connection, body: #"{"forwarding":{"ttl":9}}"#)
      #expect(Self.steps(same.plan).isEmpty)
      try await bindAndUnbind(bed, made, connection)
      let renamed = try await bed.change(
        .updateConnection, connection, body: #"{"connection":{"name":"renamed"}}"#)
      #expect(Self.steps(renamed.plan).isEmpty)

      try await bed.change(.deleteConnection, connection)
      let end = try await bed.change(.deleteInstance, ["instance_id": made["instance"]])
      #expect(Self.steps(end.plan).contains("unload_datapath"))
    }
  }

  private func bindAndUnbind(_ bed: PlanBed, _ made: Made, _ connection: [String: String]) async throws {
    let port = try await bed.change(
      .createPort,
      body: #"{"port":{"network_id":"\#(made["first"])","device_owner":"neutron:VIP_PORT"}}"#)
    #expect(Self.steps(port.plan).isEmpty)
    let body = #"{"vport":{"id":"\#(port.answer["port.id"].text)"}}"#
    let bound = try await bed.change(.bindVport, connection, body: body)
    #expect(Self.steps(bound.plan) == ["put_virtual_address"])
    let again = try await bed.change(.bindVport, connection, body: body)
    #expect(Self.steps(again.plan).isEmpty)
    let unbound = try await bed.change(.unbindVport, connection, body: body)
    #expect(Self.steps(unbound.plan) == ["remove_virtual_address"])
  }

  @Test(arguments: PlanBed.Kind.here)
  func `is what was shown where connections wait for their attachments`(kind: PlanBed.Kind) async throws {
    try await PlanBed.run(on: kind) { bed in
      var made = try await makeNetwork(bed)
      try await makeInstance(bed, &made)
      var connections: [[String: String]] = []
      for (number, subnet) in ["second", "third"].enumerated() {
        let connected = try await connect(bed, made, subnet, vni: 5002 + number)
        #expect(Self.steps(connected.plan).isEmpty)
        connections.append([
          "connection_id": connected.answer["connection.id"].text, "instance_id": made["instance"],
        ])
      }
      let plugged = try await attach(bed, made["second"], "layer2", #""bridge":"cloud0""#)
      #expect(Self.steps(plugged.plan).contains("create_bridge_port"))
      let tagged = try await attach(bed, made["third"], "layer2", #""interface":"segment0","vlan":{"id":30}"#)
      #expect(Self.steps(tagged.plan).contains("put_port"))
      let ended = try await bed.change(.deleteConnection, connections[0])
      #expect(ended.plan["frames"].text == "ended")
      #expect(Self.steps(ended.plan).contains("delete_bridge_port"))
      try await bed.change(.deleteConnection, connections[1])
    }
  }
}
