package import ESWModel

extension GatewayReport {
  /// Translates what the data path counted, by number, into what is told, by connection.
  ///
  /// - Parameter configuration: The one that has been carried out; nil: none yet, and the report only
  ///   names the node's interfaces.
  /// - Parameter look: Nil: the node has not been looked at.
  package init(
    node: NodeName, configuration: GatewayConfiguration?, dataplane: DataplaneKind, kernelRelease: String,
    interfaces: [InterfaceFact], problems: [Problem], evidence: DataplaneEvidence,
    planning: PlanningFacts? = nil, look: LookFacts? = nil
  ) {
    let count = configuration?.connections.count ?? 0
    let hosts = min(ConnectionReport.mostHosts, ConnectionReport.mostHostsOfAll / max(count, 1))
    let connections = (configuration?.connections ?? []).map { connection in
      let counted = evidence.connections[connection.number] ?? DataplaneEvidence.PerConnection()
      let recent = look?.recent.map { $0[connection.number] ?? LookFacts.Recent() }
      return ConnectionReport(
        id: connection.id,
        remotes: connection.remotes.enumerated().map { index, remote in
          RemoteEvidence(
            remote: remote, receivedAgeMilliseconds: counted.receivedAgeMilliseconds[index],
            sentAgeMilliseconds: counted.sentAgeMilliseconds[index])
        },
        toRemote: counted.toRemote, toLocal: counted.toLocal, drops: counted.drops,
        hosts: Array(
          counted.hosts.sorted { ($0.seenAgeMilliseconds, $0.mac) < ($1.seenAgeMilliseconds, $1.mac) }
            .prefix(hosts)),
        virtualAddresses: counted.virtualAddresses, classDrops: counted.classDrops,
        recentDrops: recent?.drops, recentlyNotLearned: recent?.notLearned,
        port: look?.ports[connection.point.name])
    }
    self.init(
      node: node, store: configuration?.store, generation: configuration?.generation, dataplane: dataplane,
      kernelRelease: kernelRelease, interfaces: interfaces, problems: problems, connections: connections,
      strangers: evidence.strangers, unclaimed: evidence.unclaimed, underlays: look?.underlays,
      interferences: look?.interferences, planning: planning)
  }
}
