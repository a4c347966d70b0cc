internal import BPF
internal import CDatapath
internal import CLinux
package import ESWModel
internal import ESWSeams
internal import Glibc
internal import Netlink

/// `Dataplane` on the Linux kernel: eBPF programs and maps that are pinned, devices by netlink.
///
/// Everything runs on one thread, inside the node's network namespace, because its calls block and because
/// sockets and links belong to the namespace of the thread that makes them. It knows nothing that is not in
/// the kernel as well: another instance, now or after a crash, sees the same.
package actor LinuxDataplane: Dataplane {
  /// What must be true of the machine is not.
  package struct Unusable: Error, CustomStringConvertible {
    package let description: String
  }

  /// The first kernel with tcx, by which programs are attached.
  static let leastKernel = (major: 6, minor: 6)

  package nonisolated let kind = DataplaneKind.kernel
  package nonisolated let kernelRelease: String

  private let locks: [NodeLock]
  private let thread: NamespaceThread
  private let events: AsyncStream<Void>
  private let losses = EventLosses()
  private var openSocket: NetlinkSocket?
  private var openFeatures: DeviceFeatures?
  /// Whether GRO of the interfaces that it works with is its business.
  private let setsAggregation: Bool
  private let xdp: XDPUse
  let pins: DatapathPins
  /// Its path; nil: that of whoever made this.
  let namespace: String?
  /// What was last seen, and what was made of it: most looks see the same.
  private var last: (look: KernelReading<MapBytes>, observation: DataplaneObservation)?
  /// For looks at what is not ours.
  var sight = Sight()

  package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// - Parameters:
  ///   - namespace: Path of the node's network namespace, such as `/run/netns/NAME`; nil: that of the caller.
  ///   - pins: Folder below `/sys/fs/bpf`, one for each node of this machine; made when it is needed.
  ///   - setsAggregation: GRO is set on underlays and ports while they are used; else it stays as it is, and
  ///     what an earlier process set is put back.
  ///   - xdp: Where it attaches XDP programs.
  /// - Throws: With what is missing: the kernel version, the privilege, the namespace, the bpf file system;
  ///   and when another process works on this namespace or with these pins, as nobody can while this lives.
  package init(
    namespace: String?, pins: String, setsAggregation: Bool = true, xdp: XDPUse = .auto
  ) throws {
    self.setsAggregation = setsAggregation
    self.namespace = namespace
    self.xdp = xdp
    kernelRelease = try Self.usableKernelRelease()
    try Self.checkPrivilege()
    try PinFolder.mountFileSystem()
    thread = try NamespaceThread(in: namespace.map { NetworkNamespace(path: $0) })
    let cookie = try thread.runAndWait { try NetlinkSocket().namespaceCookie() }
    locks = [
      try NodeLock(named: NodeLock.name(ofPins: pins)),
      try NodeLock(named: NodeLock.name(ofNamespace: cookie)),
    ]
    // Before anybody looks: what changes in between wakes them.
    events = try thread.runAndWait { [losses] in
      try NetlinkEvents.changes([.links, .addresses, .routes, .settings], counting: losses)
    }
    self.pins = DatapathPins(root: PinFolder(path: pins))
  }

  /// Takes the data path off all interfaces and removes the pin folder, whoever made it. Devices and
  /// addresses stay: they belong to a namespace.
  ///
  /// - Throws: `Unusable` while another process works with them.
  package static func removePins(_ path: String) throws {
    let name = NodeLock.name(ofPins: path)
    let lock = NodeLock.isHeldByUs(name) ? nil : try NodeLock(named: name)
    defer { withExtendedLifetime(lock) {} }
    let pins = DatapathPins(root: PinFolder(path: path))
    try pins.unload()
    try pins.root.removeAll()
    try pins.removeEmptyRoot()
  }

  package nonisolated func changes() -> AsyncStream<Void> { events }

  package func observe() throws -> DataplaneObservation {
    let socket = try socket()
    var look = KernelReading<MapBytes>(
      links: try socket.links(), addresses: try socket.addresses(),
      defaultRoutes: Set(try socket.defaultRoutes().compactMap(\.outputLink)))
    if let ledger = try AdjustmentLedger(pinnedAt: pins.adjusted, of: socket.namespaceCookie()) {
      look.adjusted = try ledger.all()
    }
    // A frame that is handed over would not meet them.
    look.filtered = Set(
      try look.links.filter(\.leadsElsewhere).map(\.index)
        .filter { try !BPFLink.attached(toInterface: $0, at: .tcxEgress).isEmpty })
    if setsAggregation {
      let offload = try ReceiveOffload()
      for link in look.links where !link.flags.contains(.loopback) && !OwnershipMark.isOurs(link) {
        look.aggregation[link.index] = offload.isOn(link.name)
      }
    }
    do throws(NetlinkError) {
      look.xdp = try readXDP(of: look.links)
    } catch {
      // It only makes forwarding faster.
      look.xdpFailure = "\(error)"
    }
    if look.xdp != nil, look.links.contains(where: { $0.xdpProgram != nil }) {
      look.xdp?.programs = try pins.xdpPrograms()
    }
    if let contents = try pins.contents() {
      look.datapath = contents.condition
      look.rows = try contents.maps.flatMap { maps throws(BPFError) in try MapBytes(of: maps) }
      look.attachments = contents.links.map {
        PinnedAttachment(program: $0.program, pinned: $0.index, now: $0.state.interfaceIndex)
      }
      sight.ours = contents.links.map(\.state)
    } else {
      sight.ours = []
    }
    if let last, last.look == look { return last.observation }
    sight.see(look.links, look.addresses)
    let observation = look.observation
    last = (look, observation)
    return observation
  }

  private func readXDP(of links: [Link]) throws(NetlinkError) -> XDPReading? {
    guard xdp == .on || (xdp == .auto && links.contains(where: XDPReading.isPhysical)) else { return nil }
    let features: DeviceFeatures
    if let openFeatures {
      features = openFeatures
    } else {
      features = try DeviceFeatures()
      openFeatures = features
    }
    var reading = XDPReading(use: xdp, features: try features.all())
    guard xdp == .auto else { return reading }
    let drivers = try DriverFacts()
    for link in links where reading.mayBeHardware(link) {
      reading.hardware[link.index] = XDPReading.Hardware(
        driver: drivers.name(of: link.name) ?? "", hidesTags: drivers.takesTagsOff(link.name))
    }
    return reading
  }

  package func execute(_ steps: [DataplaneStep]) -> [StepOutcome] {
    var execution = StepExecution(pins: pins, socket: socket)
    let outcomes = execution.take(steps)
    // A ledger without notes harms nobody; whoever executes next tries again.
    try? execution.finish()
    return outcomes
  }

  package func evidence() throws -> DataplaneEvidence {
    guard let maps = try pins.openMaps(), try maps.areOfThisVersion() else { return DataplaneEvidence() }
    try pins.sweep()
    var evidence = try EvidenceCollection(of: maps).evidence
    evidence.eventLosses = losses.count
    return evidence
  }

  package func probe(_ probes: [Probe]) throws -> [DataplaneMoment?] {
    guard let maps = try pins.openMaps(), try maps.areOfThisVersion() else { return probes.map { _ in nil } }
    for number in Set(probes.map(\.connection)) { try maps.keepAnswers(of: number) }
    var sockets: [IPv4Address: ProbeSocket] = [:]
    for address in Set(probes.map(\.tunnelAddress)) {
      // An address that is not there yet cannot ask; that nobody answers is what evidence shows then.
      sockets[address] = try ProbeSocket(from: address)
    }
    return probes.map { sockets[$0.tunnelAddress]?.send($0) }
  }

  package func ask(_ questions: [HolderQuestion]) throws {
    guard !questions.isEmpty, let maps = try pins.openMaps(), try maps.areOfThisVersion() else { return }
    let socket = try SegmentSocket()
    for question in questions {
      // Nobody to ask for a connection that has just gone; the path's row has what the question needs.
      guard
        let row: esw_connection_row = try maps.connections.value(
          of: esw_connection_key(connection: question.subject.connection.value)),
        let frame = question.frame(from: row)
      else { continue }
      socket.send(frame, from: row.port_ifindex)
    }
  }

  func socket() throws(NetlinkError) -> NetlinkSocket {
    if let openSocket { return openSocket }
    let socket = try NetlinkSocket()
    openSocket = socket
    return socket
  }

  // MARK: What a machine must have

  /// Whatever can be done with it.
  package static func runningKernelRelease() -> String {
    var names = utsname()
    uname(&names)
    return withUnsafeBytes(of: names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  private static func usableKernelRelease() throws -> String {
    let release = runningKernelRelease()
    let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    guard numbers.count == 2, (numbers[0], numbers[1]) >= (leastKernel.major, leastKernel.minor) else {
      throw Unusable(
        description:
          "Linux \(leastKernel.major).\(leastKernel.minor) or newer is needed (for tcx), this is \(release)")
    }
    return release
  }

  private static func checkPrivilege() throws {
    let tiny = BPFMap.Layout(type: 2, keySize: 4, valueSize: 4, maxEntries: 1)  // BPF_MAP_TYPE_ARRAY
    do throws(BPFError) {
      _ = try BPFMap.create(named: "esw_privilege", tiny)
    } catch  where error.errno == EPERM {
      throw Unusable(
        description:
          "eBPF is not allowed to this process: run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN"
      )
    }
  }
}
