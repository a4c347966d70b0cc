import ESWModel
import ESWSeams
import KernelTesting
import Testing

@testable import LinuxDataplane

/// What every implementation of `Dataplane` does, so that what is seen with the simulation holds on a kernel.
@Suite struct DataplaneContract {
  typealias Implementation = ContractNode.Implementation

  @Test(.enabled(if: canMakeNamespaces, Comment(rawValue: needsNamespaces)))
  func `the real kernel is asked as well as the simulation`() {
    #expect(Implementation.here == Implementation.allCases)
  }

  @Test(arguments: Implementation.here)
  func `an untouched node has nothing of ours`(on implementation: Implementation) async throws {
    try await withNode(implementation) { node in
      let observed = try await node.dataplane.observe()
      #expect(observed.state == DataplaneState())
      #expect(observed.interfaces.allSatisfy { !$0.isOurs })
      #expect(try await node.dataplane.evidence() == DataplaneEvidence())
    }
  }

  @Test(arguments: Implementation.here, Stretch.Attachment.allCases)
  func `one plan makes everything, and a second is empty`(
    on implementation: Implementation, attachment: Stretch.Attachment
  ) async throws {
    try await withNode(implementation) { node in
      let configuration = Stretch.configuration(attachment, virtualAddresses: [Stretch.localHost])
      let plan = try await Stretch.plan(node.dataplane, to: configuration)
      #expect(await node.dataplane.execute(plan) == plan.map { _ in .applied })
      #expect(try await Stretch.plan(node.dataplane, to: configuration) == [])
    }
  }

  @Test(arguments: Implementation.here, Stretch.Attachment.allCases)
  func `a step taken again says that it is so already, and changes nothing`(
    on implementation: Implementation, attachment: Stretch.Attachment
  ) async throws {
    try await withNode(implementation) { node in
      let dataplane = node.dataplane
      let configuration = Stretch.configuration(attachment, virtualAddresses: [Stretch.localHost])
      let making = try await Stretch.plan(dataplane, to: configuration)
      for step in making {
        #expect(await dataplane.execute([step]) == [.applied], "\(step)")
        let once = try await dataplane.observe()
        #expect(await dataplane.execute([step]) == [.alreadySo], "\(step)")
        #expect(try await dataplane.observe() == once, "\(step)")
      }
      #expect(await dataplane.execute([.replacePrograms]) == [.alreadySo])
      for step in try await Self.undoing(dataplane) {
        #expect(await dataplane.execute([step, step]) == [.applied, .alreadySo], "\(step)")
      }
      #expect(try await dataplane.observe().state == DataplaneState())
    }
  }

  /// Everything that is there, taken away piece by piece.
  private static func undoing(_ dataplane: any Dataplane) async throws -> [DataplaneStep] {
    let state = try await dataplane.observe().state
    return state.programs.sorted().map { .detachProgram($0) }
      + state.ports.keys.sorted().map { .removePort($0) }
      + state.sources.keys.sorted().map { .removeSource($0) }
      + state.virtualAddresses.sorted().map { .removeVirtualAddress($0) }
      + state.connections.keys.sorted().map { .removeConnection($0) }
      + state.tunnels.sorted().map { .removeTunnel($0) } + [.unloadDatapath]
      + state.ownedAddresses.sorted().map { .removeAddress($0) }
      + state.bridgePorts.keys.sorted().map { .deleteBridgePort(inner: $0) }
      + state.adjustments.keys.sorted().map { .restoreInterface($0) }
      + [.deleteSlowPath(Stretch.slowPath)]
  }

  @Test(arguments: Implementation.here, Stretch.Attachment.allCases)
  func `when everything is removed the node is as before`(
    on implementation: Implementation, attachment: Stretch.Attachment
  ) async throws {
    try await withNode(implementation) { node in
      let before = try await node.dataplane.observe()
      try await Stretch.converge(node.dataplane, to: Stretch.configuration(attachment))
      #expect(try await node.dataplane.observe() != before)
      try await Stretch.converge(node.dataplane, to: Stretch.configuration(isEmpty: true))
      #expect(try await node.dataplane.observe() == before)
    }
  }

