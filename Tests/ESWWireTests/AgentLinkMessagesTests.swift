import ESWModel
import ESWWire
import Foundation
import Testing

@Suite struct `The agent link` {
  let store = StoreID(high: 1, low: 2)
  let node = NodeName("node-1")!

  var report: GatewayReport {
    let connection = ConnectionID(high: 5, low: 6)
    let remote = RemoteEndpoint(vni: VNI(5000)!, address: IPv4Address("192.0.2.1")!)
    return GatewayReport(
      node: node, store: store, generation: Revision(.max), dataplane: .simulated, kernelRelease: "6.18.0",
      interfaces: [
        InterfaceFact(
          name: InterfaceName("eth0")!, index: 2, kind: nil, isUp: true, isPromiscuous: false,
          isLoopback: false,
          mtu: 1500, master: nil, hasDefaultRoute: true,
          addresses: [InterfaceAddress(address: IPv4Address("10.0.0.1")!, prefixLength: 24, isOurs: false)],
          isOurs: false)
      ],
      problems: [Problem(.connection(connection), "no such interface"), Problem(.node, "no bpffs")],
      connections: [
        ConnectionReport(
          id: connection,
          remotes: [RemoteEvidence(remote: remote, receivedAgeMilliseconds: 3, sentAgeMilliseconds: nil)],
          toRemote: TrafficCount(frames: .max, bytes: .max),
          toLocal: TrafficCount(
            frames: 1, bytes: 2, flooded: 3, slow: 4, answered: 5, forNode: 6, notLearned: 7, clamped: 8,
            toldTooBig: .max),
          drops: [DropCount(direction: .toLocal, reason: "too_big", frames: 1)],
          hosts: [
            HostFact(
              mac: MACAddress(2)!, address: nil, side: .remote(0), seenAgeMilliseconds: 9,
              sinceAgeMilliseconds: 10, moves: 4, heldMilliseconds: 11),
            HostFact(
              mac: MACAddress(3)!, address: IPv4Address("10.1.0.9")!, side: .local, seenAgeMilliseconds: 0),
          ],
          virtualAddresses: [
            VirtualAddressFact(
              address: IPv4Address("10.1.0.7")!,
              holder: .init(mac: MACAddress(3)!, side: .remote(1), seenAgeMilliseconds: 4), answered: 5),
            VirtualAddressFact(address: IPv4Address("10.1.0.8")!, holder: nil, answered: 0),
          ])
      ],
      strangers: [
        StrangerReport(reason: "unknown_source", frames: 1, source: nil, vni: 7, ageMilliseconds: nil)
      ],
      unclaimed: UnclaimedCount(passedToSlow: 5, drops: [.init(reason: "unknown_source", frames: 6)]))
  }

  var configuration: GatewayConfiguration { configuration([IPv4Address("10.1.0.7")!]) }

  func configuration(_ virtualAddresses: [IPv4Address]) -> GatewayConfiguration {
    GatewayConfiguration(
      store: store, generation: Revision(7), node: node,
      tunnels: [
        TunnelConfiguration(
          instance: InstanceID(high: 3, low: 4), address: IPv4Address("10.0.0.9")!, prefixLength: 24,
          interface: InterfaceName("eth0")!)
      ],
      connections: [
        ConnectionConfiguration(
          id: ConnectionID(high: 5, low: 6), number: ConnectionNumber(1),
          instance: InstanceID(high: 3, low: 4),
          attachment: AttachmentID(high: 8, low: 8), point: .bridge(InterfaceName("br0")!),
          tunnelAddress: IPv4Address("10.0.0.9")!, network: IPv4Network("10.1.0.0/24")!,
          gateway: IPv4Address("10.1.0.1")!, fixedAddress: IPv4Address("10.1.0.2")!, fixedMAC: MACAddress(2)!,
          remotes: [RemoteEndpoint(vni: VNI(5000)!, address: IPv4Address("192.0.2.1")!)], learningLimit: 10,
          ageingSeconds: 300, virtualAddresses: virtualAddresses)
      ])
  }

  @Test func `carries a report whole`() throws {
    #expect(try AgentLinkMessages.report(from: AgentLinkMessages.encode(report)) == report)
  }

  @Test func `carries a configuration whole`() throws {
    #expect(
      try AgentLinkMessages.configuration(from: AgentLinkMessages.encode(configuration)) == configuration)
  }

  @Test func `reads what was written before there were virtual addresses`() throws {
    let none = configuration([])
    let text = String(decoding: try AgentLinkMessages.encode(none), as: UTF8.self)
    let older = text.replacing("\"virtualAddresses\":[]", with: "")
      .replacing(",,", with: ",").replacing(",}", with: "}")
    #expect(older != text && !older.contains("virtualAddresses"))
    #expect(try AgentLinkMessages.configuration(from: Data(older.utf8)) == none)

    let told = String(decoding: try AgentLinkMessages.encode(report), as: UTF8.self)
    let pattern = /,"virtualAddresses":\[[^\]]*\]/
    #expect(told.contains(pattern))
    let silent = Data(told.replacing(pattern, with: "").utf8)
    #expect(try AgentLinkMessages.report(from: silent).connections.first?.virtualAddresses == nil)
  }

  @Test func `reads counters that are not told as 0, and tells none that are`() throws {
    let text = String(decoding: try AgentLinkMessages.encode(report), as: UTF8.self)
    #expect(text.contains(#""toRemote":{"bytes":18446744073709551615,"frames":18446744073709551615}"#))
    let older = text.replacing(/"toLocal":\{[^}]*\}/, with: #""toLocal":{"bytes":2,"frames":1}"#)
      .replacing(/,"unclaimed":\{[^\]]*\][^}]*\}/, with: "")
    #expect(older != text && !older.contains("unclaimed") && !older.contains("clamped"))
    let read = try AgentLinkMessages.report(from: Data(older.utf8))
    #expect(read.connections.first?.toLocal == TrafficCount(frames: 1, bytes: 2))
    #expect(read.unclaimed == nil)
  }

  @Test func `refuses a counter that is no number`() throws {
    let text = String(decoding: try AgentLinkMessages.encode(report), as: UTF8.self)
    for odd in ["-1", "18446744073709551616", #""8""#, "1.5"] {
      let spoiled = Data(text.replacing(#""clamped":8"#, with: #""clamped":\#(odd)"#).utf8)
      #expect(throws: AgentLinkError.self) { try AgentLinkMessages.report(from: spoiled) }
    }
  }

  @Test func `refuses another version before it reads on`() {
    #expect(throws: AgentLinkError.version(2)) {
      try AgentLinkMessages.configuration(
        from: Data(#"{"version":2,"configuration":"of another shape"}"#.utf8))
    }
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"version":1}"#, #"{"version":1,"report":{}}"#, #"{"version":"1"}"#,
    #"{"version":1e400}"#,
    #"{"version":1,"report":null}"#,
  ])
  func `refuses what is no message`(text: String) {
    #expect(throws: AgentLinkError.self) { try AgentLinkMessages.report(from: Data(text.utf8)) }
  }

  @Test func `refuses a VNI that is none`() throws {
    let text = String(decoding: try AgentLinkMessages.encode(configuration), as: UTF8.self)
    let spoiled = text.replacing("\"vni\":5000", with: "\"vni\":16777216")
    #expect(throws: AgentLinkError.self) { try AgentLinkMessages.configuration(from: Data(spoiled.utf8)) }
  }
}
