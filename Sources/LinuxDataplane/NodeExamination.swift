internal import BPF
package import ESWModel
internal import Glibc
internal import Netlink

/// A look at a machine, or one of its network namespaces, as a place for a node. Changes nothing, and needs
/// no agent and no privilege: what it may not read stays nil.
package enum NodeExamination {
  /// - Parameters:
  ///   - namespace: As for `LinuxDataplane`.
  ///   - pins: The node's pin folder; those beside it are other nodes'.
  ///   - underlays: Interfaces to look at as underlays; none: those in use, or else with a default route.
  ///   - ports: The same for attachments: interfaces and bridges.
  /// - Throws: When the namespace is not there, or an interface that was named is not in it.
  package static func facts(
    namespace: String?, pins: String, underlays: [InterfaceName] = [], ports: [InterfaceName] = []
  ) throws -> NodeFacts {
    let thread = try NamespaceThread(in: namespace.map { NetworkNamespace(path: $0) })
    return try thread.runAndWait {
      let look = try NodeLook(
        isOwnNamespace: namespace == nil, pins: DatapathPins(root: PinFolder(path: pins)))
      try look.choose(underlays: underlays, ports: ports)
      return try look.facts()
    }
  }
}

/// What is read once and used for several facts; on the thread of the namespace.
private final class NodeLook {
  let pins: DatapathPins
  let links: [Link]
  let addresses: [Address]
  let defaultRoutes: Set<Int32>
  let cookie: UInt64
  let hardware: InterfaceHardware
  private var roles: [Int32: NodeFacts.Role] = [:]
  private var bridges: Set<Int32> = []

  struct Unknown: Error, CustomStringConvertible {
    let name: InterfaceName
    var description: String { "there is no interface \(name) in this network namespace" }
  }

  init(isOwnNamespace: Bool, pins: DatapathPins) throws {
    self.pins = pins
    let socket = try NetlinkSocket()
    links = try socket.links()
    addresses = try socket.addresses()
    defaultRoutes = Set(try socket.defaultRoutes().compactMap(\.outputLink))
    cookie = try socket.namespaceCookie()
    hardware = try InterfaceHardware(isOwnNamespace: isOwnNamespace)
  }

  // MARK: Which interfaces

  func choose(underlays: [InterfaceName], ports: [InterfaceName]) throws {
    chooseUsed()
    for (names, role) in [(underlays, NodeFacts.Role.underlay), (ports, .port)] where !names.isEmpty {
      roles = roles.filter { $0.value != role }
      if role == .port { bridges = [] }
      for name in names {
        guard let link = links.first(where: { $0.name == name.description }) else {
          throw Unknown(name: name)
        }
        if link.kind == "bridge", role == .port {
          bridges.insert(link.index)
        } else {
          roles[link.index] = role
        }
      }
    }
    guard !roles.values.contains(.underlay) else { return }
    for index in defaultRoutes { roles[index] = .underlay }
  }

  private func chooseUsed() {
    // Without the privilege there is nothing to be read, and the rest can still be said.
    for link in (try? pins.pinnedLinks()) ?? [] {
      guard let index = link.state.interfaceIndex, let attached = links.first(where: { $0.index == index })
      else { continue }
      switch link.program {
      case .underlay, .xdpUnderlay: roles[index] = .underlay
      case .local where !OwnershipMark.isOurs(attached): roles[index] = .port
      // Where XDP is, `local` is too.
      case .local, .xdpLocal, .slow: break
      }
    }
    bridges = Set(links.filter { $0.group == OwnershipMark.outerGroup }.compactMap(\.master))
  }

  // MARK: Facts

  func facts() throws -> NodeFacts {
    NodeFacts(
      kernelRelease: Self.kernelRelease(), capabilities: Self.capabilities(),
      knowsBPFFileSystem: Self.text("/proc/filesystems").map { $0.contains("\tbpf\n") },
      hasBPFFileSystem: try? PinFolder.isFileSystem(),
      compilesPrograms: Self.text("/proc/sys/net/core/bpf_jit_enable").map { !$0.hasPrefix("0") },
      processors: Self.text("/sys/devices/system/cpu/online").map(ProcessorSet.numbers(inList:)) ?? [],
      interfaces: links.compactMap(interface).sorted { $0.name < $1.name },
      bridges: links.filter { bridges.contains($0.index) }.compactMap(bridge),
      foreignTunnels: links.compactMap(foreignTunnel), remains: try remains())
  }

