package import ESWModel

package enum InstanceAdmission {
  package struct Created: Hashable, Sendable {
    package let instance: Instance
    package let job: Job
  }

  package static func create(
    _ request: NewInstance, of project: ProjectID, in snapshot: IntentSnapshot, region: Region,
    minting: Minting, now: Timestamp
  ) throws(Refusal) -> IntentChange<Created> {
    preconditionFailure("to come")
  }

  package static func update(
    _ id: InstanceID, name: ResourceName? = nil, description: ResourceDescription? = nil,
    of project: ProjectID, in snapshot: IntentSnapshot, now: Timestamp
  ) throws(Refusal) -> IntentChange<Instance> {
    preconditionFailure("to come")
  }

  /// - Parameter status: The instance's status in this snapshot.
  /// - Returns: The job.
  package static func delete(
    _ id: InstanceID, of project: ProjectID, in snapshot: IntentSnapshot, minting: Minting, now: Timestamp,
    status: (Instance) -> InstanceStatus.Word
  ) throws(Refusal) -> IntentChange<Job> {
    preconditionFailure("to come")
  }
}
