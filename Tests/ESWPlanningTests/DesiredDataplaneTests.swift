import ESWModel
import Testing

@testable import ESWPlanning

@Suite struct `Compiling and wanting` {
  @Test func `an instance without an attached tunnel subnet is nobody's configuration`() {
    let sample = Sample.full()
    let other = GatewayConfiguration(for: NodeName("node-2")!, from: sample.snapshot)
    #expect(other.tunnels.isEmpty && other.connections.isEmpty)
  }

  @Test func `a connection is compiled with its remotes, its fixed address and a stable MAC`() throws {
    let sample = Sample.full()
    let connection = try #require(sample.configuration.connections.first)
    #expect(connection.remotes == [Sample.remote(7)])
    #expect(connection.fixedAddress == IPv4Address("192.168.0.250"))
    #expect(connection.fixedMAC == GatewayConfiguration.fixedMAC(of: connection.id))
    #expect(!connection.fixedMAC.isGroup && connection.fixedMAC.value >> 41 & 1 == 1)
  }

  @Test func `without tunnels nothing of ours is wanted`() {
    let empty = GatewayConfiguration(
      store: Sample.id(99), generation: Revision(5), node: Sample.node, tunnels: [], connections: [])
    #expect(DesiredDataplane(for: empty, on: Sample.observation()).state == DataplaneState())
  }

  @Test func `a tunnel address that is there already is used and not owned`() {
    let there = InterfaceAddress(address: IPv4Address("10.9.0.12")!, prefixLength: 24, isOurs: false)
    let interfaces = [
      Sample.interface(Sample.underlay, addresses: [there]), Sample.interface(Sample.segment),
    ]
    let desired = DesiredDataplane(
      for: Sample.full().configuration, on: Sample.observation(DataplaneState(), interfaces))
    #expect(desired.state.ownedAddresses.isEmpty)
    #expect(desired.state.tunnels == [IPv4Address("10.9.0.12")!])
    #expect(desired.problems.isEmpty)
  }

  @Test func `a tunnel address on another interface is a problem of its instance`() {
    let there = InterfaceAddress(address: IPv4Address("10.9.0.12")!, prefixLength: 24, isOurs: false)
    let interfaces = [
      Sample.interface(Sample.underlay), Sample.interface(Sample.segment),
      Sample.interface(Sample.bridge, addresses: [there]),
    ]
    let desired = DesiredDataplane(
      for: Sample.full().configuration, on: Sample.observation(DataplaneState(), interfaces))
    #expect(desired.problems.map(\.subject) == [.instance(Sample.id(10))])
    #expect(desired.state.ownedAddresses.isEmpty)
  }

  @Test func `a missing attachment interface is a problem of its connection alone`() {
    let desired = DesiredDataplane(
      for: Sample.full().configuration,
      on: Sample.observation(DataplaneState(), [Sample.interface(Sample.underlay)]))
    #expect(desired.problems.map(\.subject) == [.connection(Sample.id(21))])
    #expect(desired.state.connections.isEmpty)
    #expect(desired.state.programs.contains(.init(program: .underlay, interface: .name(Sample.underlay))))
  }

  @Test func `an interface that is promiscuous and up already is not adjusted`() {
    let interfaces = [
      Sample.interface(Sample.underlay), Sample.interface(Sample.segment, isPromiscuous: true),
    ]
    let desired = DesiredDataplane(
      for: Sample.full().configuration, on: Sample.observation(DataplaneState(), interfaces))
    #expect(desired.state.adjustments.isEmpty)
  }

  @Test func `what we adjusted stays ours while it is in effect`() {
    let adjustment = InterfaceAdjustment(promiscuous: true, raised: false)
    let observation = Sample.observation(
      DataplaneState(adjustments: [Sample.segment: adjustment]),
      [Sample.interface(Sample.underlay), Sample.interface(Sample.segment, isPromiscuous: true)])
    let desired = DesiredDataplane(for: Sample.full().configuration, on: observation)
    #expect(desired.state.adjustments == [Sample.segment: adjustment])
  }

  @Test func `GRO is wanted at underlay and port where the node may set it`() {
    let observation = DataplaneObservation(
      state: DataplaneState(), interfaces: Sample.observation().interfaces,
      withoutAggregation: [Sample.underlay, Sample.segment, Sample.bridge])
    let desired = DesiredDataplane(for: Sample.full().configuration, on: observation)
    #expect(Set(desired.state.adjustments.keys) == [Sample.underlay, Sample.segment])
    #expect(desired.state.adjustments.values.allSatisfy { $0.aggregates })
  }

  @Test(arguments: ["a default route", "a master", "loopback", "our own"])
  func `an interface that has become unfit since it was attached keeps its frames`(_ reason: String) {
    let fact = InterfaceFact(
      name: Sample.segment, index: 7, kind: nil, isUp: true, isPromiscuous: false,
      isLoopback: reason == "loopback", mtu: 1500, master: reason == "a master" ? Sample.bridge : nil,
      hasDefaultRoute: reason == "a default route", addresses: [], isOurs: reason == "our own")
    let desired = DesiredDataplane(
      for: Sample.full().configuration,
      on: Sample.observation(DataplaneState(), [Sample.interface(Sample.underlay), fact]))
    #expect(desired.problems.map(\.subject) == [.connection(Sample.id(21))])
    #expect(!desired.state.programs.contains { $0.interface == .name(Sample.segment) })
    #expect(desired.state.adjustments.isEmpty)
  }

