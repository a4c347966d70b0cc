import BPF
import ESWModel
import ESWPlanning
import KernelTesting
import Netlink
import Testing

@testable import LinuxDataplane

@Suite(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
struct `A look at a node` {
  private static func findings(
    _ stretch: Stretch, underlays: [String] = [], ports: [String] = []
  ) throws -> [Finding] {
    let facts = try NodeExamination.facts(
      namespace: stretch.node.path, pins: stretch.pins.path, underlays: underlays.map { InterfaceName($0)! },
      ports: ports.map { InterfaceName($0)! })
    return NodeFindings(from: facts).all
  }

  private static func topics(
    _ stretch: Stretch, underlays: [String] = [], ports: [String] = []
  ) throws -> Set<Finding.Topic> {
    Set(try findings(stretch, underlays: underlays, ports: ports).map(\.topic))
  }

  /// What can be made wrong in a namespace and put right again by what is advised.
  enum Flaw: String, CaseIterable, Sendable {
    case aggregationOff, segmentationOff, filteredBridge, filteredBridgeAlone, narrow, oneQueue, vxlan

    var topic: Finding.Topic {
      switch self {
      case .aggregationOff: .receiveAggregationOff
      case .segmentationOff: .segmentationOff
      case .filteredBridge, .filteredBridgeAlone: .bridgeNetfilter
      case .narrow: .underlayTooNarrow
      case .oneQueue: .oneProcessorReceives
      case .vxlan: .vxlanPortTaken
      }
    }

    func make(_ stretch: Stretch) throws {
      switch self {
      case .aggregationOff: try stretch.execute(stretch.node, "ethtool -K underlay0 gro off")
      case .segmentationOff: try stretch.execute(stretch.node, "ethtool -K underlay0 tso off")
      case .filteredBridge:
        try stretch.execute(stretch.node, "sysctl -qw net.bridge.bridge-nf-call-iptables=1")
      case .filteredBridgeAlone: try stretch.ip(stretch.node, "link set br9 type bridge nf_call_arptables 1")
      case .narrow: try stretch.ip(stretch.node, "link set underlay0 mtu 1500")
      case .oneQueue: try Self.spread(stretch, over: "0")
      case .vxlan:
        try stretch.ip(
          stretch.node, "link add vx9 type vxlan id 9 dstport 4789 remote 192.0.2.9 dev underlay0")
      }
    }

    /// A node without flaws; the test's own machine decides about GRO and bridges.
    static func prepare(_ stretch: Stretch) throws {
      try stretch.ip(stretch.node, "link add br9 type bridge")
      try stretch.execute(stretch.node, "ethtool -K underlay0 gro on")
      try stretch.execute(stretch.node, "ethtool -K segment0 gro on")
      try stretch.ip(stretch.node, "link set underlay0 mtu 1550")
      let tables = ["iptables", "ip6tables", "arptables"].map { "net.bridge.bridge-nf-call-\($0)=0" }
      try stretch.execute(stretch.node, "sysctl -qw " + tables.joined(separator: " "))
      try spread(stretch, over: "3")
    }

    private static func spread(_ stretch: Stretch, over mask: String) throws {
      let file = "/sys/class/net/underlay0/queues/rx-0/rps_cpus"
      try run("ip", "netns", "exec", stretch.node.name, "sh", "-c", "echo \(mask) > \(file)")
    }
  }

  @Test(arguments: Flaw.allCases)
  func `names what is wrong, where it is, and only then`(flaw: Flaw) async throws {
    try await withStretch { stretch in
      try Flaw.prepare(stretch)
      let (underlays, ports) = (["underlay0"], ["segment0", "br9"])
      let before = try Self.findings(stretch, underlays: underlays, ports: ports)
      #expect(!before.contains { $0.topic == flaw.topic }, "\(before)")
      try flaw.make(stretch)
      let after = try Self.findings(stretch, underlays: underlays, ports: ports)
      let found = try #require(after.first { $0.topic == flaw.topic }, "\(after)")
      #expect(["underlay0", "br9", "vx9"].contains(found.subject))
    }
  }

  @Test(arguments: Flaw.allCases.filter { $0 != .vxlan })
  func `advises commands that put it right`(flaw: Flaw) async throws {
    try await withStretch { stretch in
      try Flaw.prepare(stretch)
      try flaw.make(stretch)
      let findings = try Self.findings(stretch, underlays: ["underlay0"], ports: ["segment0", "br9"])
      let found = try #require(findings.first { $0.topic == flaw.topic })
      for command in found.commands { try run("ip", "netns", "exec", stretch.node.name, "sh", "-c", command) }
      let topics = try Self.topics(stretch, underlays: ["underlay0"], ports: ["segment0", "br9"])
      #expect(!topics.contains(flaw.topic), "\(found.commands)")
    }
  }

  @Test func `finds what is in use by itself, and who works with it`() async throws {
    try await withStretch { stretch in
      try stretch.ip(stretch.node, "link add cloud0 type bridge")
      try stretch.ip(stretch.node, "link set cloud0 up")
      let dataplane = try stretch.dataplane()
      try await Stretch.converge(dataplane, to: Stretch.configuration(.bridge))
      let facts = try NodeExamination.facts(namespace: stretch.node.path, pins: stretch.pins.path)
      #expect(facts.interfaces.map(\.name.description) == ["underlay0"])
      #expect(facts.bridges.map(\.name.description) == ["cloud0"])
      #expect(facts.remains.isAttended && facts.remains.pins == stretch.pins.path)
      #expect(facts.remains.addresses == ["192.0.2.1/24 dev underlay0"])
      #expect(!NodeFindings(from: facts).all.contains { $0.topic == .unattended })
      #expect(try await Stretch.plan(dataplane, to: Stretch.configuration(.bridge)) == [])
    }
  }

  @Test func `names what an agent that has gone has left, and how it is taken away`() async throws {
    try await withStretch { stretch in
      do {
        let dataplane = try stretch.dataplane()
        try await Stretch.converge(dataplane, to: Stretch.configuration())
      }
      let found = try await eventually { () -> Finding? in
        try Self.findings(stretch).first { $0.topic == .unattended }
      }
      let evidence = found.evidence.joined(separator: "\n")
      #expect(evidence.contains(stretch.pins.path) && evidence.contains(Stretch.slowPath.description))
      for command in found.commands {
        // Of pins, the machine has one folder; of all else, each namespace its own.
        let place = command.contains("/sys/fs/bpf") ? [] : ["ip", "netns", "exec", stretch.node.name]
        try run(place + ["sh", "-c", command])
      }
      #expect(try !Self.topics(stretch).contains(.unattended))
    }
  }

  @Test func `names folders of other nodes that nobody works with`() async throws {
    try await withStretch { stretch in
      // Beside the node's own, in a folder of the test's.
      let root = stretch.pins.folder("nodes")
      for name in ["own", "other"] { try root.folder(name).create() }
      let facts = try NodeExamination.facts(namespace: stretch.node.path, pins: root.path(of: "own"))
      #expect(facts.remains.unattendedPins == [root.path(of: "other")])
    }
  }

  @Test func `refuses an interface that is not there`() async throws {
    try await withStretch { stretch in
      #expect(throws: (any Error).self) { try Self.findings(stretch, underlays: ["absent0"]) }
    }
  }
}

@Suite struct `Sets of CPUs` {
  @Test(arguments: [
    ("0", [0]), ("0-3\n", [0, 1, 2, 3]), ("0-1,4", [0, 1, 4]), ("", []), ("x", []), ("3-1", []), ("-1", []),
    ("0-99999999", []), ("1-2-3", []),
  ])
  func `are read from lists`(text: String, numbers: [Int]) {
    #expect(ProcessorSet.numbers(inList: text) == numbers)
  }

  @Test(arguments: [
    ("0", []), ("3", [0, 1]), ("80000000", [31]), ("1,00000000", [32]), ("00000002,00000001", [0, 33]),
    ("x", []),
    ("100000000", []),
  ])
  func `are read from masks`(text: String, numbers: [Int]) {
    #expect(ProcessorSet.numbers(inMask: text) == numbers)
  }
}
