import ESWModel
import ESWWire

/// A page on which every metric has a sample.
enum MetricsSample {
  static let now = Timestamp(milliseconds: 1_800_000_000_000)
  private static let project = ProjectID("8f14e45fceea467fa1d0a1b2c3d4e5f6")!
  private static let node = NodeName("node-1")!

  /// - Parameter connections: How many.
  static func view(connections: Int = 2) -> MetricsView {
    var view = MetricsView()
    view.instances = [
      .init(
        instance, status: .active, connections: connections, node: node,
        rate: InstanceRate(
          outbound: .init(bits: 800, frames: 1.5), inbound: .init(bits: 1e12, frames: 1e-7)))
    ]
    view.connections = (0..<connections).map { number in
      .init(
        connection(UInt32(number + 1)), status: ConnectionStatus.Word.allCases[number % 5], node: node,
        seen: seen(UInt32(number + 1)), reportAgeMilliseconds: 400)
    }
    let report = GatewayReport(
      node: node, store: nil, generation: Revision(7), dataplane: .kernel, kernelRelease: "6.18.0",
      interfaces: [], problems: [Problem(.node, "x")], connections: [], strangers: [],
      unclaimed: UnclaimedCount(passedToSlow: 3, drops: [.init(reason: "unknown_source", frames: 9)]),
      agent: AgentCounts(
        run: 1, passes: 10, failedPasses: 1, passMicroseconds: 12_345, stepsApplied: 5, stepsFailed: 1,
        stepsHealed: 2, eventLosses: 1))
    view.nodes = [HeardReport(.init(report: report, at: now), now: now)]
    view.leftOut = [("connection", 1)]
    view.served = served
    view.revision = Revision(7)
    view.rows = [("connection", connections)]
    view.sizes = StoreSizes(auditedChanges: 4, auditedDenials: 1, events: 17)
    view.eventsLeftOut = 2
    return view
  }

  private static var served: MetricsView.Served {
    var served = MetricsView.Served()
    var times = TimeHistogram()
    times.add(.microseconds(40))
    times.add(.seconds(10))
    served.requests = [("ListConnections", 200, 2)]
    served.times = [("ListConnections", times)]
    served.openConnections = 1
    served.acceptedConnections = 2
    served.refused = [("slow_head", 1)]
    served.commits = [("committed", 3)]
    served.commitTimes = times
    return served
  }

  private static let instance = Instance(
    id: InstanceID(high: 0, low: 1), project: project, name: ResourceName("edge")!, description: .empty,
    flavor: .large, primaryZone: "az1", standbyZone: "az2", vpc: VPCID(high: 0, low: 1),
    tunnelSubnet: SubnetID(high: 0, low: 1), tunnelAddress: IPv4Address("10.9.0.12")!, createdAt: now,
    updatedAt: now, createdIn: Revision(1))

  private static let remote = RemoteEndpoint(vni: VNI(100)!, address: IPv4Address("192.0.2.7")!)

  private static func connection(_ number: UInt32) -> Connection {
    Connection(
      id: ConnectionID(high: 0, low: UInt64(number)), number: ConnectionNumber(number), project: project,
      instance: instance.id, name: ResourceName("stretch-\(number)")!, vpc: instance.vpc,
      subnet: SubnetID(high: 0, low: 100 + UInt64(number)), remotes: [remote],
      fixedAddresses: [IPv4Address("192.168.0.250")!, IPv4Address("192.168.0.251")!], createdAt: now,
      updatedAt: now, createdIn: Revision(1))
  }

  private static func seen(_ number: UInt32) -> ConnectionReport {
    let traffic = TrafficCount(
      frames: 1_000_000_007, bytes: 1_000_000_000_039, flooded: 5, slow: 4, answered: 3, forNode: 2,
      notLearned: 1, clamped: 6, toldTooBig: 7)
    return ConnectionReport(
      id: ConnectionID(high: 0, low: UInt64(number)),
      remotes: [
        RemoteEvidence(
          remote: remote, receivedAgeMilliseconds: 12, sentAgeMilliseconds: 13,
          probing: RemoteProbing(
            reflector: .dataPath,
            figures: ProbeFigures(
              sent: 20, answered: 19, roundTripMicroseconds: 410, leastRoundTripMicroseconds: 380,
              answeredAgeMilliseconds: 900), largestToRemote: 1514, largestToLocal: 1400,
            largestTried: 1514))
      ], toRemote: traffic, toLocal: traffic,
      drops: [DropCount(direction: .toLocal, reason: "too_big", frames: 4)],
      hosts: [
        HostFact(
          mac: MACAddress(locallyAdministered: 3), address: nil, side: .local, seenAgeMilliseconds: 1,
          heldMilliseconds: 100)
      ],
      classDrops: [ClassDropCount(direction: .toRemote, frameClass: .unknownUnicast, frames: 8)],
      learned: 6, moved: 2)
  }
}