  @Test(arguments: Implementation.here)
  func `an interface that vanishes is gone in every row, and is taken up when it is back`(
    on implementation: Implementation
  ) async throws {
    try await withNode(implementation) { node in
      let dataplane = node.dataplane
      let configuration = Stretch.configuration()
      try await Stretch.converge(dataplane, to: configuration)
      let before = try await dataplane.observe()
      let index = try #require(before.interfaces.first { $0.name == ContractNode.segment }?.index)
      let gone = InterfaceReference.gone(index: index)

      try await node.deleteSegment()
      let without = try await dataplane.observe().state
      #expect(without.ports == [PortReference(gone): ConnectionNumber(1)])
      #expect(without.connections[ConnectionNumber(1)]?.port.interface == gone)
      #expect(without.programs.contains(ProgramAttachment(program: .local, interface: gone)))
      #expect(without.adjustments[ContractNode.segment] == nil)

      try await node.makeSegmentAnew()
      #expect(try await dataplane.observe().state == without)
      let plan = try await Stretch.plan(dataplane, to: configuration)
      #expect(await dataplane.execute(plan) == plan.map { _ in .applied })
      #expect(try await Stretch.plan(dataplane, to: configuration) == [])
      let mended = try await dataplane.observe().state
      #expect(mended.ports == before.state.ports && mended.connections == before.state.connections)
      #expect(mended.programs == before.state.programs)
    }
  }

  private static let virtual = VirtualAddress(
    connection: ConnectionNumber(1), address: Stretch.localHost)

  /// Each of these needs the data path.
  private static let rowSteps: [DataplaneStep] = {
    let row = ConnectionRow(
      id: Identifier(high: 1, low: 2), number: ConnectionNumber(1), port: .name(ContractNode.segment),
      tunnelAddress: Stretch.tunnelAddress, fixedAddress: Stretch.fixedAddress, fixedMAC: Stretch.fixedMAC,
      remotes: [Stretch.remote], learningLimit: 1, ageingSeconds: 1)
    let source = SourceKey(
      vni: Stretch.remote.vni, remote: Stretch.remote.address, local: Stretch.tunnelAddress)
    return [
      .putPermission(PermissionRow(epoch: 1, end: .past)),
      .putTunnel(Stretch.tunnelAddress), .removeTunnel(Stretch.tunnelAddress), .putConnection(row),
      .removeConnection(row.number), .putPort(.name(ContractNode.segment), row.number),
      .removePort(.name(ContractNode.segment)),
      .putSource(source, SourceRow(connection: row.number, remoteIndex: 0)), .removeSource(source),
      .registerSlowPath(Stretch.slowPath), .putVirtualAddress(virtual), .removeVirtualAddress(virtual),
      .putXDPExit(ContractNode.segment), .removeXDPExit(.name(ContractNode.segment)),
      .putXDPUnderlay(ContractNode.underlay, Stretch.fixedMAC),
      .removeXDPUnderlay(.name(ContractNode.underlay)),
    ]
  }()

  @Test(arguments: Implementation.here)
  func `rows without a data path are refused`(on implementation: Implementation) async throws {
    try await withNode(implementation) { node in
      let dataplane = node.dataplane
      let device = DataplaneStep.createSlowPath(name: Stretch.slowPath, port: RemoteEndpoint.defaultPort)
      #expect(await dataplane.execute([device]) == [.applied])
      let before = try await dataplane.observe()
      let outcomes = await dataplane.execute(Self.rowSteps)
      for (step, outcome) in zip(Self.rowSteps, outcomes) {
        #expect(outcome == .refused("ENOENT: the data path is not loaded"), "\(step)")
      }
      #expect(try await dataplane.observe() == before)
    }
  }

  @Test(arguments: Implementation.here)
  func `a step on a missing interface is refused with its name`(
    on implementation: Implementation
  ) async throws {
    try await withNode(implementation) { node in
      let dataplane = node.dataplane
      #expect(await dataplane.execute([.loadDatapath]) == [.applied])
      let before = try await dataplane.observe()
      let absent = ContractNode.absent
      let steps: [DataplaneStep] = [
        .raiseSlowPath(absent), .registerSlowPath(absent),
        .adjustInterface(absent, InterfaceAdjustment(promiscuous: true, raised: true)),
        .addAddress(OwnedAddress(interface: absent, address: Stretch.tunnelAddress, prefixLength: 24)),
        .attachProgram(ProgramAttachment(program: .local, interface: .name(absent))),
        .createBridgePort(inner: Stretch.slowPath, outer: ContractNode.segment, bridge: absent),
        .putPort(.name(absent), ConnectionNumber(1)), .putXDPExit(absent),
        .putXDPUnderlay(absent, Stretch.fixedMAC),
        .attachProgram(ProgramAttachment(program: .xdpLocal, interface: .name(absent))),
      ]
      for (step, outcome) in zip(steps, await dataplane.execute(steps)) {
        #expect(outcome == .refused("ENODEV: there is no interface absent0"), "\(step)")
      }
      #expect(try await dataplane.observe() == before)
    }
  }

