package import ESWModel

/// What is to be said of a node: facts in, findings out, faults first.
package struct NodeFindings: Hashable, Sendable {
  package let all: [Finding]

  package init(from facts: NodeFacts) {
    let found =
      Self.system(facts) + Self.tunnels(facts) + Self.bridges(facts) + Self.widths(facts)
      + facts.interfaces.flatMap { Self.offloads($0) + Self.spread($0, over: facts.processors) }
      + Self.remains(facts.remains)
    all = found.filter { $0.weight == .fault } + found.filter { $0.weight == .advice }
  }

  package var hasFault: Bool { all.contains { $0.weight == .fault } }

  /// The first kernel with tcx, by which programs are attached.
  package static let leastKernel = (major: 6, minor: 6)

  /// What a node works with (linux/capability.h). `CAP_BPF` is a part of `CAP_SYS_ADMIN` to the kernel.
  private static let capabilities: [(name: String, number: UInt64, covering: UInt64?)] = [
    ("CAP_NET_ADMIN", 12, nil), ("CAP_NET_RAW", 13, nil), ("CAP_SYS_ADMIN", 21, nil), ("CAP_BPF", 39, 21),
  ]

  /// - Parameter effective: A bit for each number.
  package static func missingCapabilities(in effective: UInt64) -> [String] {
    capabilities.filter { capability in
      ![capability.number, capability.covering ?? capability.number].contains { effective >> $0 & 1 == 1 }
    }.map(\.name)
  }

  /// False also for what is no release.
  package static func isNewEnough(kernelRelease: String) -> Bool {
    let numbers = kernelRelease.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    return numbers.count == 2 && (numbers[0], numbers[1]) >= (leastKernel.major, leastKernel.minor)
  }

  // MARK: The machine

  private static func system(_ facts: NodeFacts) -> [Finding] {
    var found: [Finding] = []
    if !isNewEnough(kernelRelease: facts.kernelRelease) {
      found.append(
        Finding(
          .fault, .kernelTooOld, "the kernel is older than Linux \(leastKernel.major).\(leastKernel.minor)",
          evidence: "uname -r: \(facts.kernelRelease)",
          advice: "programs are attached by tcx, which older kernels do not have: install a newer one"))
    }
    let missing = facts.capabilities.map(missingCapabilities) ?? []
    if let effective = facts.capabilities, !missing.isEmpty {
      found.append(
        Finding(
          .fault, .capabilityMissing, "this process may not do what a node does",
          evidence: "CapEff \(String(effective, radix: 16)) lacks \(missing.joined(separator: ", "))",
          advice: "run the agent as root, in a container privileged, or give its systemd unit "
            + "AmbientCapabilities=\(capabilities.map(\.name).joined(separator: " "))"))
    }
    if facts.knowsBPFFileSystem == false {
      found.append(
        Finding(
          .fault, .noBPFFileSystem, "the kernel was built without eBPF",
          evidence: "/proc/filesystems does not name bpf", advice: "use one with CONFIG_BPF_SYSCALL"))
    } else if facts.hasBPFFileSystem == false {
      found.append(
        Finding(
          .advice, .bpfFileSystemNotMounted, "no bpf file system is mounted",
          evidence: "/sys/fs/bpf is none", advice: "the agent mounts it if it may; or do it yourself",
          commands: ["mount -t bpf bpf /sys/fs/bpf"]))
    }
    if facts.compilesPrograms == false {
      found.append(
        Finding(
          .advice, .programsInterpreted, "the kernel interprets eBPF programs, several times slower",
          evidence: "net.core.bpf_jit_enable = 0", advice: "let it compile them",
          commands: ["sysctl -w net.core.bpf_jit_enable=1"]))
    }
    return found
  }

  private static func tunnels(_ facts: NodeFacts) -> [Finding] {
    facts.foreignTunnels.filter { $0.port == RemoteEndpoint.defaultPort }.map { tunnel in
      Finding(
        .fault, .vxlanPortTaken, of: tunnel.name.description,
        "somebody's VXLAN device has the UDP port that the data path needs",
        evidence: "\(tunnel.name) is at port \(tunnel.port)",
        advice:
          "give it another port or take it away, or let the node work in a network namespace of its own",
        commands: ["ip -d link show dev \(tunnel.name)"])
    }
  }

  // MARK: Bridges and widths

  private static func bridges(_ facts: NodeFacts) -> [Finding] {
    facts.bridges.filter { !($0.filteredBySystem + $0.filteredByBridge).isEmpty }.map { bridge in
      var commands: [String] = []
      if !bridge.filteredBySystem.isEmpty {
        let settings = bridge.filteredBySystem.map { "\($0)=0" }
        commands.append("sysctl -w " + settings.joined(separator: " "))
      }
      if !bridge.filteredByBridge.isEmpty {
        let options = bridge.filteredByBridge.map { "\($0) 0" }
        commands.append("ip link set dev \(bridge.name) type bridge " + options.joined(separator: " "))
      }
      return Finding(
        .advice, .bridgeNetfilter, of: bridge.name.description,
        "frames that cross the bridge go through the node's firewall, which costs time and may drop them",
        evidence: (bridge.filteredBySystem + bridge.filteredByBridge).map { "\($0) = 1" }
          .joined(separator: ", "),
        advice: "turn it off, unless rules of this node are meant for them", commands: commands)
    }
  }

  /// Outer Ethernet (14), IPv4 (20), UDP (8) and VXLAN (8) headers, RFC 7348 section 5.
  private static let overhead: UInt32 = 50

  private static func widths(_ facts: NodeFacts) -> [Finding] {
    let ports = facts.interfaces.filter { $0.role == .port }
    guard let widest = ports.max(by: { $0.mtu < $1.mtu }) else { return [] }
    let (wanted, isTooMuch) = widest.mtu.addingReportingOverflow(overhead)
    guard !isTooMuch else { return [] }
    return facts.interfaces.filter { $0.role == .underlay && $0.mtu < wanted }.map { underlay in
      Finding(
        .advice, .underlayTooNarrow, of: underlay.name.description,
        "the underlay carries less than the segments do: what is larger is cut or refused",
        evidence:
          "\(underlay.name) has MTU \(underlay.mtu), \(widest.name) \(widest.mtu), and a tunnel takes "
          + "\(overhead) bytes",
        advice: "if the way to the remotes carries it too, make it wider",
        commands: ["ip link set dev \(underlay.name) mtu \(wanted)"])
    }
  }

  // MARK: Interfaces

  private static func offloads(_ interface: NodeFacts.Interface) -> [Finding] {
    func finding(_ topic: Finding.Topic, _ what: String, _ feature: String, isOn: Bool) -> Finding {
      Finding(
        .advice, topic, of: interface.name.description, what,
        evidence: "ethtool -k \(interface.name): \(feature) is \(isOn ? "on" : "off")",
        advice: isOn ? "turn it off" : "turn it on",
        commands: ["ethtool -K \(interface.name) \(feature) \(isOn ? "off" : "on")"])
    }
    var found: [Finding] = []
    if interface.receiveAggregation == false {
      found.append(
        finding(
          .receiveAggregationOff, "bulk TCP goes packet by packet, at about half the speed", "gro",
          isOn: false))
    }
    if interface.largeReceive == true {
      found.append(
        finding(
          .largeReceiveOn, "the device puts packets together in a way that cannot be taken apart again",
          "lro",
          isOn: true))
    }
    if interface.segmentation == false, interface.role == .underlay {
      found.append(
        finding(.segmentationOff, "the kernel cuts large TCP packets itself", "tso", isOn: false))
    }
    return found
  }

  /// Packets of different flows should come to different CPUs. Outer ports differ by flow; what matters is
  /// that the device looks at them, or that RPS does.
  private static func spread(_ interface: NodeFacts.Interface, over processors: [Int]) -> [Finding] {
    // A port that is no hardware takes packets on the CPU of whoever sends them.
    guard processors.count > 1, !interface.queues.isEmpty,
      interface.role == .underlay || interface.kind == nil
    else { return [] }
    let isSpreadBySoftware = interface.queues.contains { $0.count > 1 }
    if isSpreadBySoftware { return [] }
    guard interface.queues.count > 1 else { return [oneQueue(interface, processors)] }
    guard interface.hashesPorts == false, interface.role == .underlay else { return [] }
    return [
      Finding(
        .advice, .hashWithoutPorts, of: interface.name.description,
        "the device spreads packets by their addresses alone: all of one remote come to one CPU",
        evidence: "ethtool -n \(interface.name) rx-flow-hash udp4: without ports; "
          + "\(interface.queues.count) queues, \(processors.count) CPUs",
        advice: "let it look at the UDP ports, which differ by flow",
        commands: ["ethtool -N \(interface.name) rx-flow-hash udp4 sdfn"])
    ]
  }

  private static func oneQueue(_ interface: NodeFacts.Interface, _ processors: [Int]) -> Finding {
    let name = interface.name
    let most = min(interface.mostQueues ?? 1, processors.count)
    let hasMore = most > 1
    return Finding(
      .advice, .oneProcessorReceives, of: name.description,
      "all packets that come in by it are worked on by one CPU",
      evidence: "one receive queue, \(processors.count) CPUs, rps_cpus empty",
      advice: hasMore
        ? "let the device use more of its queues"
        : "let the kernel spread them (RPS); XDP, if the node uses it, then leaves its work to tcx",
      commands: hasMore
        ? ["ethtool -L \(name) \(interface.combinesQueues ? "combined" : "rx") \(most)"]
        : ["echo \(mask(of: processors)) > /sys/class/net/\(name)/queues/rx-0/rps_cpus"])
  }

  /// As the kernel reads sets of CPUs: hexadecimal, in words of 32 with commas between, the highest first.
  static func mask(of processors: [Int]) -> String {
    var words = [UInt32](repeating: 0, count: (processors.max() ?? 0) / 32 + 1)
    for number in processors where number >= 0 { words[number / 32] |= 1 << UInt32(number % 32) }
    let parts = words.reversed().enumerated().map { place, word -> String in
      let text = String(word, radix: 16)
      return place == 0 ? text : String(repeating: "0", count: 8 - text.count) + text
    }
    return parts.joined(separator: ",")
  }

  // MARK: What is left

  private static func remains(_ remains: NodeFacts.Remains) -> [Finding] {
    var found: [Finding] = []
    let things =
      (remains.pins.map { [$0] } ?? []) + remains.devices.map(\.description) + remains.addresses
    if !remains.isAttended, !things.isEmpty {
      var commands = remains.pins.map { ["rm -r \($0)"] } ?? []
      commands += remains.devices.map { "ip link delete dev \($0)" }
      commands += remains.addresses.map { "ip address delete \($0)" }
      found.append(
        Finding(
          .advice, .unattended, "what a node made is in the kernel, and no agent works with it",
          evidence: things.joined(separator: ", "),
          advice:
            "frames go on, and nobody follows changes: start the agent again; or, if it is not to come back, "
            + "take it away", commands: commands))
    }
    if !remains.unattendedPins.isEmpty {
      found.append(
        Finding(
          .advice, .leftoverPins, "programs and maps of other nodes, with which nobody works",
          evidence: remains.unattendedPins.joined(separator: ", "),
          advice: "those of nodes that are not to come back, take away",
          commands: remains.unattendedPins.map { "rm -r \($0)" }))
    }
    return found
  }
}
