import ESWModel
import ESWWire
import Testing

enum Sample {
  static let vpc = "0f6f3a58-8f0e-4a57-9a44-52e6f1f5a001"
  static let subnet = "0f6f3a58-8f0e-4a57-9a44-52e6f1f5a002"

  static let instance = """
    {"instance":{"name":"edge-01","flavor_ref":"l2cg.medium.ha","ha_mode":"ha",
     "availability_zones":{"primary":"az1","standby":"az2"},"charge_infos":{"charge_mode":"postPaid"},
     "tunnel_info":{"vpc_id":"\(vpc)","virsubnet_id":"\(subnet)","tunnel_ip":"10.9.0.12"},"description":"d"}}
    """
  static let connection = """
    {"connection":{"name":"c-1","vpc_id":"\(vpc)","virsubnet_id":"\(subnet)",
     "remote_infos":[{"segmentation_id":5000,"tunnel_ip":"192.0.2.1","tunnel_port":4789}],
     "fixed_ips":["10.1.0.2","10.1.0.3"]}}
    """
  static let newSubnet = """
    {"subnet":{"name":"s","cidr":"10.1.0.0/24","gateway_ip":"10.1.0.1","vpc_id":"\(vpc)","dhcp_enable":true,
     "primary_dns":"192.0.2.53","dnsList":["192.0.2.53","192.0.2.54"],"availability_zone":"az1"}}
    """
  static let newVPC = #"{"vpc":{"name":"v","cidr":"10.0.0.0/8","description":""}}"#
  static let attachment = """
    {"attachment":{"subnet_id":"\(subnet)","node":"node-1","role":"layer2","interface":"eth1"}}
    """
}

/// A good body with one part of its text exchanged, and the complaint that follows.
struct Spoiled: Sendable, CustomTestStringConvertible {
  let old: String
  let new: String
  let complaint: String

  init(_ old: String, _ new: String, _ complaint: String) {
    self.old = old
    self.new = new
    self.complaint = complaint
  }

  var testDescription: String { "\(new.prefix(60)): \(complaint)" }

  func body(from good: String) -> String {
    let start = good.range(of: old)!
    return good.replacingCharacters(in: start, with: new)
  }
}

extension String {
  fileprivate func range(of part: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(part), let end = index(start, offsetBy: part.count, limitedBy: endIndex) {
        return start..<end
      }
      start = index(after: start)
    }
    return nil
  }

  fileprivate func replacingCharacters(in range: Range<String.Index>, with new: String) -> String {
    String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
  }
}

private let nameRule = "must be 1 to 64 letters, digits, Chinese characters, '_', '-' or '.'"