  @Test(arguments: Implementation.here)
  func `rows and programs of XDP are put once, and taken away once`(
    on implementation: Implementation
  ) async throws {
    try await withNode(implementation) { node in
      let dataplane = node.dataplane
      #expect(await dataplane.execute([.loadDatapath]) == [.applied])
      let before = try await dataplane.observe()
      let (underlay, segment) = (ContractNode.underlay, ContractNode.segment)
      let programs: [ProgramAttachment] = [
        .init(program: .xdpUnderlay, interface: .name(underlay)),
        .init(program: .xdpLocal, interface: .name(segment)),
      ]
      let steps: [DataplaneStep] =
        [.putXDPUnderlay(underlay, Stretch.fixedMAC), .putXDPExit(segment)]
        + programs.map { .attachProgram($0) }
      for step in steps {
        #expect(await dataplane.execute([step, step]) == [.applied, .alreadySo], "\(step)")
      }
      let state = try await dataplane.observe().state
      #expect(state.xdpUnderlays == [.name(underlay): Stretch.fixedMAC])
      #expect(state.xdpExits == [.name(segment)] && state.programs == Set(programs))
      let undoing: [DataplaneStep] =
        programs.map { .detachProgram($0) }
        + [.removeXDPUnderlay(.name(underlay)), .removeXDPExit(.name(segment))]
      for step in undoing {
        #expect(await dataplane.execute([step, step]) == [.applied, .alreadySo], "\(step)")
      }
      #expect(try await dataplane.observe() == before)
    }
  }

