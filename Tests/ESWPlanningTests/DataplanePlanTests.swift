import ESWModel
import ESWSeams
import Simulation
import Testing

@testable import ESWPlanning

@Suite struct `Planning a gateway` {
  static func world() async -> SimulatedDataplane {
    let kernel = SimulatedDataplane()
    await kernel.place(Sample.underlay)
    await kernel.place(Sample.segment)
    await kernel.place(Sample.bridge, kind: "bridge")
    return kernel
  }

  /// Passes until nothing is left to do; how many did something.
  static func converge(_ kernel: SimulatedDataplane, _ configuration: GatewayConfiguration) async throws
    -> Int
  {
    for pass in 0..<8 {
      let observation = try await kernel.observe()
      let desired = DesiredDataplane(for: configuration, on: observation)
      let plan = DataplanePlan(from: observation.state, to: desired.state)
      if plan.isEmpty { return pass }
      _ = await kernel.execute(plan.steps)
    }
    return 8
  }

  @Test(arguments: [AttachmentPoint.interface(Sample.segment), .bridge(Sample.bridge)])
  func `one pass makes everything and a second finds nothing to do`(_ point: AttachmentPoint) async throws {
    let kernel = await Self.world()
    #expect(try await Self.converge(kernel, Sample.full(point: point).configuration) == 1)
  }

  @Test func `rows go in from the inside out and programs last`() async throws {
    let kernel = await Self.world()
    let observation = try await kernel.observe()
    let desired = DesiredDataplane(for: Sample.full().configuration, on: observation)
    let steps = DataplanePlan(from: observation.state, to: desired.state).steps.map(\.description)
    #expect(
      steps == [
        "bpftool prog loadall datapath.bpf.o PINS pinmaps PINS",
        "ip address add 10.9.0.12/24 dev eth0 proto 0xe5",
        "ip link add esw-vx4789 type vxlan external dstport 4789 nolearning",
        "ip link set esw-vx4789 up",
        "map meta: slow path = esw-vx4789",
        "ip link set eth1 promisc on",
        "map connections: 1 = port eth1, local 10.9.0.12, remotes 192.168.1.7:4789 vni 100, "
          + "answers for 192.168.0.250",
        "map sources: from 192.168.1.7 vni 100 to 10.9.0.12 = connection 1",
        "map ports: eth1 = connection 1",
        "map tunnels: + 10.9.0.12",
        "bpftool net attach tcx_ingress name esw_local dev eth1",
        "bpftool net attach tcx_ingress name esw_slow dev esw-vx4789",
        "bpftool net attach tcx_ingress name esw_underlay dev eth0",
      ])
  }

  @Test func `a removed connection loses its program, port and sources before its row`() async throws {
    let kernel = await Self.world()
    var sample = Sample.full()
    _ = try await Self.converge(kernel, sample.configuration)
    sample.snapshot = sample.snapshot.applying([.removeConnection(Sample.id(21))])
    let observation = try await kernel.observe()
    let desired = DesiredDataplane(for: sample.configuration, on: observation)
    let steps = DataplanePlan(from: observation.state, to: desired.state).steps.map(\.description)
    #expect(
      steps == [
        "bpftool net detach tcx_ingress name esw_local dev eth1",
        "map ports: - eth1",
        "map sources: - from 192.168.1.7 vni 100 to 10.9.0.12",
        "map connections: - 1",
        "ip link set eth1 as it was before (promisc, up, gro)",
      ])
  }

  @Test func `a bound virtual address is a row of its connection, and goes when it is unbound`() async throws
  {
    let kernel = await Self.world()
    let unbound = Sample.full().configuration
    let bound = unbound.binding([IPv4Address("192.168.0.9")!, IPv4Address("192.168.0.8")!])
    _ = try await Self.converge(kernel, unbound)
    func steps(_ configuration: GatewayConfiguration) async throws -> [String] {
      let observation = try await kernel.observe()
      let desired = DesiredDataplane(for: configuration, on: observation)
      let steps = DataplanePlan(from: observation.state, to: desired.state).steps
      // The connection forwards without them: its status does not depend on whether they can be done.
      #expect(steps.allSatisfy { desired.subject(of: $0) == .leftovers })
      return steps.map(\.description)
    }
    #expect(
      try await steps(bound) == [
        "map virtuals: + 192.168.0.8 of connection 1, answers for its holder",
        "map virtuals: + 192.168.0.9 of connection 1, answers for its holder",
      ])
    #expect(try await Self.converge(kernel, bound) == 1)
    #expect(
      try await steps(unbound) == [
        "map virtuals: - 192.168.0.8 of connection 1", "map virtuals: - 192.168.0.9 of connection 1",
      ])
    #expect(try await Self.converge(kernel, unbound) == 1)
    #expect(try await kernel.observe().state.virtualAddresses.isEmpty)
  }

  @Test func `removing the last instance leaves the machine as it was`() async throws {
    let kernel = await Self.world()
    let before = try await kernel.observe()
    var sample = Sample.full()
    _ = try await Self.converge(kernel, sample.configuration)
    sample.snapshot = sample.snapshot.applying([
      .removeConnection(Sample.id(21)), .removeInstance(Sample.id(10)),
    ])
    _ = try await Self.converge(kernel, sample.configuration)
    #expect(try await kernel.observe() == before)
  }

  @Test func `maps of another layout are never read but made anew`() async throws {
    let kernel = await Self.world()
    _ = try await Self.converge(kernel, Sample.full().configuration)
    await kernel.meddle { $0.datapath = .otherLayout }
    let observation = try await kernel.observe()
    let desired = DesiredDataplane(for: Sample.full().configuration, on: observation)
    let steps = DataplanePlan(from: observation.state, to: desired.state).steps
    #expect(steps.prefix(2) == [.unloadDatapath, .loadDatapath])
    #expect(try await Self.converge(kernel, Sample.full().configuration) == 1)
  }

  @Test func `newer programs on the same maps are one step and touch no row`() async throws {
    let kernel = await Self.world()
    _ = try await Self.converge(kernel, Sample.full().configuration)
    await kernel.meddle { $0.datapath = .otherPrograms }
    let observation = try await kernel.observe()
    let desired = DesiredDataplane(for: Sample.full().configuration, on: observation)
    #expect(DataplanePlan(from: observation.state, to: desired.state).steps == [.replacePrograms])
  }

  @Test func `an interface that is made again under its name is taken up again`() async throws {
    let kernel = await Self.world()
    _ = try await Self.converge(kernel, Sample.full().configuration)
    await kernel.take(Sample.segment)
    _ = try await Self.converge(kernel, Sample.full().configuration)
    await kernel.place(Sample.segment)
    _ = try await Self.converge(kernel, Sample.full().configuration)
    let state = try await kernel.observe().state
    #expect(state.ports == [.name(Sample.segment): ConnectionNumber(1)])
    #expect(state.connections[ConnectionNumber(1)]?.port == .name(Sample.segment))
  }

  @Test(arguments: 0..<20)
  func `whatever is taken away at random comes back, and then there is nothing to do`(_ round: Int)
    async throws
  {
    let seed = UInt64(round) &* 7919 &+ 17
    let kernel = await Self.world()
    let configuration = Sample.full(point: .bridge(Sample.bridge)).configuration
      .binding([IPv4Address("192.168.0.9")!])
    _ = try await Self.converge(kernel, configuration)
    let good = try await kernel.observe().state
    await kernel.meddle { $0.loseSomething(seed: seed) }
    _ = try await Self.converge(kernel, configuration)
    let healed = try await kernel.observe().state
    #expect(healed == good, "seed \(seed)")
  }
}

