import ESWModel
import Testing

@testable import ESWPlanning

@Suite struct `What is said of a node` {
  /// Nothing to find fault with: two CPUs, an underlay with a queue for each, and a port.
  private static var good: NodeFacts {
    NodeFacts(
      kernelRelease: "6.6.0", capabilities: 1 << 12 | 1 << 13 | 1 << 21, knowsBPFFileSystem: true,
      hasBPFFileSystem: true, compilesPrograms: true, processors: [0, 1],
      interfaces: [
        NodeFacts.Interface(
          name: underlay, role: .underlay, mtu: 1550, receiveAggregation: true, largeReceive: false,
          segmentation: true, queues: [[], []], mostQueues: 2, hashesPorts: true),
        NodeFacts.Interface(
          name: port, role: .port, mtu: 1500, receiveAggregation: true, largeReceive: false,
          segmentation: true, queues: [[], []], mostQueues: 2, hashesPorts: nil),
      ],
      bridges: [NodeFacts.Bridge(name: InterfaceName("br0")!)],
      foreignTunnels: [NodeFacts.ForeignTunnel(name: InterfaceName("vx9")!, port: 4790)],
      remains: NodeFacts.Remains(
        worker: 7, isAttended: true, devices: [InterfaceName("esw-vx4789")!], pins: "/sys/fs/bpf/x"))
  }

