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
      problems: [
        Problem(.connection(connection), "no such interface", topic: .attachmentMissing),
        Problem(.node, "no bpffs"),
      ],
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
          ],
          recentDrops: [DropCount(direction: .toRemote, reason: "flood", frames: 2)],
          recentlyNotLearned: 3,
          port: PortFact(
            interface: InterfaceName("br0")!, state: .noCarrier, mtu: 1500, filteredBy: ["nf_call_iptables"]))
      ],
      strangers: [
        StrangerReport(reason: "unknown_source", frames: 1, source: nil, vni: 7, ageMilliseconds: nil)
      ],
      unclaimed: UnclaimedCount(passedToSlow: 5, drops: [.init(reason: "unknown_source", frames: 6)]),
      underlays: underlays, interferences: interferences)
  }

  let underlays: [UnderlayFact] = {
    let (here, there) = (IPv4Address("10.0.0.9")!, IPv4Address("192.0.2.1")!)
    let figures = ProbeFigures(
      sent: 20, answered: 19, roundTripMicroseconds: 250, leastRoundTripMicroseconds: 200,
      answeredAgeMilliseconds: 12)
    let route = UnderlayFact.Route.by(InterfaceName("eth0")!, gateway: IPv4Address("10.0.0.254")!, mtu: 1450)
    return [
      UnderlayFact(
        tunnelAddress: here, remote: there, route: route, nextHop: .resolved, echo: figures,
        error: UnderlayError(kind: .tooBig(mtu: 1400), reporter: there, ageMilliseconds: 3)),
      UnderlayFact(
        tunnelAddress: here, remote: there, route: .unreachable("Network is unreachable"),
        error: UnderlayError(kind: .prohibited, reporter: there, ageMilliseconds: 3)),
      UnderlayFact(tunnelAddress: here, remote: here, route: .own, nextHop: .silent),
      UnderlayFact(
        tunnelAddress: here, remote: there,
        route: .by(InterfaceName("eth0")!, gateway: nil, mtu: 1450), nextHop: .unknown),
    ]
  }()

  let interferences = [
    InterferenceFact(kind: .xdp, interface: InterfaceName("eth0")!, name: nil),
    InterferenceFact(kind: .bridgeFirewall, interface: nil, name: "ip filter FORWARD", recentDrops: .max),
  ]

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

  @Test func `reads the report of an agent that does not look around`() throws {
    let bare = GatewayReport(
      node: node, store: store, generation: Revision(1), dataplane: .kernel, kernelRelease: "6.6.0",
      interfaces: [], problems: [Problem(.node, "no bpffs")],
      connections: report.connections.map {
        ConnectionReport(
          id: $0.id, remotes: $0.remotes, toRemote: $0.toRemote, toLocal: $0.toLocal, drops: [], hosts: [])
      }, strangers: [])
    let text = String(decoding: try AgentLinkMessages.encode(bare), as: UTF8.self)
    for word in ["underlays", "interferences", "recent", "\"port\":{", "topic"] {
      #expect(!text.contains(word), "\(word)")
    }
    #expect(try AgentLinkMessages.report(from: Data(text.utf8)) == bare)
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
