package import ESWModel

// BindVport and UnbindVport (contract section 4.6). A connection shows nothing of its ports, so neither
// moves its `updated_at`.
extension ConnectionAdmission {
  /// How many ports one connection may be bound to: our own choice.
  package static let mostBoundPorts = 64

  /// Binding what is bound already changes nothing.
  ///
  /// - Parameter status: The instance's status in this snapshot.
  package static func bind(
    _ port: PortID, to id: ConnectionID, of project: ProjectID, in snapshot: IntentSnapshot,
    status: (Instance) -> InstanceStatus.Word
  ) throws(Refusal) -> IntentChange<Void> {
    let connection = try find(id, of: project, in: snapshot)
    guard var port = snapshot.ports[port, of: project] else { throw .unknownPort(port) }
    if port.connection == id { return IntentChange(edits: [], outcome: ()) }
    if let other = port.connection { throw .portBound(port.id, to: other) }
    guard port.owner == .virtualAddress else { throw .portNotVirtual(port.id) }
    guard port.subnet == connection.subnet else { throw .portOfOtherSubnet(port.id, connection.subnet) }
    guard snapshot.ports(boundTo: id).count < mostBoundPorts else {
      throw .boundPortLimitReached(id, limit: mostBoundPorts)
    }
    if let instance = snapshot.instances[connection.instance] {
      switch status(instance) {
      case .active: break
      case .build, .failed, .abnormal: throw .instanceNotActive(instance.id)
      }
    }
    port.connection = id
    return IntentChange(edits: [.putPort(port)], outcome: ())
  }

  /// In any status, so that a switch that is not well can be taken apart. Unbinding what is not bound
  /// changes nothing, so that it can be asked again when an answer was lost.
  package static func unbind(
    _ port: PortID, from id: ConnectionID, of project: ProjectID, in snapshot: IntentSnapshot
  ) throws(Refusal) -> IntentChange<Void> {
    _ = try find(id, of: project, in: snapshot)
    guard let port = snapshot.ports[port, of: project] else { throw .unknownPort(port) }
    switch port.connection {
    case nil: return IntentChange(edits: [], outcome: ())
    case id: return IntentChange(edits: [.putPort(port.unbound)], outcome: ())
    case let other?: throw .portBound(port.id, to: other)
    }
  }

  private static func find(
    _ id: ConnectionID, of project: ProjectID, in snapshot: IntentSnapshot
  ) throws(Refusal) -> Connection {
    guard let connection = snapshot.connections[id, of: project] else {
      throw .unknownConnection(id, of: nil)
    }
    return connection
  }
}

extension Port {
  var unbound: Port {
    var port = self
    port.connection = nil
    return port
  }
}