  private func interface(_ link: Link) -> NodeFacts.Interface? {
    guard let role = roles[link.index], let name = InterfaceName(link.name) else { return nil }
    let room = hardware.mostQueues(link.name)
    return NodeFacts.Interface(
      name: name, role: role, kind: link.kind, mtu: link.mtu,
      receiveAggregation: hardware.receiveAggregation(link.name),
      largeReceive: hardware.largeReceive(link.name), segmentation: hardware.segmentation(link.name),
      queues: hardware.softwareSpread(link.name).map(ProcessorSet.numbers(inMask:)),
      mostQueues: room?.most, combinesQueues: room?.isCombined ?? true,
      hashesPorts: hardware.hashesPorts(link.name))
  }

  /// linux/if_link.h: IFLA_BR_NF_CALL_*; beside the settings of the namespace, and either is enough.
  private func bridge(_ link: Link) -> NodeFacts.Bridge? {
    guard let name = InterfaceName(link.name) else { return nil }
    return NodeFacts.Bridge(
      name: name, filteredBySystem: FirewallSetting.inForce().map(\.systemName),
      filteredByBridge: (link.firewalling?.settings ?? []).map(\.bridgeName))
  }

  private func foreignTunnel(_ link: Link) -> NodeFacts.ForeignTunnel? {
    guard let vxlan = link.vxlan, !OwnershipMark.isOurs(link) else { return nil }
    return InterfaceName(link.name).map { NodeFacts.ForeignTunnel(name: $0, port: vxlan.port) }
  }

  private func remains() throws -> NodeFacts.Remains {
    let worker = NodeLock.worker(NodeLock.name(ofNamespace: cookie))
    let names = InterfaceNames(links)
    let owned = addresses.filter { $0.origin == OwnershipMark.addressOrigin }.compactMap { address in
      address.local.v4Number.map { number in
        let interface = names.reference(UInt32(bitPattern: address.linkIndex))
        return "\(IPv4Address(number))/\(address.prefixLength) dev \(interface)"
      }
    }
    let others = ((try? pins.root.above?.names()) ?? []).compactMap { name in
      pins.root.above?.folder(name).path
    }.filter { $0 != pins.root.path && NodeLock.worker(NodeLock.name(ofPins: $0)) == nil }
    // The other end of a pair goes with the one that is named.
    let devices = links.filter { $0.group == OwnershipMark.deviceGroup }.compactMap { InterfaceName($0.name) }
    return NodeFacts.Remains(
      worker: worker?.process, isAttended: worker != nil, devices: devices, addresses: owned,
      pins: (try? pins.root.names())?.isEmpty == false ? pins.root.path : nil, unattendedPins: others)
  }

  // MARK: Files

  private static func kernelRelease() -> String {
    var names = utsname()
    uname(&names)
    return withUnsafeBytes(of: names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// proc_pid_status(5), of this thread.
  private static func capabilities() -> UInt64? {
    let line = text("/proc/thread-self/status")?.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
    return line?.split { $0.isWhitespace }.last.flatMap { UInt64($0, radix: 16) }
  }

  private static func text(_ path: String) -> String? { ProcessFile.text(path) }
}

/// Sets of CPUs as the kernel writes them (cpuset(7), FORMATS).
enum ProcessorSet {
  /// Our choice: more CPUs than any kernel is built for.
  private static let most = 16_384

  /// A list, such as `0-3,8`; what cannot be read is left out.
  static func numbers(inList list: String) -> [Int] {
    let text = list.split { $0.isWhitespace }.first ?? ""
    return text.split(separator: ",").flatMap { range -> [Int] in
      let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil,
        first >= 0, first <= last, last < most
      else { return [] }
      return Array(first...last)
    }
  }

  /// A mask, such as `00000001,0000000f`: words of 32, the highest first.
  static func numbers(inMask mask: String) -> [Int] {
    let words = mask.split(separator: ",").reversed().prefix(most / 32)
    return words.enumerated().flatMap { place, word -> [Int] in
      guard let bits = UInt32(word, radix: 16) else { return [] }
      return (0..<32).filter { bits >> UInt32($0) & 1 == 1 }.map { place * 32 + $0 }
    }
  }
}
