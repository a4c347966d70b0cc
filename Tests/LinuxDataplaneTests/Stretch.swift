import BPF
import ESWModel
import ESWPlanning
import ESWSeams
import Glibc
import KernelTesting
import Netlink

@testable import LinuxDataplane

/// Two sites in three network namespaces, for one test:
///
///     host                node                          far
///     local0 10.9.0.10 -- segment0   underlay0 -------- underlay0 192.0.2.2
///                                    (192.0.2.1 is set  br0 10.9.0.20, and in it
///                                    by the data plane) vx100, a kernel's VXLAN device
///
/// The far site is what runs on premises: a kernel bridge and VXLAN device.
struct Stretch {
  let host: NetworkNamespace
  let node: NetworkNamespace
  let far: NetworkNamespace
  let pins: PinFolder

  static let tunnelAddress = IPv4Address("192.0.2.1")!
  static let remote = RemoteEndpoint(vni: VNI(100)!, address: IPv4Address("192.0.2.2")!)
  static let farHost = IPv4Address("10.9.0.20")!
  static let localHost = IPv4Address("10.9.0.10")!
  static let fixedAddress = IPv4Address("10.9.0.1")!
  static let fixedMAC = MACAddress("02:e5:00:00:00:01")!
  static let slowPath = DesiredDataplane.slowPathName

  enum Attachment: CaseIterable, Sendable {
    case interface
    case bridge
  }

  /// Whether the node uses XDP at its veth ends: `ESW_TEST_XDP=on` has all tests run with it.
  @TaskLocal static var xdp =
    getenv("ESW_TEST_XDP").flatMap { XDPUse(rawValue: String(cString: $0)) } ?? .auto

  func dataplane() throws -> LinuxDataplane {
    try LinuxDataplane(namespace: node.path, pins: pins.path, xdp: Self.xdp)
  }

  /// One tunnel, one connection; `isEmpty` for a node that has nothing to do any more.
  static func configuration(
    _ attachment: Attachment = .interface, remotes: [RemoteEndpoint] = [remote],
    virtualAddresses: [IPv4Address] = [], isEmpty: Bool = false
  ) -> GatewayConfiguration {
    let point: AttachmentPoint =
      attachment == .interface ? .interface(InterfaceName("segment0")!) : .bridge(InterfaceName("cloud0")!)
    return configuration(isEmpty ? [] : [connection(1, at: point, remotes: remotes, virtualAddresses)])
  }

  /// One tunnel for some connections.
  static func configuration(_ connections: [ConnectionConfiguration]) -> GatewayConfiguration {
    let tunnel = TunnelConfiguration(
      instance: Identifier(high: 1, low: 1), address: tunnelAddress, prefixLength: 24,
      interface: InterfaceName("underlay0")!)
    return GatewayConfiguration(
      store: Identifier(high: 1, low: 4), generation: Revision(1), node: NodeName("node")!,
      tunnels: connections.isEmpty ? [] : [tunnel], connections: connections)
  }

  /// All connections stretch the same addresses.
  static func connection(
    _ number: UInt32, at point: AttachmentPoint, remotes: [RemoteEndpoint],
    _ virtualAddresses: [IPv4Address] = [], learningLimit: UInt32 = 100, ageingSeconds: UInt32 = 300
  ) -> ConnectionConfiguration {
    ConnectionConfiguration(
      id: Identifier(high: 0x0102_0304_0506_0708, low: 1 + UInt64(number)),
      number: ConnectionNumber(number), instance: Identifier(high: 1, low: 1),
      attachment: Identifier(high: UInt64(number), low: 3), point: point, tunnelAddress: tunnelAddress,
      network: IPv4Network("10.9.0.0/24")!, gateway: fixedAddress, fixedAddress: fixedAddress,
      fixedMAC: fixedMAC, remotes: remotes, learningLimit: learningLimit,
      ageingSeconds: ageingSeconds,
      virtualAddresses: virtualAddresses)
  }

  /// Makes the kernel equal to a configuration, as the agent does; the steps it took.
  @discardableResult
  static func converge(
    _ dataplane: any Dataplane, to configuration: GatewayConfiguration
  ) async throws -> [DataplaneStep] {
    var taken: [DataplaneStep] = []
    for _ in 0..<4 {
      let plan = try await plan(dataplane, to: configuration)
      if plan.isEmpty { return taken }
      for (step, outcome) in zip(plan, await dataplane.execute(plan)) {
        guard outcome == .applied || outcome == .alreadySo else {
          throw CommandFailure(description: "\(step): \(outcome)")
        }
      }
      taken += plan
    }
    throw CommandFailure(description: "never done: \(try await plan(dataplane, to: configuration))")
  }

