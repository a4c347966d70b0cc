import ESWModel
import ESWWire
import Foundation
import HummingbirdTesting
import Testing

@Suite struct `What a node sees beside its data path` {
  /// The members of the only way of a diagnosis.
  private func way(_ route: UnderlayFact.Route?, _ error: UnderlayError.Kind? = nil) throws -> [String: Any] {
    let (here, there) = (IPv4Address("10.0.9.2")!, IPv4Address("192.0.2.1")!)
    let report = GatewayReport(
      node: Lab.node, store: nil, generation: nil, dataplane: .kernel, kernelRelease: "6.6.0", interfaces: [],
      problems: [], connections: [], strangers: [],
      underlays: [
        UnderlayFact(
          tunnelAddress: here, remote: there, route: route, nextHop: .silent,
          error: error.map { UnderlayError(kind: $0, reporter: there, ageMilliseconds: 5) })
      ])
    let received = ReportSnapshot.Received(report: report, at: Timestamp(milliseconds: 1000))
    let connection = Connection(
      id: ConnectionID(high: 0, low: 1), number: ConnectionNumber(1),
      project: ProjectID("8f14e45fceea467fa1d0a1b2c3d4e5f6")!, instance: InstanceID(high: 0, low: 2),
      name: ResourceName("c")!, vpc: VPCID(high: 0, low: 3), subnet: SubnetID(high: 0, low: 4),
      remotes: [RemoteEndpoint(vni: VNI(1)!, address: there)], fixedAddresses: [],
      createdAt: Timestamp(milliseconds: 0), updatedAt: Timestamp(milliseconds: 0), createdIn: Revision(1))
    var writer = JSONWriter()
    writer.diagnosis(
      of: connection, status: ConnectionStatus(.abnormal), findings: Findings([]), node: Lab.node,
      heard: HeardReport(received, now: Timestamp(milliseconds: 1010)), from: here)
    let data = Data(writer.finish())
    let body = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    return try #require((body["underlays"] as? [[String: Any]])?.first)
  }

  @Test func `tells routes apart by a word`() throws {
    let none = try way(.unreachable("Network is unreachable"))
    #expect(none["route"] as? String == "none")
    #expect(none["route_error"] as? String == "Network is unreachable")
    #expect(try way(.own)["route"] as? String == "own")
    let by = try way(.by(InterfaceName("eth0")!, gateway: nil, mtu: 1450))
    #expect(by["route"] as? String == "interface" && by["interface"] as? String == "eth0")
    #expect(by["mtu"] as? Int == 1450 && by["gateway_ip"] is NSNull && by["next_hop"] as? String == "silent")
    #expect(try way(nil)["route"] is NSNull)
  }

  @Test(arguments: [
    (UnderlayError.Kind.portUnreachable, "port_unreachable"), (.prohibited, "prohibited"),
    (.unreachable, "unreachable"), (.tooBig(mtu: 1400), "too_big"),
  ])
  func `tells ICMP errors by a word, with their age as of now`(kind: UnderlayError.Kind, word: String) throws
  {
    let error = try #require(try way(.own, kind)["icmp_error"] as? [String: Any])
    #expect(error["kind"] as? String == word && error["age_ms"] as? Int == 15)
    #expect(error["mtu"] as? Int == (word == "too_big" ? 1400 : nil))
  }
}
