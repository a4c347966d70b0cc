import Foundation

/// Two sites and the network between them, in network namespaces of the demo's own names.
///
///     on-prem                         core (router)                      cloud
///     server -- [br0 + VXLAN] -- 192.168.111.0/24 | 192.168.100.0/24 -- [node] -- segment -- vm1, vm2
///
/// The on-prem switch is the kernel's own bridge and VXLAN device: it plays the customer's equipment, and
/// nothing of ours is in it.
struct DemoTopology: Sendable {
  let server: String
  let customerSwitch: String
  let core: String
  let node: String
  let segment: String
  let vm1: String
  let vm2: String
  /// Whether the segment is a port of a bridge on the node, to which the subnet is attached then.
  let hasBridge: Bool

  static let usualPrefix = "eswdemo-"

  /// - Parameter prefix: Of the names of all namespaces; whoever uses it owns every name that begins so.
  init(prefix: String = Self.usualPrefix, hasBridge: Bool = false) {
    self.hasBridge = hasBridge
    server = prefix + "server"
    customerSwitch = prefix + "switch"
    core = prefix + "core"
    node = prefix + "node"
    segment = prefix + "segment"
    vm1 = prefix + "vm1"
    vm2 = prefix + "vm2"
  }

  var all: [String] { [server, customerSwitch, core, node, segment, vm1, vm2] }

  static let vni = 7127
  static let remoteVTEP = "192.168.111.111"
  static let tunnelAddress = "192.168.100.12"
  static let underlayInterface = "underlay0"
  static let segmentInterface = "segment0"
  static let serverAddress = "192.168.0.20"
  static let vm1Address = "192.168.0.11"
  static let vm2Address = "192.168.0.12"
  static let gatewayAddress = "192.168.0.1"
  static let nodeBridge = "lan0"

  /// Makes everything; leftovers of a demo that was killed are removed first (the caller holds the lock,
  /// so they are nobody's).
  func create() async throws {
    try await remove()
    try await batch(all.map { "netns add \($0)" })
    for name in all { try await batch(["link set lo up"], in: name) }
    try await createUnderlay()
    try await createCustomerSwitch()
    try await createCloud()
  }

  /// Also what is half there. Only namespaces of our own names.
  func remove() async throws {
    let present = try await existing()
    for name in present {
      // A namespace lives as long as a process in it: pings that were interrupted.
      let pids = try await Program.run("ip", ["netns", "pids", name]).output.split(separator: "\n")
      for pid in pids { _ = try await Program.run("kill", ["-9", String(pid)]) }
    }
    try await batch(present.map { "netns delete \($0)" })
  }

  func existing() async throws -> [String] {
    let listed = try await Program.run("ip", ["netns", "list"]).output.split(separator: "\n")
    let names = Set(listed.compactMap { $0.split(separator: " ").first.map(String.init) })
    return all.filter(names.contains)
  }

  private func createUnderlay() async throws {
    try await batch([
      "link add up0 mtu 1600 netns \(customerSwitch) type veth peer name site0 mtu 1600 netns \(core)",
      "link add underlay0 mtu 1600 netns \(node) type veth peer name cloud0 mtu 1600 netns \(core)",
    ])
    try await batch(["address add \(Self.remoteVTEP)/24 dev up0", "link set up0 up"], in: customerSwitch)
    try await batch(["route add default via 192.168.111.1"], in: customerSwitch)
    try await batch(
      [
        "address add 192.168.111.1/24 dev site0", "address add 192.168.100.1/24 dev cloud0",
        "link set site0 up",
        "link set cloud0 up",
      ], in: core)
    try await batch(["address add 192.168.100.2/24 dev underlay0", "link set underlay0 up"], in: node)
    try await batch(["route add default via 192.168.100.1"], in: node)
    try await Program.check(
      "ip", ["netns", "exec", core, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])
  }

  private func createCustomerSwitch() async throws {
    try await batch(["link add eth0 netns \(server) type veth peer name port1 netns \(customerSwitch)"])
    try await batch(
      [
        "link add br0 type bridge",
        "link add vxlan\(Self.vni) type vxlan id \(Self.vni) local \(Self.remoteVTEP) remote \(Self.tunnelAddress) dstport 4789",
        "link set vxlan\(Self.vni) master br0", "link set port1 master br0", "link set vxlan\(Self.vni) up",
        "link set port1 up", "link set br0 up",
      ], in: customerSwitch)
    try await batch(["address add \(Self.serverAddress)/24 dev eth0", "link set eth0 up"], in: server)
  }

  private func createCloud() async throws {
    try await batch([
      "link add segment0 netns \(node) type veth peer name port0 netns \(segment)",
      "link add eth0 netns \(vm1) type veth peer name port1 netns \(segment)",
      "link add eth0 netns \(vm2) type veth peer name port2 netns \(segment)",
    ])
    if hasBridge {
      try await batch(
        [
          "link add \(Self.nodeBridge) type bridge", "link set segment0 master \(Self.nodeBridge)",
          "link set segment0 up", "link set \(Self.nodeBridge) up",
        ], in: node)
    }
    let ports = ["port0", "port1", "port2"].flatMap { ["link set \($0) master br0", "link set \($0) up"] }
    try await batch(["link add br0 type bridge"] + ports + ["link set br0 up"], in: segment)
    try await batch(["address add \(Self.vm1Address)/24 dev eth0", "link set eth0 up"], in: vm1)
    try await batch(["address add \(Self.vm2Address)/24 dev eth0", "link set eth0 up"], in: vm2)
  }

  /// Lines of `ip -batch`, in a namespace or outside of all. Never stopped in the middle, so that no
  /// namespace is left half made; who is cancelled begins no other.
  func batch(_ lines: [String], in namespace: String? = nil) async throws {
    guard !lines.isEmpty else { return }
    let place = namespace.map { ["-n", $0] } ?? []
    try await uncancelled {
      try await Program.check("ip", place + ["-batch", "-"], input: lines.joined(separator: "\n") + "\n")
    }
  }
}

/// Echo requests from a namespace, by the system's `ping`.
struct Ping: Sendable {
  let transmitted: Int
  let received: Int
  /// Milliseconds.
  let averageRoundTrip: Double?
  /// What `ping` or `ip` said instead of a summary.
  let failure: String?

  var isComplete: Bool { transmitted > 0 && received == transmitted }

  /// - Parameter bytes: Of a packet that may not be cut; nil: the usual 84.
  init(from namespace: String, to address: String, count: Int = 5, bytes: Int? = nil) async throws {
    let size = bytes.map { ["-M", "do", "-s", "\($0 - 28)"] } ?? []
    let result = try await Program.run(
      "ip",
      ["netns", "exec", namespace, "ping", "-n", "-c", "\(count)", "-i", "0.2", "-W", "1"] + size + [address])
    let summary = result.output.split(separator: "\n").first { $0.contains("packets transmitted") }
    failure =
      summary != nil
      ? nil
      : "status \(result.status): \(result.errors)\(result.output)".trimmingCharacters(
        in: .whitespacesAndNewlines)
    let numbers = (summary ?? "").split(separator: ",").compactMap { part in
      part.split(separator: " ").first.flatMap { Int($0) }
    }
    transmitted = numbers.first ?? 0
    received = numbers.count > 1 ? numbers[1] : 0
    let trips = result.output.split(separator: "\n").first { $0.hasPrefix("rtt ") }
    averageRoundTrip = trips?.split(separator: "=").last?.split(separator: "/").dropFirst().first
      .flatMap { Double($0) }
  }
}