  @Test func `of two instances on one underlay, each has its own address and neither the program`() {
    let tunnels = [1, 2].map { number in
      TunnelConfiguration(
        instance: Sample.id(number), address: IPv4Address(0x0A09_0000 + UInt32(number)), prefixLength: 24,
        interface: Sample.underlay)
    }
    let configuration = GatewayConfiguration(
      store: Sample.id(99), generation: Revision(1), node: Sample.node, tunnels: tunnels, connections: [])
    let desired = DesiredDataplane(for: configuration, on: Sample.observation())
    let subjects = desired.state.ownedAddresses.sorted().map { desired.subject(of: .addAddress($0)) }
    #expect(subjects == [.instance(Sample.id(1)), .instance(Sample.id(2))])
    let program = ProgramAttachment(program: .underlay, interface: .name(Sample.underlay))
    #expect(desired.subject(of: .attachProgram(program)) == .node)
  }

  @Test func `a bridge attachment asks for a port of ours in it`() throws {
    let sample = Sample.full(point: .bridge(Sample.bridge))
    let desired = DesiredDataplane(for: sample.configuration, on: Sample.observation())
    let port = try #require(desired.state.bridgePorts.values.first)
    #expect(port.bridge == Sample.bridge && port.inner.description.hasPrefix("eswi"))
    #expect(desired.state.ports == [.name(port.inner): ConnectionNumber(1)])
    #expect(desired.state.adjustments.isEmpty)
  }

  @Test func `VLANs of a trunk share its program and its settings`() throws {
    let vlans = [VLAN("100")!, VLAN("200:802.1ad/100")!]
    let whole = Sample.full().configuration
    let connections = vlans.enumerated().map { index, vlan in
      whole.connections[0].moved(to: .trunk(Sample.segment, vlan: vlan), number: UInt32(index) + 1)
    }
    let configuration = GatewayConfiguration(
      store: whole.store, generation: whole.generation, node: whole.node, tunnels: whole.tunnels,
      connections: connections)
    let desired = DesiredDataplane(for: configuration, on: Sample.observation())
    #expect(desired.problems == [])
    #expect(
      desired.state.ports == [
        .name(Sample.segment, vlan: vlans[0]): ConnectionNumber(1),
        .name(Sample.segment, vlan: vlans[1]): ConnectionNumber(2),
      ])
    #expect(desired.state.programs.filter { $0.program == .local }.count == 1)
    #expect(desired.state.adjustments.count == 1)
    let steps = DataplanePlan(from: DataplaneState(), to: desired.state).steps
    #expect(
      steps.map(\.description).filter { $0.hasPrefix("map ports") } == [
        "map ports: eth1 vlan 100 = connection 1", "map ports: eth1 vlan 200:802.1ad/100 = connection 2",
      ])
    #expect(
      desired.subject(of: .putPort(.name(Sample.segment, vlan: vlans[1]), ConnectionNumber(2)))
        == .connection(connections[1].id))
    // What goes wrong with the interface concerns them both.
    #expect(
      desired.subject(of: .attachProgram(.init(program: .local, interface: .name(Sample.segment)))) == .node)
  }

  @Test(arguments: [false, true])
  func `a default route shares its interface with VLANs only`(tagged: Bool) {
    let point: AttachmentPoint =
      tagged ? .trunk(Sample.segment, vlan: VLAN(7)!) : .interface(Sample.segment)
    let fact = InterfaceFact(
      name: Sample.segment, index: 7, kind: nil, isUp: true, isPromiscuous: false, isLoopback: false,
      mtu: 1500, master: nil, hasDefaultRoute: true, addresses: [], isOurs: false)
    let desired = DesiredDataplane(
      for: Sample.full(point: point).configuration,
      on: Sample.observation(DataplaneState(), [Sample.interface(Sample.underlay), fact]))
    #expect(desired.problems.isEmpty == tagged)
    #expect(desired.state.ports.isEmpty == !tagged)
  }

  @Test func `a foreign interface with the slow path's name is a problem of the node`() {
    let interfaces = [
      Sample.interface(Sample.underlay), Sample.interface(Sample.segment),
      Sample.interface(DesiredDataplane.slowPathName),
    ]
    let desired = DesiredDataplane(
      for: Sample.full().configuration, on: Sample.observation(DataplaneState(), interfaces))
    #expect(desired.problems.map(\.subject) == [.node])
    #expect(desired.state.slowPath == nil)
  }
}

extension ConnectionConfiguration {
  fileprivate func moved(to point: AttachmentPoint, number: UInt32) -> ConnectionConfiguration {
    ConnectionConfiguration(
      id: Sample.id(20 + UInt64(number)), number: ConnectionNumber(number), instance: instance,
      attachment: attachment, point: point, tunnelAddress: tunnelAddress, network: network, gateway: gateway,
      fixedAddress: fixedAddress, fixedMAC: fixedMAC, remotes: [Sample.remote(7, vni: 100 + number)],
      learningLimit: learningLimit, ageingSeconds: ageingSeconds)
  }
}
