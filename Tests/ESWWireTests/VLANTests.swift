import ESWModel
import ESWWire
import Foundation
import Testing

@Suite struct `VLANs in text and bodies` {
  @Test(arguments: ["1", "100", "4094", "200/100", "200:802.1ad/100"])
  func `a text stands for one VLAN`(text: String) throws {
    #expect(try #require(VLAN(text)).description == text)
  }

  @Test(arguments: [
    "", "0", "4095", "65636", "-1", "+1", "01", "1 ", "x", "/", "1/", "/1", "0/1", "1/0", "1/2/3", "200:/1",
    "200:802.1AD/1", "1:802.1ad", "200:802.1ad:802.1ad/1",
  ])
  func `other texts stand for none`(text: String) {
    #expect(VLAN(text) == nil)
  }

  @Test func `the usual protocol may be said, and is not repeated`() {
    #expect(VLAN("200:802.1q/1")?.description == "200/1")
  }

  static let bodies: [(json: String, vlan: String?)] = [
    (#"null"#, nil), (#"{"id":100}"#, "100"), (#"{"id":100,"outer":null}"#, "100"),
    (#"{"id":100,"outer":{"id":200}}"#, "200/100"),
    (#"{"id":100,"outer":{"id":200,"protocol":"802.1q"}}"#, "200/100"),
    (#"{"id":100,"outer":{"id":200,"protocol":"802.1ad"}}"#, "200:802.1ad/100"),
  ]

  @Test(arguments: bodies)
  func `an attachment's body names it, and is written as it is read`(json: String, vlan: String?) throws {
    let body = """
      {"attachment":{"subnet_id":"00000000-0000-4000-8000-000000000001","node":"node-1","role":"layer2",
      "interface":"eth1","vlan":\(json)}}
      """
    let request = try NewAttachment(body: body.utf8)
    #expect(request.point.vlan?.description == vlan && request.point.name.description == "eth1")
    var writer = JSONWriter()
    writer.body(request)
    #expect(try NewAttachment(body: writer.finish()) == request)
  }

  @Test(arguments: [
    AttachmentPoint.interface(InterfaceName("eth1")!), .bridge(InterfaceName("br0")!),
    .trunk(InterfaceName("eth1")!, vlan: VLAN("200:802.1ad/100")!),
  ])
  func `a point of a configuration is read as it was written`(point: AttachmentPoint) throws {
    let data = try JSONEncoder().encode(point)
    #expect(try JSONDecoder().decode(AttachmentPoint.self, from: data) == point)
  }

  @Test func `a point that was written before there were VLANs has none`() throws {
    let data = Data(#"{"interface":{"_0":"eth1"}}"#.utf8)
    #expect(try JSONDecoder().decode(AttachmentPoint.self, from: data) == .interface(InterfaceName("eth1")!))
  }
}
