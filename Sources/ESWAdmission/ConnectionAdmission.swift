package import ESWModel

package enum ConnectionAdmission {
  /// - Parameter status: The instance's status in this snapshot.
  package static func create(
    _ request: NewConnection, on instance: InstanceID, of project: ProjectID, in snapshot: IntentSnapshot,
    minting: Minting, now: Timestamp, status: (Instance) -> InstanceStatus.Word
  ) throws(Refusal) -> IntentChange<Connection> {
    preconditionFailure("to come")
  }

  package static func update(
    _ id: ConnectionID, on instance: InstanceID, name: ResourceName, of project: ProjectID,
    in snapshot: IntentSnapshot, now: Timestamp
  ) throws(Refusal) -> IntentChange<Connection> {
    preconditionFailure("to come")
  }

  /// - Parameter status: The connection's status in this snapshot.
  package static func delete(
    _ id: ConnectionID, on instance: InstanceID, of project: ProjectID, in snapshot: IntentSnapshot,
    status: (Connection) -> ConnectionStatus.Word
  ) throws(Refusal) -> IntentChange<Void> {
    preconditionFailure("to come")
  }
}