extension DataplaneState {
  /// Each kind of row or device goes with even odds.
  fileprivate mutating func loseSomething(seed: UInt64) {
    var bits = seed &* 6_364_136_223_846_793_005 >> 20
    func lose() -> Bool {
      defer { bits >>= 1 }
      return bits & 1 == 1
    }
    if lose() { sources = [:] }
    if lose() { connections = [:] }
    if lose() { ports = [:] }
    if lose() { tunnels = [] }
    if lose() { programs = [] }
    if lose() { ownedAddresses = [] }
    if lose() { slowPath?.isUp = false }
    if lose() { slowPath?.isRegistered = false }
    if lose() { for name in bridgePorts.keys { bridgePorts[name]?.bridge = nil } }
    if lose() {
      sources[SourceKey(vni: VNI(9)!, remote: IPv4Address(9), local: IPv4Address(9))] = SourceRow(
        connection: ConnectionNumber(77), remoteIndex: 0)
    }
    if lose() { ports[.gone(index: 4242)] = ConnectionNumber(3) }
    if lose() { virtualAddresses = [] }
    if lose() {
      virtualAddresses.insert(VirtualAddress(connection: ConnectionNumber(77), address: IPv4Address(9)))
    }
  }
}

extension GatewayConfiguration {
  /// With these virtual addresses bound to every connection.
  func binding(_ virtualAddresses: [IPv4Address]) -> GatewayConfiguration {
    let connections = connections.map { old in
      ConnectionConfiguration(
        id: old.id, number: old.number, instance: old.instance, attachment: old.attachment, point: old.point,
        tunnelAddress: old.tunnelAddress, network: old.network, gateway: old.gateway,
        fixedAddress: old.fixedAddress, fixedMAC: old.fixedMAC, remotes: old.remotes,
        learningLimit: old.learningLimit, ageingSeconds: old.ageingSeconds, virtualAddresses: virtualAddresses
      )
    }
    return GatewayConfiguration(
      store: store, generation: generation, node: node, tunnels: tunnels, connections: connections)
  }
}
