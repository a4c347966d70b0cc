package import ESWModel
import ESWSeams
import Synchronization

/// A kernel in memory: it holds real state, refuses what the kernel would refuse, and fails on request.
///
/// It forwards no frames. Far hosts can be put behind remotes; they answer probes, and that is evidence
/// as from the real data path. Frames can be handed in, which are then in captures.
package actor SimulatedDataplane: Dataplane {
  package nonisolated let kind = DataplaneKind.simulated
  package nonisolated let kernelRelease = "simulated"

  var state = DataplaneState()
  var interfaces: [InterfaceName: InterfaceFact] = [:]
  var surroundings = SimulatedSurroundings()
  private var nextIndex: UInt32 = 2
  private var farHosts: [RemoteEndpoint: [IPv4Address: MACAddress]] = [:]
  private var answers: [ConnectionNumber: [Int: ContinuousClock.Instant]] = [:]
  private var learned: [ConnectionNumber: [HostFact]] = [:]
  private var reflectors: Set<RemoteEndpoint> = []
  private var probed: [ConnectionNumber: [Int: ProbeAnswers]] = [:]
  private let origin = ContinuousClock.now
  private var nearHosts: [InterfaceName: [IPv4Address: MACAddress]] = [:]
  private var holders: [VirtualAddress: (mac: MACAddress, heard: ContinuousClock.Instant)] = [:]
  private var faults: [@Sendable (DataplaneStep) -> StepOutcome?] = []
  private var isBlind = false
  private var isMute = false
  private let watchers = Mutex<[AsyncStream<Void>.Continuation]>([])
  let captures = SimulatedCaptures()

  /// Every step that was applied, in order.
  package private(set) var journal: [DataplaneStep] = []

  package init() {}

  // MARK: The world around us

  /// Puts an interface on the node that is not ours, or replaces it.
  package func place(
    _ name: InterfaceName, kind: String? = nil, isUp: Bool = true, isPromiscuous: Bool = false,
    isLoopback: Bool = false, master: InterfaceName? = nil, hasDefaultRoute: Bool = false,
    addresses: [InterfaceAddress] = []
  ) {
    interfaces[name] = InterfaceFact(
      name: name, index: newIndex(), kind: kind, isUp: isUp, isPromiscuous: isPromiscuous,
      isLoopback: isLoopback, mtu: 1500, master: master, hasDefaultRoute: hasDefaultRoute,
      addresses: addresses, isOurs: false)
    announce()
  }

  /// Takes an interface away, as `ip link delete` does: what names it points nowhere afterwards.
  package func take(_ name: InterfaceName) {
    guard let fact = interfaces.removeValue(forKey: name) else { return }
    let gone = InterfaceReference.gone(index: fact.index)
    state.programs = Set(
      state.programs.map {
        $0.interface == .name(name) ? ProgramAttachment(program: $0.program, interface: gone) : $0
      })
    for (port, number) in state.ports where port.interface == .name(name) {
      state.ports[port] = nil
      state.ports[PortReference(gone, vlan: port.vlan)] = number
    }
    for (number, row) in state.connections where row.port.interface == .name(name) {
      state.connections[number]?.port = PortReference(gone, vlan: row.port.vlan)
    }
    if let mac = state.xdpUnderlays.removeValue(forKey: .name(name)) { state.xdpUnderlays[gone] = mac }
    // The kernel takes these away itself.
    state.xdpExits.remove(.name(name))
    state.ownedAddresses = state.ownedAddresses.filter { $0.interface != name }
    state.bridgePorts[name] = nil
    state.adjustments[name] = nil
    if state.slowPath?.name == name { state.slowPath = nil }
    announce()
  }

  /// Alters our state behind our back, as somebody with `ip` and `bpftool` would.
  ///
  /// - Parameter isTold: Whether an event follows; the kernel loses some under load.
  package func meddle(isTold: Bool = true, _ change: @Sendable (inout DataplaneState) -> Void) {
    change(&state)
    if isTold { announce() }
  }

  /// While it is blind, every look fails.
  package func setBlind(_ isBlind: Bool) { self.isBlind = isBlind }

  package struct Blind: Error {}

  /// While it is mute, nobody on a segment can be asked.
  package func setMute(_ isMute: Bool) { self.isMute = isMute }

  package struct Mute: Error {}

  /// Puts a host behind a remote; it answers probes.
  package func placeFarHost(_ address: IPv4Address, _ mac: MACAddress, behind remote: RemoteEndpoint) {
    farHosts[remote, default: [:]][address] = mac
  }

  package func removeFarHosts() { farHosts = [:] }

  func hasFarHosts(behind vtep: IPv4Address) -> Bool {
    farHosts.contains { $0.key.address == vtep && !$0.value.isEmpty }
  }

  /// Puts another OpenESW's data path behind a remote, or a foreign VTEP.
  package func placeReflector(_ isThere: Bool = true, behind remote: RemoteEndpoint) {
    if isThere { reflectors.insert(remote) } else { reflectors.remove(remote) }
  }

  /// Puts a host on the segment behind an interface or bridge; it answers questions about its address. One
  /// host has an address; nil: none any more.
  package func placeNearHost(_ address: IPv4Address, _ mac: MACAddress?, on segment: InterfaceName) {
    nearHosts[segment, default: [:]][address] = mac
  }

  /// From now on `fault` is asked before each step; an outcome from it replaces the step.
  package func inject(_ fault: @escaping @Sendable (DataplaneStep) -> StepOutcome?) { faults.append(fault) }

  package func removeFaults() { faults = [] }

  // MARK: Dataplane

  package func observe() throws -> DataplaneObservation {
    if isBlind { throw Blind() }
    return DataplaneObservation(state: state, interfaces: interfaces.values.sorted { $0.name < $1.name })
  }

  package func execute(_ steps: [DataplaneStep]) -> [StepOutcome] {
    steps.map { step in
      for fault in faults {
        if let outcome = fault(step) { return outcome }
      }
      let outcome = perform(step)
      if outcome == .applied { journal.append(step) }
      return outcome
    }
  }

  package func evidence() -> DataplaneEvidence {
    guard state.datapath != nil else { return DataplaneEvidence() }
    let now = ContinuousClock.now
    var result = DataplaneEvidence(now: moment(now))
    for number in state.connections.keys {
      var connection = DataplaneEvidence.PerConnection()
      for (index, moment) in answers[number] ?? [:] {
        connection.receivedAgeMilliseconds[index] = (now - moment).wholeMilliseconds
      }
      connection.hosts = learned[number] ?? []
      connection.virtualAddresses = virtualAddresses(of: number, now)
      connection.answers = probed[number] ?? [:]
      result.connections[number] = connection
    }
    return result
  }

  package func probe(_ probes: [Probe]) -> [DataplaneMoment?] {
    probes.map { probe in
      guard state.tunnels.contains(probe.tunnelAddress) else { return nil }
      let moment = moment(ContinuousClock.now)
      answer(probe, at: moment)
      return moment
    }
  }

  private func answer(_ probe: Probe, at moment: DataplaneMoment) {
    let key = SourceKey(vni: probe.remote.vni, remote: probe.remote.address, local: probe.tunnelAddress)
    guard let source = state.sources[key] else { return }
    let index = Int(source.remoteIndex)
    var back = probed[source.connection]?[index] ?? ProbeAnswers()
    switch probe.question {
    case .arp(let target, _):
      guard let mac = farHosts[probe.remote]?[target] else { return }
      let host = HostFact(mac: mac, address: target, side: .remote(index), seenAgeMilliseconds: 0)
      learned[source.connection, default: []].removeAll { $0.mac == mac }
      learned[source.connection, default: []].append(host)
      back.hosts[target] = moment
    case .loopback(let loopback):
      guard reflectors.contains(probe.remote) else { return }
      back.answers[loopback.transaction] = ProbeAnswers.Answer(
        bytes: loopback.isAnsweredShort ? Probe.leastBytes : loopback.bytes, askedBytes: loopback.bytes,
        arrived: moment)
    case .echo(let transaction, let bytes, let target, _):
      guard farHosts[probe.remote]?[target] != nil else { return }
      back.answers[transaction] = ProbeAnswers.Answer(bytes: bytes, askedBytes: nil, arrived: moment)
    }
    probed[source.connection, default: [:]][index] = back
    answers[source.connection, default: [:]][index] = ContinuousClock.now
  }

  private func moment(_ instant: ContinuousClock.Instant) -> DataplaneMoment {
    let (seconds, attoseconds) = (instant - origin).components
    return DataplaneMoment(
      nanoseconds: 1 + UInt64(max(seconds, 0)) * 1_000_000_000 + UInt64(max(attoseconds, 0) / 1_000_000_000))
  }

  private func virtualAddresses(
    of number: ConnectionNumber, _ now: ContinuousClock.Instant
  ) -> [VirtualAddressFact] {
    state.virtualAddresses.filter { $0.connection == number }.sorted().map { virtual in
      let holder = holders[virtual].map { mac, heard in
        VirtualAddressFact.Holder(
          mac: mac, side: .local, seenAgeMilliseconds: (now - heard).wholeMilliseconds)
      }
      return VirtualAddressFact(address: virtual.address, holder: holder, answered: 0)
    }
  }

  package func ask(_ questions: [HolderQuestion]) throws {
    if isMute { throw Mute() }
    for question in questions {
      let subject = question.subject
      guard state.virtualAddresses.contains(subject),
        case .name(let port) = state.connections[subject.connection]?.port.interface,
        let mac = nearHosts[state.bridgePorts[port]?.bridge ?? port]?[subject.address],
        question.holder == nil || question.holder == mac
      else { continue }
      holders[subject] = (mac, ContinuousClock.now)
    }
  }

  func forgetHolder(of virtual: VirtualAddress) { holders[virtual] = nil }

  package nonisolated func changes() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    // At once: what changes from now on wakes them.
    watchers.withLock { $0.append(continuation) }
    return stream
  }

  private func announce() {
    for watcher in watchers.withLock({ $0 }) { watcher.yield() }
  }

  func newIndex() -> UInt32 {
    defer { nextIndex += 1 }
    return nextIndex
  }

  func forgetEvidence() {
    answers = [:]
    learned = [:]
    probed = [:]
    holders = [:]
  }

  func forgetEvidence(of number: ConnectionNumber) {
    answers[number] = nil
    learned[number] = nil
    probed[number] = nil
  }
}

extension Duration {
  fileprivate var wholeMilliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}