@Suite struct `The body of CreateInstance` {
  @Test func `is read whole`() throws {
    let request = try NewInstance(body: Sample.instance.utf8)
    #expect(
      request
        == NewInstance(
          name: ResourceName("edge-01")!, description: ResourceDescription("d")!, flavor: "l2cg.medium.ha",
          primaryZone: "az1", standbyZone: "az2", vpc: VPCID(Sample.vpc)!,
          tunnelSubnet: SubnetID(Sample.subnet)!,
          tunnelAddress: IPv4Address("10.9.0.12")!))
  }

  @Test func `reads back as our client writes it`() throws {
    let request = try NewInstance(body: Sample.instance.utf8)
    var writer = JSONWriter()
    writer.body(request)
    #expect(try NewInstance(body: writer.finish()) == request)
  }

  @Test(arguments: [
    Spoiled(#""edge-01""#, "null", "instance.name is required"),
    Spoiled(#""name":"edge-01","#, "", "instance.name is required"),
    Spoiled("edge-01", "", "instance.name \(nameRule)"),
    Spoiled("edge-01", "a b", "instance.name \(nameRule)"),
    Spoiled("edge-01", "é", "instance.name \(nameRule)"),
    Spoiled("edge-01", String(repeating: "n", count: 65), "instance.name \(nameRule)"),
    Spoiled(#""edge-01""#, "7", "instance.name \(nameRule)"),
    Spoiled(#""edge-01""#, #"["edge-01"]"#, "instance.name \(nameRule)"),
    Spoiled(#""l2cg.medium.ha""#, "true", "instance.flavor_ref must be a string of 1 to 64 characters"),
    Spoiled(#""ha_mode":"ha""#, #""ha_mode":"single""#, #"instance.ha_mode must be "ha""#),
    Spoiled(#""ha_mode":"ha","#, "", "instance.ha_mode is required"),
    Spoiled(
      #"{"primary":"az1","standby":"az2"}"#, #"["az1","az2"]"#,
      "instance.availability_zones must be an object"),
    Spoiled(#","standby":"az2""#, "", "instance.availability_zones.standby is required"),
    Spoiled(#""az1""#, #""""#, "instance.availability_zones.primary must be a string of 1 to 128 characters"),
    Spoiled("postPaid", "prePaid", #"instance.charge_infos.charge_mode must be "postPaid""#),
    Spoiled(#"{"charge_mode":"postPaid"}"#, "{}", "instance.charge_infos.charge_mode is required"),
    Spoiled(Sample.vpc, "0f6f3a588f0e4a579a4452e6f1f5a001", "instance.tunnel_info.vpc_id must be a UUID"),
    Spoiled(Sample.subnet, "", "instance.tunnel_info.virsubnet_id must be a UUID"),
    Spoiled("10.9.0.12", "10.9.0.256", "instance.tunnel_info.tunnel_ip must be an IPv4 address"),
    Spoiled("10.9.0.12", "010.9.0.12", "instance.tunnel_info.tunnel_ip must be an IPv4 address"),
    Spoiled("10.9.0.12", "fe80::1", "instance.tunnel_info.tunnel_ip must be an IPv4 address"),
    Spoiled(
      #""description":"d""#, #""description":"<b>""#,
      "instance.description must be a string of at most 255 characters without '<' and '>'"),
    Spoiled(
      #""d"}"#, #""\#(String(repeating: "d", count: 256))"}"#,
      "instance.description must be a string of at most 255 characters without '<' and '>'"),
    Spoiled(#"{"instance""#, #"{"instances""#, "instance is required"),
  ])
  func `names the field and the rule`(spoiled: Spoiled) {
    let error = #expect(throws: RequestBodyError.self) {
      try NewInstance(body: spoiled.body(from: Sample.instance).utf8)
    }
    #expect(error?.description == spoiled.complaint)
  }

  @Test(arguments: [
    ("", "the body is not JSON: it ends where a value should be, at byte 0"),
    ("[]", "the body must be an object"), ("\"instance\"", "the body must be an object"),
    ("null", "the body must be an object"), (#"{"instance":[]}"#, "instance must be an object"),
    (#"{"instance":null}"#, "instance is required"),
    (#"{"instance":{},"instance":{}}"#, "the body is not JSON: a member is there twice, at byte 28"),
  ])
  func `wants an object`(body: String, complaint: String) {
    let error = #expect(throws: RequestBodyError.self) { try NewInstance(body: body.utf8) }
    #expect(error?.description == complaint)
  }

  @Test func `may have members that nobody knows`() throws {
    let body = Spoiled(#""name""#, #""tags":[1.5,{"a":null}],"name""#, "").body(from: Sample.instance)
    #expect(try NewInstance(body: body.utf8).name.description == "edge-01")
  }
}

@Suite struct `The body of CreateConnection` {
  @Test func `reads back as our client writes it`() throws {
    let request = try NewConnection(body: Sample.connection.utf8)
    var writer = JSONWriter()
    writer.body(request)
    #expect(try NewConnection(body: writer.finish()) == request)
  }

  @Test func `has port 4789 unless it says otherwise`() throws {
    let body = Spoiled(#","tunnel_port":4789"#, "", "").body(from: Sample.connection)
    #expect(try NewConnection(body: body.utf8).remotes.map(\.port) == [4789])
  }

  @Test func `may leave fixed addresses to us`() throws {
    let body = Spoiled(#"["10.1.0.2","10.1.0.3"]"#, "null", "").body(from: Sample.connection)
    #expect(try NewConnection(body: body.utf8).fixedAddresses == nil)
  }

  static let vni = "connection.remote_infos[0].segmentation_id must be an integer from 1 to 16777215"
  static let port = "connection.remote_infos[0].tunnel_port must be an integer from 1 to 65535"
  static let remotes = "connection.remote_infos must be an array of 1 to 2 objects"
  static let fixed = "connection.fixed_ips must be an array of exactly 2 IPv4 addresses"

  @Test(arguments: [
    Spoiled("5000", "0", vni), Spoiled("5000", "-1", vni), Spoiled("5000", "16777216", vni),
    Spoiled("5000", "16777217", vni), Spoiled("5000", "1.5", vni), Spoiled("5000", "5000.0", vni),
    Spoiled("5000", "1e400", vni), Spoiled("5000", "5e3", vni), Spoiled("5000", "true", vni),
    Spoiled("5000", #""5000""#, vni), Spoiled("5000", "99999999999999999999999", vni),
    Spoiled("5000", "null", "connection.remote_infos[0].segmentation_id is required"),
    Spoiled("4789", "0", port), Spoiled("4789", "65536", port), Spoiled("4789", "\"4789\"", port),
    Spoiled("4789", "4294971085", port),
    Spoiled("192.0.2.1", "192.0.2", "connection.remote_infos[0].tunnel_ip must be an IPv4 address"),
    Spoiled(#""192.0.2.1""#, "3221225985", "connection.remote_infos[0].tunnel_ip must be an IPv4 address"),
    Spoiled(
      #"[{"segmentation_id""#, #"[7,{"segmentation_id""#, "connection.remote_infos[0] must be an object"),
    Spoiled(#"[{"segmentation_id""#, #"[7,7,{"segmentation_id""#, remotes),
    Spoiled(#"[{"segmentation_id":5000,"tunnel_ip":"192.0.2.1","tunnel_port":4789}]"#, "[]", remotes),
    Spoiled(#"[{"segmentation_id":5000,"tunnel_ip":"192.0.2.1","tunnel_port":4789}]"#, "{}", remotes),
    Spoiled(
      #"[{"segmentation_id":5000,"tunnel_ip":"192.0.2.1","tunnel_port":4789}]"#, "null",
      "connection.remote_infos is required"),
    Spoiled(#","10.1.0.3"]"#, "]", fixed), Spoiled(#","10.1.0.3"]"#, #","10.1.0.3","10.1.0.4"]"#, fixed),
    Spoiled("10.1.0.3", "10.1.0.2", "connection.fixed_ips must be two different IPv4 addresses"),
    Spoiled("10.1.0.3", "x", "connection.fixed_ips[1] must be an IPv4 address"),
    Spoiled("c-1", "c/1", "connection.name \(nameRule)"),
    Spoiled(Sample.vpc, "x", "connection.vpc_id must be a UUID"),
    Spoiled(#""\#(Sample.subnet)""#, "5", "connection.virsubnet_id must be a UUID"),
  ])
  func `names the field and the rule`(spoiled: Spoiled) {
    let error = #expect(throws: RequestBodyError.self) {
      try NewConnection(body: spoiled.body(from: Sample.connection).utf8)
    }
    #expect(error?.description == spoiled.complaint)
  }
}

@Suite struct `Bodies of networks and attachments` {
  @Test func `read back as our client writes them`() throws {
    var vpc = JSONWriter()
    vpc.body(try NewVPC(body: Sample.newVPC.utf8))
    #expect(try NewVPC(body: vpc.finish()) == NewVPC(body: Sample.newVPC.utf8))
    var subnet = JSONWriter()
    subnet.body(try NewSubnet(body: Sample.newSubnet.utf8))
    #expect(try NewSubnet(body: subnet.finish()) == NewSubnet(body: Sample.newSubnet.utf8))
    var attachment = JSONWriter()
    attachment.body(try NewAttachment(body: Sample.attachment.utf8))
    #expect(try NewAttachment(body: attachment.finish()) == NewAttachment(body: Sample.attachment.utf8))
  }

  @Test func `a subnet's name servers are each there once`() throws {
    #expect(
      try NewSubnet(body: Sample.newSubnet.utf8).nameServers.map(\.description) == [
        "192.0.2.53", "192.0.2.54",
      ])
  }

  @Test func `a subnet has DHCP unless it says otherwise`() throws {
    let body = Spoiled(#""dhcp_enable":true,"#, "", "").body(from: Sample.newSubnet)
    #expect(try NewSubnet(body: body.utf8).isDHCPEnabled)
  }

  @Test(arguments: [
    Spoiled(
      "10.0.0.0/8", "10.0.0.1/8", "vpc.cidr must be an IPv4 network such as 192.168.0.0/16, with no host bits"
    ),
    Spoiled(
      "10.0.0.0/8", "10.0.0.0/33",
      "vpc.cidr must be an IPv4 network such as 192.168.0.0/16, with no host bits"),
    Spoiled(
      #""10.0.0.0/8""#, "10", "vpc.cidr must be an IPv4 network such as 192.168.0.0/16, with no host bits"),
    Spoiled(#""name":"v","#, "", "vpc.name is required"),
  ])
  func `a VPC's names the field and the rule`(spoiled: Spoiled) {
    let error = #expect(throws: RequestBodyError.self) {
      try NewVPC(body: spoiled.body(from: Sample.newVPC).utf8)
    }
    #expect(error?.description == spoiled.complaint)
  }

  @Test(arguments: [
    Spoiled("10.1.0.1", "10.1.0", "subnet.gateway_ip must be an IPv4 address"),
    Spoiled("true", "1", "subnet.dhcp_enable must be true or false"),
    Spoiled(#""192.0.2.53","dnsList""#, #"5,"dnsList""#, "subnet.primary_dns must be an IPv4 address"),
    Spoiled(#"["192.0.2.53","192.0.2.54"]"#, #"[{}]"#, "subnet.dnsList[0] must be an IPv4 address"),
    Spoiled(
      #""name""#, #""ipv6_enable":true,"name""#, "subnet.ipv6_enable must be false: subnets are IPv4 here"),
    Spoiled(#""az1""#, "1", "subnet.availability_zone must be a string of 0 to 128 characters"),
  ])
  func `a subnet's names the field and the rule`(spoiled: Spoiled) {
    let error = #expect(throws: RequestBodyError.self) {
      try NewSubnet(body: spoiled.body(from: Sample.newSubnet).utf8)
    }
    #expect(error?.description == spoiled.complaint)
  }

  @Test(arguments: [
    Spoiled("layer2", "both", #"attachment.role must be "tunnel" or "layer2""#),
    Spoiled(#","interface":"eth1""#, "", "attachment must be with either interface or bridge"),
    Spoiled(
      #""interface":"eth1""#, #""interface":"eth1","bridge":"br0""#,
      "attachment must be with either interface or bridge"),
    Spoiled(
      "eth1", "eth1/../x", "attachment.interface must be the name of a network interface, 1 to 15 bytes"),
    Spoiled(
      "eth1", "a234567890123456",
      "attachment.interface must be the name of a network interface, 1 to 15 bytes"),
    Spoiled("node-1", "-n", "attachment.node must be the name of a node"),
    Spoiled(#""eth1""#, #""eth1","vlan":7"#, "attachment.vlan must be an object"),
    Spoiled(#""eth1""#, #""eth1","vlan":{}"#, "attachment.vlan.id is required"),
    Spoiled(#""eth1""#, #""eth1","vlan":{"id":0}"#, "attachment.vlan.id must be an integer from 1 to 4094"),
    Spoiled(
      #""eth1""#, #""eth1","vlan":{"id":4095}"#, "attachment.vlan.id must be an integer from 1 to 4094"),
    Spoiled(
      #""eth1""#, #""eth1","vlan":{"id":1,"outer":{"id":70000}}"#,
      "attachment.vlan.outer.id must be an integer from 1 to 4094"),
    Spoiled(
      #""eth1""#, #""eth1","vlan":{"id":1,"outer":{"id":2,"protocol":"802.1x"}}"#,
      #"attachment.vlan.outer.protocol must be "802.1q" or "802.1ad""#),
    Spoiled(
      #""interface":"eth1""#, #""bridge":"br0","vlan":{"id":1}"#,
      "attachment must be with an interface when it has a vlan"),
  ])
  func `an attachment's names the field and the rule`(spoiled: Spoiled) {
    let error = #expect(throws: RequestBodyError.self) {
      try NewAttachment(body: spoiled.body(from: Sample.attachment).utf8)
    }
    #expect(error?.description == spoiled.complaint)
  }
}
