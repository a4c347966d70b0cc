import BPF
import ESWModel
import GatewayAgent
import KernelTesting
import Netlink

@testable import LinuxDataplane

/// Two nodes of ours back to back, and between them a bridge that may be made narrower, each way by itself:
///
///     near                              middle                       far
///     segment0   underlay0 192.0.2.1 -- near0 [ br0 ] far0 -- underlay0 192.0.2.2   segment0
struct TwoGateways {
  struct Gateway {
    let namespace: NetworkNamespace
    let pins: PinFolder
    let dataplane: LinuxDataplane
    let configuration: GatewayConfiguration
  }

  let near: Gateway
  let far: Gateway
  let middle: NetworkNamespace

  /// Runs an `ip` command in a namespace.
  static func ip(_ namespace: NetworkNamespace, _ words: String) throws {
    try run(["ip", "-n", namespace.name] + words.split(separator: " ").map(String.init))
  }

  /// Drops what comes in by a port of the bridge and is longer than this, until the end of the link.
  func drop(above length: UInt32, from side: Direction) async throws -> BPFLink {
    let port = side == .toRemote ? "near0" : "far0"
    return try await NamespaceActor(in: middle).run { socket in
      guard let index = try socket.link(named: port)?.index else {
        throw CommandFailure(description: "no \(port)")
      }
      let program = try BPFProgram.load(
        named: "narrow", type: 3,
        instructions: [
          0x1261,  // r2 = skb->len
          0xffff_ffff_0000_00b7,  // r0 = TCX_NEXT
          UInt64(length) << 32 | 0x0001_02b5,  // if r2 <= length skip one
          0x0000_0002_0000_00b7,  // r0 = TCX_DROP
          0x95,
        ])
      return try BPFLink.attach(program, toInterface: index, at: .tcxIngress, .first)
    }
  }

  static func build(_ near: NetworkNamespace, _ middle: NetworkNamespace, _ far: NetworkNamespace) throws {
    for namespace in [near, middle, far] {
      try run("ip", "netns", "exec", namespace.name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
    }
    try ip(middle, "link add br0 type bridge mcast_snooping 0")
    try ip(middle, "link set br0 up")
    for (namespace, name) in [(near, "near0"), (far, "far0")] {
      try ip(namespace, "link set lo up")
      try ip(middle, "link add \(name) type veth peer name underlay0 netns \(namespace.name)")
      try ip(middle, "link set \(name) mtu 1600 master br0 up")
      try ip(namespace, "link set underlay0 mtu 1600 up")
      try ip(namespace, "link add segment0 type veth peer name host0")
      for end in ["segment0", "host0"] { try ip(namespace, "link set \(end) up") }
    }
  }

  static func configuration(
    at address: String, to remote: String, fixed: String, mac: String
  ) -> GatewayConfiguration {
    let tunnelAddress = IPv4Address(address)!
    let tunnel = TunnelConfiguration(
      instance: Identifier(high: 1, low: 1), address: tunnelAddress, prefixLength: 24,
      interface: InterfaceName("underlay0")!)
    let connection = ConnectionConfiguration(
      id: Identifier(high: 1, low: 2), number: ConnectionNumber(1), instance: tunnel.instance,
      attachment: Identifier(high: 1, low: 3), point: .interface(InterfaceName("segment0")!),
      tunnelAddress: tunnelAddress, network: IPv4Network("10.9.0.0/24")!,
      gateway: IPv4Address("10.9.0.254")!, fixedAddress: IPv4Address(fixed)!, fixedMAC: MACAddress(mac)!,
      remotes: [RemoteEndpoint(vni: VNI(100)!, address: IPv4Address(remote)!)], learningLimit: 100,
      ageingSeconds: 300)
    return GatewayConfiguration(
      store: Identifier(high: 1, low: 4), generation: Revision(1), node: NodeName("node")!,
      tunnels: [tunnel], connections: [connection])
  }
}

/// What an agent does about probes, with time that runs as fast as the test likes: what was sent and what
/// came back are real.
struct Prober {
  private var schedule = ProbeSchedule()
  private var now = ContinuousClock.now
  private let gateway: TwoGateways.Gateway
  private let largest: UInt32