  @Test(arguments: Implementation.here)
  func `a permission is put once, and read back as it was put`(on implementation: Implementation) async throws
  {
    try await withNode(implementation) { node in
      let dataplane = node.dataplane
      #expect(await dataplane.execute([.loadDatapath]) == [.applied])
      let before = try await dataplane.observe().state
      #expect(before.permission == PermissionRow())
      for row in [
        PermissionRow(epoch: 1, end: .past),
        PermissionRow(epoch: 2, end: .at(DataplaneMoment(nanoseconds: 1 << 40))), PermissionRow(epoch: 3),
      ] {
        #expect(
          await dataplane.execute([.putPermission(row), .putPermission(row)]) == [.applied, .alreadySo])
        let after = try await dataplane.observe().state
        #expect(after.permission == row)
      }
    }
  }

  @Test(arguments: Implementation.here)
  func `what is not there is removed already`(on implementation: Implementation) async throws {
    try await withNode(implementation) { node in
      let dataplane = node.dataplane
      #expect(await dataplane.execute([.unloadDatapath, .loadDatapath]) == [.alreadySo, .applied])
      let source = SourceKey(vni: VNI(5)!, remote: Stretch.farHost, local: Stretch.tunnelAddress)
      let steps: [DataplaneStep] = [
        .removePort(.gone(index: 4711)), .removePort(.name(ContractNode.absent)),
        .removeConnection(ConnectionNumber(5)), .removeTunnel(Stretch.tunnelAddress), .removeSource(source),
        .detachProgram(ProgramAttachment(program: .local, interface: .gone(index: 4711))),
        .restoreInterface(ContractNode.segment), .deleteSlowPath(Stretch.slowPath),
        .deleteBridgePort(inner: ContractNode.absent), .removeVirtualAddress(Self.virtual),
        .removeXDPExit(.gone(index: 4711)), .removeXDPExit(.name(ContractNode.absent)),
        .removeXDPUnderlay(.gone(index: 4711)), .removeXDPUnderlay(.name(ContractNode.segment)),
        .detachProgram(ProgramAttachment(program: .xdpLocal, interface: .name(ContractNode.segment))),
      ]
      #expect(await dataplane.execute(steps) == steps.map { _ in .alreadySo })
    }
  }

  @Test(arguments: Implementation.here)
  func `a device of somebody else with our name stops us, and is named`(
    on implementation: Implementation
  ) async throws {
    try await withNode(implementation) { node in
      // Anything that is there serves: it is only the name that these steps know.
      let theirs = ContractNode.bridge
      let before = try await node.dataplane.observe()
      let outcomes = await node.dataplane.execute([
        .createSlowPath(name: theirs, port: 4789), .raiseSlowPath(theirs), .deleteSlowPath(theirs),
        .deleteBridgePort(inner: theirs),
      ])
      for outcome in outcomes {
        guard case .refused(let text) = outcome else {
          Issue.record("\(outcome)")
          continue
        }
        #expect(text.contains("\(theirs)"))
      }
      #expect(try await node.dataplane.observe() == before)
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: Implementation.here)
  func `a change of the node wakes who listens`(on implementation: Implementation) async throws {
    try await withNode(implementation) { node in
      var changes = node.dataplane.changes().makeAsyncIterator()
      try await node.deleteSegment()
      #expect(await changes.next() != nil)
    }
  }

  @Test(arguments: Implementation.here)
  func `a far host that answers a probe is evidence`(on implementation: Implementation) async throws {
    try await withNode(implementation) { node in
      let dataplane = node.dataplane
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      let probe = Self.probe(.arp(Stretch.farHost, at: nil))
      // A far host may speak without being asked, but tells its address only in an answer.
      let silent = try await dataplane.evidence().connections[ConnectionNumber(1)]
      #expect(silent?.hosts.allSatisfy { $0.address == nil } == true)
      let evidence = try await eventually {
        #expect(try await dataplane.probe([probe])[0] != nil)
        let found = try await dataplane.evidence().connections[ConnectionNumber(1)]
        return found?.hosts.contains { $0.address == Stretch.farHost } == true ? found : nil
      }
      #expect(evidence.receivedAgeMilliseconds[0] != nil)
      let host = try #require(evidence.hosts.first { $0.address == Stretch.farHost })
      #expect(host.side == .remote(0))

      // When it arrived is told, and the same of an echo, which has a number and a length.
      let echo = Self.probe(.echo(transaction: 0x1234_5678, bytes: 700, of: Stretch.farHost, at: host.mac))
      let sent = try await dataplane.probe([probe, echo])
      let answers =
        try await eventually {
          let evidence = try await dataplane.evidence()
          let answers = evidence.connections[ConnectionNumber(1)]?.answers[0]
          guard let arp = answers?.hosts[Stretch.farHost], let first = sent[0], arp >= first else {
            return nil
          }
          return answers?.answers[0x1234_5678].flatMap { $0.arrived <= evidence.now ? (arp, $0) : nil }
        } as (DataplaneMoment, ProbeAnswers.Answer)
      #expect(answers.1.bytes == 700 && answers.1.askedBytes == nil)
      #expect(try answers.1.arrived >= #require(sent[1]))
    }
  }

  private static func probe(
    _ question: Probe.Question, from address: IPv4Address = Stretch.tunnelAddress
  ) -> Probe {
    Probe(
      connection: ConnectionNumber(1), remote: Stretch.remote, tunnelAddress: address,
      senderMAC: Stretch.fixedMAC, sender: Stretch.fixedAddress, question: question)
  }

  @Test(arguments: Implementation.here)
  func `a local host that has a virtual address is known when it was asked`(
    on implementation: Implementation
  ) async throws {
    try await withNode(implementation) { node in
      let dataplane = node.dataplane
      let nobodys = VirtualAddress(connection: ConnectionNumber(1), address: IPv4Address("10.9.0.99")!)
      let addresses = [Self.virtual.address, nobodys.address]
      try await Stretch.converge(dataplane, to: Stretch.configuration(virtualAddresses: addresses))
      let everybody = [Self.virtual, nobodys].map { HolderQuestion(of: $0, to: nil) }
      let holder = try await eventually {
        try await dataplane.ask(everybody)
        return try await Self.holders(dataplane)[Stretch.localHost]
      }
      #expect(holder.side == .local)
      #expect(try await Self.holders(dataplane)[nobodys.address] == nil)

      // He is asked alone, too, and what is not bound is asked of nobody.
      let unknown = VirtualAddress(connection: ConnectionNumber(9), address: Stretch.localHost)
      try await dataplane.ask([HolderQuestion(of: unknown, to: nil)])
      try await ContinuousClock().sleep(for: .milliseconds(100))
      _ = try await eventually {
        try await dataplane.ask([HolderQuestion(of: Self.virtual, to: holder.mac)])
        let age = try await Self.holders(dataplane)[Stretch.localHost]?.seenAgeMilliseconds
        return age.flatMap { $0 < 100 ? true : nil }
      }
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      #expect(try await dataplane.evidence().connections[ConnectionNumber(1)]?.virtualAddresses == [])
    }
  }

  private static func holders(
    _ dataplane: any Dataplane
  ) async throws -> [IPv4Address: VirtualAddressFact.Holder] {
    let facts = try await dataplane.evidence().connections[ConnectionNumber(1)]?.virtualAddresses ?? []
    #expect(facts.map(\.address) == facts.map(\.address).sorted())
    return Dictionary(
      facts.compactMap { fact in fact.holder.map { (fact.address, $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  @Test(arguments: Implementation.here)
  func `a probe from an address that is not there is no error`(on implementation: Implementation) async throws
  {
    try await withNode(implementation) { node in
      try await Stretch.converge(node.dataplane, to: Stretch.configuration())
      let probe = Self.probe(.arp(Stretch.farHost, at: nil), from: IPv4Address("203.0.113.9")!)
      #expect(try await node.dataplane.probe([probe]) == [nil])
    }
  }
}