  private static let underlay = InterfaceName("eth0")!
  private static let port = InterfaceName("eth1")!

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout NodeFacts) -> Void
    let topics: [Finding.Topic]
    /// Of the first finding.
    var commands: [String] = []
  }

  private static func change(
    _ role: NodeFacts.Role, _ body: @escaping @Sendable (inout NodeFacts.Interface) -> Void
  ) -> @Sendable (inout NodeFacts) -> Void {
    { facts in
      for index in facts.interfaces.indices where facts.interfaces[index].role == role {
        body(&facts.interfaces[index])
      }
    }
  }

  static let machine = [
    Case(testDescription: "nothing wrong", change: { _ in }, topics: []),
    Case(testDescription: "nothing known", change: { $0 = NodeFacts(kernelRelease: "7.0") }, topics: []),
    Case(testDescription: "an old kernel", change: { $0.kernelRelease = "6.5.13" }, topics: [.kernelTooOld]),
    Case(testDescription: "an older one", change: { $0.kernelRelease = "5.15" }, topics: [.kernelTooOld]),
    Case(testDescription: "a newer one", change: { $0.kernelRelease = "7.0-rc1" }, topics: []),
    Case(testDescription: "no number", change: { $0.kernelRelease = "odd" }, topics: [.kernelTooOld]),
    Case(testDescription: "a user", change: { $0.capabilities = 0 }, topics: [.capabilityMissing]),
    Case(
      testDescription: "no packet sockets", change: { $0.capabilities = 1 << 12 | 1 << 21 },
      topics: [.capabilityMissing]),
    Case(
      testDescription: "no eBPF",
      change: {
        $0.knowsBPFFileSystem = false
        $0.hasBPFFileSystem = false
      }, topics: [.noBPFFileSystem]),
    Case(
      testDescription: "not mounted", change: { $0.hasBPFFileSystem = false },
      topics: [.bpfFileSystemNotMounted], commands: ["mount -t bpf bpf /sys/fs/bpf"]),
    Case(
      testDescription: "an interpreter", change: { $0.compilesPrograms = false },
      topics: [.programsInterpreted],
      commands: ["sysctl -w net.core.bpf_jit_enable=1"]),
    Case(
      testDescription: "our UDP port taken", change: { $0.foreignTunnels[0].port = 4789 },
      topics: [.vxlanPortTaken], commands: ["ip -d link show dev vx9"]),
    Case(
      testDescription: "filters for all bridges",
      change: {
        $0.bridges[0].filteredBySystem = [
          "net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-arptables",
        ]
      }, topics: [.bridgeNetfilter],
      commands: ["sysctl -w net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-arptables=0"]),
    Case(
      testDescription: "filters for one bridge",
      change: { $0.bridges[0].filteredByBridge = ["nf_call_iptables"] },
      topics: [.bridgeNetfilter], commands: ["ip link set dev br0 type bridge nf_call_iptables 0"]),
    Case(
      testDescription: "no agent", change: { $0.remains.isAttended = false }, topics: [.unattended],
      commands: ["rm -r /sys/fs/bpf/x", "ip link delete dev esw-vx4789"]),
    Case(
      testDescription: "nothing of an agent", change: { $0.remains = NodeFacts.Remains() }, topics: []),
    Case(
      testDescription: "an address of an agent",
      change: { $0.remains = NodeFacts.Remains(addresses: ["192.0.2.1/24 dev eth0"]) }, topics: [.unattended],
      commands: ["ip address delete 192.0.2.1/24 dev eth0"]),
    Case(
      testDescription: "another node's", change: { $0.remains.unattendedPins = ["/sys/fs/bpf/y"] },
      topics: [.leftoverPins], commands: ["rm -r /sys/fs/bpf/y"]),
  ]

  static let interfaces = [
    Case(
      testDescription: "a narrow underlay", change: change(.underlay) { $0.mtu = 1549 },
      topics: [.underlayTooNarrow], commands: ["ip link set dev eth0 mtu 1550"]),
    Case(
      testDescription: "a wide port", change: change(.port) { $0.mtu = 9000 }, topics: [.underlayTooNarrow],
      commands: ["ip link set dev eth0 mtu 9050"]),
    Case(
      testDescription: "no GRO at the port", change: change(.port) { $0.receiveAggregation = false },
      topics: [.receiveAggregationOff], commands: ["ethtool -K eth1 gro on"]),
    Case(
      testDescription: "LRO", change: change(.underlay) { $0.largeReceive = true }, topics: [.largeReceiveOn],
      commands: ["ethtool -K eth0 lro off"]),
    Case(
      testDescription: "no TSO", change: change(.underlay) { $0.segmentation = false },
      topics: [.segmentationOff], commands: ["ethtool -K eth0 tso on"]),
    Case(testDescription: "no TSO at a port", change: change(.port) { $0.segmentation = false }, topics: []),
    Case(
      testDescription: "addresses alone", change: change(.underlay) { $0.hashesPorts = false },
      topics: [.hashWithoutPorts], commands: ["ethtool -N eth0 rx-flow-hash udp4 sdfn"]),
    Case(
      testDescription: "addresses alone, and RPS",
      change: change(.underlay) {
        $0.hashesPorts = false
        $0.queues = [[0, 1], [0, 1]]
      }, topics: []),
    Case(
      testDescription: "one queue of two", change: change(.underlay) { $0.queues = [[]] },
      topics: [.oneProcessorReceives], commands: ["ethtool -L eth0 combined 2"]),
    Case(
      testDescription: "one queue of two for what comes in",
      change: change(.underlay) {
        $0.queues = [[]]
        $0.combinesQueues = false
      }, topics: [.oneProcessorReceives], commands: ["ethtool -L eth0 rx 2"]),
    Case(
      testDescription: "one queue",
      change: change(.underlay) {
        $0.queues = [[]]
        $0.mostQueues = nil
      }, topics: [.oneProcessorReceives],
      commands: ["echo 3 > /sys/class/net/eth0/queues/rx-0/rps_cpus"]),
    Case(
      testDescription: "one queue, and RPS", change: change(.underlay) { $0.queues = [[0, 1]] }, topics: []),
    Case(
      testDescription: "one queue, and RPS to one CPU", change: change(.underlay) { $0.queues = [[1]] },
      topics: [.oneProcessorReceives]),
    Case(
      testDescription: "one queue of a port", change: change(.port) { $0.queues = [[]] },
      topics: [.oneProcessorReceives]),
    Case(
      testDescription: "one queue of a veth port",
      change: change(.port) {
        $0.queues = [[]]
        $0.kind = "veth"
      }, topics: []),
    Case(
      testDescription: "one CPU",
      change: {
        $0.processors = [0]
        $0.interfaces[0].queues = [[]]
      }, topics: []),
  ]

  @Test(arguments: machine + interfaces)
  func `is what the facts call for, with what to type`(case: Case) {
    var facts = Self.good
    `case`.change(&facts)
    let findings = NodeFindings(from: facts).all
    #expect(findings.map(\.topic) == `case`.topics)
    if !`case`.commands.isEmpty { #expect(findings.first?.commands == `case`.commands) }
    #expect(findings.allSatisfy { !$0.evidence.isEmpty && !$0.advice.isEmpty })
  }

  @Test func `is complete: each topic is a case`() {
    let covered = Set((Self.machine + Self.interfaces).flatMap(\.topics))
    #expect(Finding.Topic.ofNodes.subtracting(covered) == [])
  }

  @Test func `begins with what keeps it from working`() {
    var facts = Self.good
    facts.compilesPrograms = false
    facts.foreignTunnels[0].port = 4789
    #expect(NodeFindings(from: facts).all.map(\.weight) == [.fault, .advice])
    #expect(NodeFindings(from: facts).hasFault)
    facts.foreignTunnels = []
    #expect(!NodeFindings(from: facts).hasFault)
  }

  @Test(arguments: [
    ([0], "1"), ([0, 1], "3"), ([1, 31], "80000002"), ([32], "1,00000000"),
    ([0, 33, 64], "1,00000002,00000001"),
  ])
  func `names sets of CPUs as the kernel reads them`(processors: [Int], mask: String) {
    #expect(NodeFindings.mask(of: processors) == mask)
  }
}