  init(_ gateway: TwoGateways.Gateway, largest: UInt32 = 1514) {
    self.gateway = gateway
    self.largest = largest
  }

  /// Asks what is due, and waits until what can be answered is; what is known then.
  ///
  /// - Parameter patience: How long for an answer that does not come.
  mutating func pass(patience: Duration = .milliseconds(150)) async throws -> RemoteProbing? {
    let before = try await evidence(later: .zero)
    now += .seconds(1)
    let largest = largest
    let due = schedule.probes(for: gateway.configuration, evidence: before, now: now) { _ in largest }
    schedule.note(due, sent: try await gateway.dataplane.probe(due.map(\.probe)))
    guard !due.isEmpty else { return before.connections[ConnectionNumber(1)]?.probing[0] }
    let limit = ContinuousClock.now + patience
    let numbers = Set(due.compactMap(\.probe.transaction))
    while ContinuousClock.now < limit {
      let answers = try await gateway.dataplane.evidence().connections[ConnectionNumber(1)]?.answers[0]
      if !numbers.isEmpty, numbers.isSubset(of: answers.map { Set($0.answers.keys) } ?? []) { break }
      try await ContinuousClock().sleep(for: .milliseconds(5))
    }
    // What has not come by now is lost: as if the time for it were over.
    return try await evidence(later: .seconds(4)).connections[ConnectionNumber(1)]?.probing[0]
  }

  private mutating func evidence(later: Duration) async throws -> DataplaneEvidence {
    var evidence = try await gateway.dataplane.evidence()
    evidence.now = DataplaneMoment(
      nanoseconds: evidence.now.nanoseconds + UInt64(later.components.seconds) * 1_000_000_000)
    schedule.take(&evidence)
    return evidence
  }
}

extension Probe {
  fileprivate var transaction: UInt32? {
    switch question {
    case .arp: nil
    case .loopback(let loopback): loopback.transaction
    case .echo(let transaction, _, _, _): transaction
    }
  }
}

/// Runs `body` with two gateways that are configured, and takes all away afterwards, also after an error.
func withTwoGateways(_ body: (TwoGateways) async throws -> Void) async throws {
  try await withNamespace("near") { near in
    try await withNamespace("middle") { middle in
      try await withNamespace("far") { far in
        try PinFolder.mountFileSystem()
        try TwoGateways.build(near, middle, far)
        // The kernel tells a bridge up to a second later that a port's cable is in.
        for port in ["near0", "far0"] {
          _ = try await eventually {
            try run("ip", "-n", middle.name, "-d", "link", "show", port).contains("state forwarding")
              ? true : nil
          }
        }
        let folders = ["near", "far"].map { PinFolder(path: PinFolder.fileSystem).folder(uniqueName($0)) }
        do {
          let nearSide = TwoGateways.Gateway(
            namespace: near, pins: folders[0],
            dataplane: try LinuxDataplane(namespace: near.path, pins: folders[0].path),
            configuration: TwoGateways.configuration(
              at: "192.0.2.1", to: "192.0.2.2", fixed: "10.9.0.1", mac: "02:e5:00:00:00:01"))
          let farSide = TwoGateways.Gateway(
            namespace: far, pins: folders[1],
            dataplane: try LinuxDataplane(namespace: far.path, pins: folders[1].path),
            configuration: TwoGateways.configuration(
              at: "192.0.2.2", to: "192.0.2.1", fixed: "10.9.0.2", mac: "02:e5:00:00:00:02"))
          for side in [nearSide, farSide] {
            try await Stretch.converge(side.dataplane, to: side.configuration)
          }
          try await body(TwoGateways(near: nearSide, far: farSide, middle: middle))
          for folder in folders { try LinuxDataplane.removePins(folder.path) }
        } catch {
          for folder in folders { try? LinuxDataplane.removePins(folder.path) }
          throw error
        }
      }
    }
  }
}
