package import ESWModel

/// How connections may be told to forward.
package enum ForwardingAdmission {
  package static func update(
    _ id: ConnectionID, _ update: ForwardingUpdate, of project: ProjectID, in snapshot: IntentSnapshot,
    now: Timestamp
  ) throws(Refusal) -> IntentChange<Connection> {
    guard var connection = snapshot.connections[id, of: project] else {
      throw .unknownConnection(id, of: nil)
    }
    let settings = update.applied(to: connection.forwarding)
    let missing = FrameClass.allCases.filter { settings.profile == .custom && !settings.isGiven($0) }
    guard missing.isEmpty else { throw .forwardingRulesIncomplete(missing) }
    if settings.hasUDPChecksum,
      let odd = connection.remotes.first(where: { $0.port != RemoteEndpoint.defaultPort })
    {
      throw .checksumNeedsUsualPort(odd.address, port: odd.port)
    }
    guard settings != connection.forwarding else { return IntentChange(edits: [], outcome: connection) }
    connection.forwarding = settings
    connection.updatedAt = max(now, connection.updatedAt)
    return IntentChange(edits: [.putConnection(connection)], outcome: connection)
  }
}

extension ForwardingSettings {
  fileprivate func isGiven(_ frames: FrameClass) -> Bool {
    overrides[frames]?.toRemote != nil && overrides[frames]?.toLocal != nil
  }
}
