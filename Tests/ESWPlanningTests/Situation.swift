import ESWModel
import Testing

@testable import ESWPlanning

/// A connection of which all is well, until a test changes something.
struct Situation {
  static let node = Sample.node
  static let tunnelAddress = IPv4Address("10.9.0.12")!
  static let gateway = IPv4Address("192.168.0.1")!
  static let localMAC = MACAddress("02:00:00:00:00:01")!
  static let farMAC = MACAddress("02:00:00:00:00:02")!

  var sample = Sample.full()
  var hasReported = true
  var secondsLater: Int64 = 0
  var generation: Revision?
  var problems: [Problem] = []

  var port: PortFact?
  var hosts: [HostFact]
  var recentDrops: [DropCount] = []
  var classDrops: [ClassDropCount] = []
  var notLearned: UInt64 = 0
  var strangers: [StrangerReport] = []
  var interferences: [InterferenceFact] = []
  var virtualAddresses: [VirtualAddressFact] = []
  var permission: PermissionFact?

  var route: UnderlayFact.Route? = .by(Sample.underlay, gateway: IPv4Address("10.9.0.1")!, mtu: 1600)
  var nextHop: UnderlayFact.NextHop? = .resolved
  var echo: ProbeFigures? = figures(20, of: 20)
  var error: UnderlayError?
  var received: Int64? = 300
  var sent: Int64? = 200
  var probing: RemoteProbing?

  init() {
    port = Self.port(.up)
    hosts = [
      Self.host(Self.localMAC, "192.168.0.11", .local), Self.host(Self.farMAC, "192.168.0.20", .remote(0)),
    ]
    probing = Self.probing()
  }

  static func port(_ state: PortFact.State, mtu: UInt32 = 1500, filteredBy: [String]? = nil) -> PortFact {
    PortFact(interface: Sample.segment, state: state, mtu: mtu, filteredBy: filteredBy)
  }

  static func host(
    _ mac: MACAddress, _ address: String, _ side: HostFact.Side, seen: Int64 = 200, since: Int64? = 60_000,
    held: Int64? = nil
  ) -> HostFact {
    HostFact(
      mac: mac, address: IPv4Address(address)!, side: side, seenAgeMilliseconds: seen,
      sinceAgeMilliseconds: since, moves: 0, heldMilliseconds: held)
  }

  static func figures(_ answered: UInt32, of sent: UInt32, age: Int64? = 900) -> ProbeFigures {
    ProbeFigures(
      sent: sent, answered: answered, roundTripMicroseconds: answered > 0 ? 141 : nil,
      leastRoundTripMicroseconds: answered > 0 ? 98 : nil, answeredAgeMilliseconds: answered > 0 ? age : nil)
  }

  static func probing(
    answered: UInt32 = 20, by reflector: RemoteProbing.Reflector? = .dataPath, toRemote: UInt32? = 1514,
    toLocal: UInt32? = 1514
  ) -> RemoteProbing {
    RemoteProbing(
      reflector: reflector, figures: figures(answered, of: 20), largestToRemote: toRemote,
      largestToLocal: toLocal, largestTried: 1514)
  }

  static func stranger(_ source: String, vni: UInt32, age: Int64 = 400) -> StrangerReport {
    StrangerReport(
      reason: "unknown_source", frames: 17, source: IPv4Address(source)!, vni: vni, ageMilliseconds: age)
  }

  mutating func drop(_ reason: String, _ direction: Direction = .toRemote, _ frames: UInt64 = 9) {
    recentDrops.append(DropCount(direction: direction, reason: reason, frames: frames))
  }

  /// Nothing comes from the remote, and nobody answers pings.
  mutating func silence() {
    received = 40_000
    echo = Self.figures(0, of: 20)
    probing = nil
    hosts.removeAll { $0.side != .local }
  }

  /// Nothing comes from the remote, which is alive.
  mutating func silenceTunnel() {
    silence()
    echo = Self.figures(20, of: 20)
  }

  mutating func setForwarding(_ change: (inout ForwardingSettings) -> Void) {
    var connection = sample.connection
    change(&connection.forwarding)
    sample.snapshot = sample.snapshot.applying([.putConnection(connection)])
  }

  var report: GatewayReport {
    let connection = sample.connection
    let remotes = connection.remotes.map { remote in
      RemoteEvidence(
        remote: remote, receivedAgeMilliseconds: received, sentAgeMilliseconds: sent, probing: probing)
    }
    let own = ConnectionReport(
      id: connection.id, remotes: remotes, toRemote: TrafficCount(), toLocal: TrafficCount(),
      drops: recentDrops,
      hosts: hosts, virtualAddresses: virtualAddresses, classDrops: classDrops, recentDrops: recentDrops,
      recentlyNotLearned: notLearned, port: port)
    let ways = connection.remotes.map { remote in
      UnderlayFact(
        tunnelAddress: Self.tunnelAddress, remote: remote.address, route: route, nextHop: nextHop, echo: echo,
        error: error)
    }
    return GatewayReport(
      node: Self.node, store: sample.snapshot.store, generation: generation ?? sample.snapshot.revision,
      dataplane: .kernel, kernelRelease: "test",
      interfaces: [Sample.interface(Sample.underlay), Sample.interface(Sample.segment)], problems: problems,
      connections: [own], strangers: strangers, underlays: ways, interferences: interferences,
      permission: permission)
  }

  var reports: ReportSnapshot {
    var reports = ReportSnapshot()
    if hasReported { reports.put(.init(report: report, at: Sample.now)) }
    return reports
  }

  var now: Timestamp { Timestamp(milliseconds: Sample.now.milliseconds + secondsLater * 1000) }

  var findings: Findings {
    Findings(of: sample.connection, in: sample.snapshot, reports: reports, region: Region(), now: now)
  }

  var status: ConnectionStatus.Word {
    ConnectionStatus(of: sample.connection, in: sample.snapshot, reports: reports, region: Region(), now: now)
      .word
  }
}

/// One thing that goes wrong, and what it is to be called.
struct Trouble: Sendable, CustomTestStringConvertible {
  let name: String
  let topic: Finding.Topic
  let happen: @Sendable (inout Situation) -> Void

  var testDescription: String { name }

  init(_ topic: Finding.Topic, _ name: String, _ happen: @escaping @Sendable (inout Situation) -> Void) {
    self.name = name
    self.topic = topic
    self.happen = happen
  }
}

extension Finding.Topic {
  /// Those of `NodeFindings`; two of them are of connections as well.
  static let ofNodes: Set<Self> = [
    .kernelTooOld, .capabilityMissing, .noBPFFileSystem, .bpfFileSystemNotMounted, .programsInterpreted,
    .vxlanPortTaken, .receiveAggregationOff, .largeReceiveOn, .segmentationOff, .oneProcessorReceives,
    .hashWithoutPorts, .unattended, .leftoverPins, .bridgeNetfilter, .underlayTooNarrow,
  ]
}
