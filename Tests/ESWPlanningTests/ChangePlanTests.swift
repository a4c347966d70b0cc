import ESWModel
import Testing

@testable import ESWPlanning

@Suite struct `A plan of a change` {
  @Test func `has the steps of its node, in order and with what they touch`() throws {
    let node = try #require(PlanWorld.idle.plan(PlanWorld.connection()).nodes.first)
    #expect(node.isExact && node.notes.isEmpty)
    #expect(
      node.steps.map { "\($0.step.word.rawValue) \($0.effect) \($0.touches.map(\.name))" } == [
        #"adjust_interface changed ["eth1"]"#, #"put_connection made ["1"]"#,
        #"put_source made ["192.168.1.7", "1"]"#, #"put_port made ["eth1", "1"]"#,
        #"attach_program made ["eth1"]"#,
      ])
  }

  @Test func `shows what is there already, of what the change needs`() throws {
    let node = try #require(PlanWorld.idle.plan(PlanWorld.connection()).nodes.first)
    #expect(
      node.present.map(\.step.word) == [
        .loadDatapath, .addAddress, .createSlowPath, .raiseSlowPath, .registerSlowPath, .putTunnel,
        .attachProgram, .attachProgram,
      ])
  }

  @Test func `of a first switch makes everything, and finds nothing there`() throws {
    let node = try #require(
      PlanWorld(Sample()).plan(.putInstance(PlanWorld.idle.sample.instance)).nodes.first)
    #expect(node.steps.first?.step == .loadDatapath && node.present.isEmpty)
    #expect(node.interruptions.isEmpty)
  }

  @Test func `that reaches no kernel has no node`() {
    var world = PlanWorld.full
    var renamed = world.sample.connection
    renamed.name = ResourceName("other")!
    #expect(world.plan(.putConnection(renamed)).nodes.isEmpty)
    world.hasReport = false
    #expect(world.plan(.putConnection(renamed)).nodes.isEmpty)
  }

  @Test func `of a setting changes the row, and holds up nobody`() throws {
    let world = PlanWorld.full
    var connection = world.sample.connection
    connection.forwarding.ageingSeconds = 600
    let node = try #require(world.plan(.putConnection(connection)).nodes.first)
    #expect(node.steps.map(\.step.word) == [.putConnection] && node.steps.first?.effect == .changed)
    #expect(node.interruptions.isEmpty)
  }

  @Test func `of a deletion tells whose frames end, and how many hosts that is`() throws {
    var world = PlanWorld.full
    let host = HostFact(
      mac: MACAddress(locallyAdministered: 1), address: nil, side: .local, seenAgeMilliseconds: 5)
    world.connections = [
      ConnectionReport(
        id: world.sample.connection.id, remotes: [], toRemote: .init(), toLocal: .init(), drops: [],
        hosts: [host])
    ]
    let node = try #require(world.plan(.removeConnection(world.sample.connection.id)).nodes.first)
    #expect(
      node.interruptions.map(\.subject) == [.connection(world.sample.connection.id, hosts: 1)]
        && node.interruptions.map(\.frames) == [.ended])
  }

  @Test func `of an untagged segment tells that the node's own frames there end`() throws {
    var world = PlanWorld.idle
    let own = InterfaceAddress(address: IPv4Address("192.0.2.9")!, prefixLength: 24, isOurs: false)
    world.interfaces[1] = Sample.interface(Sample.segment, addresses: [own])
    let node = try #require(world.plan(PlanWorld.connection()).nodes.first)
    #expect(node.interruptions.map(\.subject) == [.interface(Sample.segment)])
  }

  @Test func `of other remotes loses frames for a moment`() throws {
    let world = PlanWorld.full
    let node = try #require(
      world.plan(PlanWorld.connection(remotes: [Sample.remote(8)])).nodes.first)
    #expect(node.interruptions.map(\.frames) == [.lost] && node.interruptions.first?.milliseconds == 1)
  }

  @Test func `without a report has no steps, and says so`() throws {
    var world = PlanWorld.idle
    world.hasReport = false
    let node = try #require(world.plan(PlanWorld.connection()).nodes.first)
    #expect(node.steps.isEmpty && !node.isExact && node.notes.count == 1)
  }

  @Test func `from an older agent's report says that it may be incomplete`() throws {
    var world = PlanWorld.idle
    world.planning = nil
    let node = try #require(world.plan(PlanWorld.connection()).nodes.first)
    #expect(!node.isExact && !node.steps.isEmpty && node.notes.count == 1)
  }

  @Test func `takes in what the node told of offloads, adjustments and XDP`() throws {
    var world = PlanWorld.idle
    let observation = DataplaneObservation(
      state: DataplaneState(adjustments: [Sample.segment: .init(promiscuous: true, raised: false)]),
      interfaces: world.interfaces, portsToElsewhere: [Sample.segment], withoutAggregation: [Sample.segment],
      xdp: [
        Sample.underlay: XDPInterface(
          entrance: .open, isExit: true, hardwareAddress: MACAddress(locallyAdministered: 3)),
        Sample.segment: XDPInterface(
          entrance: .closed(reason: "no"), isExit: true, hardwareAddress: MACAddress(locallyAdministered: 4)),
      ])
    world.planning = PlanningFacts(of: observation)
    let seen = try #require(world.reports.received(from: Sample.node)?.report.observation)
    #expect(seen == observation)
    let steps = try #require(world.plan(PlanWorld.connection()).nodes.first).steps.map(\.step)
    #expect(
      steps.contains(
        .adjustInterface(Sample.segment, .init(promiscuous: true, raised: false, aggregates: true))))
    #expect(steps.contains { $0.word == .putXDPUnderlay })
  }
}

extension PlanWorld {
  static var full: PlanWorld { PlanWorld(.full()) }
}
