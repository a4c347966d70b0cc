import ESWModel
import ESWSeams
import KernelTesting
import Testing

@testable import LinuxDataplane

/// What a look finds with every implementation of `Dataplane`.
@Suite struct `The contract of a look` {
  typealias Implementation = ContractNode.Implementation

  private static let way = UnderlayWay(from: Stretch.tunnelAddress, to: Stretch.remote.address)

  @Test(arguments: Implementation.here)
  func `a remote that answers is reached by the underlay, and its answer comes with a later look`(
    on implementation: Implementation
  ) async throws {
    try await withNode(implementation) { node in
      let dataplane = node.dataplane
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      let echo = Echo(Self.way, sequence: 1)
      let first = await dataplane.look(
        at: LookQuestions(ways: [Self.way], echoes: [echo], vxlanPorts: [4789]))
      #expect(first.ways[Self.way]?.route == .by(ContractNode.underlay, gateway: nil, mtu: 1500))
      #expect(first.failures == [] && first.errors == [])
      let later = try await eventually {
        let look = await dataplane.look(at: LookQuestions(ways: [Self.way], vxlanPorts: [4789]))
        return look.echoes.isEmpty ? nil : look
      }
      #expect(later.echoes.map(\.echo) == [echo])
      #expect(later.ways[Self.way]?.nextHop == .resolved)
    }
  }

  @Test(arguments: Implementation.here)
  func `what was not asked is not answered`(on implementation: Implementation) async throws {
    try await withNode(implementation) { node in
      try await Stretch.converge(node.dataplane, to: Stretch.configuration())
      #expect(await node.dataplane.look(at: LookQuestions()) == LookAnswers())
    }
  }

  @Test(arguments: Implementation.here)
  func `a way from an address that is not on the node has no route`(
    on implementation: Implementation
  ) async throws {
    try await withNode(implementation) { node in
      _ = try await node.dataplane.observe()
      let look = await node.dataplane.look(at: LookQuestions(ways: [Self.way]))
      #expect(look.ways == [Self.way: LookAnswers.Way(route: nil)])
    }
  }

  @Test(arguments: Implementation.here)
  func `an attached interface is there until it is deleted, and a bridge says what filters it`(
    on implementation: Implementation
  ) async throws {
    try await withNode(implementation) { node in
      let dataplane = node.dataplane
      _ = try await dataplane.observe()
      let (segment, bridge) = (ContractNode.segment, ContractNode.bridge)
      let questions = LookQuestions(attached: [segment, bridge])
      let before = await dataplane.look(at: questions).ports
      #expect(before[segment] == PortFact(interface: segment, state: .up, mtu: 1500))
      #expect(before[bridge]?.filteredBy != nil)
      try await node.deleteSegment()
      _ = try await dataplane.observe()
      let after = await dataplane.look(at: questions).ports
      #expect(after[segment] == PortFact(interface: segment, state: .missing, mtu: nil))
    }
  }

  @Test(arguments: Implementation.here)
  func `interfaces and a firewall without anything of others are told as such`(
    on implementation: Implementation
  ) async throws {
    try await withNode(implementation) { node in
      let dataplane = node.dataplane
      try await Stretch.converge(dataplane, to: Stretch.configuration())
      let names = [ContractNode.segment, ContractNode.underlay]
      let look = await dataplane.look(
        at: LookQuestions(attached: [names[0]], passages: names, readsFirewall: true))
      #expect(look.passages == [names[0]: [], names[1]: []] && look.firewall == [])
      #expect(look.failures == [])
    }
  }
}