  static func plan(
    _ dataplane: any Dataplane, to configuration: GatewayConfiguration
  ) async throws -> [DataplaneStep] {
    let observed = try await dataplane.observe()
    let desired = DesiredDataplane(for: configuration, on: observed)
    guard desired.problems.isEmpty else { throw CommandFailure(description: "\(desired.problems)") }
    return DataplanePlan(from: observed.state, to: desired.state).steps
  }

  /// Whether the local host reaches an address; a few tries, because the first frames wait for ARP.
  func hostReaches(_ address: IPv4Address, tries: Int = 5) throws -> Bool {
    reaches("\(address)", from: host, tries: tries)
  }

  /// Whether an address, of either family, is reached from a namespace.
  func reaches(_ address: String, from namespace: NetworkNamespace, tries: Int = 5) -> Bool {
    for _ in 0..<tries where (try? execute(namespace, "ping -c1 -W1 \(address)")) != nil { return true }
    return false
  }

  /// Echo requests for itself that a namespace has got: frames with its MAC and its IPv4 address.
  func echoes(in namespace: NetworkNamespace) throws -> Int {
    let lines = try execute(namespace, "cat /proc/net/snmp").split(separator: "\n")
    let rows = lines.filter { $0.hasPrefix("Icmp:") }.map { $0.split(separator: " ") }
    guard rows.count == 2, let column = rows[0].firstIndex(of: "InEchos"), let count = Int(rows[1][column])
    else { throw CommandFailure(description: "no counter InEchos") }
    return count
  }

  /// Runs an `ip` command in a namespace.
  func ip(_ namespace: NetworkNamespace, _ words: String) throws {
    try run(["ip", "-n", namespace.name] + words.split(separator: " ").map(String.init))
  }

  /// Runs any command in a namespace; what it printed.
  @discardableResult
  func execute(_ namespace: NetworkNamespace, _ words: String) throws -> String {
    try run(["ip", "netns", "exec", namespace.name] + words.split(separator: " ").map(String.init))
  }

  /// The cable between the local host and the node; also after it was deleted.
  func makeSegment() throws {
    try ip(node, "link add segment0 type veth peer name local0 netns \(host.name)")
    try ip(node, "link set segment0 up")
    try ip(host, "link set local0 up")
    if Self.xdp == .on { try readyForXDP("local0", in: host) }
    try ip(host, "address add 10.9.0.10/24 dev local0")
  }

  /// An end of a veth pair gets frames of XDP only where it polls for them, as it does for GRO; and what it
  /// sends must be finished, because XDP at the other end is not told what is not (decision 0021).
  private func readyForXDP(_ interface: String, in namespace: NetworkNamespace) throws {
    try execute(namespace, "ethtool -K \(interface) gro on tx off tso off gso off")
  }

  fileprivate func build() throws {
    try ip(node, "link set lo up")
    try makeSegment()
    try ip(node, "link add underlay0 type veth peer name underlay0 netns \(far.name)")
    for place in [node, far] { try ip(place, "link set underlay0 up") }
    if Self.xdp == .on { try readyForXDP("underlay0", in: far) }
    try ip(far, "address add 192.0.2.2/24 dev underlay0")
    // One that snoops reports itself to multicast routers when it likes, and so tells the far host's address.
    try ip(far, "link add br0 type bridge mcast_snooping 0")
    try ip(far, "link add vx100 type vxlan id 100 dstport 4789 local 192.0.2.2 remote 192.0.2.1 nolearning")
    try ip(far, "link set vx100 master br0")
    try ip(far, "link set vx100 up")
    try ip(far, "link set br0 up")
    try ip(far, "address add 10.9.0.20/24 dev br0")
  }
}

extension NetworkNamespace {
  var name: String { String(path.split(separator: "/").last ?? "") }
}

/// Runs `body` with both sites up, and takes all away afterwards, also after an error.
func withStretch(_ body: (Stretch) async throws -> Void) async throws {
  try await withNamespace("host") { host in
    try await withNamespace("node") { node in
      try await withNamespace("far") { far in
        try PinFolder.mountFileSystem()
        let folder = PinFolder(path: PinFolder.fileSystem).folder(uniqueName("node"))
        let stretch = Stretch(host: host, node: node, far: far, pins: folder)
        do {
          try stretch.build()
          try await body(stretch)
          try LinuxDataplane.removePins(folder.path)
        } catch {
          try? LinuxDataplane.removePins(folder.path)
          throw error
        }
      }
    }
  }
}

/// Asks until there is an answer: frames take their time, and nobody tells when.
func eventually<Value>(_ ask: () async throws -> Value?) async throws -> Value {
  let clock = ContinuousClock()
  let limit = clock.now + .seconds(10)
  while clock.now < limit {
    if let value = try await ask() { return value }
    try await clock.sleep(for: .milliseconds(20))
  }
  throw CommandFailure(description: "no answer in time")
}
