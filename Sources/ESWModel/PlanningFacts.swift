/// What of a node, beside its interfaces, decides which steps it takes: a report carries it, so that others
/// can plan for the node what it would plan itself.
package struct PlanningFacts: Hashable, Sendable, Codable {
  package struct OfInterface<Fact: Hashable & Sendable & Codable>: Hashable, Sendable, Codable {
    package let name: InterfaceName
    package let fact: Fact

    package init(name: InterfaceName, fact: Fact) {
      self.name = name
      self.fact = fact
    }
  }

  /// All sorted by name. As `DataplaneState.adjustments` and the members of `DataplaneObservation`.
  package let adjustments: [OfInterface<InterfaceAdjustment>]
  package let portsToElsewhere: [InterfaceName]
  package let withoutAggregation: [InterfaceName]
  package let xdp: [OfInterface<XDPInterface>]

  package init(of observation: DataplaneObservation) {
    adjustments = Self.sorted(observation.state.adjustments)
    portsToElsewhere = observation.portsToElsewhere.sorted()
    withoutAggregation = observation.withoutAggregation.sorted()
    xdp = Self.sorted(observation.xdp)
  }

  private static func sorted<Fact>(_ facts: [InterfaceName: Fact]) -> [OfInterface<Fact>] {
    facts.map { OfInterface(name: $0.key, fact: $0.value) }.sorted { $0.name < $1.name }
  }

  fileprivate static func table<Fact>(_ facts: [OfInterface<Fact>]) -> [InterfaceName: Fact] {
    Dictionary(facts.map { ($0.name, $0.fact) }, uniquingKeysWith: { first, _ in first })
  }
}

extension GatewayReport {
  /// As much of a look at the node as planning needs; of the data path's state only the adjustments.
  package var observation: DataplaneObservation {
    guard let planning else { return DataplaneObservation(state: DataplaneState(), interfaces: interfaces) }
    return DataplaneObservation(
      state: DataplaneState(adjustments: PlanningFacts.table(planning.adjustments)), interfaces: interfaces,
      portsToElsewhere: Set(planning.portsToElsewhere),
      withoutAggregation: Set(planning.withoutAggregation), xdp: PlanningFacts.table(planning.xdp))
  }
}
